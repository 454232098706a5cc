import Vocabulary

/// What an agent's command line prints as it works, a JSON object a line: `--output-format stream-json` of cursor-agent
/// and of Claude's (Substrat spec, 1.17).
///
/// A message comes in pieces and then whole, or whole at once; nothing is told twice. What is no JSON is passed over,
/// since such programs print warnings as well.
package struct AgentStream: Sendable {
    /// Of the whole messages so far.
    private var told: [String] = []
    /// What came of the message that is not whole yet.
    private var partial = ""
    private var result: (text: String?, isError: Bool)?
    /// What the program calls the conversation, from its first line on.
    package private(set) var conversation: String?
    package private(set) var model: String?

    package init() {}

    /// The turn is over, whether the program ends or not.
    package var hasResult: Bool { self.result != nil }

    /// How many messages are whole.
    package var messageCount: Int { self.told.count }

    /// All that the agent has said.
    package var said: String { self.told.joined() + self.partial }

    /// Why a turn of such a program failed.
    package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
        /// What the agent had said until then.
        package let partial: String
    }
}

extension AgentStream {
    /// Reads one line, without its end: what the agent has said anew, if anything.
    package mutating func take(_ line: some Collection<UInt8>) -> String? {
        let limits = JSONLimits(bytes: ScriptLine.lengthMax)
        guard let value = try? JSONValue(parsing: line, limits: limits) else { return nil }
        if let name = value["session_id"]?.string { self.conversation = name }
        switch value["type"]?.string {
        case "system":
            self.model = value["model"]?.string ?? self.model
            return nil
        case "stream_event": return self.piece(value["event"]?["delta"]?["text"]?.string)
        case "assistant":
            let text = Self.text(of: value["message"]?["content"])
            return value["timestamp_ms"] == nil ? self.whole(text) : self.piece(text)
        case "result":
            self.result = (value["result"]?.string, value["is_error"]?.bool ?? false)
            return nil
        default: return nil
        }
    }

    /// What the turn came to, once the program has ended.
    ///
    /// - Parameter code: Its exit code; `nil` when a signal has ended it.
    /// - Parameter complaint: The end of what it wrote to its standard error.
    package func end(code: Int32?, complaint: String) -> Result<String, Failure> {
        let said = self.said
        if let result, result.isError { return self.fail(result.text ?? "it gave no reason", said) }
        guard code == 0 else {
            let end = code.map { "it ended with \($0)" } ?? "it was killed"
            return self.fail(complaint.isEmpty ? end : "\(end): \(complaint.shownToPeople(scalarsMax: 2_000))", said)
        }
        guard let result else { return self.fail("it ended before its turn did", said) }
        return .success(result.text ?? said)
    }

    private mutating func piece(_ text: String?) -> String? {
        guard let text, !text.isEmpty else { return nil }
        self.partial += text
        return text
    }

    private mutating func whole(_ text: String) -> String? {
        let known = self.partial
        self.partial = ""
        guard !text.isEmpty else { return nil }
        self.told.append(text)
        guard !known.isEmpty else { return text }
        guard text.utf8.starts(with: known.utf8) else { return nil }
        let rest = String(decoding: text.utf8.dropFirst(known.utf8.count), as: UTF8.self)
        return rest.isEmpty ? nil : rest
    }

    private func fail(_ reason: String, _ said: String) -> Result<String, Failure> {
        .failure(Failure(description: reason, partial: said))
    }

    private static func text(of content: JSONValue?) -> String {
        if let text = content?.string { return text }
        return (content?.array ?? []).filter { $0["type"] == "text" }.compactMap { $0["text"]?.string }.joined()
    }
}
