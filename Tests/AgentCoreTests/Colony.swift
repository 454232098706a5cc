import AgentCore
import HashTreeCollections
import TestKit
import Testing
import Vocabulary

/// A tree of agents with its logs, for tests that tell a story.
struct Colony {
    var tree: AgentTree
    var logs: [LogName: [Entry]] = [:]
    /// In the order of their decisions.
    var batches: [Batch] = []
    var effects: [AgentEffect] = []
    var now = Timestamp(milliseconds: 1_700_000_000_000)
    var dice: SplitMix64

    init(seed: UInt64 = 1, limits: AgentLimits = AgentLimits()) {
        self.tree = AgentTree(limits: limits)
        self.dice = SplitMix64(seed: seed)
    }

    @discardableResult
    mutating func perform(_ command: AgentCommand) throws -> JSONValue {
        let decision = try self.tree.perform(command, at: self.now, using: &self.dice)
        self.keep(decision.batch)
        self.effects = decision.effects
        return decision.answer
    }

    mutating func keep(_ batch: Batch) {
        for record in batch.records { self.logs[record.log, default: []].append(record.entry) }
        self.batches.append(batch)
    }

    mutating func wait(_ duration: Duration) { self.now = self.now + duration }

    // MARK: Who

    mutating func root(_ name: String, provider: String = "llm") throws -> AgentID {
        try self.create(name, under: nil, provider: provider)
    }

    mutating func create(_ name: String, under parent: AgentID?, provider: String = "llm") throws -> AgentID {
        let id: AgentID = .random(using: &self.dice)
        let wish = NewAgent(
            agent: id, session: .random(using: &self.dice), name: name, instructions: "do \(name)",
            provider: provider)
        try self.perform(.create(wish, parent: parent))
        try self.perform(.opened(id, reference: nil))
        return id
    }

    func agent(_ path: String) -> AgentID {
        guard let id = try? self.tree.resolve(path) else {
            Issue.record("no agent \(path)")
            return .system
        }
        return id
    }

    func ledger(_ agent: AgentID) -> Ledger { self.tree.ledger(of: agent) ?? Ledger(.user) }
    func inbox(_ agent: AgentID) -> [String] { self.ledger(agent).inbox.pending.map(\.envelope.payload) }
    var userInbox: [Envelope] { self.tree.ledgers[.user]?.inbox.pending.map(\.envelope) ?? [] }

    // MARK: What they do

    /// Calls a tool; the answer may hold an `error`.
    @discardableResult
    mutating func call(_ agent: AgentID, _ tool: String, _ arguments: JSONValue = [:]) throws -> JSONValue {
        try self.perform(.call(agent, ToolCall(tool: tool, arguments: arguments)))
    }

    mutating func send(_ from: AgentID, _ to: String, _ text: String) throws {
        let answer = try self.call(from, "send_message", ["recipient": .string(to), "text": .string(text)])
        #expect(answer["error"] == nil)
    }

    mutating func spawn(_ parent: AgentID, _ name: String) throws -> AgentID {
        let answer = try self.call(parent, "spawn_agent", ["name": .string(name), "instructions": "work"])
        return try #require(answer["agent_id"]?.string.flatMap(AgentID.init(hexOrDashed:)))
    }

    /// Begins a turn and answers with its prompt.
    @discardableResult
    mutating func begin(_ agent: AgentID, _ request: TurnRequest = .wake) throws -> String {
        try self.perform(.startTurn(agent, request, hasWaited: false))["prompt"]?.string ?? ""
    }

    mutating func end(_ agent: AgentID, _ response: String = "done") throws {
        let turn = try #require(self.ledger(agent).turn)
        try self.perform(.completeTurn(agent, turn: turn.number, response: response))
    }

    mutating func fail(_ agent: AgentID, _ error: String = "boom") throws {
        let turn = try #require(self.ledger(agent).turn)
        try self.perform(.failTurn(agent, turn: turn.number, error: error, partial: nil))
    }

    /// The daemon dies, and what is on disk is `logs`.
    @discardableResult
    mutating func crash(continuing: Set<String> = ["scripted"]) -> RecoveryPlan {
        let plan = Self.plan(self.logs, limits: self.tree.limits, continuing: continuing, at: self.now, &self.dice)
        self.tree = plan.tree
        self.keep(plan.batch)
        self.effects = plan.effects
        return plan
    }

    static func found(_ logs: [LogName: [Entry]]) -> [FoundSession] {
        logs.map { log, entries in
            var ledger = Ledger(log)
            for entry in entries { ledger.apply(entry) }
            return FoundSession(ledger)
        }
    }

    static func plan(
        _ logs: [LogName: [Entry]], limits: AgentLimits, continuing: Set<String> = ["scripted"], at now: Timestamp,
        _ dice: inout SplitMix64
    ) -> RecoveryPlan {
        let (tree, findings) = AgentTree.recover(self.found(logs), limits: limits, at: now)
        return tree.plan(
            boot: "boot", continuing: continuing, deleted: Set(findings.leaving), at: now, using: &dice
        ) { _, _ in nil }
    }
}

/// Expects that there is nothing to complain about, and shows what there is.
func expectNone(_ violations: [String], _ comment: Comment? = nil) {
    #expect(violations == [], comment)
}
