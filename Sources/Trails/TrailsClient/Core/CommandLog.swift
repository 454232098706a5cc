import DequeModule
package import TrailsCore
import TrailsWire
package import Vocabulary

/// How the app answered a command.
package struct CommandAnswer: Hashable, Sendable {
    package let outcome: AckOutcome
    package let result: JSONValue?
    package let error: String?

    package init(_ outcome: AckOutcome, result: JSONValue? = nil, error: String? = nil) {
        self.outcome = outcome
        self.result = result
        self.error = error
    }
}

/// The commands of one app: those that wait, the one that runs, and the answers of the last ones.
///
/// A command is known by its identity: one that comes again is not run again. Commands run one after another in the
/// order in which they came; a cancel does not wait for them.
struct CommandLog: Sendable {
    static let answersMax = 1_024
    static let waitingMax = 1_024

    /// What a command is to the log.
    enum Standing: Equatable {
        case new
        case underWay
        case answered(CommandAnswer)
    }

    struct Waiting: Sendable {
        let id: CorrelationID
        let frame: ControlFrame
        let since: Timestamp
    }

    private(set) var waiting: Deque<Waiting> = []
    private(set) var running: Waiting?
    private var answers: [CorrelationID: CommandAnswer] = [:]
    private var order: Deque<CorrelationID> = []
}

extension CommandLog {
    func standing(of id: CorrelationID) -> Standing {
        if let answer = self.answers[id] { return .answered(answer) }
        let isUnderWay = self.running?.id == id || self.waiting.contains { $0.id == id }
        return isUnderWay ? .underWay : .new
    }

    /// Puts a command at the end; `false` when too many wait, and the server has to bring it again.
    mutating func add(_ command: Waiting) -> Bool {
        guard self.waiting.count < Self.waitingMax else { return false }
        self.waiting.append(command)
        return true
    }

    /// Takes the next command, if none runs and it `isReady`.
    mutating func start(if isReady: (Waiting) -> Bool) -> Waiting? {
        guard self.running == nil, let next = self.waiting.first, isReady(next) else { return nil }
        self.running = self.waiting.removeFirst()
        return next
    }

    /// Takes all commands of an action out of the queue.
    mutating func takeAll(_ action: String) -> [Waiting] {
        guard self.waiting.contains(where: { $0.frame.action == action }) else { return [] }
        let taken = self.waiting.filter { $0.frame.action == action }
        self.waiting.removeAll { $0.frame.action == action }
        return Array(taken)
    }

    /// The first answer counts; the eldest are forgotten.
    mutating func answer(_ id: CorrelationID, _ answer: CommandAnswer) {
        if self.running?.id == id { self.running = nil }
        guard self.answers[id] == nil else { return }
        self.answers[id] = answer
        self.order.append(id)
        if self.order.count > Self.answersMax { self.answers[self.order.removeFirst()] = nil }
    }
}
