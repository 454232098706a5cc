package import TurnModel

/// A command that a tool node ran.
package struct ToolExecution: PipelineTurnValue {
    package var node: String
    package var command: String
    package var exitCode: Int64
    package var output: String?
    package var duration: Duration?

    package init(node: String, command: String, exitCode: Int64) {
        self.node = node
        self.command = command
        self.exitCode = exitCode
    }
}

extension ToolExecution {
    package static let typeID = "dev.orchestra.ToolExecution"

    package static let fields = [
        FieldFact(1, "node_id", "string", required: true),
        FieldFact(2, "command", "string", required: true),
        FieldFact(3, "exit_code", "i64", required: true),
        FieldFact(4, "stdout", "string"),
        FieldFact(5, "duration_ms", "u64"),
    ]

    package var newTurn: NewTurn {
        var writer = FieldWriter()
        writer.put(self.node, 1)
        writer.put(self.command, 2)
        writer.put(self.exitCode, 3)
        writer.put(self.output, 4)
        writer.put(self.duration, 5)
        return writer.turn(Self.self)
    }

    package init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError) {
        let reader = try Self.reader(payload, version)
        self.init(node: try reader.required(1), command: try reader.required(2), exitCode: try reader.required(3))
        self.output = try reader.optional(4)
        self.duration = try reader.optional(5)
    }
}
