import HashTreeCollections
import TrailsCore
import Vocabulary

typealias Command = ProcessTree.Command
typealias Event = ProcessTree.Event
typealias Refusal = ProcessTree.Refusal

/// App `number`: what people see of it is the number itself.
func app(_ number: Int) -> AppID { AppID(high: UInt64(number) << 32, low: UInt64(number)) }

/// The key of app `number` in its first life. Others begin at 100.
func key(_ number: Int) -> PublicKey { PublicKey(bytes: [UInt8](repeating: UInt8(number), count: 32))! }

/// The key that a declaration of app `number` names.
func enrolmentKey(_ number: Int) -> PublicKey { key(100 + number) }
/// The key that the owner of app `number` has put away.
func recoveryKey(_ number: Int) -> PublicKey { key(150 + number) }

func cascade(_ number: Int) -> CascadeID { CascadeID(high: 0xCA << 56, low: UInt64(number) << 16) }
func command(_ number: Int) -> CorrelationID { CorrelationID(high: 0xC0 << 56, low: UInt64(number) << 16) }
func message(_ number: Int) -> MessageID { MessageID(high: 0x3E << 56, low: UInt64(number)) }

/// What is known of app `number`.
func facts(
    _ number: Int, under parent: Int?, level: SecurityLevel = .signed, permanent: Bool = false,
    enrolment: PublicKey? = nil, name: String? = nil
) -> AppFacts {
    AppFacts(
        id: app(number), parent: parent.map(app), name: name ?? "app-\(number)", level: level,
        scheduledAt: Timestamp(milliseconds: 1_000), startDay: 0,
        enrolmentKey: parent == nil ? nil : enrolment ?? enrolmentKey(number), recoveryKey: recoveryKey(number),
        isPermanentRoot: permanent, origin: parent == nil ? .root : .declared)
}

extension Principal {
    /// App `number` with the key of its first life.
    static func app(_ number: Int) -> Principal { .app(TrailsCoreTests.app(number), key: key(number)) }
}

/// A tree and its clock.
struct World {
    var tree: ProcessTree
    var now = Timestamp(milliseconds: 1_000_000)
    private(set) var log: [Event] = []

    init(limits: TreeLimits = TreeLimits()) {
        self.tree = ProcessTree(limits: limits)
    }

    subscript(_ number: Int) -> AppState { self.tree.apps[app(number)]! }

    func status(_ number: Int) -> AppStatus? { self.tree.apps[app(number)]?.status }
    func statuses(_ numbers: Int...) -> [AppStatus?] { numbers.map(self.status) }

    /// What the tree answers to `command`, when that is a refusal.
    func refusal(of command: Command) -> Refusal? {
        do {
            _ = try self.tree.decide(command, at: self.now)
            return nil
        } catch {
            return error
        }
    }

    @discardableResult
    mutating func perform(_ command: Command) throws(Refusal) -> [Event] {
        let events = try self.tree.perform(command, at: self.now)
        self.log += events
        return events
    }

    mutating func wait(_ duration: Duration) { self.now = self.now + duration }
}

// MARK: - What tests ask for again and again

extension World {
    /// A root with a connection.
    mutating func root(_ number: Int, level: SecurityLevel = .signed, permanent: Bool = false) throws {
        try self.perform(.register(wish(number, under: nil, level: level, permanent: permanent)))
    }

    /// A child that its parent has declared and that has registered, with a connection.
    mutating func grow(_ number: Int, under parent: Int, level: SecurityLevel = .signed) throws {
        try self.declare(number, under: parent, level: level)
        try self.perform(.register(wish(number, under: parent, level: level)))
    }

    mutating func declare(_ number: Int, under parent: Int, level: SecurityLevel = .signed) throws {
        try self.perform(
            .declare(
                facts(number, under: parent, level: level), startDeadline: .seconds(300),
                by: .app(app(parent), key: self[parent].key ?? key(parent))))
    }

