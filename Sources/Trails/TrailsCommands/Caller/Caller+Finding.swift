import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// An app that a command is about, and the key with which it is reached.
struct Target: Sendable {
    let app: AppView
    let identity: Identity
}

extension Caller {
    enum Purpose {
        case reading, commanding
    }

    /// The app that `argument` names, by the nearest key at hand that may see it; commands prefer one above it.
    func find(
        _ argument: AppArgument, for purpose: Purpose = .reading, patience: Duration = .zero
    ) async throws -> Target {
        let wanted = try argument.parsed()
        let held = try self.held()
        var found: [AppView] = []
        var seers: [AppID: [Identity]] = [:]
        var denial: TrailsError?
        for identity in held where found.isEmpty || purpose == .commanding || wanted.isPrefix {
            do throws(TrailsError) {
                for app in try await self.look(wanted, as: identity, patience: patience) {
                    if seers[app.appID] == nil { found.append(app) }
                    seers[app.appID, default: []].append(identity)
                }
            } catch {
                guard error.code == .unknownApp || error.code == .notAuthorized else { throw error }
                if error.code == .notAuthorized { denial = error }
            }
        }
        guard let app = found.first, let seers = seers[app.appID] else {
            throw denial.map { CommandFailure($0) } ?? Self.notFound(argument, held)
        }
        guard found.count == 1 else { throw Self.ambiguous(argument, found) }
        let above = purpose == .commanding ? seers.first { $0.appID != app.appID } : nil
        return Target(app: app, identity: above ?? seers[0])
    }

    private static func notFound(_ argument: AppArgument, _ held: [Identity]) -> CommandFailure {
        .usage(
            "no app \(argument.text) is under \(held.map(\.label).joined(separator: " or "))",
            hint: "\"trails tree\" shows the ids; --as NAME looks under another root")
    }

    private static func ambiguous(_ argument: AppArgument, _ found: [AppView]) -> CommandFailure {
        let list = found.prefix(5).map { "\($0.appID) (\($0.appName.shownToPeople()))" }.joined(separator: ", ")
        return .usage("\(argument.text) is the beginning of \(found.count) ids: \(list)", hint: "give more digits")
    }

    private func look(
        _ wanted: AppArgument.Parsed, as identity: Identity, patience: Duration
    ) async throws(TrailsError) -> [AppView] {
        let api = self.api(identity, patience: patience)
        switch wanted {
        case .id(let id): return [try await api.app(id, as: identity.credentials)]
        case .prefix(let prefix): return try await api.apps(idPrefix: prefix, as: identity.credentials)
        }
    }
}

extension Identity {
    /// For messages: `nightly-etl (550e8400)`.
    var label: String {
        let short = self.appID.short
        return self.name.map { "\($0.shownToPeople()) (\(short))" } ?? short
    }
}
