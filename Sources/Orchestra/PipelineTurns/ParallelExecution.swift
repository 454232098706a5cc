package import TurnModel
package import Vocabulary

/// A fan-out: its start, or its end.
package struct ParallelExecution: PipelineTurnValue {
    package var node: String
    package var branchCount: UInt64
    package var branchContexts: [JSONValue] = []
    package var successCount: UInt64?
    package var failureCount: UInt64?
    package var duration: Duration?
    /// `started` or `completed`.
    package var status: String?

    package init(node: String, branchCount: UInt64) {
        self.node = node
        self.branchCount = branchCount
    }
}

extension ParallelExecution {
    package static let typeID = "dev.orchestra.ParallelExecution"

    package static let fields = [
        FieldFact(1, "node_id", "string", required: true),
        FieldFact(2, "branch_count", "u64", required: true),
        FieldFact(3, "branch_contexts", "array", of: "any"),
        FieldFact(4, "success_count", "u64"),
        FieldFact(5, "failure_count", "u64"),
        FieldFact(6, "duration_ms", "u64"),
        FieldFact(7, "status", "string"),
    ]

    package var newTurn: NewTurn {
        var writer = FieldWriter()
        writer.put(self.node, 1)
        writer.put(self.branchCount, 2)
        writer.put(unlessEmpty: self.branchContexts, 3)
        writer.put(self.successCount, 4)
        writer.put(self.failureCount, 5)
        writer.put(self.duration, 6)
        writer.put(self.status, 7)
        return writer.turn(Self.self)
    }

    package init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError) {
        let reader = try Self.reader(payload, version)
        self.init(node: try reader.required(1), branchCount: try reader.required(2))
        self.branchContexts = try reader.optional(3) ?? []
        self.successCount = try reader.optional(4)
        self.failureCount = try reader.optional(5)
        self.duration = try reader.optional(6)
        self.status = try reader.optional(7)
    }
}