    @discardableResult
    mutating func report(_ number: Int, _ kind: MessageKind, _ seq: Int64? = nil) throws -> [Event] {
        try self.perform(.report(self.message(of: number, kind, seq)))
    }

    /// A message of app `number` as it comes by its connection, signed.
    func message(of number: Int, _ kind: MessageKind, _ seq: Int64? = nil) -> IncomingReport {
        let state = self.tree.apps[app(number)]
        return IncomingReport(
            app: app(number), session: state?.presence == .attached ? state?.sessionEpoch : nil, signer: state?.key,
            kind: kind, seq: seq ?? (state?.sequence?.highest ?? 0) + 1, timestamp: self.now, correlation: nil,
            payload: "{}")
    }

    /// The connection of app `number` ends without a word.
    @discardableResult
    mutating func drop(_ number: Int) throws -> [Event] {
        try self.perform(.dropConnection(app(number), session: self[number].sessionEpoch))
    }

    @discardableResult
    mutating func comeBack(_ number: Int) throws -> [Event] {
        try self.perform(.reregister(app(number), key: self[number].key, isProven: true))
    }

    /// Drops the connection of app `number` and waits until it counts as crashed.
    mutating func crash(_ number: Int) throws {
        try self.drop(number)
        self.wait(self.tree.limits.reconnectWindow)
        try self.perform(.wake(.app(app(number))))
    }

    @discardableResult
    mutating func cancel(
        _ number: Int, as id: Int = 1, by principal: Principal? = nil, deep: Bool = true, grace: Duration? = nil
    ) throws -> [Event] {
        try self.perform(
            .cancel(
                CancelRequest(
                    id: TrailsCoreTests.cascade(id), target: app(number), isDeep: deep, reason: "enough", grace: grace),
                by: principal ?? .administrator))
    }

    /// App `number` answers the first of the cancels that wait for it.
    @discardableResult
    mutating func acknowledgeCancel(_ number: Int, _ outcome: AckOutcome = .done) throws -> [Event] {
        guard let control = self[number].controls.first(where: \.isCancel) else { throw Untold(app: number) }
        return try self.perform(self.answer(of: number, to: control.id, outcome))
    }

    func answer(
        of number: Int, to control: CorrelationID, _ outcome: AckOutcome = .done, wasAnswered: Bool = false
    ) -> Command {
        let state = self[number]
        return .acknowledge(
            ControlAnswer(id: control, app: app(number), outcome: outcome, at: self.now),
            session: state.presence == .attached ? state.sessionEpoch : nil, signer: state.key,
            wasAnswered: wasAnswered)
    }

    /// Who has a cancel to answer now.
    var asked: Set<AppID> {
        Set(self.tree.cascades.values.flatMap(\.waiting))
    }
}

/// The register of app `number` as its client sends it: signed, and enrolled where it has a parent.
func wish(
    _ number: Int, under parent: Int?, level: SecurityLevel = .signed, permanent: Bool = false,
    key wished: PublicKey? = nil, declaredBy: PublicKey? = nil, presence: Presence = .attached
) -> Registration {
    Registration(
        facts: facts(number, under: parent, level: level, permanent: permanent), key: wished ?? key(number),
        isProven: true,
        enrolment: parent == nil ? nil : .init(declaredBy: declaredBy, enrolmentKey: enrolmentKey(number)),
        presence: presence)
}

/// App `app` has no cancel to answer.
struct Untold: Error { let app: Int }

/// What trees must agree on: all that is durable.
struct Durable: Equatable {
    let apps: [AppID: AppState]
    let children: [AppID: Set<AppID>]
    let cascades: [CascadeID: CascadeState]

    init(_ tree: ProcessTree) {
        self.apps = Dictionary(uniqueKeysWithValues: tree.apps.map { ($0.key, $0.value.durable) })
        self.children = Dictionary(
            uniqueKeysWithValues: tree.children.filter { !$0.value.isEmpty }.map { ($0.key, Set($0.value)) })
        self.cascades = Dictionary(uniqueKeysWithValues: tree.cascades.map { ($0.key, $0.value) })
    }
}
