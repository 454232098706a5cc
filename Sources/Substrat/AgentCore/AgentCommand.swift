import HashTreeCollections
package import Vocabulary

/// What the tree of agents can be asked to do.
package enum AgentCommand: Hashable, Sendable {
    /// The operator wants an agent: a root, or a child of `parent`.
    case create(NewAgent, parent: AgentID?)
    /// The provider has made its session, and knows it again by `reference`.
    case opened(AgentID, reference: JSONValue?)
    /// A promised child has its session.
    case materialised(AgentID, reference: JSONValue?)
    /// A promised child cannot have one.
    case giveUpSpawn(AgentID, reason: String)
    case startTurn(AgentID, TurnRequest, hasWaited: Bool)
    case completeTurn(AgentID, turn: Int, response: String, conv: String? = nil)
    case failTurn(AgentID, turn: Int, error: String, partial: String?)
    /// Its turn has to wait for a slot; `isOver` when it will wait no longer and does not begin.
    case wait(AgentID, isOver: Bool)
    /// A tool is called by the agent. `workspace` is that which a call of `spawn_agent` means, looked up.
    case call(AgentID, ToolCall, workspace: JSONValue? = nil)
    /// A call of the agent is about to have effects that are not in the logs.
    case intend(AgentID, ToolCall)
    /// Such a call, or one that needed none, came to this.
    case called(AgentID, ToolCall, ToolOutcome)
    case terminate(AgentID, isRecursive: Bool)
    case gate(AgentID, isGated: Bool)
    /// The operator wants an agent to go on whose turn was cut off.
    case goOn(AgentID)
    /// The operator gives the agent of a session a place: `nil` is that of a root, or its own name.
    case adopt(SessionID, under: AgentID?, name: String?)
    /// The operator keeps the agent of a session from its turns.
    case suspend(SessionID)
    case resume(SessionID)
    /// The operator wants to be rid of a session; `isStray` when no agent was found to be of it.
    case deleteSession(SessionID, isStray: Bool)
    /// Its folder is gone.
    case sessionDeleted(SessionID)
    /// From the daemon or the operator, who are in no tree.
    case post(from: AgentID, to: AgentID, kind: EnvelopeKind, text: String)
    case remind(AgentID, ReminderID)
    case suspended(AgentID, size: Int)
    case restored(AgentID)
    /// The operator has seen these, or all that there are.
    case takeUserMail([EnvelopeID]?)
}

/// An agent that is to be.
package struct NewAgent: Hashable, Sendable {
    package var agent: AgentID
    package var session: SessionID
    package var name: String
    package var instructions: String
    package var workspace: JSONValue?
    package var metadata: [String: String]
    package var provider: String
    package var model: String
    package var requestKey: String?

    package init(
        agent: AgentID, session: SessionID, name: String, instructions: String, workspace: JSONValue? = nil,
        metadata: [String: String] = [:], provider: String = "", model: String = "", requestKey: String? = nil
    ) {
        self.agent = agent
        self.session = session
        self.name = name
        self.instructions = instructions
        self.workspace = workspace
        self.metadata = metadata
        self.provider = provider
        self.model = model
        self.requestKey = requestKey
    }
}

/// Why a turn is to begin.
package enum TurnRequest: Hashable, Sendable {
    /// The operator says something.
    case user(prompt: String, key: String?)
    /// There is something to do: mail, the first turn of a child, a turn that was interrupted.
    case wake
    /// Goes on after a crash even if nothing waits.
    case resume
}

/// What the world must be told once a batch is safe on disk. May be carried out twice.
package enum AgentEffect: Hashable, Sendable {
    /// Look whether the agent has something to do. `from` is who caused it, for the brake.
    case wake(AgentID, from: AgentID, urgency: Int)
    /// Make the session of a promised child, then say `materialised` or `giveUpSpawn`.
    case materialise(AgentID)
    /// Stop the provider of a session that has ended, and its record.
    case close(SessionID)
    /// Say `remind` at that time or a little later.
    case remind(AgentID, ReminderID, at: Timestamp)
    case userMail(EnvelopeID)
}

