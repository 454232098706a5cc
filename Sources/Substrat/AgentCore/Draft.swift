import HashTreeCollections
import Vocabulary

/// Decides step by step: each event is applied to a copy before the next one is decided.
struct Draft<Dice: RandomNumberGenerator> {
    private(set) var tree: AgentTree
    private(set) var batch = Batch()
    private var extra: [AgentEffect] = []
    let now: Timestamp
    var dice: Dice

    init(_ tree: AgentTree, at now: Timestamp, dice: Dice) {
        self.tree = tree
        self.now = now
        self.dice = dice
    }

    mutating func record(_ event: AgentEvent, in log: LogName) {
        let entry = Entry(at: self.now, event)
        self.tree.apply(entry, to: log)
        self.batch.append(entry, to: log)
    }

    /// Nothing of it is on disk, so nothing will repeat it.
    mutating func tell(_ effect: AgentEffect) {
        self.extra.append(effect)
    }

    func decision(_ answer: JSONValue) -> AgentDecision {
        AgentDecision(
            batch: self.batch, effects: self.batch.records.flatMap(self.tree.effects(of:)) + self.extra,
            answer: answer)
    }

    mutating func newID<Of>() -> Identifier<Of> { .random(using: &self.dice) }
}

extension Draft {
    mutating func carryOut(_ command: AgentCommand) throws(AgentRefusal) -> JSONValue {
        switch command {
        case .create(let wish, let parent): return try self.create(wish, under: parent)
        case .opened(let agent, let reference):
            let node = try self.node(agent)
            if let reference { self.record(.providerRef(reference), in: .session(node.session)) }
        case .materialised(let agent, let reference): try self.materialise(agent, reference: reference)
        case .giveUpSpawn(let agent, let reason): try self.giveUpSpawn(agent, reason: reason)
        case .startTurn(let agent, let request, let hasWaited):
            return try self.startTurn(of: agent, request, hasWaited: hasWaited)
        case .completeTurn(let agent, let turn, let response, let conv):
            try self.completeTurn(turn, of: agent, response: response, conv: conv)
        case .failTurn(let agent, let turn, let error, let partial):
            try self.failTurn(turn, of: agent, error: error, partial: partial)
        case .wait(let agent, let isOver): try self.wait(agent, isOver: isOver)
        case .call(let agent, let call, let workspace): return try self.call(call, by: agent, workspace: workspace)
        case .intend(let agent, let call): return try self.intend(call, by: agent)
        case .called(let agent, let call, let outcome): return try self.called(call, by: agent, outcome)
        case .terminate(let agent, let isRecursive): try self.terminate(agent, isRecursive: isRecursive)
        case .gate(let agent, let isGated): try self.gate(agent, isGated: isGated)
        case .goOn(let agent): try self.goOn(agent)
        case .adopt(let session, let parent, let name): try self.adopt(session, under: parent, name: name)
        case .suspend, .resume, .deleteSession, .sessionDeleted: try self.changeSession(command)
        case .post(let sender, let recipient, let kind, let text):
            guard sender.isSentinel else { throw .notASender(sender) }
            return try self.post(from: sender, to: recipient, kind: kind, text: text)
        case .remind(let agent, let reminder): try self.remind(agent, reminder)
        case .suspended(let agent, let size):
            let node = try self.node(agent)
            let turn = self.tree.ledger(of: agent)?.completedTurn
            self.record(.sessionSuspended(size: size, turn: turn), in: .session(node.session))
        case .restored(let agent):
            let (node, ledger) = (try self.node(agent), try self.ledger(agent))
            let provider = (ledger.birth?.provider ?? "", ledger.birth?.model ?? "")
            self.record(.sessionRestored(provider: provider.0, model: provider.1), in: .session(node.session))
        case .takeUserMail(let ids): return self.takeUserMail(ids)
        }
        return [:]
    }

    func node(_ agent: AgentID) throws(AgentRefusal) -> AgentNode {
        guard let node = self.tree.nodes[agent] else { throw .unknownAgent(agent) }
        return node
    }

    func ledger(_ agent: AgentID) throws(AgentRefusal) -> Ledger {
        guard let ledger = self.tree.ledger(of: agent) else { throw .unknownAgent(agent) }
        return ledger
    }

    /// The node of an agent that can be run.
    func runnable(_ agent: AgentID) throws(AgentRefusal) -> AgentNode {
        let node = try self.node(agent)
        if let why = node.quarantine { throw .quarantined(agent, why) }
        guard !node.isPending else { throw .notReady(agent) }
        return node
    }
}
