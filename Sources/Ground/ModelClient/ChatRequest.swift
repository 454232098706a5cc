package import Vocabulary

/// One thing said in a conversation with a model.
package struct ChatMessage: Sendable, Hashable {
    package let role: Role
    package let text: String

    package enum Role: String, Sendable {
        case system, user, assistant
    }

    package init(_ role: Role, _ text: String) {
        self.role = role
        self.text = text
    }

    package var json: JSONValue { ["role": .string(self.role.rawValue), "content": .string(self.text)] }
}

/// What a model is asked: a conversation whose next message is wanted.
package struct ChatRequest: Sendable, Hashable {
    package var model: String
    /// Each as the server reads it.
    package var messages: [JSONValue]
    /// What the model may ask for, each as the server reads it. Without any, an answer must be words.
    package var tools: [JSONValue] = []
    /// The same for every try, so that a server that knows keys answers once.
    package var idempotencyKey: String
    // What is `nil` is left to the server: not every one knows these words.
    package var temperature: Double?
    package var maxTokens: Int?
    package var reasoningEffort: String?

    package init(model: String, messages: [ChatMessage], idempotencyKey: String) {
        self.init(model: model, conversation: messages.map(\.json), idempotencyKey: idempotencyKey)
    }

    /// - Parameter conversation: Messages that may hold more than words: calls of tools, and what came of them.
    package init(model: String, conversation: [JSONValue], idempotencyKey: String) {
        self.model = model
        self.messages = conversation
        self.idempotencyKey = idempotencyKey
    }

    /// The body of the request: the answer is wanted as a stream, and its price at the end.
    var json: JSONValue {
        var body: JSONObject = [
            "model": .string(self.model), "messages": .array(self.messages), "stream": true,
            "stream_options": ["include_usage": true],
        ]
        if !self.tools.isEmpty { body["tools"] = .array(self.tools) }
        body["temperature"] = self.temperature.map { .double($0) }
        body["max_tokens"] = self.maxTokens.map { .integer(Int64($0)) }
        body["reasoning_effort"] = self.reasoningEffort.map { .string($0) }
        return .object(body)
    }
}
