import AgentCore
import HashTreeCollections
import TestKit
import Testing
import Vocabulary

@Suite struct `Wakes` {
    @Test func `follow one rule`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        func verdict() -> WakeVerdict { colony.tree.verdict(on: child) }
        #expect(colony.tree.verdict(on: .user) == .skip(.unknown))
        colony.dice = .init(seed: 99)
        #expect(verdict() == .skip(.idle))
        try colony.send(root, "w", "x")
        #expect(verdict() == .start(.wake))
        try colony.call(root, "gate", ["agent_name": "w"])
        #expect(verdict() == .skip(.gated))
        try colony.call(root, "permit_turn", ["agent_name": "w"])
        #expect(verdict() == .start(.wake))
        try colony.begin(child)
        #expect(verdict() == .skip(.busy))
        try colony.send(root, "w", "y")
        try colony.end(child)
        #expect(verdict() == .skip(.gated))
        try colony.call(root, "ungate", ["agent_name": "w"])
        #expect(colony.effects == [.wake(child, from: .system, urgency: 2)])
        #expect(verdict() == .start(.wake))
        try colony.begin(child)
        try colony.end(child)
        #expect(verdict() == .skip(.idle))
        let promised = try colony.spawn(root, "p")
        #expect(colony.tree.verdict(on: promised) == .skip(.pending))
    }

    @Test func `are refused when there is nothing to do, and record nothing`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let count = colony.batches.count
        #expect(throws: AgentRefusal.nothingToDo(root, .idle)) { try colony.begin(root) }
        #expect(colony.batches.count == count)
    }

    @Test func `do not come of a gate, and the operator's turns do not ask it`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "x")
        try colony.call(root, "gate", ["agent_name": "w"])
        #expect(throws: AgentRefusal.nothingToDo(child, .gated)) { try colony.begin(child) }
        try colony.begin(child, .user(prompt: "now", key: nil))
        #expect(colony.ledger(child).gate == .gated)
    }

    @Test func `use a permit up, which a crash does not (W-14)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        #expect(try colony.call(root, "permit_turn", ["agent_name": "w"])["error"] != nil)
        try colony.send(root, "w", "x")
        try colony.call(root, "gate", ["agent_name": "w"])
        try colony.call(root, "permit_turn", ["agent_name": "w"])
        colony.crash()
        #expect(colony.ledger(child).gate == .permitted)
        try colony.begin(child)
        #expect(colony.ledger(child).gate == .gated)
        #expect(try colony.call(root, "permit_turn", ["agent_name": "w"])["error"] != nil)
    }

    @Test func `are counted by turn and refuse the end of another`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.begin(root, .user(prompt: "a", key: nil))
        #expect(throws: AgentRefusal.busy(root)) { try colony.begin(root, .user(prompt: "b", key: nil)) }
        #expect(throws: AgentRefusal.noSuchTurn(root, 2)) {
            try colony.perform(.completeTurn(root, turn: 2, response: ""))
        }
        try colony.end(root)
        try colony.begin(root, .user(prompt: "b", key: nil))
        #expect(colony.ledger(root).turn?.number == 2)
    }

    @Test func `with a request key happen once, and the outcome survives`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.begin(root, .user(prompt: "a", key: "k"))
        #expect(throws: AgentRefusal.busy(root)) { try colony.begin(root, .user(prompt: "a", key: "k")) }
        try colony.end(root, "answer")
        colony.crash()
        #expect(throws: AgentRefusal.alreadyAsked(key: "k", .completed("answer"))) {
            try colony.begin(root, .user(prompt: "a", key: "k"))
        }
    }

    @Test func `that fail leave the mail and tell the parent, or the operator`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "x")
        try colony.begin(child)
        try colony.fail(child, "no model")
        #expect(colony.inbox(child) == ["x"])
        let error = try #require(colony.ledger(root).inbox.pending.first).envelope
        #expect(error.kind == .error && error.metadata["failed_agent"] == child.hex)
        #expect(error.payload.contains("no model") && error.payload.contains("x"))
        #expect(colony.effects == [.wake(root, from: .system, urgency: 0)])  // not the child: it would fail for ever
        try colony.begin(root)
        try colony.fail(root)
        #expect(colony.userInbox.map(\.kind) == [.error])
        try colony.call(root, "poke", ["agent_name": "w"])
        #expect(colony.effects == [.wake(child, from: root, urgency: 2)])
        #expect(colony.tree.verdict(on: child) == .start(.wake))
    }
}

@Suite struct `Children that are asked for` {
    @Test func `come after the turn, in the order of the calls`() throws {
        var colony = Colony()
        let root = try colony.root("r", provider: "scripted")
        try colony.begin(root, .user(prompt: "p", key: nil))
        let a = try colony.spawn(root, "a")
        let b = try colony.spawn(root, "b")
        #expect(colony.effects == [])
        #expect(throws: AgentRefusal.busy(root)) { try colony.perform(.materialised(a, reference: nil)) }
        try colony.end(root)
        #expect(colony.effects == [.materialise(a), .materialise(b)])
        try colony.perform(.materialised(a, reference: ["chat": "1"]))
        #expect(colony.effects == [.wake(a, from: .system, urgency: 2)])
        #expect(colony.ledger(a).birth?.provider == "scripted" && colony.ledger(a).reference == ["chat": "1"])
        #expect(colony.tree.verdict(on: a) == .start(.bootstrap))
        #expect(colony.tree.verdict(on: b) == .skip(.pending))
    }

    @Test func `come at once when no turn is open (W-23)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let a = try colony.spawn(root, "a")
        #expect(colony.effects == [.materialise(a)])
    }

    @Test func `can be written to before they are there, and a crash keeps it (W-02)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.begin(root, .user(prompt: "p", key: nil))
        let w = try colony.spawn(root, "w")
        try colony.send(root, "w", "count files")
        try colony.end(root)
        colony.crash()
        #expect(colony.effects.contains(.materialise(w)))
        #expect(colony.inbox(w) == ["count files"])
        try colony.perform(.materialised(w, reference: nil))
        #expect(try colony.begin(w) == "Message from r:\ncount files")
    }

    @Test func `begin by themselves, also after a failure or a crash in their first turn (W-13)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let w = try colony.spawn(root, "w")
        try colony.perform(.materialised(w, reference: nil))
        var plan = colony.crash()
        #expect(plan.wakes == [.init(agent: w, request: .wake)])
        try colony.begin(w)
        #expect(colony.ledger(w).turn?.start.source == .bootstrap)
        plan = colony.crash()
        #expect(plan.wakes == [.init(agent: w, request: .wake)])
        try colony.begin(w)
        #expect(colony.ledger(w).turn?.start.attempt == 2)
        try colony.fail(w, "no")
        #expect(colony.inbox(root).count == 1)
        #expect(colony.tree.verdict(on: w) == .start(.bootstrap))
        try colony.begin(w)
        try colony.end(w)
        #expect(colony.tree.verdict(on: w) == .skip(.idle))
    }

    @Test func `of a turn that fails are taken back, with their names`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.begin(root, .user(prompt: "p", key: nil))
        let w = try colony.spawn(root, "w")
        try colony.send(root, "w", "x")
        try colony.fail(root)
        #expect(colony.tree.nodes[w] == nil)
        #expect(colony.inbox(root) == [])
        expectNone(Invariants.violations(of: colony.tree) + Invariants.differencesFromFold(colony.tree))
        _ = try colony.spawn(root, "w")
    }

    @Test func `can be ended before they are there (W-22)`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.begin(root, .user(prompt: "p", key: nil))
        let w = try colony.spawn(root, "w")
        try colony.send(root, "w", "x")
        try colony.call(root, "terminate_child", ["agent_name": "w"])
        #expect(colony.tree.nodes[w] == nil && colony.tree.nodes[root]!.children == [])
        #expect(colony.ledger(root).inbox.count == 1)
        try colony.end(root)
        try colony.perform(.terminate(root, isRecursive: false))
        #expect(colony.tree.nodes.isEmpty)
    }

    @Test func `that cannot be made are told to the parent`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let w = try colony.spawn(root, "w")
        try colony.perform(.giveUpSpawn(w, reason: "no such model"))
        #expect(colony.tree.nodes[w] == nil)
        #expect(colony.inbox(root).count == 1 && colony.inbox(root)[0].contains("no such model"))
    }

    @Test func `may be gated before they begin`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.begin(root, .user(prompt: "p", key: nil))
        let w = try colony.spawn(root, "w")
        try colony.call(root, "gate", ["agent_name": "w"])
        try colony.end(root)
        try colony.perform(.materialised(w, reference: nil))
        #expect(colony.tree.verdict(on: w) == .skip(.gated))
    }
}

