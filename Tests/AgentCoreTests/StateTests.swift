import AgentCore
import HashTreeCollections
import Testing
import Vocabulary

@Suite struct `The states of sessions` {
    static let allowed: [SessionState: Set<SessionState>] = [
        .created: [.active, .terminated], .active: [.suspended, .terminated],
        .suspended: [.active, .terminated], .terminated: [],
    ]

    @Test(arguments: SessionState.allCases, SessionState.allCases)
    func `follow their table in every pair`(from: SessionState, to: SessionState) {
        #expect(from.allows(to) == Self.allowed[from]!.contains(to))
    }

    @Test(arguments: SessionState.allCases)
    func `refuse with both names`(state: SessionState) throws {
        let id = SessionID(high: 1, low: 1)
        var record = SessionRecord(id: id, state: state, provider: "llm", model: "", createdAt: nil)
        let copy = record
        if Self.allowed[state]!.contains(.active) {
            try record.activate()
            #expect(record.state == .active)
        } else {
            #expect(throws: SessionStateRefusal(session: id, from: state, to: .active)) { try record.activate() }
            #expect(record == copy)
        }
        #expect(
            SessionStateRefusal(session: id, from: .terminated, to: .active).description
                == "session 00000000 is terminated and cannot become active")
    }

    @Test func `stamp a suspension and keep its blob, which W-07 says must not win over the log`() throws {
        var record = SessionRecord(
            id: SessionID(high: 1, low: 1), state: .active, provider: "llm", model: "", createdAt: nil)
        try record.suspend(blob: [1, 2], upTo: 2, at: Timestamp(milliseconds: 5))
        #expect(record.suspendedAt == Timestamp(milliseconds: 5))
        #expect(record.usableBlob(completedTurn: 2) == [1, 2])
        try record.activate()
        #expect(record.suspendedAt == nil)
        #expect(record.usableBlob(completedTurn: 5) == nil)
    }

    @Test func `are read from records of others and written for them`() throws {
        let text = #"{"id":"00000000000000010000000000000002","state":"suspended","extra":1}"#
        let record = try #require(SessionRecord(json: JSONValue(parsing: text)))
        #expect(record.state == .suspended && record.model == "")
        #expect(SessionRecord(json: record.json) == record)
        #expect(
            record.json.object?.keys.prefix(7) == [
                "id", "state", "provider_name", "model", "created_at", "suspended_at", "provider_state",
            ])
        #expect(SessionRecord(json: ["id": "x", "state": "active"]) == nil)
        #expect(SessionRecord(json: ["id": .string(record.id.hex), "state": "melted"]) == nil)
    }

    @Test func `are never active after a restart`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let session = try #require(colony.tree.nodes[root]).session
        for state in SessionState.allCases {
            let record = SessionRecord(id: session, state: state, provider: "llm", model: "", createdAt: nil)
            let expected: SessionState = state == .terminated ? .terminated : .suspended
            #expect(record.recovered(colony.ledger(root), at: colony.now).state == expected)
        }
        try colony.perform(.terminate(root, isRecursive: false))
        let active = SessionRecord(id: session, state: .active, provider: "llm", model: "", createdAt: nil)
        let ended = try #require(colony.tree.ledgers[.session(session)])
        #expect(active.recovered(ended, at: colony.now).state == .terminated)
    }
}

@Suite struct `The states of agents` {
    static let allowed: [NodeState: Set<NodeState>] = [
        .idle: [.busy, .terminated], .busy: [.idle, .waiting, .terminated],
        .waiting: [.busy, .terminated], .terminated: [],
    ]

    @Test(arguments: NodeState.allCases, NodeState.allCases)
    func `follow their table in every pair`(from: NodeState, to: NodeState) {
        #expect(from.allows(to) == Self.allowed[from]!.contains(to))
    }

    /// What happens to an agent, and what it then is: idle, busy, terminated.
    @Test(arguments: [NodeState.idle, .busy, .terminated])
    func `answer every happening`(state: NodeState) throws {
        let happenings: [(AgentID) -> AgentCommand] = [
            { .startTurn($0, .user(prompt: "p", key: nil), hasWaited: false) },
            { .completeTurn($0, turn: 1, response: "r") },
            { .failTurn($0, turn: 1, error: "e", partial: nil) },
            { .terminate($0, isRecursive: false) },
            { .wait($0, isOver: false) },
            { .startTurn($0, .wake, hasWaited: false) },
        ]
        let outcomes: [NodeState: [NodeState?]] = [
            .idle: [.busy, nil, nil, .terminated, .idle, nil],
            .busy: [nil, .idle, .idle, .terminated, nil, nil],
            .terminated: [nil, nil, nil, nil, nil, nil],
        ]
        for (happening, expected) in zip(happenings, outcomes[state]!) {
            var colony = Colony()
            let root = try colony.root("r")
            if state == .busy { try colony.begin(root, .user(prompt: "p", key: nil)) }
            if state == .terminated { try colony.perform(.terminate(root, isRecursive: false)) }
            let before = colony.tree
            if let expected {
                try colony.perform(happening(root))
                #expect(colony.tree.state(of: root) == expected)
                #expect(state == expected || state.allows(expected))
            } else {
                #expect(throws: AgentRefusal.self) { try colony.perform(happening(root)) }
                #expect(colony.tree == before)
            }
        }
    }

    @Test(arguments: [
        ("busy->idle", NodeState.busy, NodeState.idle, true), ("*->idle", .busy, .idle, true),
        ("busy->*", .busy, .terminated, true), ("*->*", .waiting, .busy, true), ("idle->busy", .busy, .idle, false),
        ("*->terminated", .busy, .idle, false),
    ])
    func `are matched by patterns`(text: String, from: NodeState, to: NodeState, matches: Bool) throws {
        let transition = try #require(Transition(text))
        #expect(transition.matches(from: from, to: to) == matches)
        #expect(transition.description == text)
    }

    @Test(arguments: ["", "busy", "busy-idle", "busy->", "->idle", "busy->idle->busy", "melted->idle"])
    func `are not matched by what is no pattern`(text: String) {
        #expect(Transition(text) == nil)
    }
}
