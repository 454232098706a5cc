package import TurnModel
package import Vocabulary

/// What becomes of one attempt at a node.
package struct NodeExecution: PipelineTurnValue {
    package var node: String
    /// Of the handler; older writers put the shape here.
    package var handler: String
    /// `started`, `retrying`, `failed`, or the name of the outcome in upper case.
    package var status: String
    package var prompt: String?
    package var response: String?
    package var outcome: String?
    package var duration: Duration?
    /// From 1.
    package var attempt: UInt64?
    package var attemptsMax: UInt64?
    /// Before the next attempt.
    package var delay: Duration?
    package var failureReason: String?
    /// From 1.
    package var visit: UInt64?
    /// The same after a crash, so that effects outside can be known as repeats.
    package var attemptKey: String?
    package var branch: String?
    package var notBefore: Timestamp?

    package init(node: String, handler: String, status: String) {
        self.node = node
        self.handler = handler
        self.status = status
    }
}

extension NodeExecution {
    package static let typeID = "dev.orchestra.NodeExecution"

    package static let fields = [
        FieldFact(1, "node_id", "string", required: true),
        FieldFact(2, "handler_type", "string", required: true),
        FieldFact(3, "status", "string", required: true),
        FieldFact(4, "prompt", "string"),
        FieldFact(5, "response", "string"),
        FieldFact(6, "outcome", "string"),
        FieldFact(7, "duration_ms", "u64"),
        FieldFact(8, "attempt", "u64", since: 2),
        FieldFact(9, "max_attempts", "u64", since: 2),
        FieldFact(10, "delay_ms", "u64", since: 2),
        FieldFact(11, "failure_reason", "string", since: 2),
        FieldFact(12, "visit", "u64", since: 2),
        FieldFact(13, "attempt_key", "string", since: 2),
        FieldFact(14, "branch_id", "string", since: 2),
        FieldFact(15, "not_before_unix_ms", "timestamp_ms", since: 2),
    ]

    package var newTurn: NewTurn {
        var writer = FieldWriter()
        writer.put(self.node, 1)
        writer.put(self.handler, 2)
        writer.put(self.status, 3)
        writer.put(self.prompt, 4)
        writer.put(self.response, 5)
        writer.put(self.outcome, 6)
        writer.put(self.duration, 7)
        writer.put(self.attempt, 8)
        writer.put(self.attemptsMax, 9)
        writer.put(self.delay, 10)
        writer.put(self.failureReason, 11)
        writer.put(self.visit, 12)
        writer.put(self.attemptKey, 13)
        writer.put(self.branch, 14)
        writer.put(self.notBefore, 15)
        return writer.turn(Self.self)
    }

    package init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError) {
        let reader = try Self.reader(payload, version)
        self.init(node: try reader.required(1), handler: try reader.required(2), status: try reader.required(3))
        self.prompt = try reader.optional(4)
        self.response = try reader.optional(5)
        self.outcome = try reader.optional(6)
        self.duration = try reader.optional(7)
        self.attempt = try reader.optional(8)
        self.attemptsMax = try reader.optional(9)
        self.delay = try reader.optional(10)
        self.failureReason = try reader.optional(11)
        self.visit = try reader.optional(12)
        self.attemptKey = try reader.optional(13)
        self.branch = try reader.optional(14)
        self.notBefore = try reader.optional(15)
    }
}
