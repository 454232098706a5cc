internal import TrailsCore
package import TrailsWire
package import Vocabulary

/// What a waiter hears of one app: the first end it came to.
package struct WaitOutcome: Hashable, Sendable {
    package let app: AppView

    /// `nil` as long as the app has not ended and nobody has lost it.
    package init?(_ app: AppView) {
        guard app.status.isEnded || app.status == .lostContact else { return nil }
        self.app = app
    }

    /// How a command that waited for the app exits (spec/trails.md §6).
    package var exitCode: Int32 {
        switch self.app.status {
        case .done: 0
        case .error: 1
        case .cancelled, .forceKilled: 4
        default: 2
        }
    }

    /// What it produced; `null` when it did not end well, or produced nothing.
    package var result: JSONValue { self.app.status == .done ? self.app.result ?? .null : .null }
}

/// For which apps somebody waits, and what has become of them: each gets exactly one answer.
package struct Waiting: Sendable {
    /// Which apps count.
    package enum Whom: Hashable, Sendable {
        case these([AppID])
        /// The direct children of an app. Those that nobody has vouched for do not count, and under a permanent root,
        /// whose past never ends, neither do those that had ended when the wait began.
        case children(of: AppID, isPermanentRoot: Bool)
    }

    package let whom: Whom
    /// Whether the first answer ends the wait.
    package let endsWithFirst: Bool
    /// In the order in which they were known.
    package private(set) var awaited: [AppID] = []
    package private(set) var outcomes: [AppID: WaitOutcome] = [:]
    private var hasRead = false

    package init(for whom: Whom, endsWithFirst: Bool) {
        self.whom = whom
        self.endsWithFirst = endsWithFirst
        if case .these(let ids) = whom {
            for id in ids where !self.awaited.contains(id) { self.awaited.append(id) }
        }
    }

    /// Whether the wait is over. Before the state was read once, nobody can say.
    package var isOver: Bool {
        guard self.hasRead else { return false }
        if self.endsWithFirst, !self.outcomes.isEmpty { return true }
        return self.outcomes.count == self.awaited.count
    }

    /// The worst exit code of all answers, which is the highest; 0 when there are none.
    package var exitCode: Int32 { self.outcomes.values.map(\.exitCode).max() ?? 0 }

    /// Takes the state of all apps in question, as it was read.
    package mutating func take(all apps: [AppView]) {
        for app in apps { self.take(app) }
        self.hasRead = true
    }

    /// Takes the state of one app; says whether that is its answer.
    @discardableResult
    package mutating func take(_ app: AppView) -> WaitOutcome? {
        guard self.outcomes[app.appID] == nil, !(self.endsWithFirst && !self.outcomes.isEmpty) else { return nil }
        let outcome = WaitOutcome(app)
        if !self.awaited.contains(app.appID) {
            guard case .children(let parent, let isPermanentRoot) = self.whom, app.parentID == parent,
                !app.isParentUnverified, outcome == nil || !isPermanentRoot
            else { return nil }
            self.awaited.append(app.appID)
        }
        guard let outcome else { return nil }
        self.outcomes[app.appID] = outcome
        return outcome
    }
}
