package import PipelineCore
import PipelineTurns
package import TurnModel
package import Vocabulary

/// Where a session stands, from its newest turn and its lease alone (spec/orchestra.md 3.4).
package enum SessionStatus: String, Sendable, CaseIterable {
    case running, pausing, waiting, paused, interrupted, completed, failed, cancelled, unknown

    /// Whether nothing will ever be added to it.
    package var isFinal: Bool { self == .completed || self == .failed || self == .cancelled }

    /// Whether somebody works on it.
    package var isLive: Bool { self == .running || self == .pausing || self == .waiting }
}

/// A session as lists show it.
package struct SessionSummary: Sendable, Hashable {
    package let context: ContextID
    package let displayID: DisplayID
    package let name: String
    package let status: SessionStatus
    /// In its history, what it shares with others included.
    package let turnCount: Int
    package let createdAt: Timestamp
    package let movedAt: Timestamp
    /// Known when the newest turn says it.
    package let nextNode: NodeID?
    package let branchOf: ContextID?
    /// The question it waits with, by its key.
    package let question: PendingQuestion?

    package struct PendingQuestion: Sendable, Hashable {
        package let id: AttemptKey
        package let node: NodeID
        package let text: String
        /// Keys and labels.
        package let options: [JSONValue]
    }
}

extension SessionSummary {
    /// `nil` for a context in which no run has begun.
    init?(_ row: SessionRow, at now: Timestamp, isDead: (Lease) -> Bool) {
        guard let first = row.firstOwn, first.type.id == PipelineLifecycle.typeID, let head = row.head else {
            return nil
        }
        let turn = head.payload.flatMap { try? PipelineTurn(decoding: $0, type: head.type) } ?? .other(head.type)
        let isLive = row.lease.map { $0.isLive(at: now) && !isDead($0) } ?? false
        self.context = row.context.id
        self.displayID = row.displayID
        self.name = row.name
        self.status = SessionStatus(turn, isLive: isLive, isPausing: row.openRequests.contains(RequestWord.pause))
        self.turnCount = Int(row.context.headDepth) + 1
        self.createdAt = row.context.createdAt
        self.movedAt = row.context.movedAt
        self.nextNode = Self.nextNode(turn)
        self.branchOf = row.branchOf
        self.question = Self.question(turn)
    }

    private static func nextNode(_ turn: PipelineTurn) -> NodeID? {
        switch turn {
        case .checkpoint(let checkpoint): checkpoint.nextNode.map { NodeID($0) }
        case .lifecycle(let lifecycle) where lifecycle.status == .paused:
            lifecycle.checkpointNode.map { NodeID($0) }
        case .node(let node): NodeID(node.node)
        case .human(let human) where human.answer == nil: NodeID(human.node)
        default: nil
        }
    }

    private static func question(_ turn: PipelineTurn) -> PendingQuestion? {
        guard case .human(let human) = turn, human.answer == nil, let id = human.questionID else { return nil }
        return PendingQuestion(
            id: AttemptKey(id), node: NodeID(human.node), text: human.question, options: human.options)
    }
}

extension SessionStatus {
    init(_ head: PipelineTurn, isLive: Bool, isPausing: Bool) {
        if case .lifecycle(let lifecycle) = head {
            switch lifecycle.status {
            case .completed, .restarted: self = .completed
            case .failed: self = .failed
            case .cancelled: self = .cancelled
            case .paused where !isLive: self = .paused
            case .paused, .started, .resumed: self = Self.working(head, isLive: isLive, isPausing: isPausing)
            }
            return
        }
        self = Self.working(head, isLive: isLive, isPausing: isPausing)
    }

    private static func working(_ head: PipelineTurn, isLive: Bool, isPausing: Bool) -> Self {
        guard isLive else { return .interrupted }
        if isPausing { return .pausing }
        if case .human(let human) = head, human.answer == nil { return .waiting }
        return .running
    }
}
