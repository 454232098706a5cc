package import Vocabulary

/// Builds a conversation from the events of a session, in their order; at run time and after a crash alike.
///
///     turn.start ─▶ open ─tool.call*─▶ open ─turn.complete─▶ told
///                     └─turn.failed, turn.interrupted, next turn.start─▶ left out
///
/// Logs of the first format have `send` and `send.result` instead of turns, or beside them: beside a turn they must
/// say the same and count for nothing else.
package struct ConversationReader: Sendable {
    package private(set) var conversation: Conversation
    /// The turn that is under way.
    package private(set) var open: Conversation.Turn?
    /// What in the log contradicts itself, for people.
    package private(set) var complaints: [String] = []
    private var openID: JSONValue?
    private var isOpenBySend = false
    private var hasSystem = false
    private var notes: [String] = []
    private let interrupted: Interrupted

    /// What a model is told of a turn that was broken off.
    package enum Interrupted: Sendable, Hashable {
        case nothing
        /// One message that says so.
        case note
    }

    /// - Parameter system: What the model is told first when the log does not say; its instructions follow it.
    package init(system: String, interrupted: Interrupted = .nothing) {
        self.conversation = Conversation(system: system)
        self.interrupted = interrupted
    }

    package mutating func read(_ event: String, _ data: JSONValue) {
        switch event {
        case "session.created": self.take(system: data["system_prompt"]?.string)
        case "agent.created": self.take(instructions: data["instructions"]?.string)
        case "turn.start": self.start(data["prompt"]?.string, id: data["turn_id"])
        case "tool.call": self.call(data)
        case "turn.complete": self.complete(data)
        case "turn.failed", "turn.interrupted": self.breakOff()
        case "send": self.send(data["message"]?.string)
        case "send.result": self.sent(data)
        case "context.compacted": self.sumUp(data)
        default: break
        }
    }
}

extension ConversationReader {
    private mutating func take(system: String?) {
        guard let system, !system.isEmpty else { return }
        self.conversation.system = system
        self.hasSystem = true
    }

    private mutating func take(instructions: String?) {
        guard let instructions, !instructions.isEmpty, !self.hasSystem else { return }
        self.conversation.system += "\n\n" + instructions
    }

    private mutating func start(_ prompt: String?, id: JSONValue?) {
        guard let prompt else { return self.complain("a turn.start has no prompt") }
        self.breakOff()
        self.open = Conversation.Turn(prompt: prompt)
        self.openID = id
    }

    private mutating func call(_ data: JSONValue) {
        guard self.open != nil else { return }  // outside of turns a person or a timer calls: no model knows of it
        guard let tool = data["tool"]?.string else { return self.complain("a tool.call has no tool") }
        let number = self.open!.rounds.count + 1
        let id = data["call_id"]?.string ?? Self.callID(turn: self.conversation.count + 1, number)
        let answer = data["result"] ?? data["error"].map { ["error": $0] } ?? .null
        self.open!.rounds.append(
            Conversation.Round(
                id: id, tool: tool, arguments: data["args"] ?? [:], answer: answer, said: data["said"]?.string))
    }

    /// Nine letters and digits, as long as that is enough: some servers take no other.
    private static func callID(turn: Int, _ number: Int) -> String {
        func digits(_ number: Int, _ count: Int) -> String {
            let text = "\(number)"
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        return "t\(digits(turn, 4))c\(digits(number, 3))"
    }

    private mutating func complete(_ data: JSONValue) {
        guard var turn = self.open, !self.isOpenBySend else {
            return self.complain("a turn.complete has no turn.start")
        }
        guard let response = data["response"]?.string else { return self.complain("a turn.complete has no response") }
        if let id = data["turn_id"], let openID, id != openID {
            return self.complain("a turn.complete is of another turn than the turn.start before it")
        }
        turn.response = response
        self.finish(turn)
        if let wanted = data["conv"]?.string, wanted != self.conversation.chain.description {
            self.complain("turn \(self.conversation.count) is not what it was when it was finished")
        }
    }

    private mutating func finish(_ turn: Conversation.Turn) {
        var turn = turn
        turn.notes = self.notes
        self.notes = []
        self.conversation.add(turn)
        self.open = nil
        self.isOpenBySend = false
    }

    private mutating func breakOff() {
        guard let turn = self.open else { return }
        self.open = nil
        self.isOpenBySend = false
        guard self.interrupted == .note else { return }
        let start = String(turn.prompt.unicodeScalars.prefix(500))
        self.notes.append("This was asked before, and your answer was broken off: \(start)")
    }

    private mutating func send(_ message: String?) {
        guard let message else { return }
        guard let open, !self.isOpenBySend else {
            self.breakOff()
            self.open = Conversation.Turn(prompt: message)
            self.isOpenBySend = true
            return
        }
        if !open.prompt.hasSameBytes(as: message) { self.complain("a send says other than its turn.start") }
    }

    private mutating func sent(_ data: JSONValue) {
        guard self.isOpenBySend, var turn = self.open else { return }
        guard data["error"] == nil, let result = data["result"]?.string else { return self.breakOff() }
        turn.response = result
        self.finish(turn)
    }

    private mutating func sumUp(_ data: JSONValue) {
        guard let count = data["upto_turn"]?.integer, let summary = data["summary"]?.string,
            self.conversation.sumUp(Int(clamping: count), as: summary)
        else { return self.complain("a context.compacted sums up no turns that there are") }
    }

    private mutating func complain(_ complaint: String) {
        self.complaints.append(complaint)
    }

    /// What the model is asked now; `nil` between turns.
    package var messages: [JSONValue]? {
        self.open.map { turn in
            var turn = turn
            turn.notes = self.notes
            return self.conversation.messages(asking: turn)
        }
    }
}
