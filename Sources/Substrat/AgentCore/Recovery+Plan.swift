import HashTreeCollections
package import Vocabulary

/// What a restart does with what it has found: what it records, and who goes on.
package struct RecoveryPlan: Hashable, Sendable {
    /// Empty when there is nothing left to finish, so a second restart in a row writes nothing.
    package let batch: Batch
    /// The tree with `batch` applied.
    package let tree: AgentTree
    package let effects: [AgentEffect]
    /// Who has something to do, parents before children, and what to start it with.
    package let wakes: [Wake]

    /// An agent that goes on.
    package struct Wake: Hashable, Sendable {
        package let agent: AgentID
        package let request: TurnRequest

        package init(agent: AgentID, request: TurnRequest) {
            self.agent = agent
            self.request = request
        }
    }
}

extension AgentTree {
    /// Finishes what the daemon was in the middle of when it died. A crash in it is recovered from in the same way.
    ///
    /// - Parameters:
    ///   - continuing: The providers that go on with a turn where its recorded calls end.
    ///   - births: What only records say of sessions; from now on their logs say it.
    ///   - deleted: The sessions whose folders were to go and are gone.
    ///   - text: The text of a message that was sent and did not arrive, read from the log of its sender.
    package func plan<Dice: RandomNumberGenerator>(
        boot: String, continuing: Set<String>, births: [SessionID: SessionRecord] = [:],
        deleted: Set<SessionID> = [], at now: Timestamp, using dice: inout Dice, text: (SentNote, LogName) -> String?
    ) -> RecoveryPlan {
        var draft = Draft(self, at: now, dice: dice)
        for (_, record) in births.sorted(by: { $0.key < $1.key }) { draft.take(record) }
        for agent in self.breadthFirst { draft.rename(agent) }
        for agent in self.breadthFirst { draft.interrupt(agent, continuing: continuing) }
        for agent in self.breadthFirst { draft.finishSpawns(of: agent) }
        for agent in self.breadthFirst.reversed() where draft.tree.nodes[agent]?.children.isEmpty == true {
            guard let ledger = draft.tree.ledger(of: agent), ledger.completing != nil else { continue }
            draft.finish(agent, shown: ledger.interrupted?.start.messages ?? [])
        }
        draft.settleEnds()
        draft.crossReference(text)
        for agent in self.breadthFirst { draft.ring(agent) }
        for session in deleted.sorted() { draft.record(.sessionDeleted(session), in: .user) }
        draft.sign(boot)
        dice = draft.dice
        let decision = draft.decision([:])
        return RecoveryPlan(
            batch: decision.batch, tree: draft.tree, effects: decision.effects + draft.tree.standing,
            wakes: draft.tree.wakesAfterRestart)
    }

    /// What was promised before the restart and is not an event of it.
    private var standing: [AgentEffect] {
        self.breadthFirst.flatMap { agent -> [AgentEffect] in
            let ledger = self.ledger(of: agent)
            return (ledger?.spawns ?? []).filter { $0.turn == nil }.map { .materialise($0.intent.agent) }
                + (ledger?.reminders ?? []).map { .remind(agent, $0.id, at: $0.due) }
        }
    }

    private var wakesAfterRestart: [RecoveryPlan.Wake] {
        self.breadthFirst.compactMap { agent in
            if case .start = self.verdict(on: agent) { return RecoveryPlan.Wake(agent: agent, request: .wake) }
            let isMeant =
                switch self.limits.resume {
                case .none, .interrupted: false
                case .roots: self.nodes[agent]?.parent == nil
                case .all: true
                }
            guard isMeant, self.verdict(on: agent) == .skip(.idle) else { return nil }
            return RecoveryPlan.Wake(agent: agent, request: .resume)
        }
    }
}

extension Draft {
    /// Has the log say what only the record said.
    mutating func take(_ record: SessionRecord) {
        let log = LogName.session(record.id)
        self.record(.sessionCreated(SessionBirth(provider: record.provider, model: record.model)), in: log)
        guard self.tree.ledgers[log]?.reference == nil, let reference = record.knownReference else { return }
        self.record(.providerRef(reference), in: log)
    }

    /// Of two agents with one name in one place the later gets another.
    mutating func rename(_ agent: AgentID) {
        guard let node = self.tree.nodes[agent], !node.name.isEmpty, node.quarantine == nil else { return }
        let isTaken = { (tree: AgentTree, name: String) in
            tree.children(of: node.parent, named: name).contains { other in
                other != agent && tree.nodes[other]!.order < node.order
            } || node.parent.map { tree.nodes[$0]?.name == name } ?? false
        }
        guard isTaken(self.tree, node.name) else { return }
        let name = (2...).lazy.map { "\(node.name)~\($0)" }
            .first { self.tree.children(of: node.parent, named: $0).isEmpty }
        if let name { self.record(.agentRenamed(name), in: .session(node.session)) }
    }

