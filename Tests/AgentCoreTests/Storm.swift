import AgentCore
import HashTreeCollections
import TestKit
import Vocabulary

/// A shell that does everything a shell may do, in an order that only dice know, and dies now and then.
///
/// Beside the tree it keeps one that only replays what was recorded, as text, and the logs. After each command it asks
/// the invariants, and whether who sent something was allowed to.
struct Storm {
    var colony: Colony
    var replayed: AgentTree
    var dice: SplitMix64
    var violations: [String] = []
    var refusals = 0
    var steps = 0
    let isThorough: Bool

    static let names = ["a", "b", "c", "d", "e"]

    init(seed: UInt64) {
        var limits = AgentLimits()
        limits.inboxMax = 6
        limits.promptMax = 3
        limits.depthMax = 4
        limits.subscriptionsMax = 3
        limits.resume = ResumePolicy.allCases[Int(seed % 4)]
        self.colony = Colony(seed: seed, limits: limits)
        self.replayed = AgentTree(limits: limits)
        self.dice = SplitMix64(seed: seed &+ 1_000_000)
        self.isThorough = seed.isMultiple(of: 10)
    }

    mutating func run(steps: Int) {
        while self.steps < steps, self.violations.isEmpty {
            self.steps += 1
            self.colony.wait(.seconds(Int64.random(in: 0...20, using: &self.dice)))
            if self.dice.chance(0.03) {
                self.crash()
            } else {
                self.carryOut(self.command())
            }
            self.violations += Invariants.violations(of: self.colony.tree)
            if self.steps.isMultiple(of: 25) || self.isThorough { self.audit() }
        }
    }

    private mutating func carryOut(_ command: AgentCommand) {
        let before = self.colony.tree
        let count = self.colony.batches.count
        do {
            try self.colony.perform(command)
        } catch {
            self.refusals += 1
            if self.colony.tree != before { self.violations.append("a refusal changed something") }
            return
        }
        for record in self.colony.batches[count...].flatMap(\.records) {
            self.check(record, before)
            self.replay(record)
        }
        if self.colony.tree != self.replayed { self.violations.append("\(command) is not what its events say") }
    }

    /// As a reader of the file would see it.
    private mutating func replay(_ record: Batch.Record) {
        guard self.isThorough else { return self.replayed.apply(record.entry, to: record.log) }
        let text = JSONValue.object(record.entry.json).text
        guard let members = try? JSONValue(parsing: text).object, let entry = Entry(members) else {
            return self.violations.append("cannot be read: \(text)")
        }
        self.replayed.apply(entry, to: record.log)
    }

    /// Nobody is written to by a stranger, and nobody ends or is gated in a turn of somebody who may not.
    private mutating func check(_ record: Batch.Record, _ before: AgentTree) {
        guard case .enqueued(let envelope) = record.entry.event, !envelope.sender.isSentinel else { return }
        let tree = self.colony.tree.nodes[envelope.sender] == nil ? before : self.colony.tree
        let (from, to) = (tree.nodes[envelope.sender], tree.nodes[envelope.recipient])
        let isNear =
            envelope.recipient == .user
            ? from?.parent == nil
            : from?.parent == envelope.recipient || to?.parent == envelope.sender
                || (from?.parent != nil && from?.parent == to?.parent)
        if from == nil || !isNear { self.violations.append("\(envelope.sender.short) wrote to a stranger") }
    }

    /// Half the time in the middle of a batch, as it happens to a writer that records one event after the other.
    private mutating func crash() {
        let last = self.colony.batches.last?.records ?? []
        let cut = self.dice.chance(0.5) ? Int.random(in: 0...last.count, using: &self.dice) : 0
        for record in last.suffix(cut) { self.colony.logs[record.log]!.removeLast() }
        let before = AgentTree.recover(
            Colony.found(self.colony.logs), limits: self.colony.tree.limits, at: self.colony.now
        ).tree
        if cut == 0, before.ledgers != self.colony.tree.ledgers { self.violations.append("the logs are not the tree") }
        self.colony.crash()
        self.violations += Invariants.losses(from: before, to: self.colony.tree)
        self.violations += Invariants.unrest(in: self.colony.tree)
        self.violations += LogAudit.violations(of: self.colony.logs, isRecovered: true)
        let again = self.colony.crash()
        if !again.batch.isEmpty { self.violations.append("a second restart wrote something") }
        self.replayed = self.colony.tree
    }

    private mutating func audit() {
        self.violations += Invariants.differencesFromFold(self.colony.tree)
        self.violations += LogAudit.violations(of: self.colony.logs, isRecovered: false)
        for ledger in self.colony.tree.ledgers.values where !ledger.isEnded {
            let expected = LogAudit.undelivered(in: self.colony.logs[ledger.log] ?? [])
            if Set(ledger.inbox.ids) != expected { self.violations.append("\(ledger.log) holds other mail") }
        }
    }
}

