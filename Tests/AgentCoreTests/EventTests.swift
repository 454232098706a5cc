import AgentCore
import Testing
import Vocabulary

@Suite struct `Events on paper` {
    static let id = Identifier<Int>(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210)
    static func make<Of>(_ low: UInt64) -> Identifier<Of> { Identifier<Of>(high: 7, low: low) }

    static let envelope = Envelope(
        id: make(1), sender: make(2), recipient: make(3), kind: .response, payload: "привет",
        timestamp: Timestamp(milliseconds: 1_700_000_000_123), replyTo: make(4), metadata: ["b": "2", "a": "1"])
    static let birth = AgentBirth(
        agent: make(2), name: "w", parentSession: make(9), instructions: "i", workspace: ["s", "n"],
        metadata: ["k": "v"], provider: "llm", model: "m", order: 4, requestKey: "key")

    static let all: [AgentEvent] = [
        .sessionCreated(SessionBirth(provider: "llm", model: "m", systemPrompt: "p", workspace: ["a"])),
        .agentCreated(birth), .agentRenamed("w~2"), .agentTerminated(make(2)), .agentCompleting(make(1)),
        .agentCreated(AgentBirth(agent: make(2), name: "r", parentSession: nil, instructions: "")),
        .agentCreated(
            AgentBirth(agent: make(2), name: "r", parentSession: make(9), instructions: "", isSpawned: false)),
        .spawnRequested(SpawnIntent(session: make(8), birth: birth)), .spawnCompleted(make(2)),
        .spawnAbandoned(make(2), reason: "no"),
        .turnStarted(
            TurnStart(turn: 3, source: .wake, prompt: "p", messages: [make(1)], attempt: 2, requestKey: "k")),
        .turnCompleted(turn: 3, response: "r", conv: "c"), .turnCompleted(turn: nil, response: "r"),
        .turnFailed(turn: 3, error: "e", partial: "p"), .turnInterrupted(turn: 3, continues: true),
        .turnInterrupted(turn: 3, continues: false), .sessionSuspended(size: 5, turn: 3),
        .sessionRestored(provider: "p", model: "m"), .providerRef(["chat": "c"]), .enqueued(envelope),
        .delivered(make(1), turn: 3), .delivered(make(1), turn: nil),
        .sent(SentNote(envelope, call: 5, turn: 3, isRecovered: true)), .dropped(make(1), reason: "gone"),
        .toolIntended(ToolCall(call: 5, tool: "t", arguments: ["a": 1])),
        .toolCalled(ToolCall(call: 5, tool: "t", arguments: [:]), .result(["status": "sent"])),
        .toolCalled(ToolCall(call: 5, tool: "t", arguments: [:]), .error("no")),
        .metadataUpdated(key: "k", value: nil), .metadataUpdated(key: "k", value: "v"),
        .gateChanged(isGated: true, name: "w"), .gateChanged(isGated: false, name: "w"), .turnPermitted(name: "w"),
        .subscribed(
            Subscription(
                id: make(5), target: make(2), targetName: "w", transition: Transition(from: .busy, to: nil),
                isOnce: true)),
        .unsubscribed(make(5)), .subscriptionFired(make(5)),
        .reminderSet(
            Reminder(
                id: make(6), reason: "r", due: Timestamp(milliseconds: 1_700_000_000_000),
                interval: .milliseconds(1_500))),
        .reminderFired(make(6), next: Timestamp(milliseconds: 1_700_000_000_001)), .reminderFired(make(6), next: nil),
        .reminderCancelled(make(6)), .recoveryApplied(boot: "b", actions: ["turn.interrupted"]),
        .suspensionChanged(isSuspended: true), .suspensionChanged(isSuspended: false), .deletionAsked(make(7)),
        .agentAdopted(Adoption(parentSession: make(3), name: "w")), .resumeAsked,
        .agentAdopted(Adoption(parentSession: nil, name: "w")),
        .sessionDeleted(make(7)), .noted(kind: "send", ["message": "m"]), .unknown(kind: "future.thing", ["x": 1]),
    ]

    @Test(arguments: all)
    func `are read as they were written`(event: AgentEvent) throws {
        let entry = Entry(at: Timestamp(milliseconds: 1_700_000_000_456), event)
        let text = JSONValue.object(entry.json).text
        let members = try #require(try JSONValue(parsing: text).object)
        #expect(Entry(members) == entry)
        #expect(members.keys.prefix(2) == ["ts", "event"])
    }

    @Test func `have the seed's shape`() throws {
        let created = Entry(at: Timestamp(milliseconds: 0), .agentCreated(Self.birth))
        #expect(
            JSONValue.object(created.json).text.hasPrefix(
                #"{"ts":"1970-01-01T00:00:00.000000+00:00","event":"agent.created","data":{"agent_id":""#
                    + #"00000000000000070000000000000002","name":"w","parent_session_id":"#))
        #expect(AgentEvent.turnCompleted(turn: nil, response: "r").data == ["response": "r"])
        #expect(AgentEvent.turnInterrupted(turn: nil, continues: false).data?.text == #"{"at":"recovery"}"#)
        #expect(
            AgentEvent.enqueued(Self.envelope).data?.object?.keys == [
                "message_id", "sender", "recipient", "kind", "payload", "timestamp", "reply_to", "metadata",
            ])
    }

    @Test(arguments: [
        ("turn.start", #"{"prompt":"p"}"#), ("turn.complete", #"{"response":"r"}"#),
        ("suspend.result", #"{"state_size":3}"#), ("session.restored", #"{"provider":"p","model":"m"}"#),
        ("agent.created", #"{"agent_id":"A","name":"a","parent_session_id":null,"instructions":"i"}"#),
        ("agent.terminated", #"{"agent_id":"A"}"#),
        ("message.enqueued", #"{"message_id":"A","sender":"A","recipient":"A","kind":"multicast","payload":"x"}"#),
        ("message.delivered", #"{"message_id":"A"}"#), ("tool.ungate", #"{"agent_id":"x"}"#),
        (
            "tool.subscribe",
            #"{"subscription_id":"A","target":"a","target_id":"A","from_state":"busy","to_state":"*"}"#
        ),
        ("session.created", #"{"provider":"scripted","script":"a.py"}"#),
    ])
    func `of older programs are read`(kind: String, data: String) throws {
        let data = data.replacing(#""A""#, with: "\"\(Self.id.hex)\"")
        let event = AgentEvent(kind: kind, data: try JSONValue(parsing: data))
        switch event {
        case .unknown, .malformed: Issue.record("\(event)")
        default: break
        }
    }

    @Test func `that are not understood are kept, skipped and counted`() throws {
        var ledger = Ledger(.user)
        let broken = AgentEvent(kind: "message.enqueued", data: ["message_id": "zz"])
        #expect(broken == .malformed(kind: "message.enqueued", field: "message_id", ["message_id": "zz"]))
        for event in [broken, .unknown(kind: "future.thing", nil), .unknown(kind: "future.thing", [:])] {
            ledger.apply(Entry(at: Timestamp(milliseconds: 0), event))
        }
        #expect(ledger.strange == ["message.enqueued": 1, "future.thing": 2])
        #expect(ledger.inbox.isEmpty)
        #expect(Entry(["event": "x"]) == nil)
    }

    @Test func `of a root with a parent that cannot be read are not those of a root`() {
        let event = AgentEvent(
            kind: "agent.created",
            data: ["agent_id": .string(Self.id.hex), "name": "a", "parent_session_id": "garbage"])
        #expect(event.kind == "agent.created")
        if case .malformed(_, "parent_session_id", _) = event { return }
        Issue.record("\(event)")
    }
}
