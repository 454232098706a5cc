import AgentCore
import HashTreeCollections
import Testing
import Vocabulary

extension Colony {
    /// The daemon dies, and the next one finds these logs damaged and these gone.
    mutating func lose(damaged: [AgentID] = [], gone: [AgentID] = []) {
        let logs = damaged.map { LogName.session(self.session($0)) }
        for agent in gone { self.logs[.session(self.session(agent))] = nil }
        let found = Self.found(self.logs).map { FoundSession($0.ledger, isDamaged: logs.contains($0.ledger.log)) }
        self.tree = AgentTree.recover(found, limits: self.tree.limits, at: self.now).tree
    }
}

@Suite struct `An agent is adopted` {
    /// `r` with `a`, which has `b`, which has `c`; and a root `s` with a child `t`.
    private static func family() throws -> (colony: Colony, agents: [String: AgentID]) {
        var colony = Colony()
        var agents = ["r": try colony.root("r"), "s": try colony.root("s")]
        for (name, parent) in [("a", "r"), ("b", "a"), ("c", "b"), ("t", "s")] {
            agents[name] = try colony.create(name, under: agents[parent])
        }
        return (colony, agents)
    }

    /// - Parameter isWhole: Whether no log is damaged, which ledgers do not know.
    private static func check(_ colony: Colony, isWhole: Bool = true) {
        expectNone(Invariants.violations(of: colony.tree))
        if isWhole { expectNone(Invariants.differencesFromFold(colony.tree)) }
    }

    @Test func `whose parent is gone, with all below it, also after a restart`() throws {
        var (colony, agents) = try Self.family()
        let (a, b) = (agents["a"]!, agents["b"]!)
        let session = colony.session(a)
        colony.lose(gone: [agents["r"]!])
        #expect(colony.tree.nodes[a]?.quarantine == "its parent is not found")
        try colony.perform(.adopt(session, under: agents["t"], name: nil))
        #expect(colony.tree.path(of: agents["c"]!) == "s/t/a/b/c")
        Self.check(colony)
        colony.crash()
        #expect(colony.tree.path(of: agents["c"]!) == "s/t/a/b/c" && colony.tree.nodes[a]?.quarantine == nil)
        Self.check(colony)
        try colony.send(a, "b", "here again")
        #expect(colony.inbox(b) == ["here again"])
    }

    @Test func `to be a root, by another name, and hears what waits`() throws {
        var (colony, agents) = try Self.family()
        let a = agents["a"]!
        try colony.send(agents["r"]!, "a", "count")
        try colony.call(a, "remind_me", ["reason": "tea", "timeout": 60])
        let session = colony.session(a)
        colony.lose(gone: [agents["r"]!])
        #expect(colony.refusal(.adopt(session, under: nil, name: "s"))?.contains("is the name of an agent") == true)
        #expect(colony.refusal(.adopt(session, under: nil, name: "b"))?.contains("is the name of an agent") == true)
        try colony.perform(.adopt(session, under: nil, name: "boss"))
        #expect(colony.agent("boss/b/c") == agents["c"])
        #expect(colony.tree.roots.contains(a) && colony.tree.verdict(on: a) == .start(.wake))
        #expect(colony.effects.contains { if case .remind(a, _, _) = $0 { true } else { false } })
        #expect(colony.effects.contains { if case .wake(a, _, _) = $0 { true } else { false } })
        Self.check(colony)
        colony.crash()
        #expect(colony.agent("boss/b/c") == agents["c"])
    }

    @Test func `away from a parent that is quarantined`() throws {
        var (colony, agents) = try Self.family()
        let (a, b) = (agents["a"]!, agents["b"]!)
        colony.lose(damaged: [a])
        #expect(colony.tree.nodes[b]?.quarantine == nil && colony.tree.nodes[b]?.parent == a)
        try colony.perform(.adopt(colony.session(b), under: agents["r"], name: nil))
        #expect(colony.agent("r/b/c") == agents["c"] && colony.tree.nodes[a]?.children == [])
        Self.check(colony, isWhole: false)
        try colony.perform(.deleteSession(colony.session(a), isStray: false))
        Self.check(colony)
    }

    @Test func `whose log was mended, and until then it waits`() throws {
        var (colony, agents) = try Self.family()
        let a = agents["a"]!
        let session = colony.session(a)
        let mended = colony.ledger(a).mended
        #expect(Ledger(mended.log, state: mended.state) == mended)
        let found = Colony.found(colony.logs).map { $0.ledger.log == mended.log ? FoundSession(mended) : $0 }
        colony.tree = AgentTree.recover(found, at: colony.now).tree
        #expect(colony.tree.nodes[a]?.quarantine == "its log was mended, and nobody has adopted it")
        #expect(colony.tree.path(of: agents["c"]!) == "r/a/b/c")
        try colony.perform(.adopt(session, under: agents["r"], name: nil))
        #expect(colony.ledger(a).isMended == false && colony.tree.nodes[a]?.quarantine == nil)
        Self.check(colony)
    }

