import Vocabulary

/// Puts an answer together from the parts it comes in, or takes it whole.
struct ChatStream {
    let limits: ChatLimits
    /// Whether the model may answer by asking for tools, and by saying nothing after them.
    let hasTools: Bool
    private(set) var text = ""
    private var calls = ToolCallPieces()
    private var callBytes = 0
    private var model: String?
    private var reason: String?
    private var usage: TokenUsage?
    private(set) var isDone = false

    init(limits: ChatLimits, hasTools: Bool = false) {
        self.limits = limits
        self.hasTools = hasTools
    }

    /// Takes one event; answers with the text it adds.
    mutating func take(_ event: ServerSentEvents.Event) throws(ChatError) -> String {
        let data = event.data.drop(while: \.isWhitespace)
        guard !self.isDone, !data.isEmpty else { return "" }
        if data.hasPrefix("[DONE]") {
            self.isDone = true
            return ""
        }
        return try self.take(json: Array(data.utf8))
    }

    /// Takes a part of an answer, or a whole one that is no stream.
    mutating func take(json bytes: [UInt8]) throws(ChatError) -> String {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue(parsing: bytes)
        } catch {
            throw .broken("\(error.message) in \(String(decoding: bytes, as: UTF8.self).quotedForPeople())")
        }
        if let error = ServerComplaint(json) { throw error.chatError(status: nil) }
        guard json.object != nil else { throw .broken("\(json.text.quotedForPeople()) is no part of an answer") }
        self.model = json["model"]?.string ?? self.model
        self.takeUsage(json["usage"])
        guard let choice = json["choices"]?.array?.first else { return "" }
        self.reason = choice["finish_reason"]?.string ?? self.reason
        let part = choice["delta"] ?? choice["message"]
        if self.hasTools { self.callBytes += try self.calls.take(part?["tool_calls"]) }
        return try self.take(text: Self.text(part?["content"]))
    }

    private mutating func take(text: String) throws(ChatError) -> String {
        guard self.text.utf8.count + text.utf8.count + self.callBytes <= self.limits.answerMax.bytes else {
            throw .tooLarge("the answer is longer than \(self.limits.answerMax)")
        }
        self.text += text
        return text
    }

    private mutating func takeUsage(_ usage: JSONValue?) {
        guard let input = usage?["prompt_tokens"]?.integer, let output = usage?["completion_tokens"]?.integer else {
            return
        }
        self.usage = TokenUsage(input: UInt64(clamping: input), output: UInt64(clamping: output))
    }

    /// A text, or a list of parts with texts.
    private static func text(_ content: JSONValue?) -> String {
        content?.string ?? content?.array?.compactMap { $0["text"]?.string }.joined() ?? ""
    }

    /// The whole of it, when there is no more.
    func answer() throws(ChatError) -> ChatAnswer {
        guard self.isDone || self.reason != nil else { throw .cut }
        switch self.reason {
        case "content_filter":
            throw ChatError(
                .refused, "the answer was withheld by a content filter", hint: "say it otherwise, or ask another model")
        case "tool_calls" where !self.hasTools, "function_call":
            throw ChatError(
                .refused, "the model wants to use tools, and this back end has none",
                hint: "tell it to answer in words, or name an agent with --agent")
        default: break
        }
        guard self.hasTools || self.text.contains(where: { !$0.isWhitespace }) else {
            throw ChatError(.broken, "the answer is empty", hint: "try again, or ask another model")
        }
        return ChatAnswer(
            text: self.text, model: self.model, ending: self.reason == "length" ? .cut : .finished, usage: self.usage,
            calls: try self.calls.whole())
    }
}
