import AgentCore
import HashTreeCollections
import TestKit
import Testing
import Vocabulary

@Suite struct `A restart` {
    /// A day of five agents: spawn with send in one turn, broadcast, replies, gates, wishes, an eviction, an end.
    static func story(provider: String) throws -> Colony {
        var colony = Colony(seed: 7)
        let root = try colony.root("r", provider: provider)
        try colony.begin(root, .user(prompt: "start", key: "k1"))
        let a = try colony.spawn(root, "a")
        let b = try colony.spawn(root, "b")
        try colony.send(root, "a", "count files")
        try colony.call(root, "gate", ["agent_name": "b"])
        try colony.call(root, "subscribe", ["agent_name": "a", "transition": "busy->idle", "once": true])
        try colony.call(root, "subscribe", ["agent_name": "b", "transition": "*->terminated"])
        try colony.end(root, "ok")
        try colony.perform(.materialised(a, reference: ["chat": "a"]))
        try colony.perform(.materialised(b, reference: ["chat": "b"]))
        try colony.call(root, "set_agent_metadata", ["agent_name": "a", "key": "role", "value": "counter"])
        try colony.begin(a)
        try colony.call(a, "broadcast", ["text": "I count"])
        try colony.send(root, "a", "and folders")
        try colony.call(a, "remind_me", ["reason": "tea", "timeout": 5, "every": 60])
        try colony.end(a, "7 files")
        try colony.perform(.suspended(a, size: 99))
        try colony.call(root, "permit_turn", ["agent_name": "b"])
        try colony.begin(b)
        try colony.call(b, "check_inbox")
        try colony.send(b, "r", "what now?")
        try colony.fail(b, "no model")
        try colony.perform(.restored(a))
        try colony.begin(a)
        _ = try colony.spawn(a, "lost")
        try colony.send(a, "lost", "never mind")
        try colony.fail(a, "crashed")
        try colony.begin(root)
        try colony.call(root, "check_inbox")
        try colony.send(root, "USER", "halfway")
        try colony.call(root, "ungate", ["agent_name": "b"])
        try colony.end(root)
        try colony.begin(b)
        try colony.call(b, "complete", ["result": "all done"])
        try colony.end(b)
        try colony.perform(.takeUserMail(nil))
        colony.wait(.seconds(10))
        let reminder = try #require(colony.ledger(a).reminders.first)
        try colony.perform(.remind(a, reminder.id))
        try colony.begin(a)
        try colony.end(a)
        try colony.perform(.terminate(root, isRecursive: true))
        return colony
    }

    static func logs(of records: some Sequence<Batch.Record>) -> [LogName: [Entry]] {
        var logs: [LogName: [Entry]] = [:]
        for record in records { logs[record.log, default: []].append(record.entry) }
        return logs
    }

    /// Everything that must hold after a recovery, whatever came before.
    static func check(_ logs: [LogName: [Entry]], now: Timestamp, _ comment: Comment) {
        var dice = SplitMix64(seed: 6)
        let limits = AgentLimits()
        let before = AgentTree.recover(Colony.found(logs), limits: limits, at: now).tree
        let plan = Colony.plan(logs, limits: limits, at: now, &dice)
        var after = logs
        for record in plan.batch.records { after[record.log, default: []].append(record.entry) }
        expectNone(Invariants.violations(of: plan.tree), comment)
        expectNone(Invariants.differencesFromFold(plan.tree), comment)
        expectNone(Invariants.unrest(in: plan.tree), comment)
        expectNone(Invariants.losses(from: before, to: plan.tree), comment)
        expectNone(LogAudit.violations(of: after, isRecovered: true), comment)
        for ledger in plan.tree.ledgers.values where !ledger.isEnded {
            let expected = LogAudit.undelivered(in: after[ledger.log] ?? [])
            #expect(Set(ledger.inbox.ids) == expected, comment)
        }
        let again = Colony.plan(after, limits: limits, at: now, &dice)
        #expect(again.batch.isEmpty, comment)
        #expect(again.tree == plan.tree && again.wakes == plan.wakes, comment)
    }

    @Test(arguments: ["llm", "scripted"])
    func `after every batch leaves nothing undone and nothing lost`(provider: String) throws {
        let colony = try Self.story(provider: provider)
        for count in 0...colony.batches.count {
            let records = colony.batches.prefix(count).flatMap(\.records)
            Self.check(Self.logs(of: records), now: colony.now, "after \(count) batches")
        }
    }

    @Test(arguments: ["llm", "scripted"])
    func `after every single event too, for a writer that cannot record a batch at once`(provider: String) async throws
    {
        let colony = try Self.story(provider: provider)
        let records = colony.batches.flatMap(\.records)
        #expect(records.count > 90)
        for count in 0...records.count {
            await Task.yield()
            Self.check(Self.logs(of: records.prefix(count)), now: colony.now, "after \(count) events")
        }
    }

