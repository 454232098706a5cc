import AgentCore
import HashTreeCollections
import Testing
import Vocabulary

@Suite struct `Who may write to whom` {
    /// A root `r` with children `a` and `b`; `a` has a child `c`; a second root `s`.
    static func family() throws -> (Colony, [String: AgentID]) {
        var colony = Colony()
        let r = try colony.root("r")
        let a = try colony.create("a", under: r)
        let b = try colony.create("b", under: r)
        let c = try colony.create("c", under: a)
        let s = try colony.root("s")
        return (colony, ["r": r, "a": a, "b": b, "c": c, "s": s, "USER": .user, "SYSTEM": .system])
    }

    /// Every pair that is allowed; all others are refused.
    static let allowed: Set<String> = [
        "r>a", "r>b", "a>r", "b>r", "a>b", "b>a", "a>c", "c>a", "r>USER", "s>USER",
        "USER>r", "USER>a", "USER>b", "USER>c", "USER>s", "SYSTEM>r", "SYSTEM>a", "SYSTEM>b", "SYSTEM>c", "SYSTEM>s",
        "SYSTEM>USER", "USER>USER",
    ]

    @Test func `is answered for every pair`() throws {
        let (colony, agents) = try Self.family()
        for (from, sender) in agents {
            for (to, recipient) in agents {
                let isAllowed = (try? colony.tree.checkRoute(from: sender, to: recipient)) != nil
                #expect(isAllowed == Self.allowed.contains("\(from)>\(to)"), "\(from)>\(to)")
            }
        }
        #expect(throws: AgentRefusal.toItself(agents["a"]!)) {
            try colony.tree.checkRoute(from: agents["a"]!, to: agents["a"]!)
        }
        #expect(throws: AgentRefusal.onlyRootsReachUser(agents["a"]!)) {
            try colony.tree.checkRoute(from: agents["a"]!, to: .user)
        }
    }

    @Test func `is asked by the tool too, and its answer is recorded`() throws {
        var (colony, agents) = try Self.family()
        let c = agents["c"]!
        let answer = try colony.call(c, "send_message", ["recipient": .string(agents["r"]!.hex), "text": "x"])
        #expect(answer["error"]?.string?.contains("neither parent, child nor sibling") == true)
        #expect(colony.inbox(agents["r"]!).isEmpty)
        #expect(colony.batches.last?.records.map(\.entry.event.kind) == ["tool.call"])
        #expect(try colony.call(c, "send_message", ["recipient": "r", "text": "x"])["error"] != nil)
        #expect(try colony.call(c, "send_message", ["recipient": "USER", "text": "x"])["error"] != nil)
    }

    @Test func `lets only the daemon and the operator post`() throws {
        var (colony, agents) = try Self.family()
        try colony.perform(.post(from: .user, to: agents["c"]!, kind: .request, text: "hello"))
        #expect(colony.inbox(agents["c"]!) == ["hello"])
        #expect(throws: AgentRefusal.notASender(agents["a"]!)) {
            try colony.perform(.post(from: agents["a"]!, to: agents["c"]!, kind: .request, text: "x"))
        }
    }

    @Test func `gives parents alone a say over children`() throws {
        var (colony, agents) = try Self.family()
        for tool in ["inspect_agent", "poke", "gate", "ungate", "permit_turn", "terminate_child"] {
            let key = tool == "inspect_agent" ? "name" : "agent_name"
            for (from, to) in [("a", "b"), ("a", "r"), ("c", "a"), ("r", "c"), ("r", "s")] {
                let answer = try colony.call(agents[from]!, tool, .object([key: .string(agents[to]!.hex)]))
                #expect(answer["error"] != nil, "\(tool) of \(to) by \(from)")
            }
        }
        #expect(colony.tree.nodes.count == 5)
    }

    @Test func `is by name: parent, child or sibling`() throws {
        let (colony, agents) = try Self.family()
        #expect(try colony.tree.neighbour(of: agents["a"]!, named: "r") == agents["r"])
        #expect(try colony.tree.neighbour(of: agents["a"]!, named: "c") == agents["c"])
        #expect(try colony.tree.neighbour(of: agents["a"]!, named: "b") == agents["b"])
        #expect(throws: AgentRefusal.noSuchNeighbour("a")) {
            try colony.tree.neighbour(of: agents["a"]!, named: "a")
        }
    }
}

