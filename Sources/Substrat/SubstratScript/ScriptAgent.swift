public import Vocabulary

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An agent of Substrat as a Swift program (provider `scripted`; Substrat spec, 1.17).
///
/// ```swift
/// @main struct Counter {
///     static func main() {
///         ScriptAgent.run { turn in
///             let children = try turn.call("list_children")["children"]?.array ?? []
///             return "\(children.count) children; you said: \(turn.message)"
///         }
///     }
/// }
/// ```
///
/// A program that is started again after a crash, or after its place was given to another agent, lives through its
/// earlier turns first: it is told the same messages, its calls return what they returned then, and nothing is done
/// twice. So what it does must follow from what it is told.
public enum ScriptAgent {
    /// Answers turn after turn, until the daemon has the program end.
    ///
    /// What `body` returns is the answer. When it throws, the turn has failed with what the error says of itself, and
    /// the program ends with 1: the next turn is begun by a new process. Nothing but this may write to standard output.
    public static func run(_ body: (AgentTurn) throws -> String) -> Never {
        var input = LineInput(descriptor: STDIN_FILENO)
        let talk = ScriptTalk(
            read: { input.next() },
            write: { line in
                guard LineOutput.write(line, to: STDOUT_FILENO) else { throw ScriptClosed() }
            })
        do {
            while let turn = try talk.nextTurn() { try talk.finish(turn, with: try body(turn)) }
        } catch is ScriptClosed {
            exit(0)
        } catch {
            try? talk.fail("\(error)")
            exit(1)
        }
        exit(0)
    }
}

/// One turn of an agent, which may be an earlier one that it lives through again.
public final class AgentTurn {
    /// What the agent is told.
    public let message: String
    /// The calls of a turn that was finished before the program was started; `nil` in a live one.
    var recorded: ArraySlice<JSONValue>?
    private let talk: ScriptTalk

    init(_ message: String, recorded: [JSONValue]?, _ talk: ScriptTalk) {
        self.message = message
        self.recorded = recorded.map { $0[...] }
        self.talk = talk
    }

    /// Whether this turn was finished before the program was started: nothing that it does takes effect.
    public var isReplay: Bool { self.recorded != nil }

    /// Calls a tool; what comes of it is durable when this returns.
    ///
    /// - Throws: `ToolError` when the tool refuses; `ReplayError` when the program did something else the first time.
    @discardableResult
    public func call(_ tool: String, _ arguments: JSONObject = [:]) throws -> JSONValue {
        guard let recorded else { return try self.talk.call(tool, arguments) }
        guard let call = recorded.first else { throw ReplayError("\(tool) was not called the first time") }
        guard call["tool"]?.string == tool, call["args"] ?? [:] == .object(arguments) else {
            let tool = call["tool"]?.string ?? "nothing"
            throw ReplayError("\(tool) was called, or with other arguments, the first time")
        }
        self.recorded = recorded.dropFirst()
        if let error = call["error"]?.string { throw ToolError(message: error) }
        return call["result"] ?? .null
    }
}

/// A tool did not do what it was asked for.
public struct ToolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the tool says of it.
    public let message: String

    /// The same.
    public var description: String { self.message }
}

/// The program did something else than the first time, or was told something that it cannot read.
public struct ReplayError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What differs.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
