import TrailsCore
package import TrailsWire
import Vocabulary

/// Waiting for apps to end (spec/trails.md §6): by a watch, never by asking again and again.
extension TrailsAPI {
    /// What a wait says while it lasts.
    package enum WaitNews: Sendable {
        /// An app changed; what is known of all so far.
        case app(AppView, Waiting)
        case ended(WaitOutcome, Waiting)
        case interrupted(TrailsError)
    }

    /// Waits until `waiting` is over. A server that is away is waited for as long as `serverAway` says.
    ///
    /// Has no time limit of its own: cancel the task to give up.
    package func wait(
        for waiting: Waiting, as credentials: Credentials, serverAway: Duration = .seconds(600),
        news: @Sendable (WaitNews) -> Void = { _ in }
    ) async throws(TrailsError) -> Waiting {
        var waiting = waiting
        let scope = try await self.scope(of: waiting.whom, credentials)
        let watch = Watch(self, scope, as: credentials, patience: serverAway)
        try await watch.run { (item) async throws(TrailsError) in
            switch item {
            case .live:
                let before = waiting.outcomes
                waiting.take(all: try await self.state(of: waiting.whom, credentials))
                for (id, outcome) in waiting.outcomes where before[id] == nil { news(.ended(outcome, waiting)) }
            case .event(let event):
                let app = try await self.whole(event, credentials)
                if let outcome = waiting.take(app) {
                    news(.ended(outcome, waiting))
                } else {
                    news(.app(app, waiting))
                }
            case .interrupted(let error): news(.interrupted(error))
            }
            return waiting.isOver ? .stop : .goOn
        }
        return waiting
    }

    /// An app as the event left it, with what it reported: that is not in the event. A revival after the end does not
    /// undo the end.
    private func whole(
        _ event: WatchFrame.Event, _ credentials: Credentials
    ) async throws(TrailsError) -> AppView {
        guard WaitOutcome(event.app) != nil else { return event.view(after: nil) }
        let now = try await self.app(event.appID, as: credentials)
        guard WaitOutcome(now) == nil else { return now }
        return event.view(after: nil)
    }

    /// One app, the children of one, or all that the caller may see where it waits for several.
    private func scope(
        of whom: Waiting.Whom, _ credentials: Credentials
    ) async throws(TrailsError) -> Watch.Scope {
        switch whom {
        case .children(let parent, _): return .children(of: parent)
        case .these(let ids) where ids.count == 1: return .app(ids[0])
        case .these:
            guard let app = credentials.app else {
                throw TrailsError(.usage, "the admin cannot wait for several apps at once", hint: "wait for each")
            }
            return .subtree(app)
        }
    }

    private func state(
        of whom: Waiting.Whom, _ credentials: Credentials
    ) async throws(TrailsError) -> [AppView] {
        switch whom {
        case .children(let parent, _): return try await self.children(of: parent, as: credentials)
        case .these(let ids):
            var apps: [AppView] = []
            for id in ids { apps.append(try await self.app(id, as: credentials)) }
            return apps
        }
    }
}
