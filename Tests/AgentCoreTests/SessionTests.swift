import AgentCore
import HashTreeCollections
import Testing
import Vocabulary

/// A root `r` and its child `w`, who has had a turn.
private func pair() throws -> (colony: Colony, root: AgentID, worker: AgentID) {
    var colony = Colony()
    let root = try colony.root("r")
    let worker = try colony.create("w", under: root)
    try colony.send(root, "w", "count")
    try colony.begin(worker)
    try colony.end(worker)
    return (colony, root, worker)
}

extension Colony {
    func session(_ agent: AgentID) -> SessionID {
        self.tree.nodes[agent]?.session ?? SessionID(high: 9, low: 9)
    }

    /// What is refused, as a line.
    mutating func refusal(_ command: AgentCommand) -> String? {
        let before = self.tree
        do throws(AgentRefusal) {
            _ = try self.tree.perform(command, at: self.now, using: &self.dice)
            return nil
        } catch {
            #expect(self.tree == before)
            return error.description
        }
    }
}

@Suite struct `A session that is suspended by hand` {
    @Test func `has no turns, and its mail waits, also over a restart`() throws {
        var (colony, root, worker) = try pair()
        let session = colony.session(worker)
        try colony.perform(.suspend(session))
        try colony.send(root, "w", "more")
        for _ in 0..<2 {
            #expect(colony.tree.verdict(on: worker) == .skip(.suspended))
            #expect(colony.inbox(worker) == ["more"])
            for request in [TurnRequest.wake, .resume, .user(prompt: "p", key: nil)] {
                let refusal = colony.refusal(.startTurn(worker, request, hasWaited: false))
                #expect(refusal?.hasSuffix("is suspended") == true)
            }
            #expect(colony.crash().wakes.isEmpty)
        }
        try colony.perform(.resume(session))
        #expect(colony.effects.contains { if case .wake(worker, _, _) = $0 { true } else { false } })
        #expect(try colony.begin(worker) == "Message from r:\nmore")
    }

    @Test func `is folded and read again as it was`() throws {
        var (colony, _, worker) = try pair()
        try colony.perform(.suspend(colony.session(worker)))
        let ledger = colony.ledger(worker)
        #expect(ledger.suspendedAt == colony.now)
        #expect(Ledger(ledger.log, state: ledger.state) == ledger)
    }

    @Test func `is refused where the states of sessions forbid it`() throws {
        var (colony, root, worker) = try pair()
        let (first, second) = (colony.session(root), colony.session(worker))
        #expect(colony.refusal(.suspend(first))?.hasSuffix("is created and cannot become suspended") == true)
        #expect(colony.refusal(.resume(second))?.hasSuffix("is not suspended by hand") == true)
        try colony.begin(worker, .user(prompt: "p", key: nil))
        #expect(colony.refusal(.suspend(second))?.hasSuffix("has a turn") == true)
        try colony.end(worker)
        try colony.perform(.suspend(second))
        #expect(colony.refusal(.suspend(second))?.hasSuffix("is suspended and cannot become suspended") == true)
        try colony.perform(.terminate(worker, isRecursive: false))
        #expect(colony.refusal(.suspend(second))?.hasSuffix("is terminated and cannot become suspended") == true)
        #expect(colony.refusal(.resume(second))?.hasSuffix("is terminated and cannot become active") == true)
        #expect(colony.refusal(.suspend(SessionID(high: 1, low: 1)))?.hasPrefix("no session ") == true)
        expectNone(Invariants.differencesFromFold(colony.tree))
    }

    @Test func `stands in a list for what people would expect`() throws {
        var (colony, root, worker) = try pair()
        func standing(_ agent: AgentID, isLive: Bool = false, quarantine: String? = nil) -> SessionStanding {
            SessionStanding(colony.ledger(agent), quarantine: quarantine, isLive: isLive)
        }
        #expect(standing(root) == .created && standing(root, isLive: true) == .active)
        #expect(standing(worker) == .suspended && standing(worker, isLive: true) == .active)
        #expect(standing(worker, isLive: true, quarantine: "damaged") == .quarantined)
        try colony.begin(worker, .user(prompt: "p", key: nil))
        #expect(standing(worker) == .active)
        try colony.end(worker)
        try colony.perform(.suspend(colony.session(worker)))
        #expect(standing(worker, isLive: true) == .suspended)
        let session = colony.session(worker)
        try colony.perform(.terminate(worker, isRecursive: false))
        let ended = try #require(colony.tree.ledgers[.session(session)])
        #expect(SessionStanding(ended, quarantine: nil, isLive: false) == .terminated)
    }
}