    @Test(arguments: ["llm", "scripted"])
    func `in the middle of a restart comes to the same`(provider: String) async throws {
        let colony = try Self.story(provider: provider)
        for count in stride(from: 3, to: colony.batches.count, by: 4) {
            await Task.yield()
            let logs = Self.logs(of: colony.batches.prefix(count).flatMap(\.records))
            var dice = SplitMix64(seed: 5)
            let plan = Colony.plan(logs, limits: AgentLimits(), at: colony.now, &dice)
            for done in 0..<plan.batch.records.count {
                var partial = logs
                for record in plan.batch.records.prefix(done) {
                    partial[record.log, default: []].append(record.entry)
                }
                let again = Colony.plan(partial, limits: AgentLimits(), at: colony.now, &dice)
                #expect(Set(again.tree.nodes.keys) == Set(plan.tree.nodes.keys), "\(count), \(done)")
                Self.check(partial, now: colony.now, "\(count), \(done)")
            }
        }
    }

    @Test func `with a clean end finds what was there`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "x")
        try colony.call(root, "subscribe", ["agent_name": "w", "transition": "*->*"])
        let before = colony.tree
        let plan = colony.crash()
        #expect(colony.tree == before && plan.batch.isEmpty)
        #expect(plan.wakes == [.init(agent: child, request: .wake)])
    }
}

@Suite struct `Turns that were cut off` {
    @Test func `of the operator go on with what was lost, and mail below`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.begin(root, .user(prompt: "plan the move", key: "k"))
        try colony.send(root, "w", "pack")
        try colony.send(child, "r", "packed")
        let plan = colony.crash()
        #expect(plan.wakes == [.init(agent: root, request: .wake), .init(agent: child, request: .wake)])
        #expect(throws: AgentRefusal.alreadyAsked(key: "k", .interrupted)) {
            try colony.begin(root, .user(prompt: "plan the move", key: "k"))
        }
        let prompt = try colony.begin(root)
        #expect(prompt.contains("plan the move") && prompt.contains("send_message"))
        #expect(prompt.hasSuffix("Message from w:\npacked"))
        #expect(colony.ledger(root).turn?.start.source == .resume && colony.ledger(root).turn?.start.attempt == 2)
        try colony.end(root, "moved")
        #expect(colony.inbox(root) == [])
        #expect(throws: AgentRefusal.alreadyAsked(key: "k", .completed("moved"))) {
            try colony.begin(root, .user(prompt: "plan the move", key: "k"))
        }
    }

    @Test func `and go on where their calls end give way to nobody, since all would be done twice (W-25)`() throws {
        var colony = Colony()
        let root = try colony.root("r", provider: "scripted")
        let child = try colony.create("w", under: root, provider: "scripted")
        try colony.send(child, "r", "pack")
        try colony.begin(root)
        try colony.send(root, "w", "packing")
        colony.crash()
        try colony.perform(.gate(root, isGated: true))
        #expect(throws: AgentRefusal.mustGoOn(root)) {
            try colony.begin(root, .user(prompt: "and now?", key: nil))
        }
        try colony.perform(.gate(root, isGated: false))
        try colony.begin(root)
        #expect(colony.ledger(root).turn?.start.attempt == 2)
        #expect(colony.ledger(root).turn?.calls.map(\.call.tool) == ["send_message"])
        try colony.end(root)
        try colony.begin(root, .user(prompt: "and now?", key: nil))
        #expect(colony.inbox(root) == [])
    }

    @Test func `of a child are tried again with the same prompt`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.begin(child, .user(prompt: "do it", key: nil))
        colony.crash()
        #expect(try colony.begin(child) == "do it")
        #expect(colony.ledger(child).turn?.start.attempt == 2)
    }

    @Test func `by mail show the same mail again, flagged`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "x")
        let prompt = try colony.begin(child)
        colony.crash()
        #expect(colony.ledger(child).inbox.pending.map(\.isRedelivered) == [true])
        #expect(try colony.begin(child) == prompt)
        #expect(colony.ledger(child).turn?.start.attempt == 2)
    }

    @Test func `of a script go on where its calls end, and what they took stays taken`() throws {
        var colony = Colony()
        let root = try colony.root("r", provider: "scripted")
        try colony.perform(.post(from: .user, to: root, kind: .request, text: "mail"))
        try colony.begin(root, .user(prompt: "go", key: nil))
        try colony.call(root, "check_inbox")
        let child = try colony.spawn(root, "w")
        colony.crash()
        #expect(colony.inbox(root) == [] && colony.tree.nodes[child]?.isPending == true)
        #expect(try colony.begin(root) == "go")
        #expect(colony.ledger(root).turn?.calls.count == 2)
        colony.crash()
        try colony.begin(root)
        #expect(colony.ledger(root).turn?.start.attempt == 3)
        try colony.end(root)
        #expect(colony.effects == [.materialise(child)] && colony.inbox(root) == [])
    }

    @Test func `again and again end behind a gate, and somebody hears of it`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "poison")
        for _ in 0..<3 {
            #expect(colony.ledger(child).gate == .open)
            try colony.begin(child)
            colony.crash()
        }
        #expect(colony.ledger(child).gate == .gated)
        #expect(colony.ledger(root).inbox.pending.map(\.envelope.kind) == [.error])
        #expect(colony.crash().wakes == [.init(agent: root, request: .wake)])
    }

    @Test(arguments: ResumePolicy.allCases)
    func `go on as the policy says`(policy: ResumePolicy) throws {
        var limits = AgentLimits()
        limits.resume = policy
        var colony = Colony(limits: limits)
        let root = try colony.root("r")
        let busy = try colony.create("busy", under: root)
        let idle = try colony.create("idle", under: root)
        let mail = try colony.create("mail", under: root)
        try colony.send(root, "mail", "x")
        try colony.begin(busy, .user(prompt: "p", key: nil))
        let wakes = colony.crash().wakes
        let expected: [ResumePolicy: [AgentID]] = [
            .none: [mail], .interrupted: [busy, mail], .roots: [root, busy, mail], .all: [root, busy, idle, mail],
        ]
        #expect(wakes.map(\.agent) == expected[policy])
        for wake in wakes { try colony.begin(wake.agent, wake.request) }
    }
}

