package import TurnModel

/// One step of an agent inside a node.
package struct AgentTurn: PipelineTurnValue {
    package var number: UInt64
    package var node: String
    package var model: String?
    package var provider: String?
    /// JSON.
    package var messages: String?
    /// JSON.
    package var toolCalls: String?
    package var filesWritten: [String] = []
    package var tokenUsage: [String: UInt64] = [:]
    package var state: String?
    package var commit: String?
    package var commitMessage: String?

    package init(number: UInt64, node: String) {
        self.number = number
        self.node = node
    }
}

extension AgentTurn {
    package static let typeID = "dev.orchestra.AgentTurn"

    package static let fields = [
        FieldFact(1, "turn_number", "u64", required: true),
        FieldFact(2, "node_id", "string", required: true),
        FieldFact(3, "model", "string"),
        FieldFact(4, "provider", "string"),
        FieldFact(5, "messages", "string"),
        FieldFact(6, "tool_calls", "string"),
        FieldFact(7, "files_written", "array", of: "string"),
        FieldFact(8, "token_usage", "map"),
        FieldFact(9, "agent_state", "string"),
        FieldFact(10, "git_sha", "string", since: 2),
        FieldFact(11, "commit_message", "string", since: 2),
    ]

    package var newTurn: NewTurn {
        var writer = FieldWriter()
        writer.put(self.number, 1)
        writer.put(self.node, 2)
        writer.put(self.model, 3)
        writer.put(self.provider, 4)
        writer.put(self.messages, 5)
        writer.put(self.toolCalls, 6)
        writer.put(unlessEmpty: self.filesWritten, 7)
        writer.put(unlessEmpty: self.tokenUsage, 8)
        writer.put(self.state, 9)
        writer.put(self.commit, 10)
        writer.put(self.commitMessage, 11)
        return writer.turn(Self.self)
    }

    package init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError) {
        let reader = try Self.reader(payload, version)
        self.init(number: try reader.required(1), node: try reader.required(2))
        self.model = try reader.optional(3)
        self.provider = try reader.optional(4)
        self.messages = try reader.optional(5)
        self.toolCalls = try reader.optional(6)
        self.filesWritten = try reader.optional(7) ?? []
        self.tokenUsage = try reader.optional(8) ?? [:]
        self.state = try reader.optional(9)
        self.commit = try reader.optional(10)
        self.commitMessage = try reader.optional(11)
    }
}
