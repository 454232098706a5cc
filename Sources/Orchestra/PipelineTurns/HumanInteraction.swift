package import TurnModel
package import Vocabulary

/// A question to a person, and the answer when there is one.
package struct HumanInteraction: PipelineTurnValue {
    package var node: String
    package var question: String
    package var kind: String
    package var options: [JSONValue] = []
    package var answer: String?
    package var who: String?
    /// Of the answer; of the question as long as there is none.
    package var at: Timestamp?
    /// Names the question: the key of the attempt that asks.
    package var questionID: String?

    package init(node: String, question: String, kind: String) {
        self.node = node
        self.question = question
        self.kind = kind
    }
}

extension HumanInteraction {
    package static let typeID = "dev.orchestra.HumanInteraction"

    package static let fields = [
        FieldFact(1, "node_id", "string", required: true),
        FieldFact(2, "question", "string", required: true),
        FieldFact(3, "type", "string", required: true),
        FieldFact(4, "options", "array", of: "any"),
        FieldFact(5, "answer", "string"),
        FieldFact(6, "who", "string"),
        FieldFact(7, "when_unix_ms", "timestamp_ms"),
        FieldFact(8, "question_id", "string"),
    ]

    package var newTurn: NewTurn {
        var writer = FieldWriter()
        writer.put(self.node, 1)
        writer.put(self.question, 2)
        writer.put(self.kind, 3)
        writer.put(unlessEmpty: self.options, 4)
        writer.put(self.answer, 5)
        writer.put(self.who, 6)
        writer.put(self.at, 7)
        writer.put(self.questionID, 8)
        return writer.turn(Self.self)
    }

    package init(decoding payload: [UInt8], version: UInt32) throws(TurnDecodingError) {
        let reader = try Self.reader(payload, version)
        self.init(node: try reader.required(1), question: try reader.required(2), kind: try reader.required(3))
        self.options = try reader.optional(4) ?? []
        self.answer = try reader.optional(5)
        self.who = try reader.optional(6)
        self.at = try reader.optional(7)
        self.questionID = try reader.optional(8)
    }
}