@Suite struct `What cannot be made sense of` {
    static let now = Timestamp(milliseconds: 1_700_000_000_000)

    static func agent(
        _ number: UInt64, _ name: String, under parent: UInt64? = nil, order: Int? = nil
    ) -> (LogName, [Entry]) {
        let birth = AgentBirth(
            agent: AgentID(high: 1, low: number), name: name,
            parentSession: parent.map { SessionID(high: 2, low: $0) }, instructions: "", order: order)
        let log = LogName.session(SessionID(high: 2, low: number))
        return (log, [Entry(at: Self.now + .seconds(Int64(number)), .agentCreated(birth))])
    }

    static func recover(
        _ logs: [(LogName, [Entry])], damaged: Set<UInt64> = []
    ) -> (tree: AgentTree, findings: RecoveryFindings) {
        let found = Colony.found(Dictionary(uniqueKeysWithValues: logs)).map { session in
            FoundSession(session.ledger, isDamaged: damaged.contains(session.ledger.log.session?.low ?? 0))
        }
        return AgentTree.recover(found, at: self.now)
    }

    @Test func `is kept apart and keeps nobody from starting (W-04)`() throws {
        let (tree, findings) = Self.recover(
            [
                Self.agent(1, "r"), Self.agent(2, "lost", under: 99), Self.agent(3, "child", under: 2),
                (.session(SessionID(high: 2, low: 4)), []), (.session(SessionID(high: 2, low: 5)), []),
                Self.agent(6, "x", under: 7), Self.agent(7, "y", under: 6),
            ], damaged: [5])
        #expect(tree.nodes.count == 5 && tree.roots == [AgentID(high: 1, low: 1)])
        #expect(tree.nodes[AgentID(high: 1, low: 2)]?.quarantine == "its parent is not found")
        #expect(tree.nodes[AgentID(high: 1, low: 3)]?.parent == AgentID(high: 1, low: 2))
        #expect(tree.nodes[AgentID(high: 1, low: 6)]?.quarantine == "it is its own ancestor")
        #expect(tree.nodes[AgentID(high: 1, low: 7)]?.parent == AgentID(high: 1, low: 6))
        #expect(findings.orphans == [SessionID(high: 2, low: 4)])
        #expect(Set(findings.quarantined.keys.map(\.low)) == [2, 5, 6])
        #expect(tree.verdict(on: AgentID(high: 1, low: 2)) == .skip(.quarantined))
        expectNone(Invariants.violations(of: tree))
    }

    @Test func `W-04: an agent whose log is damaged keeps its place and its children, and does not run`() {
        let (tree, findings) = Self.recover(
            [Self.agent(1, "r"), Self.agent(2, "w", under: 1), Self.agent(3, "x", under: 2)], damaged: [2])
        let damaged = AgentID(high: 1, low: 2)
        #expect(tree.nodes[damaged]?.parent == AgentID(high: 1, low: 1))
        #expect(tree.nodes[damaged]?.children == [AgentID(high: 1, low: 3)])
        #expect(findings.quarantined == [SessionID(high: 2, low: 2): "its log is damaged"])
        #expect(tree.verdict(on: damaged) == .skip(.quarantined))
        expectNone(Invariants.violations(of: tree))
    }