@Suite struct `The end of an agent` {
    /// A child `w` of `r` that has a turn with a request of `r`.
    static func working() throws -> (Colony, root: AgentID, child: AgentID, request: EnvelopeID) {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.send(root, "w", "go")
        let request = try #require(colony.ledger(child).inbox.ids.first)
        try colony.begin(child)
        return (colony, root, child, request)
    }

    @Test func `comes with the end of the turn in which it gave its result (W-15)`() throws {
        var (colony, root, child, request) = try Self.working()
        try colony.call(child, "complete", ["result": "42"])
        #expect(colony.tree.nodes[child] != nil)
        let reply = try #require(colony.ledger(root).inbox.pending.first).envelope
        #expect(reply.kind == .response && reply.payload == "42" && reply.replyTo == request)
        #expect(try colony.call(child, "complete", ["result": "43"])["error"] != nil)
        #expect(try colony.call(child, "spawn_agent", ["name": "x", "instructions": ""])["error"] != nil)
        var crashed = colony
        let session = colony.tree.nodes[child]!.session
        crashed.crash()
        #expect(crashed.tree.nodes[child] == nil && crashed.effects.contains(.close(session)))
        #expect(crashed.inbox(root) == ["42"])
        try colony.end(child)
        #expect(colony.tree.nodes[child] == nil && colony.effects.contains(.close(session)))
        #expect(
            colony.batches.last!.records.map(\.entry.event.kind) == [
                "turn.complete", "message.delivered", "agent.terminated",
            ])
    }

    @Test func `is not for roots, nor over children`() throws {
        var (colony, root, child, _) = try Self.working()
        #expect(try colony.call(root, "complete", ["result": "x"])["error"] != nil)
        _ = try colony.spawn(child, "x")
        #expect(try colony.call(child, "complete", ["result": "x"])["error"] != nil)
        #expect(throws: AgentRefusal.hasChildren(root)) {
            try colony.perform(.terminate(root, isRecursive: false))
        }
    }

    @Test func `of a subtree is from the bottom up`() throws {
        var (colony, root, child, _) = try Self.working()
        _ = try colony.create("x", under: child)
        try colony.end(child)
        try colony.perform(.terminate(root, isRecursive: true))
        #expect(colony.tree.nodes.isEmpty)
        let ended = colony.batches.last!.records.compactMap { record -> AgentID? in
            if case .agentTerminated(let id) = record.entry.event { id } else { nil }
        }
        #expect(ended.count == 3 && ended.last == root)
        #expect(Colony.found(colony.logs).allSatisfy { $0.ledger.isEnded || $0.ledger.log == .user })
    }

    @Test func `ends its turn too`() throws {
        var (colony, root, child, _) = try Self.working()
        try colony.call(root, "terminate_child", ["agent_name": "w"])
        #expect(colony.tree.nodes[child] == nil)
        expectNone(LogAudit.violations(of: colony.logs, isRecovered: true))
        #expect(colony.inbox(root).count == 1)
    }

    @Test func `outside a turn comes at once`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        let child = try colony.create("w", under: root)
        try colony.call(child, "complete", ["result": "42"])
        #expect(colony.tree.nodes[child] == nil && colony.inbox(root) == ["42"])
    }
}