@Suite struct `A session that is deleted` {
    /// `pair`, after a restart that found the log of the worker damaged, or that of the root gone.
    static func quarantined(damaged: Bool) throws -> (colony: Colony, root: AgentID, worker: AgentID) {
        var (colony, root, worker) = try pair()
        let watch: JSONValue = ["agent_name": "w", "transition": "*->terminated"]
        try colony.call(root, "subscribe", watch)
        try colony.send(root, "w", "more")
        let log = LogName.session(colony.session(damaged ? worker : root))
        if !damaged { colony.logs[log] = nil }
        let found = Colony.found(colony.logs).map {
            FoundSession($0.ledger, isDamaged: damaged && $0.ledger.log == log)
        }
        colony.tree = AgentTree.recover(found, at: colony.now).tree
        return (colony, root, worker)
    }

    @Test func `is one that has ended, and is found no more`() throws {
        var (colony, _, worker) = try pair()
        let session = colony.session(worker)
        #expect(colony.refusal(.deleteSession(session, isStray: false))?.hasSuffix("that has not ended") == true)
        try colony.perform(.terminate(worker, isRecursive: false))
        try colony.perform(.deleteSession(session, isStray: false))
        #expect(colony.tree.ledgers[.session(session)] == nil && colony.tree.ended.isEmpty)
        #expect(colony.refusal(.deleteSession(session, isStray: false))?.hasPrefix("no session ") == true)
        expectNone(Invariants.violations(of: colony.tree))
        expectNone(Invariants.differencesFromFold(colony.tree))
        // A crash before its folder is gone, and another right after that was recorded.
        #expect(colony.tree.ledgers[.user]?.deleting == [session])
        let plan = colony.crash()
        #expect(plan.tree.ledgers[.session(session)] == nil)
        #expect(plan.batch.records.first?.entry.event == .sessionDeleted(session))
        colony.logs[.session(session)] = nil
        #expect(colony.crash().batch.isEmpty && colony.tree.ledgers[.user]?.deleting == [])
    }

    @Test func `frees its name, and gives its mail back`() throws {
        var (colony, root, worker) = try Self.quarantined(damaged: true)
        let session = colony.session(worker)
        try colony.perform(.deleteSession(session, isStray: false))
        #expect(colony.tree.nodes[worker] == nil && colony.tree.nodes[root]?.children == [])
        let told = colony.inbox(root)
        #expect(told.count == 2 && told.contains { $0.hasSuffix("its session was deleted: more") }, "\(told)")
        #expect(told.contains("[state] w: idle -> terminated") && colony.ledger(root).subscriptions.isEmpty)
        #expect(!colony.batches.last!.records.contains { $0.log == .session(session) })
        let another = try colony.create("w", under: root)
        #expect(colony.agent("r/w") == another)
        expectNone(Invariants.violations(of: colony.tree))
        expectNone(Invariants.differencesFromFold(colony.tree))
    }

    @Test func `is not one with children, and not one of a living agent`() throws {
        var (colony, root, _) = try Self.quarantined(damaged: true)
        #expect(colony.refusal(.deleteSession(colony.session(root), isStray: true))?.contains("not ended") == true)
        let child = try colony.create("x", under: root)
        colony.logs[.session(colony.session(child))]?.removeAll { _ in false }
        let log = LogName.session(colony.session(root))
        let found = Colony.found(colony.logs).map { FoundSession($0.ledger, isDamaged: $0.ledger.log == log) }
        colony.tree = AgentTree.recover(found, at: colony.now).tree
        #expect(
            colony.refusal(.deleteSession(colony.session(root), isStray: false))?.hasSuffix("has children") == true)
    }

    @Test func `may be one that nobody knows, when it is a stray`() throws {
        var (colony, _, _) = try pair()
        let stray = SessionID(high: 7, low: 7)
        #expect(colony.refusal(.deleteSession(stray, isStray: false)) != nil)
        try colony.perform(.deleteSession(stray, isStray: true))
        #expect(colony.tree.ledgers[.user]?.deleting == [stray])
        try colony.perform(.sessionDeleted(stray))
        try colony.perform(.sessionDeleted(stray))
        #expect(colony.tree.ledgers[.user]?.deleting == [])
    }

    @Test func `can be made anew by the request that had made it`() throws {
        var (colony, _, _) = try pair()
        let wish = NewAgent(
            agent: AgentID(high: 3, low: 3), session: SessionID(high: 3, low: 4), name: "k", instructions: "",
            requestKey: "key")
        try colony.perform(.create(wish, parent: nil))
        try colony.perform(.terminate(wish.agent, isRecursive: false))
        try colony.perform(.deleteSession(wish.session, isStray: false))
        #expect(colony.tree.agentMade(by: "key") == nil)
    }
}