    @Test func `of two with one id the second is kept apart, and the first birth counts (W-30)`() throws {
        var twin = Self.agent(2, "b")
        twin.1 = [
            Entry(
                at: Self.now,
                .agentCreated(
                    AgentBirth(agent: AgentID(high: 1, low: 1), name: "b", parentSession: nil, instructions: "")))
        ]
        let (tree, findings) = Self.recover([Self.agent(1, "a"), twin])
        #expect(tree.nodes.count == 1 && findings.quarantined.count == 1)
        var ledger = Ledger(.user)
        for entry in Self.agent(1, "a").1 + Self.agent(2, "b").1 { ledger.apply(entry) }
        #expect(ledger.birth?.name == "a")
    }

    @Test func `of two with one name the later gets another, for good`() throws {
        let logs = [
            Self.agent(1, "r"), Self.agent(3, "w", under: 1), Self.agent(2, "w", under: 1), Self.agent(4, "r"),
            Self.agent(5, "r", under: 1),
        ]
        var colony = Colony()
        colony.logs = Dictionary(uniqueKeysWithValues: logs)
        let plan = colony.crash()
        let names = (1...5).map { colony.tree.nodes[AgentID(high: 1, low: $0)]!.name }
        #expect(names == ["r", "w", "w~2", "r~2", "r~2"])
        #expect(plan.tree.path(of: AgentID(high: 1, low: 3)) == "r/w~2")
        #expect(colony.crash().batch.isEmpty)
        expectNone(Invariants.violations(of: colony.tree))
    }

    @Test func `of older programs, in the seed's own words, is a tree again`() throws {
        let lines: [(UInt64, String, JSONValue)] = [
            (1, "agent.created", ["agent_id": "A1", "name": "alpha", "parent_session_id": nil, "instructions": "i"]),
            (1, "turn.start", ["prompt": "p"]), (1, "turn.complete", ["response": "r"]),
            (
                2, "agent.created",
                ["agent_id": "A2", "name": "worker", "parent_session_id": "S1", "instructions": "i"]
            ),
            (
                2, "message.enqueued",
                ["message_id": "A9", "sender": "A1", "recipient": "A2", "kind": "multicast", "payload": "x"]
            ),
            (2, "suspend.result", ["state_size": 10]), (3, "agent.terminated", ["agent_id": "A3"]),
            (2, "turn.start", ["prompt": "p"]), (2, "session.restored", ["provider": "p", "model": ""]),
        ]
        var colony = Colony()
        for (session, kind, data) in lines {
            var text = data.text
            for number in 1...9 {
                text = text.replacing("A\(number)", with: AgentID(high: 1, low: UInt64(number)).hex)
                text = text.replacing("S\(number)", with: SessionID(high: 2, low: UInt64(number)).hex)
            }
            let entry = Entry(at: Self.now, AgentEvent(kind: kind, data: try JSONValue(parsing: text)))
            colony.logs[.session(SessionID(high: 2, low: session)), default: []].append(entry)
        }
        let plan = colony.crash()
        let worker = colony.agent("alpha/worker")
        #expect(colony.inbox(worker) == ["x"] && plan.wakes.map(\.agent) == [worker])
        #expect(
            plan.batch.records.map(\.entry.event.kind) == [
                "turn.interrupted", "message.sent", "recovery.applied", "recovery.applied",
            ])
        #expect(colony.crash().batch.isEmpty)
    }

    @Test func `was sent and did not arrive is delivered late, or said to be lost`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "one")
        let log = LogName.session(colony.tree.nodes[child]!.session)
        colony.logs[log]!.removeLast()
        var dice = SplitMix64(seed: 1)
        let (tree, _) = AgentTree.recover(Colony.found(colony.logs), at: colony.now)
        let found = tree.plan(boot: "b", continuing: [], at: colony.now, using: &dice) { _, _ in "one" }
        let late = try #require(found.tree.ledger(of: child)?.inbox.pending.first).envelope
        #expect(late.payload == "one" && late.metadata["recovered"] == "xref")
        #expect(late.id == colony.ledger(root).sent.keys.first)
        let lost = tree.plan(boot: "b", continuing: [], at: colony.now, using: &dice) { _, _ in nil }
        #expect(lost.tree.ledger(of: child)?.inbox.isEmpty == true)
        #expect(lost.tree.ledger(of: root)?.inbox.pending.map(\.envelope.kind) == [.error])
    }
}