    /// A turn that has no end gets one. The same turn does not take the daemon down for ever: in the end it is gated.
    mutating func interrupt(_ agent: AgentID, continuing: Set<String>) {
        guard let node = self.tree.nodes[agent], let ledger = self.tree.ledger(of: agent), let turn = ledger.turn
        else { return }
        let log = LogName.session(node.session)
        let provider = ledger.birth?.provider ?? ""
        let name = provider.isEmpty ? ledger.session?.provider ?? "" : provider
        self.record(.turnInterrupted(turn: turn.number, continues: continuing.contains(name)), in: log)
        guard turn.start.attempt >= self.tree.limits.attemptsMax, ledger.gate != .gated else { return }
        self.report(
            "the daemon died \(turn.start.attempt) times in the same turn of \(node.name): it is gated now",
            to: node.parent, metadata: ["failed_agent": agent.hex])
        self.record(.gateChanged(isGated: true, name: node.name), in: log)
    }

    /// A promised child is made if the turn that promised it ended well or is gone on with; else it is taken back.
    mutating func finishSpawns(of agent: AgentID) {
        guard let node = self.tree.nodes[agent], let ledger = self.tree.ledger(of: agent) else { return }
        for spawn in ledger.spawns {
            let child = spawn.intent.agent
            if self.tree.nodes[child]?.isPending != true {
                self.record(.spawnCompleted(child), in: .session(node.session))
            } else if let turn = spawn.turn,
                ledger.interrupted?.continues != true || ledger.interrupted?.number != turn
            {
                self.abandon(child, reason: "the turn that asked for it was lost", tellsParent: false)
            }
        }
    }

    /// Ends that were recorded and not settled.
    mutating func settleEnds() {
        let ended = self.tree.ledgers.values.filter { $0.isEnded && !$0.inbox.isEmpty }
        for ledger in ended.sorted(by: { $0.log < $1.log }) {
            self.bounce(ledger.inbox.pending, from: ledger.log, name: ledger.name)
        }
        let targets = self.tree.watchers.keys.filter { self.tree.nodes[$0] == nil }
        for target in targets.sorted() { self.dropSubscriptions(to: target) }
    }

    /// What was sent arrives, and what has arrived was sent.
    mutating func crossReference(_ text: (SentNote, LogName) -> String?) {
        for agent in self.tree.breadthFirst {
            guard let log = self.tree.log(of: agent), let ledger = self.tree.ledgers[log] else { continue }
            for note in ledger.sent.values.sorted(by: { ($0.call ?? 0, $0.id) < ($1.call ?? 0, $1.id) }) {
                self.deliverLate(note, from: agent, log: log, text: text)
            }
            self.confirm(ledger)
        }
        if let ledger = self.tree.ledgers[.user] { self.confirm(ledger) }
    }

    /// What waits here was sent by somebody who may not know it.
    private mutating func confirm(_ ledger: Ledger) {
        for envelope in ledger.inbox.pending.map(\.envelope) {
            guard let own = self.tree.log(of: envelope.sender), own != .user,
                self.tree.ledgers[own]?.sent[envelope.id] == nil
            else { continue }
            self.record(.sent(SentNote(envelope, isRecovered: true)), in: own)
        }
    }

    private mutating func deliverLate(
        _ note: SentNote, from sender: AgentID, log: LogName, text: (SentNote, LogName) -> String?
    ) {
        let name = self.tree.displayName(of: note.recipient)
        if let target = self.tree.log(of: note.recipient) {
            guard self.tree.ledgers[target]?.received.contains(note.id) != true else { return }
            if let payload = text(note, log) {
                let envelope = Envelope(
                    id: note.id, sender: sender, recipient: note.recipient, kind: note.kind, payload: payload,
                    timestamp: note.timestamp, replyTo: note.replyTo, metadata: ["recovered": "xref"])
                return self.record(.enqueued(envelope), in: target)
            }
        } else {
            // Of an agent whose log was not looked at, nothing is known: it ended long ago, with its mail settled.
            guard let session = self.tree.ended[note.recipient],
                self.tree.ledgers[.session(session)]?.received.contains(note.id) == false
            else { return }
        }
        self.report("message to \(name) was lost in a crash", to: sender, replyTo: note.id)
        self.record(.dropped(note.id, reason: "lost in a crash"), in: log)
    }

    /// Reminders that are overdue are told once.
    mutating func ring(_ agent: AgentID) {
        for reminder in self.tree.ledger(of: agent)?.reminders ?? [] where reminder.due <= self.now {
            try? self.remind(agent, reminder.id)
        }
    }

    /// Says in each log that a recovery has added to it, and what.
    mutating func sign(_ boot: String) {
        var actions: [(log: LogName, kinds: [String])] = []
        var places: [LogName: Int] = [:]
        for record in self.batch.records where self.tree.ledgers[record.log] != nil {
            if let place = places[record.log] {
                actions[place].kinds.append(record.entry.event.kind)
            } else {
                places[record.log] = actions.count
                actions.append((record.log, [record.entry.event.kind]))
            }
        }
        for (log, kinds) in actions { self.record(.recoveryApplied(boot: boot, actions: kinds), in: log) }
    }
}
