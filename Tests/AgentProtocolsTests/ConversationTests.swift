import AgentProtocols
import Testing
import Vocabulary

/// What a bare model is told, built from the log.
struct ConversationTests {
    private typealias Event = (name: String, data: JSONValue)

    private static let story: [Event] = [
        ("session.created", ["system_prompt": "You are S."]),
        ("agent.created", ["instructions": "Do I."]),
        ("turn.start", ["turn_id": "1", "prompt": "one"]),
        ("tool.call", ["call_id": "k1", "tool": "poke", "args": ["agent_name": "a"], "result": ["status": "poked"]]),
        ("tool.call", ["tool": "gate", "args": ["agent_name": "b"], "error": "no such child"]),
        ("turn.complete", ["turn_id": "1", "response": "first"]),
        ("tool.call", ["tool": "poke", "args": [:], "result": [:]]),
        ("turn.start", ["turn_id": "2", "prompt": "two"]),
        ("turn.complete", ["turn_id": "2", "response": "second"]),
    ]

    private func read(
        _ events: [Event], _ interrupted: ConversationReader.Interrupted = .nothing
    ) -> ConversationReader {
        var reader = ConversationReader(system: "base", interrupted: interrupted)
        for event in events { reader.read(event.name, event.data) }
        return reader
    }

    private func asked(_ events: [Event], _ interrupted: ConversationReader.Interrupted = .nothing) -> [String] {
        self.read(events + [("turn.start", ["prompt": "now"])], interrupted).messages?.map(\.text) ?? []
    }

    @Test
    func `everything that was said is told, in its order`() {
        func call(_ id: String, _ tool: String, _ agent: String) -> String {
            let function = #"{"name":"\#(tool)","arguments":"{\"agent_name\":\"\#(agent)\"}"}"#
            let call = #"{"id":"\#(id)","type":"function","function":\#(function)}"#
            return #"{"role":"assistant","content":null,"tool_calls":[\#(call)]}"#
        }
        #expect(
            self.asked(Self.story) == [
                #"{"role":"system","content":"You are S."}"#,
                #"{"role":"user","content":"one"}"#,
                call("k1", "poke", "a"),
                #"{"role":"tool","tool_call_id":"k1","content":"{\"status\":\"poked\"}"}"#,
                call("t0001c002", "gate", "b"),
                #"{"role":"tool","tool_call_id":"t0001c002","content":"{\"error\":\"no such child\"}"}"#,
                #"{"role":"assistant","content":"first"}"#,
                #"{"role":"user","content":"two"}"#,
                #"{"role":"assistant","content":"second"}"#,
                #"{"role":"user","content":"now"}"#,
            ])
        #expect(self.read(Self.story).complaints == [])
    }

    @Test
    func `without a system prompt in the log it is the base and the instructions`() {
        #expect(self.asked(Array(Self.story.dropFirst())).first == #"{"role":"system","content":"base\n\nDo I."}"#)
    }

    @Test
    func `what ran without a crash and what was read again tell the same, at every cut`() {
        for cut in 0...Self.story.count {
            let whole = self.read(Self.story)
            var again = self.read(Array(Self.story.prefix(cut)))
            for event in Self.story.dropFirst(cut) { again.read(event.name, event.data) }
            #expect(again.conversation == whole.conversation)
        }
    }

    @Test(arguments: ["turn.failed", "turn.interrupted", nil])
    func `a turn that did not end is left out, or noted`(end: String?) {
        let broken: [Event] =
            Self.story + [("turn.start", ["prompt": "lost"]), ("tool.call", ["tool": "t", "result": 1])]
            + (end.map { [Event($0, ["error": "e"])] } ?? [])
        #expect(self.asked(broken) == self.asked(Self.story))
        let noted = self.asked(broken, .note)
        #expect(
            noted.suffix(2) == [
                #"{"role":"user","content":"This was asked before, and your answer was broken off: lost"}"#,
                #"{"role":"user","content":"now"}"#,
            ])
    }

    @Test
    func `logs of the first format: pairs of send, alone or beside turns`() {
        let alone: [Event] = [
            ("send", ["message": "one"]), ("send.result", ["message": "one", "result": "first"]),
            ("send", ["message": "lost"]), ("send.result", ["message": "lost", "result": "par", "error": "cut"]),
            ("send", ["message": "two"]), ("send.result", ["message": "two", "result": "second"]),
        ]
        let beside: [Event] = [
            ("turn.start", ["prompt": "one"]), ("send", ["message": "one"]),
            ("send.result", ["message": "one", "result": "first"]), ("turn.complete", ["response": "first"]),
            ("turn.start", ["prompt": "two"]), ("send", ["message": "two"]),
            ("send.result", ["message": "two", "result": "second"]), ("turn.complete", ["response": "second"]),
        ]
        #expect(self.read(alone).conversation == self.read(beside).conversation)
        #expect(self.read(alone).complaints == [])
        let unfinished: [Event] = Array(beside.prefix(7))
        #expect(self.read(unfinished).conversation.count == 1)
        let other = self.read([("turn.start", ["prompt": "one"]), ("send", ["message": "else"])])
        #expect(other.complaints == ["a send says other than its turn.start"])
    }

    @Test
    func `I6: the chain tells a turn that was changed`() throws {
        let honest = self.read(Self.story).conversation.chain.description
        var signed = Self.story
        signed[8].data = ["turn_id": "2", "response": "second", "conv": .string(honest)]
        #expect(self.read(signed).complaints == [])
        for place in [2, 3, 4, 5, 7] {
            var forged = signed
            forged[place].data = Self.forged(signed[place].data)
            #expect(self.read(forged).complaints == ["turn 2 is not what it was when it was finished"], "\(place)")
        }
    }

    private static func forged(_ data: JSONValue) -> JSONValue {
        var object = data.object ?? [:]
        for key in ["prompt", "response", "error"] where object[key] != nil { object[key] = "forged" }
        if object["result"] != nil { object["result"] = "forged" }
        return .object(object)
    }

    @Test
    func `a summary stands for the turns before it, and the chain goes on`() {
        let summed = Self.story + [("context.compacted", ["upto_turn": 1, "summary": "We began."])]
        #expect(
            self.asked(summed) == [
                #"{"role":"system","content":"You are S."}"#,
                #"{"role":"user","content":"Summary of our conversation so far:\nWe began."}"#,
                #"{"role":"user","content":"two"}"#, #"{"role":"assistant","content":"second"}"#,
                #"{"role":"user","content":"now"}"#,
            ])
        #expect(self.read(summed).conversation.chain == self.read(Self.story).conversation.chain)
        #expect(self.read(summed).conversation.count == 2)
        for wrong: JSONValue in [0, 3, -1, "1"] {
            let reader = self.read(Self.story + [("context.compacted", ["upto_turn": wrong, "summary": "x"])])
            #expect(reader.complaints == ["a context.compacted sums up no turns that there are"])
            #expect(reader.conversation.turns.count == 2)
        }
    }

    @Test
    func `a log that contradicts itself is complained of and read on`() {
        let odd: [Event] = [
            ("turn.complete", ["response": "x"]), ("turn.start", [:]), ("turn.start", ["turn_id": "1", "prompt": "p"]),
            ("tool.call", [:]), ("turn.complete", ["turn_id": "2", "response": "x"]), ("turn.complete", [:]),
            ("turn.complete", ["turn_id": "1", "response": "r"]), ("something.new", ["a": 1]),
        ]
        let reader = self.read(odd)
        #expect(reader.complaints.count == 5)
        #expect(reader.conversation.turns.map(\.response) == ["r"])
    }
}