@Suite struct `Messages` {
    @Test func `are in the recipient's log before the sender's, and wake`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "count files")
        let batch = try #require(colony.batches.last)
        let sessions = [child, root].compactMap { colony.tree.nodes[$0]?.session }
        #expect(batch.sections.map(\.log) == sessions.map(LogName.session))
        #expect(batch.records.map(\.entry.event.kind) == ["message.enqueued", "message.sent", "tool.call"])
        #expect(colony.effects == [.wake(child, from: root, urgency: 2)])
        #expect(try colony.begin(child) == "Message from r:\ncount files")
    }

    @Test func `that come twice are kept once`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "one")
        let enqueued = try #require(colony.batches.last?.records.first)
        colony.tree.apply(enqueued.entry, to: enqueued.log)
        #expect(colony.inbox(child) == ["one"])
        try colony.begin(child)
        try colony.end(child)
        colony.tree.apply(enqueued.entry, to: enqueued.log)
        #expect(colony.inbox(child) == [])
    }

    @Test func `that arrive in a wake turn wait for the next one (W-01)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "first")
        try colony.begin(child)
        try colony.send(root, "w", "second")
        try colony.end(child)
        #expect(colony.inbox(child) == ["second"])
        #expect(colony.effects.contains(.wake(child, from: child, urgency: 2)))
        #expect(try colony.begin(child) == "Message from r:\nsecond")
    }

    @Test func `are delivered with the end of their turn and not after it (W-28)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "first")
        try colony.begin(child)
        try colony.end(child)
        let kinds = colony.batches.last!.records.map(\.entry.event.kind)
        #expect(kinds == ["turn.complete", "message.delivered"])
        // A writer that cannot record both at once has lost nothing after the first.
        var logs = colony.logs
        let log = LogName.session(colony.tree.nodes[child]!.session)
        logs[log]!.removeLast()
        let found = Colony.found(logs).first { $0.ledger.log == log }
        #expect(found?.ledger.inbox.isEmpty == true)
    }

    @Test func `taken in a turn that is lost are pending again (W-25)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "one")
        try colony.send(root, "w", "two")
        try colony.begin(child, .user(prompt: "go", key: nil))
        let answer = try colony.call(child, "check_inbox")
        #expect(answer["messages"]?.array?.compactMap { $0["text"]?.string } == ["one", "two"])
        #expect(colony.inbox(child) == [])
        try colony.send(root, "w", "three")
        var failed = colony
        try failed.fail(child)
        #expect(failed.inbox(child) == ["one", "two", "three"])
        #expect(failed.ledger(child).inbox.pending.map(\.isRedelivered) == [true, true, false])
        var crashed = colony
        crashed.crash()
        #expect(crashed.inbox(child) == ["one", "two", "three"])
        try colony.end(child)
        #expect(colony.inbox(child) == ["three"])
        // Outside a turn it is final.
        try colony.call(child, "check_inbox")
        colony.crash()
        #expect(colony.inbox(child) == [])
    }

    @Test func `are filtered by sender and kind, both at once`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        _ = try colony.create("v", under: root)
        try colony.send(root, "w", "from r")
        try colony.send(colony.agent("v"), "w", "from v")
        try colony.perform(.post(from: .system, to: child, kind: .notification, text: "note"))
        func texts(_ arguments: JSONValue) throws -> [String] {
            var copy = colony
            return try copy.call(child, "check_inbox", arguments)["messages"]!.array!.map { $0["text"]!.string! }
        }
        #expect(try texts(["sender": "v"]) == ["from v"])
        #expect(try texts(["kind": "notification"]) == ["note"])
        #expect(try texts(["sender": "v", "kind": "notification"]) == [])
        #expect(try texts([:]) == ["from r", "from v", "note"])
        #expect(try colony.call(child, "check_inbox", ["kind": "melted"])["error"] != nil)
    }

    @Test func `are not more than an inbox holds, and nothing is recorded of one too many but the error`() throws {
        var limits = AgentLimits()
        limits.inboxMax = 2
        limits.inboxSizeMax = .bytes(10)
        var colony = Colony(limits: limits)
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "12345")
        #expect(try colony.call(root, "send_message", ["recipient": "w", "text": "123456"])["error"] != nil)
        try colony.send(root, "w", "12345")
        #expect(try colony.call(root, "send_message", ["recipient": "w", "text": ""])["error"] != nil)
        #expect(colony.batches.last?.records.map(\.entry.event.kind) == ["tool.call"])
        #expect(colony.ledger(child).inbox.count == 2)
    }

    @Test func `to all siblings are one batch with one broadcast id`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let names = ["a", "b", "c"]
        let agents = try names.map { try colony.create($0, under: root) }
        let answer = try colony.call(agents[0], "broadcast", ["text": "hi"])
        #expect(answer["recipient_count"] == 2)
        #expect(agents.map { colony.inbox($0) } == [[], ["hi"], ["hi"]])
        let ids = Set(agents.dropFirst().map { colony.ledger($0).inbox.pending[0].envelope.metadata["broadcast_id"] })
        #expect(ids.count == 1)
        #expect(try colony.call(root, "broadcast", ["text": "hi"])["error"] != nil)
    }

    @Test func `of an agent that ends go back to those who sent them`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "lost?")
        let id = try #require(colony.ledger(child).inbox.ids.first)
        try colony.perform(.post(from: .user, to: child, kind: .request, text: "from outside"))
        try colony.perform(.terminate(child, isRecursive: false))
        let bounced = try #require(colony.ledger(root).inbox.pending.first).envelope
        #expect(bounced.kind == .error && bounced.replyTo == id && bounced.payload.contains("lost?"))
        #expect(colony.userInbox.map(\.kind) == [.error])
        expectNone(LogAudit.violations(of: colony.logs, isRecovered: true))
    }

    @Test func `for the operator survive and are taken once (W-14)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.send(root, "USER", "look at this")
        colony.crash()
        #expect(colony.userInbox.map(\.payload) == ["look at this"])
        let answer = try colony.perform(.takeUserMail(nil))
        #expect(answer["messages"]?.array?.first?["from"] == "r")
        colony.crash()
        #expect(colony.userInbox.isEmpty)
    }

    @Test func `that want a reply get the text of the turn, unless the sender was written to`() throws {
        for isAnswered in [false, true] {
            var colony = Colony()
            let root = try colony.root("r")
            let child = try colony.create("w", under: root)
            let sent = try colony.call(root, "send_message", ["recipient": "w", "text": "how many?", "sync": true])
            #expect(sent["waiting_for_reply"] == true)
            try colony.begin(child)
            if isAnswered { try colony.send(child, "r", "four") }
            try colony.end(child, "it is 4")
            let reply = try #require(colony.ledger(root).inbox.pending.first).envelope
            #expect(reply.payload == (isAnswered ? "four" : "it is 4") && colony.inbox(root).count == 1)
            #expect(reply.kind == (isAnswered ? .request : .response))
            let prompt = try colony.begin(root)
            #expect(prompt.hasPrefix(isAnswered ? "Message from w:" : "Reply from w (to message "))
        }
    }

    @Test func `are shown by number when there are several, and not more than a prompt holds`() throws {
        var limits = AgentLimits()
        limits.promptMax = 2
        var colony = Colony(limits: limits)
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        for text in ["one", "two", "three"] { try colony.send(root, "w", text) }
        #expect(try colony.begin(child) == "1. From r: one\n2. From r: two")
        try colony.end(child)
        #expect(try colony.begin(child) == "Message from r:\nthree")
    }

    @Test func `may answer one by the beginning of its id`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "q")
        let id = try #require(colony.ledger(child).inbox.ids.first)
        try colony.call(child, "send_message", ["recipient": "r", "text": "a", "reply_to": .string(id.short)])
        #expect(colony.ledger(root).inbox.pending.last?.envelope.replyTo == id)
        let answer = try colony.call(child, "send_message", ["recipient": "r", "text": "a", "reply_to": "ffffffffff"])
        #expect(answer["error"] != nil)
    }
}

