import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

/// A checkpoint as the run knows it, and as it is written.
typealias RunCheckpoint = PipelineCore.Checkpoint
typealias CheckpointTurn = PipelineTurns.Checkpoint

extension CheckpointTurn {
    /// What `checkpoint` is on disk. `base` is the checkpoint before it, if that has an id already.
    init(_ checkpoint: RunCheckpoint, base: TurnID?) {
        self.init(
            currentNode: checkpoint.currentNode?.text ?? "", completedNodes: checkpoint.completed.map(\.text),
            context: checkpoint.isSnapshot ? checkpoint.context.set : [:])
        if !checkpoint.isSnapshot {
            self.base = base
            self.contextDelta = checkpoint.context.set
            self.contextRemoved = checkpoint.context.removed
        }
        self.completedEarlier = checkpoint.completedEarlier > 0 ? UInt64(checkpoint.completedEarlier) : nil
        self.nextNode = checkpoint.nextNode?.text
        self.retryCounters = Self.counts(checkpoint.retryCounters)
        self.visitCounts = Self.counts(checkpoint.visits)
        for outcome in checkpoint.outcomes {
            self.visitedOutcomes[outcome.node.text] = outcome.status.rawValue
        }
        self.visitOrder = checkpoint.outcomes.map(\.node.text)
        self.rerouteCount = UInt64(checkpoint.rerouteCount)
        self.stepCount = UInt64(checkpoint.stepCount)
        self.parallelState = checkpoint.parallel?.json ?? checkpoint.child?.json
        self.pendingQuestion = checkpoint.pendingQuestion?.json
        self.workspaces = Self.commits(in: checkpoint.context.set)
    }

    /// Where repositories stand, of those that have moved: for readers that do not know our keys.
    private static func commits(in changes: JSONObject) -> [String: String] {
        let (prefix, suffix) = (PipelineContext.workspacePrefix, ".commit")
        var commits: [String: String] = [:]
        for (key, value) in changes where key.hasPrefix(prefix) && key.hasSuffix(suffix) {
            commits[String(key.dropFirst(prefix.count).dropLast(suffix.count))] = value.string
        }
        return commits
    }

    private static func counts(_ counts: [NodeID: Int]) -> [String: UInt64] {
        Dictionary(counts.map { ($0.key.text, UInt64($0.value)) }) { _, last in last }
    }

    /// Whether it holds everything, so that a restart needs nothing before it.
    var isSnapshot: Bool { self.contextDelta == nil && self.base == nil }
}

extension RunCheckpoint {
    /// Reads `turn`; `nil` when it holds what no run of `graph` has written.
    init?(_ turn: CheckpointTurn, in graph: PipelineGraph) {
        self.init()
        self.isSnapshot = turn.isSnapshot
        self.currentNode = turn.currentNode.isEmpty ? nil : NodeID(turn.currentNode)
        self.nextNode = turn.nextNode.flatMap { $0.isEmpty ? nil : NodeID($0) }
        self.context =
            turn.isSnapshot
            ? ContextDelta(set: turn.context)
            : ContextDelta(set: turn.contextDelta ?? [:], removed: turn.contextRemoved)
        self.completed = turn.completedNodes.map { NodeID($0) }
        self.completedEarlier = Int(clamping: turn.completedEarlier ?? 0)
        guard let outcomes = Self.outcomes(of: turn) else { return nil }
        self.outcomes = outcomes
        self.visits = Self.counts(turn.visitCounts)
        self.retryCounters = Self.counts(turn.retryCounters)
        self.rerouteCount = Int(turn.rerouteCount ?? 0)
        self.stepCount = Int(turn.stepCount ?? 0)
        if let json = turn.parallelState {
            self.parallel = ParallelState(json: json)
            self.child = ChildWatch(json: json)
            guard self.parallel != nil || self.child != nil else { return nil }
        }
        self.pendingQuestion = turn.pendingQuestion.flatMap { Question(json: $0, in: graph) }
    }

    /// In the order of first visits; older writers did not say it, and theirs comes by name.
    private static func outcomes(of turn: CheckpointTurn) -> [VisitedOutcome]? {
        let order = turn.visitOrder.isEmpty ? turn.visitedOutcomes.keys.sorted() : turn.visitOrder
        let outcomes = order.compactMap { node in
            turn.visitedOutcomes[node].flatMap(StageStatus.init(text:)).map { VisitedOutcome(NodeID(node), $0) }
        }
        return outcomes.count == turn.visitedOutcomes.count ? outcomes : nil
    }

    private static func counts(_ counts: [String: UInt64]) -> [NodeID: Int] {
        Dictionary(counts.map { (NodeID($0.key), Int(clamping: $0.value)) }) { _, last in last }
    }
}

extension Question {
    /// Enough to find it again in the graph, and to show it.
    var json: JSONValue {
        ["id": .string(self.id.text), "node": .string(self.node.text), "text": .string(self.text)]
    }

    /// The question that the node asks under this key; `nil` when `graph` has no such node.
    init?(json: JSONValue, in graph: PipelineGraph) {
        guard let id = json["id"]?.string, let node = json["node"]?.string else { return nil }
        self.init(id: AttemptKey(id), node: NodeID(node), text: json["text"]?.string ?? "", in: graph)
    }

    /// - Parameter text: What an agent said; a gate has its own.
    init?(id: AttemptKey, node: NodeID, text: String = "", in graph: PipelineGraph) {
        guard let node = graph[node] else { return nil }
        if node.agent.isInteractive, node.handler == .codergen {
            self = Talk.question(text, id: id, at: node)
        } else if let question = HumanGate(node, in: graph).question(id: id) {
            self = question
        } else {
            return nil
        }
    }
}
