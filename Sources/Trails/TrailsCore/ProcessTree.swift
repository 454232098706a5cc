package import HashTreeCollections
package import Vocabulary

/// The tree of apps: who is under whom, what each is, and who may command whom (spec/trails.md).
///
/// A value, and a pure one: it knows no socket, clock or disk. It holds a working set, which is all live
/// apps, their ancestors and what is being cancelled; the shell adds an ended app (`load`) before it asks
/// about it. Copies are cheap: a copy shares what it does not change.
package struct ProcessTree: Sendable {
    package let limits: TreeLimits
    package internal(set) var apps = AppTable()
    /// The children in the working set.
    package internal(set) var children: TreeDictionary<AppID, TreeSet<AppID>> = [:]
    /// The cancels that are not finished.
    package internal(set) var cascades: TreeDictionary<CascadeID, CascadeState> = [:]
    /// Cancels that are finished, loaded for an app that was away when they were at work.
    var past: [CascadeID: Cascade] = [:]

    package init(limits: TreeLimits = TreeLimits()) {
        self.limits = limits
    }
}

extension ProcessTree {
    /// Says what would happen, or why it must not. Changes nothing.
    package func decide(_ command: Command, at now: Timestamp) throws(Refusal) -> [Event] {
        switch command {
        case .declare(let facts, let deadline, let principal):
            try self.decideDeclaration(of: facts, startDeadline: deadline, by: principal, at: now)
        case .register(let registration): try self.decideRegistration(registration, at: now)
        case .reregister(let app, let key, let isProven):
            try self.decideReturn(of: app, key: key, isProven: isProven, at: now)
        case .report(let report): try self.decideReport(report, at: now)
        case .disconnect(let app, let session, let signer, let reason):
            try self.decideDisconnect(of: app, session: session, signer: signer, reason, at: now)
        case .dropConnection(let app, let session): self.decideDrop(of: app, session: session, at: now)
        case .missKeepalive(let app, let session): self.decideMissedKeepalive(of: app, session: session, at: now)
        case .renew(let app, let key): try self.decideRenewal(of: app, key: key, at: now)
        case .control(let request, let principal): try self.decideControl(request, by: principal, at: now)
        case .acknowledge(let answer, let session, let signer, let wasAnswered):
            try self.decideAnswer(answer, session: session, signer: signer, wasAnswered: wasAnswered, at: now)
        case .cancel(let request, let principal): try self.decideCancel(request, by: principal, at: now)
        case .withdraw(let app, let principal): try self.decideWithdrawal(of: app, by: principal, at: now)
        case .revoke(let app, let reason, let principal):
            try self.decideRevocation(of: app, reason: reason, by: principal, at: now)
        case .rekey(let app, let key, let principal): try self.decideRekey(of: app, to: key, by: principal, at: now)
        case .bind(let request, let principal): try self.decideBinding(request, by: principal, at: now)
        case .start(let instance): [.started(instance: instance, at: now, until: now + self.limits.restartWindow)]
        case .wake(let alarm): self.decideWake(alarm, at: now)
        }
    }

    /// Decides and applies.
    package mutating func perform(_ command: Command, at now: Timestamp) throws(Refusal) -> [Event] {
        let events = try self.decide(command, at: now)
        for event in events {
            self.apply(event)
        }
        return events
    }
}

extension ProcessTree {
    /// The ancestors of `id` that are in the working set, nearest first.
    package func ancestors(of id: AppID) -> [AppID] {
        var found: [AppID] = []
        var next = self.apps[id]?.parent
        while let ancestor = next, found.count <= self.limits.depthMax {
            found.append(ancestor)
            next = self.apps[ancestor]?.parent
        }
        return found
    }

    /// The descendants of `id` in the working set by level, nearest first.
    package func levels(under id: AppID) -> [[AppID]] {
        var levels: [[AppID]] = []
        var level = self.children[id].map(Array.init) ?? []
        while !level.isEmpty {
            levels.append(level.sorted())
            level = level.flatMap { self.children[$0].map(Array.init) ?? [] }
        }
        return levels
    }

    func known(_ id: AppID) throws(Refusal) -> AppState {
        guard let state = self.apps[id] else { throw .unknownApp(id) }
        return state
    }

    /// The nearest ancestor of `id`, or itself, that a cancel has reached. A permanent root is never one.
    func fence(over id: AppID?) -> AppState? {
        guard let id else { return nil }
        return ([id] + self.ancestors(of: id)).lazy.compactMap { self.apps[$0] }.first { $0.isFenced }
    }
}

/// Decides step by step: each event is applied to a copy before the next one is decided.
struct Draft {
    private(set) var tree: ProcessTree
    private(set) var events: [ProcessTree.Event] = []

    init(_ tree: ProcessTree) {
        self.tree = tree
    }

    mutating func record(_ event: ProcessTree.Event) {
        self.tree.apply(event)
        self.events.append(event)
    }

    mutating func record(_ events: [ProcessTree.Event]) {
        for event in events {
            self.record(event)
        }
    }
}