@Suite struct `Calls of tools` {
    @Test(arguments: [
        ("send_message", #"{"recipient":"w"}"#), ("send_message", #"{"recipient":1,"text":"x"}"#),
        ("send_message", #"{"recipient":"w","text":"x","colour":"red"}"#), ("poke", "[]"),
        ("remind_me", #"{"reason":"x","timeout":0}"#), ("remind_me", #"{"reason":"x","timeout":-1}"#),
        ("subscribe", #"{"agent_name":"w","transition":"x"}"#), ("spawn_agent", #"{"name":"USER","instructions":""}"#),
        ("spawn_agent", #"{"name":"x","instructions":"","metadata":{"a":1}}"#), ("complete", #"{"result":"x"}"#),
    ])
    func `that are wrong are answered and recorded (W-08)`(tool: String, arguments: String) throws {
        var colony = Colony()
        let root = try colony.root("r")
        _ = try colony.create("w", under: root)
        let before = colony.tree.nodes
        let answer = try colony.call(root, tool, JSONValue(parsing: arguments))
        #expect(answer["error"]?.string?.isEmpty == false)
        #expect(colony.batches.last?.records.map(\.entry.event.kind) == ["tool.call"])
        #expect(colony.tree.nodes == before)
    }

    @Test func `of no tool are answered and recorded like others that fail`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        #expect(try colony.call(root, "fly")["error"]?.string == "no tool is called \"fly\"")
        #expect(colony.batches.last?.records.map(\.entry.event.kind) == ["tool.call"])
    }

    @Test func `that want a workspace are refused where nobody has looked it up`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let answer = try colony.call(
            root, "spawn_agent", ["name": "w", "instructions": "i", "workspace": "shared"])
        #expect(answer["error"]?.string == "no workspaces are kept here")
        #expect(try colony.call(root, "list_workspaces")["error"]?.string == "no workspaces are kept here")
        #expect(colony.tree.nodes.count == 1)
    }

    @Test func `that make a child have it work where they do, or where they say`() throws {
        var colony = Colony()
        let root: AgentID = colony.tree.limits.depthMax > 0 ? AgentID(high: 5, low: 1) : .user
        let wish = NewAgent(
            agent: root, session: SessionID(high: 5, low: 2), name: "r", instructions: "", workspace: ["s", "mine"],
            provider: "llm")
        _ = try colony.perform(.create(wish, parent: nil))
        let call = ToolCall(tool: "spawn_agent", arguments: ["name": "a", "instructions": "i"])
        #expect(try colony.perform(.call(root, call))["workspace"] == nil)
        let other = ToolCall(
            tool: "spawn_agent", arguments: ["name": "b", "instructions": "i", "workspace": "b"])
        #expect(try colony.perform(.call(root, other, workspace: ["s", "b"]))["workspace"] == "b")
        let promised = colony.ledger(root).spawns.map(\.intent.birth)
        #expect(promised.map(\.workspace) == [["s", "mine"], ["s", "b"]])
    }

    @Test func `that are intended keep their number until it is on record what they came to`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let call = ToolCall(tool: "create_workspace", arguments: ["name": "w"])
        #expect(try colony.perform(.intend(root, call)) == ["call_id": 1, "repeats": false])
        #expect(colony.ledger(root).intents.map(\.call) == [1])
        colony.crash()
        let kept = Ledger(colony.ledger(root).log, state: colony.ledger(root).state)
        #expect(kept == colony.ledger(root) && kept?.intents.count == 1)
        #expect(try colony.perform(.intend(root, call)) == ["call_id": 1, "repeats": true])
        let other = ToolCall(tool: "create_workspace", arguments: ["name": "x"])
        #expect(try colony.perform(.intend(root, other)) == ["call_id": 2, "repeats": false])
        var done = call
        done.call = 1
        #expect(try colony.perform(.called(root, done, .result(["status": "created"]))) == ["status": "created"])
        #expect(colony.ledger(root).intents.map(\.call) == [2])
        #expect(try colony.perform(.called(root, call, .error("no"))) == ["error": "no"])
        #expect(colony.ledger(root).lastCall == 3)
    }

    @Test func `are numbered for their log`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        for _ in 0..<3 { try colony.call(root, "list_children") }
        #expect(colony.ledger(root).lastCall == 3)
        colony.crash()
        try colony.call(root, "list_children")
        #expect(colony.ledger(root).lastCall == 4)
    }
}
