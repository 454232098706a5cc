package import Vocabulary

/// What a bare model is told each time it is asked: it remembers nothing, so the log is the only copy (Substrat spec,
/// 3.3).
///
/// The running daemon and the one that restarts build it from the same events, in the same way: what is sent after a
/// crash is, byte for byte, what would have been sent without it. `chain` proves that: it is a hash over all turns,
/// and each `turn.complete` holds the one that was right then.
package struct Conversation: Sendable, Hashable {
    /// What the model is told first of all.
    package var system: String
    /// The finished turns that are still told whole.
    package private(set) var turns: [Turn] = []
    /// What stands for the turns before those, and how many they are.
    package private(set) var summary: String?
    package private(set) var summedUp = 0
    package private(set) var chain = BLAKE3.hash([])

    /// A finished turn.
    package struct Turn: Sendable, Hashable {
        package var prompt: String
        package var rounds: [Round] = []
        package var response = ""
        /// What is told of turns that were broken off before this one.
        package var notes: [String] = []

        package init(prompt: String) { self.prompt = prompt }
    }

    /// A tool that the model called, and what it was told.
    package struct Round: Sendable, Hashable {
        package let id: String
        package let tool: String
        package let arguments: JSONValue
        package let answer: JSONValue
        /// What the model said before.
        package let said: String?

        package init(id: String, tool: String, arguments: JSONValue, answer: JSONValue, said: String? = nil) {
            self.id = id
            self.tool = tool
            self.arguments = arguments
            self.answer = answer
            self.said = said
        }
    }

    package init(system: String) {
        self.system = system
    }
}

extension Conversation {
    /// How many turns there were.
    package var count: Int { self.summedUp + self.turns.count }

    /// A turn is finished.
    package mutating func add(_ turn: Turn) {
        self.turns.append(turn)
        self.chain = self.chain(with: turn)
    }

    /// What the chain is after this turn.
    package func chain(with turn: Turn) -> BLAKE3.Digest {
        var hasher = BLAKE3()
        hasher.update(self.chain.bytes)
        hasher.update(turn.json.sortedText().utf8)
        return hasher.finalize()
    }

    /// The first `count` turns are told as `summary` from now on. The chain goes on as if they were not.
    package mutating func sumUp(_ count: Int, as summary: String) -> Bool {
        guard count > self.summedUp, count <= self.count else { return false }
        self.turns.removeFirst(count - self.summedUp)
        self.summedUp = count
        self.summary = summary
        return true
    }

    /// All that is told, in the words of chat completions, when `turn` is under way.
    package func messages(asking turn: Turn) -> [JSONValue] {
        var messages = self.messages
        Self.tell(turn, to: &messages)
        return messages
    }

    /// All that was told and answered, in the words of chat completions.
    package var messages: [JSONValue] {
        var messages = [Self.message("system", self.system)]
        if let summary { messages.append(Self.message("user", "Summary of our conversation so far:\n\(summary)")) }
        for turn in self.turns {
            Self.tell(turn, to: &messages)
            messages.append(Self.message("assistant", turn.response))
        }
        return messages
    }

    private static func tell(_ turn: Turn, to messages: inout [JSONValue]) {
        messages += turn.notes.map { Self.message("user", $0) }
        messages.append(Self.message("user", turn.prompt))
        for round in turn.rounds {
            let function: JSONValue = [
                "name": .string(round.tool), "arguments": .string(round.arguments.text),
            ]
            messages.append([
                "role": "assistant", "content": round.said.map(JSONValue.string) ?? .null,
                "tool_calls": [["id": .string(round.id), "type": "function", "function": function]],
            ])
            messages.append(["role": "tool", "tool_call_id": .string(round.id), "content": .string(round.answer.text)])
        }
    }

    private static func message(_ role: String, _ text: String) -> JSONValue {
        ["role": .string(role), "content": .string(text)]
    }
}

extension Conversation.Turn {
    /// What the chain covers: all that a model is told of it.
    fileprivate var json: JSONValue {
        [
            "notes": .array(self.notes.map { .string($0) }), "prompt": .string(self.prompt),
            "rounds": .array(
                self.rounds.map { round in
                    var json: JSONObject = [
                        "id": .string(round.id), "tool": .string(round.tool), "args": round.arguments,
                        "answer": round.answer,
                    ]
                    json["said"] = round.said.map(JSONValue.string)
                    return .object(json)
                }),
            "response": .string(self.response),
        ]
    }
}
