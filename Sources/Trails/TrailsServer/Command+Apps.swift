import TrailsCore
import Vocabulary

extension ProcessTree.Command {
    /// The app that the answer is about.
    var subject: AppID? {
        switch self {
        case .declare(let facts, _, _): facts.id
        case .register(let registration): registration.facts.id
        case .reregister(let app, _, _), .disconnect(let app, _, _, _), .dropConnection(let app, _): app
        case .missKeepalive(let app, _), .renew(let app, _), .withdraw(let app, _): app
        case .report(let report): report.app
        case .control(let request, _): request.target
        case .acknowledge(let answer, _, _, _): answer.app
        case .cancel(let request, _): request.target
        case .revoke(let app, _, _), .rekey(let app, _, _): app
        case .bind(let request, _): request.app
        case .start: nil
        case .wake(.app(let app)), .wake(.control(let app, _)): app
        case .wake(.cascade): nil
        }
    }

    /// All that must be in the working set before it is decided.
    var apps: [AppID] {
        var apps = self.subject.map { [$0] } ?? []
        switch self {
        case .declare(let facts, _, let principal):
            apps += [facts.parent, principal.app].compactMap { $0 }
        case .register(let registration):
            apps += [registration.facts.parent].compactMap { $0 }
        case .report(let report):
            apps += [report.registration?.facts.parent].compactMap { $0 }
        case .control(_, let principal), .cancel(_, let principal), .withdraw(_, let principal),
            .revoke(_, _, let principal), .rekey(_, _, let principal), .bind(_, let principal):
            apps += [principal.app].compactMap { $0 }
        default: break
        }
        return apps
    }
}
