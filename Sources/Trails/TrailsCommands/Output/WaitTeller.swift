import Synchronization
import TrailsClient
import TrailsWire
import Vocabulary

/// Says on standard error what happens while somebody waits; nothing twice.
final class WaitTeller: Sendable {
    /// Whether each change is told, or only what went wrong.
    private let isTalkative: Bool
    private let told = Mutex<[AppID: String]>([:])

    init(isTalkative: Bool) { self.isTalkative = isTalkative }

    func tell(_ news: TrailsAPI.WaitNews) {
        switch news {
        case .interrupted(let error): Output.note("waiting for the server: \(error.message)")
        case .app(let app, let waiting):
            if self.isTalkative, waiting.awaited.contains(app.appID) { self.tell(app, waiting) }
        case .ended(let outcome, let waiting):
            // Results go to standard output; whoever reads only that must learn why one is null.
            if self.isTalkative || outcome.exitCode != 0 { self.tell(outcome.app, waiting) }
        }
    }

    private func tell(_ app: AppView, _ waiting: Waiting) {
        let line = AppLine(paint: .none).text(app)
        let isNew = self.told.withLock { $0.updateValue(line, forKey: app.appID) != line }
        guard isNew else { return }
        let count = waiting.awaited.count > 1 ? " (\(waiting.outcomes.count) of \(waiting.awaited.count) ended)" : ""
        Output.note(line + count)
    }
}