    @Test func `but not where names, circles, depths or the living forbid it`() throws {
        var (colony, agents) = try Self.family()
        let (a, b, s, t) = (agents["a"]!, agents["b"]!, agents["s"]!, agents["t"]!)
        #expect(colony.refusal(.adopt(colony.session(t), under: nil, name: nil))?.contains("not quarantined") == true)
        colony.lose(damaged: [a])
        let session = colony.session(a)
        let cases: [(AgentID, String?, String)] = [
            (b, nil, "its own ancestor"), (a, nil, "quarantined"), (s, "t", "is the name of an agent"),
            (s, "x/y", "is no name"), (s, "s", "is the name of an agent"),
        ]
        for (parent, name, why) in cases {
            let refusal = colony.refusal(.adopt(session, under: parent, name: name))
            #expect(refusal?.contains(why) == true, "\(refusal ?? "adopted"), not: \(why)")
        }
        // A child of it would have the name of its new neighbour.
        _ = try colony.create("b", under: s)
        #expect(colony.refusal(.adopt(session, under: s, name: nil))?.contains("\"b\" is the name") == true)
        let nobody = SessionID(high: 1, low: 1)
        #expect(colony.refusal(.adopt(nobody, under: s, name: nil))?.hasPrefix("no session") == true)
        var limits = AgentLimits()
        limits.depthMax = 4
        colony.tree =
            AgentTree.recover(
                Colony.found(colony.logs).map { FoundSession($0.ledger, isDamaged: $0.ledger.birth?.agent == a) },
                limits: limits, at: colony.now
            ).tree
        #expect(colony.refusal(.adopt(session, under: t, name: nil))?.contains("levels") == true)
        Self.check(colony, isWhole: false)
    }
}

@Suite struct `An agent goes on by hand` {
    private static func interrupted(_ policy: ResumePolicy, crashes: Int = 1) throws -> (Colony, AgentID) {
        var limits = AgentLimits()
        limits.resume = policy
        var colony = Colony(limits: limits)
        let root = try colony.root("r")
        try colony.begin(root, .user(prompt: "build it", key: nil))
        for crash in 1...crashes {
            colony.crash()
            if crash < crashes { try colony.begin(root) }
        }
        return (colony, root)
    }

    @Test func `when the policy says that nobody does, also after a restart`() throws {
        var (colony, root) = try Self.interrupted(.none)
        #expect(colony.tree.verdict(on: root) == .skip(.idle))
        try colony.perform(.goOn(root))
        #expect(colony.effects.contains { if case .wake(root, _, _) = $0 { true } else { false } })
        let asked = colony.ledger(root)
        #expect(Ledger(asked.log, state: asked.state) == asked)
        #expect(colony.crash().wakes == [.init(agent: root, request: .wake)])
        let prompt = try colony.begin(root)
        #expect(prompt.hasPrefix("The operator has you go on, at ") && prompt.contains("\nbuild it\n"), "\(prompt)")
        try colony.end(root)
        #expect(colony.refusal(.goOn(root))?.hasSuffix("nothing waits for it") == true)
    }

    @Test func `when the guard has gated it after too many crashes`() throws {
        var (colony, root) = try Self.interrupted(.interrupted, crashes: 3)
        #expect(colony.tree.verdict(on: root) == .skip(.gated))
        try colony.perform(.goOn(root))
        #expect(colony.tree.verdict(on: root) == .start(.resume) && colony.ledger(root).gate == .open)
        try colony.begin(root)
        #expect(colony.ledger(root).turn?.start.attempt == 4)
    }

    @Test func `when its mail waits after a turn that failed`() throws {
        var colony = Colony()
        let root = try colony.root("r")
        try colony.perform(.post(from: .user, to: root, kind: .request, text: "count"))
        try colony.begin(root)
        try colony.fail(root)
        try colony.perform(.goOn(root))
        #expect(colony.batches.last?.isEmpty == true)
        #expect(colony.effects.contains { if case .wake(root, _, _) = $0 { true } else { false } })
    }

    @Test func `but not when it is busy, suspended, gated by a person, quarantined or done`() throws {
        var (colony, root) = try Self.interrupted(.interrupted)
        try colony.perform(.gate(root, isGated: true))
        #expect(colony.refusal(.goOn(root))?.hasSuffix("it is gated") == true)
        try colony.perform(.gate(root, isGated: false))
        try colony.begin(root)
        #expect(colony.refusal(.goOn(root))?.hasSuffix("has a turn") == true)
        try colony.end(root)
        #expect(colony.refusal(.goOn(root))?.hasSuffix("nothing waits for it") == true)
        try colony.perform(.suspend(colony.session(root)))
        #expect(colony.refusal(.goOn(root))?.hasSuffix("is suspended") == true)
        colony.lose(damaged: [root])
        #expect(colony.refusal(.goOn(root))?.hasSuffix("its log is damaged") == true)
    }
}
