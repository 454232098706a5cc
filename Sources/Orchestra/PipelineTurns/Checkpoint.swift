package import TurnModel
package import Vocabulary

/// All that a run needs to go on after a node, or what changed since an earlier checkpoint.
package struct Checkpoint: PipelineTurnValue {
    package var currentNode: String
    /// In order. With a base: those since; without one, the last ones.
    package var completedNodes: [String]
    /// Empty where there is only a delta.
    package var context: JSONObject
    package var retryCounters: [String: UInt64] = [:]
    /// Empty: the run has ended.
    package var nextNode: String?
    package var visitedOutcomes: [String: String] = [:]
    package var rerouteCount: UInt64?
    /// By repository, its commit.
    package var workspaces: [String: String] = [:]
    package var visitCounts: [String: UInt64] = [:]
    /// The checkpoint that this one is a delta of; `nil` also for a delta of the checkpoint before it in its own group,
    /// which had no id when this was written.
    package var base: TurnID?
    /// Set in every delta, and only there.
    package var contextDelta: JSONObject?
    package var contextRemoved: [String] = []
    package var parallelState: JSONValue?
    package var pendingQuestion: JSONValue?
    package var randomState: String?
    package var stepCount: UInt64?
    /// The keys of `visitedOutcomes`, in the order of first visits.
    package var visitOrder: [String] = []
    /// How many were completed before `completedNodes`, where those are not all; their own turns name them.
    package var completedEarlier: UInt64?

    package init(currentNode: String, completedNodes: [String], context: JSONObject) {
        self.currentNode = currentNode
        self.completedNodes = completedNodes
        self.context = context
    }
}

extension Checkpoint {
    package static let typeID = "dev.orchestra.Checkpoint"

    package static let fields = [
        FieldFact(1, "current_node", "string", required: true),
        FieldFact(2, "completed_nodes", "array", of: "string", required: true),
        FieldFact(3, "context_snapshot", "map", required: true),
        FieldFact(4, "retry_counters", "map"),
        FieldFact(5, "next_node_id", "string", since: 2),
        FieldFact(6, "visited_outcomes", "map", since: 2),
        FieldFact(7, "reroute_count", "u64", since: 2),
        FieldFact(8, "workspace_snapshot", "map", since: 3),
        FieldFact(9, "visit_counts", "map", since: 4),
        FieldFact(10, "base_checkpoint_turn", "u64", since: 4),
        FieldFact(11, "context_delta", "map", since: 4),
        FieldFact(12, "context_removed", "array", of: "string", since: 4),
        FieldFact(13, "parallel_state", "any", since: 4),
        FieldFact(14, "pending_question", "any", since: 4),
        FieldFact(15, "rng_state", "string", since: 4),
        FieldFact(16, "step_count", "u64", since: 4),
        FieldFact(17, "visit_order", "array", of: "string", since: 4),
        FieldFact(18, "completed_earlier", "u64", since: 4),
    ]

    package var newTurn: NewTurn {
        var writer = FieldWriter()
        writer.put(self.currentNode, 1)
        writer.put(self.completedNodes, 2)
        writer.put(self.context, 3)
        writer.put(unlessEmpty: self.retryCounters, 4)
        writer.put(self.nextNode, 5)
        writer.put(unlessEmpty: self.visitedOutcomes, 6)
        writer.put(self.rerouteCount, 7)
        writer.put(unlessEmpty: self.workspaces, 8)
        writer.put(unlessEmpty: self.visitCounts, 9)
        writer.put(self.base, 10)
        writer.put(self.contextDelta, 11)
        writer.put(unlessEmpty: self.contextRemoved, 12)
        writer.put(self.parallelState, 13)
        writer.put(self.pendingQuestion, 14)
        writer.put(self.randomState, 15)
        writer.put(self.stepCount, 16)
        writer.put(unlessEmpty: self.visitOrder, 17)
        writer.put(self.completedEarlier, 18)
        return writer.turn(Self.self)
    }

    package init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError) {
        let reader = try Self.reader(payload, version)
        self.init(
            currentNode: try reader.required(1), completedNodes: try reader.required(2),
            context: try reader.required(3)
        )
        self.retryCounters = try reader.optional(4) ?? [:]
        self.nextNode = try reader.optional(5)
        self.visitedOutcomes = try reader.optional(6) ?? [:]
        self.rerouteCount = try reader.optional(7)
        self.workspaces = try reader.optional(8) ?? [:]
        self.visitCounts = try reader.optional(9) ?? [:]
        self.base = try reader.optional(10)
        self.contextDelta = try reader.optional(11)
        self.contextRemoved = try reader.optional(12) ?? []
        self.parallelState = try reader.optional(13)
        self.pendingQuestion = try reader.optional(14)
        self.randomState = try reader.optional(15)
        self.stepCount = try reader.optional(16)
        self.visitOrder = try reader.optional(17) ?? []
        self.completedEarlier = try reader.optional(18)
    }
}
