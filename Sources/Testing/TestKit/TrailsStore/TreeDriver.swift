import HashTreeCollections
package import TrailsCore
package import TrailsStore
package import Vocabulary

/// Drives a store as the server does: decide, record, save what changed, commit. One command is one commit.
package final class TreeDriver<Store: TrailsStore> {
    package private(set) var store: Store
    package private(set) var tree: ProcessTree
    package var now: Timestamp
    private let limits: TreeLimits
    private let open: () throws -> Store

    package init(limits: TreeLimits = TreeLimits(), open: @escaping () throws -> Store) throws {
        self.open = open
        self.limits = limits
        self.store = try open()
        self.tree = ProcessTree(limits: limits)
        self.now = Timestamp(milliseconds: 1_800_000_000_000)
        try self.load()
    }
}

extension TreeDriver {
    /// Carries out `command`; a refusal is thrown and leaves no trace.
    @discardableResult
    package func perform(_ command: ProcessTree.Command) throws -> [ProcessTree.Event] {
        var next = self.tree
        if case .reregister(let app, _, _) = command, let since = next.apps[app]?.registeredAt {
            try self.store.pastCancel(over: app, since: since).map { next.load(past: $0) }
        }
        let events = try next.perform(command, at: self.now)
        next.forgetPast()
        try self.record(events, leadingTo: next)
        return events
    }

    private func record(_ events: [ProcessTree.Event], leadingTo next: ProcessTree) throws {
        guard !events.isEmpty else { return }
        try self.store.begin()
        do {
            _ = try self.store.record(events, at: self.now)
            let touched = Set(events.flatMap { Self.apps(in: $0) })
            try self.store.save(
                touched.sorted().compactMap { next.apps[$0] }.filter { $0.durable != self.tree.apps[$0.id]?.durable })
            for id in Set(events.compactMap(\.cascade)) {
                if let cascade = next.cascades[id] { try self.store.save(cascade) }
            }
            try self.store.commit()
        } catch {
            self.store.rollback()
            throw error
        }
        self.tree = next
    }

    private static func apps(in event: ProcessTree.Event) -> [AppID] {
        if case .cascadeStarted(let cascade) = event { return Array(cascade.levels.joined()) }
        return event.app.map { [$0] } ?? []
    }
}

// MARK: - Loading

extension TreeDriver {
    /// Closes and opens the store, and starts the tree from what is there.
    package func restart() throws {
        self.store.close()
        self.store = try self.open()
        try self.load()
        try self.perform(.start(instance: "driver"))
    }

    private func load() throws {
        self.tree = ProcessTree(limits: self.limits)
        _ = try self.store.load(into: &self.tree)
    }

    /// The commands that wait for apps which a start does not load.
    package func sleeping() throws -> [Control] {
        var tree = ProcessTree(limits: self.limits)
        return try self.store.load(into: &tree)
    }

    /// Loads an app that has ended, and who is above it.
    package func load(_ app: AppID) throws {
        guard self.tree.apps[app] == nil, let state = try self.store.state(of: app) else { return }
        if let parent = state.parent { try self.load(parent) }
        self.tree.load(state)
    }

    /// Forgets an app that has ended, as the server does with one that nobody asks for.
    package func forget(_ app: AppID) { self.tree.forget(app) }

    /// Loads which messages of the present incarnation are stored.
    package func loadNumbers(of app: AppID) throws {
        guard let state = self.tree.apps[app], state.sequence == nil, state.incarnation > 0 else { return }
        self.tree.load(try self.store.sequence(of: app, incarnation: state.incarnation), of: app)
    }

    /// Loads what a report needs: the app, the numbers that are stored, and the message under its own number.
    package func report(_ report: IncomingReport) throws {
        var report = report
        try self.load(report.app)
        try self.loadNumbers(of: report.app)
        if let state = self.tree.apps[report.app], let seq = report.seq {
            report.stored = try self.store.report(of: state.id, incarnation: state.incarnation, seq: seq)
        }
        if let message = report.messageID, report.stored == nil {
            report.stored = try self.store.report(message)?.report
        }
        try self.perform(.report(report))
    }
}

// MARK: - Common commands

extension TreeDriver {
    /// What is known of an app with this number, as its parent declares it.
    package static func facts(
        _ number: UInt64, under parent: UInt64?, name: String? = nil, level: SecurityLevel = .signed,
        tags: String? = nil, at scheduledAt: Timestamp = Timestamp(milliseconds: 1_800_000_000_000)
    ) -> AppFacts {
        AppFacts(
            id: self.id(number), parent: parent.map { self.id($0) }, name: name ?? "app \(number)", level: level,
            scheduledAt: scheduledAt, startDay: 421, tags: tags, enrolmentKey: self.key(number, 100),
            origin: parent == nil ? .root : .declared)
    }

    package static func id(_ number: UInt64) -> AppID { AppID(high: number << 32 | 0x4000, low: 1 << 63 | number) }

    package static func key(_ number: UInt64, _ turn: UInt8 = 1) -> PublicKey {
        guard
            let key = PublicKey(bytes: (0..<32).map { $0 == 0 ? turn : UInt8(truncatingIfNeeded: number >> ($0 % 8)) })
        else { preconditionFailure("a key has \(PublicKey.byteCount) bytes") }
        return key
    }

    /// The root, or a child with its declaration, registers with its first key.
    package func register(_ number: UInt64, under parent: UInt64?, process: String? = nil) throws {
        let facts = Self.facts(number, under: parent)
        let enrolment = parent.map {
            Registration.Enrolment(declaredBy: Self.key($0), enrolmentKey: Self.key(number, 100))
        }
        try self.perform(
            .register(
                Registration(
                    facts: facts, key: Self.key(number), isProven: true, enrolment: enrolment, process: process)))
    }

    /// A report over the newest connection.
    package func report(_ number: UInt64, _ kind: MessageKind, seq: Int64, payload: String = "{}") throws {
        try self.report(
            IncomingReport(
                app: Self.id(number), session: nil, signer: Self.key(number), kind: kind, seq: seq,
                timestamp: self.now, correlation: nil, payload: payload))
    }

    package func principal(_ number: UInt64) -> Principal { .app(Self.id(number), key: Self.key(number)) }
}
