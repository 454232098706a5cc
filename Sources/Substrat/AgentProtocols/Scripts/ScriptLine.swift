package import Vocabulary

/// What a script says in one line (Substrat spec, 1.17).
package enum ScriptLine: Sendable, Hashable {
    /// Asks for a tool, and waits for what comes of it.
    case call(id: JSONValue, tool: String, arguments: JSONValue)
    /// The turn is over.
    case done(response: String)
    /// The turn has failed.
    case error(message: String)
    /// The state that stands for all turns before this one.
    case checkpoint(state: JSONValue)
    /// Of a kind that is not known here: to be told to people, and passed over.
    case unknown(type: String)

    /// Reads one line, without its end.
    ///
    /// - Throws: `ScriptLineError`, which says what is wrong with it.
    package init(parsing line: some Collection<UInt8>) throws(ScriptLineError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: line, limits: JSONLimits(bytes: Self.lengthMax))
        } catch {
            throw ScriptLineError("a line is not JSON: \(error)")
        }
        guard let object = value.object else { throw ScriptLineError("a line is not an object") }
        guard let type = object["type"]?.string else { throw ScriptLineError("a line has no \"type\"") }
        func text(_ key: String) throws(ScriptLineError) -> String {
            guard let text = object[key]?.string else { throw ScriptLineError("\"\(type)\" has no text \"\(key)\"") }
            return text
        }
        switch type {
        case "call":
            guard let id = object["id"], !id.isNull else { throw ScriptLineError("\"call\" has no \"id\"") }
            self = .call(id: id, tool: try text("tool"), arguments: object["args"] ?? [:])
        case "done": self = .done(response: try text("response"))
        case "error": self = .error(message: try text("message"))
        case "checkpoint":
            guard let state = object["state"] else { throw ScriptLineError("\"checkpoint\" has no \"state\"") }
            self = .checkpoint(state: state)
        default: self = .unknown(type: type)
        }
    }

    /// Of one line.
    package static let lengthMax = ByteCount.mebibytes(64)
}

/// What is wrong with a line of a script.
package struct ScriptLineError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