// MARK: - What dice can ask for

extension Storm {
    private mutating func command() -> AgentCommand {
        let agents = self.colony.tree.breadthFirst
        guard agents.count > 2 || !self.dice.chance(0.5), let agent = agents.isEmpty ? nil : self.dice.pick(agents)
        else { return self.creation(under: agents.isEmpty || self.dice.chance(0.3) ? nil : self.dice.pick(agents)) }
        let ledger = self.colony.ledger(agent)
        if self.colony.tree.nodes[agent]?.isPending == true, self.dice.chance(0.7) {
            return self.dice.chance(0.9)
                ? .materialised(agent, reference: ["chat": 1]) : .giveUpSpawn(agent, reason: "no")
        }
        if let turn = ledger.turn?.number, self.dice.chance(0.3) {
            let number = self.dice.chance(0.95) ? turn : turn + 1
            return self.dice.chance(0.7)
                ? .completeTurn(agent, turn: number, response: "done")
                : .failTurn(agent, turn: number, error: "boom", partial: nil)
        }
        switch Int.random(in: 0..<20, using: &self.dice) {
        case 0: return self.creation(under: agent)
        case 1: return .terminate(agent, isRecursive: self.dice.chance(0.2))
        case 2: return .gate(agent, isGated: self.dice.chance(0.5))
        case 3: return .post(from: self.dice.pick([.user, .system]), to: agent, kind: .request, text: "hello")
        case 4 where self.dice.chance(0.5):
            guard let session = self.colony.tree.nodes[agent]?.session else { return .takeUserMail(nil) }
            return self.dice.chance(0.3) ? .suspend(session) : .resume(session)
        case 4: return self.dice.chance(0.5) ? .suspended(agent, size: 9) : .restored(agent)
        case 5: return .takeUserMail(self.dice.chance(0.5) ? nil : [])
        case 6: return .wait(agent, isOver: self.dice.chance(0.5))
        case 7:
            guard let reminder = ledger.reminders.first else { return .takeUserMail(nil) }
            return .remind(agent, reminder.id)
        case 8...11:
            let key = self.dice.chance(0.3) ? self.dice.pick(["k1", "k2"]) : nil
            let requests: [TurnRequest] = [.wake, .wake, .resume, .user(prompt: "p", key: key)]
            return .startTurn(agent, self.dice.pick(requests), hasWaited: self.dice.chance(0.2))
        default: return .call(agent, self.toolCall(by: agent, ledger))
        }
    }

    private mutating func creation(under parent: AgentID?) -> AgentCommand {
        .create(
            NewAgent(
                agent: .random(using: &self.dice), session: .random(using: &self.dice),
                name: self.dice.pick(Self.names), instructions: "i",
                provider: self.dice.pick(["llm", "scripted"]),
                requestKey: self.dice.chance(0.1) ? self.dice.pick(["c1", "c2"]) : nil), parent: parent)
    }

    private mutating func toolCall(by agent: AgentID, _ ledger: Ledger) -> ToolCall {
        let tool = self.dice.chance(0.25) ? AgentTool.sendMessage : self.dice.pick(AgentTool.allCases)
        var arguments: JSONObject = [:]
        for parameter in tool.parameters where parameter.isNeeded || self.dice.chance(0.4) {
            arguments[parameter.name] = self.argument(parameter, ledger)
        }
        if self.dice.chance(0.02) { arguments["colour"] = "red" }
        return ToolCall(tool: tool.rawValue, arguments: .object(arguments))
    }

    private mutating func argument(_ parameter: AgentTool.Parameter, _ ledger: Ledger) -> JSONValue {
        switch (parameter.name, parameter.shape) {
        case ("kind", _): return "request"
        case ("reply_to", _): return .string(ledger.received.first?.hex ?? "00")
        case ("transition", _): return .string(self.dice.pick(["*->*", "busy->idle", "*->terminated"]))
        case ("subscription_id", _): return .string(ledger.subscriptions.first?.id.hex ?? "00")
        case ("reminder_id", _): return .string(ledger.reminders.first?.id.hex ?? "00")
        case ("recipient", _) where self.dice.chance(0.1): return "USER"
        case (_, .flag): return .bool(self.dice.chance(0.5))
        case (_, .seconds): return .integer(Int64.random(in: 1...60, using: &self.dice))
        case (_, .texts): return ["k": "v"]
        case (_, .any): return ["s", "n"]
        case (_, .text): return .string(self.dice.pick(Self.names))
        }
    }
}