/// What a command comes to: all of `batch` is recorded, then the effects let out, then the answer given.
package struct AgentDecision: Hashable, Sendable {
    package var batch: Batch
    package var effects: [AgentEffect]
    /// For whoever asked; the result of a tool.
    package var answer: JSONValue
}

extension AgentTree {
    /// Says what would happen, or why it must not. Changes nothing.
    ///
    /// New ids are made of `dice`. After a refusal nothing needs to be recorded; a tool call that fails is no refusal
    /// but an answer, and is recorded.
    package func decide<Dice: RandomNumberGenerator>(
        _ command: AgentCommand, at now: Timestamp, using dice: inout Dice
    ) throws(AgentRefusal) -> AgentDecision {
        var draft = Draft(self, at: now, dice: dice)
        let answer = try draft.carryOut(command)
        dice = draft.dice
        return draft.decision(answer)
    }

    /// Decides and applies.
    package mutating func perform<Dice: RandomNumberGenerator>(
        _ command: AgentCommand, at now: Timestamp, using dice: inout Dice
    ) throws(AgentRefusal) -> AgentDecision {
        let decision = try self.decide(command, at: now, using: &dice)
        self.apply(decision.batch)
        return decision
    }

    /// What must be told of one record, once all of its batch is applied.
    package func effects(of record: Batch.Record) -> [AgentEffect] {
        let agent = record.log.session.flatMap(self.agent(of:))
        switch record.entry.event {
        case .enqueued(let envelope):
            guard record.log != .user else { return [.userMail(envelope.id)] }
            let cause = envelope.metadata["agent"].flatMap(AgentID.init(hexOrDashed:)) ?? envelope.sender
            return agent.map { [.wake($0, from: cause, urgency: envelope.kind.urgency)] } ?? []
        case .agentTerminated: return record.log.session.map { [.close($0)] } ?? []
        case .spawnRequested(let intent): return self.isDue(intent.agent) ? [.materialise(intent.agent)] : []
        case .turnCompleted:
            guard let agent, let ledger = self.ledger(of: agent) else { return [] }
            return ledger.spawns.filter { $0.turn == nil }.map { .materialise($0.intent.agent) }
                + (ledger.inbox.isEmpty ? [] : [.wake(agent, from: agent, urgency: EnvelopeKind.request.urgency)])
        case .agentAdopted: return agent.map(self.standing) ?? []
        case .spawnCompleted(let child): return [.wake(child, from: .system, urgency: EnvelopeKind.request.urgency)]
        case .gateChanged(false, _), .turnPermitted, .suspensionChanged(false):
            return agent.map { [.wake($0, from: .system, urgency: EnvelopeKind.request.urgency)] } ?? []
        case .reminderSet(let reminder): return agent.map { [.remind($0, reminder.id, at: reminder.due)] } ?? []
        case .reminderFired(let id, let next?): return agent.map { [.remind($0, id, at: next)] } ?? []
        default: return []
        }
    }

    /// What an agent that could not be run is owed once it can.
    private func standing(of agent: AgentID) -> [AgentEffect] {
        let ledger = self.ledger(of: agent)
        return (ledger?.spawns ?? []).filter { $0.turn == nil }.map { .materialise($0.intent.agent) }
            + (ledger?.reminders ?? []).map { .remind(agent, $0.id, at: $0.due) }
            + [.wake(agent, from: .system, urgency: EnvelopeKind.request.urgency)]
    }

    /// Whether a promised child may have its session now.
    package func isDue(_ child: AgentID) -> Bool {
        guard let node = self.nodes[child], node.isPending, let parent = node.parent else { return false }
        return self.ledger(of: parent)?.spawns.contains { $0.intent.agent == child && $0.turn == nil } ?? false
    }
}
