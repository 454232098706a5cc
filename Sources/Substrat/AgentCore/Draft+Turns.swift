import HashTreeCollections
import Vocabulary

extension Draft {
    mutating func startTurn(
        of agent: AgentID, _ request: TurnRequest, hasWaited: Bool
    ) throws(AgentRefusal) -> JSONValue {
        let node = try self.runnable(agent)
        let ledger = try self.ledger(agent)
        guard ledger.turn == nil else { throw .busy(agent) }
        guard ledger.suspendedAt == nil else { throw .suspended(agent) }
        var start: TurnStart
        switch request {
        case .user(let prompt, let key):
            if let key, let known = ledger.requests.first(where: { $0.key == key }) {
                throw .alreadyAsked(key: key, known.outcome)
            }
            // What its calls have done would be done again, once its mail is shown anew.
            if ledger.interrupted?.continues == true { throw .mustGoOn(agent) }
            start = TurnStart(turn: nil, source: .user, prompt: prompt, requestKey: key)
        case .wake:
            switch self.tree.verdict(on: agent) {
            case .skip(let skip): throw .nothingToDo(agent, skip)
            case .start(let source): start = self.turn(of: agent, source: source, ledger)
            }
        case .resume:
            guard ledger.gate != .gated else { throw .nothingToDo(agent, .gated) }
            start = self.turn(of: agent, source: .resume, ledger)
        }
        start.turn = ledger.turns + 1
        self.announce(agent, name: node.name, from: hasWaited ? .waiting : .idle, to: .busy)
        self.record(.turnStarted(start), in: .session(node.session))
        return [
            "turn_id": .integer(Int64(ledger.turns + 1)), "prompt": .string(start.prompt),
            "source": .string(start.source.rawValue),
        ]
    }

    /// The turn that `source` asks for. One that was interrupted is tried again.
    private func turn(of agent: AgentID, source: TurnSource, _ ledger: Ledger) -> TurnStart {
        let before = ledger.interrupted
        let attempt = (before?.start.attempt ?? 0) + 1
        let mail = self.tree.mail(of: agent)
        if let before, source == .resume {
            if before.continues {
                var again = before.start
                again.attempt = attempt
                return again
            }
            guard self.tree.nodes[agent]?.parent == nil else {
                return TurnStart(
                    turn: nil, source: .user, prompt: before.start.prompt, attempt: attempt,
                    requestKey: before.start.requestKey)
            }
        }
        switch source {
        case .wake:
            let isSame = before?.start.source == .wake
            return TurnStart(
                turn: nil, source: .wake, prompt: mail.text, messages: mail.ids, attempt: isSame ? attempt : 1)
        case .bootstrap:
            let isSame = before?.start.source == .bootstrap
            return TurnStart(
                turn: nil, source: .bootstrap, prompt: AgentTree.bootstrapPrompt, attempt: isSame ? attempt : 1)
        case .resume, .user:
            let prompt = self.tree.recoveryPrompt(for: agent, at: self.now)
            return TurnStart(
                turn: nil, source: .resume, prompt: mail.ids.isEmpty ? prompt : prompt + "\n\n" + mail.text,
                messages: mail.ids, attempt: attempt, requestKey: before?.start.requestKey)
        }
    }
}

// MARK: - The end of a turn

extension Draft {
    private func openTurn(_ number: Int, of agent: AgentID) throws(AgentRefusal) -> (OpenTurn, AgentNode) {
        let node = try self.runnable(agent)
        guard let turn = try self.ledger(agent).turn, turn.number == number else {
            throw .noSuchTurn(agent, number)
        }
        return (turn, node)
    }

    mutating func completeTurn(
        _ number: Int, of agent: AgentID, response: String, conv: String?
    ) throws(AgentRefusal) {
        let (turn, node) = try self.openTurn(number, of: agent)
        let log = LogName.session(node.session)
        let pending = self.tree.ledgers[log]?.inbox.pending.map(\.envelope) ?? []
        let shown = pending.filter { turn.start.messages.contains($0.id) }
        for request in shown where request.wantsReply { self.replyImplicitly(to: request, with: response, in: turn) }
        self.record(.turnCompleted(turn: number, response: response, conv: conv), in: log)
        for envelope in shown { self.record(.delivered(envelope.id, turn: nil), in: log) }
        self.announce(agent, name: node.name, from: .busy, to: .idle)
        if self.tree.ledgers[log]?.completing != nil { self.end(agent) }
    }

    /// The sender of a request that waits, and that was not written to, gets the text of the turn.
    private mutating func replyImplicitly(to request: Envelope, with response: String, in turn: OpenTurn) {
        guard !turn.sentTo.contains(request.sender), self.tree.nodes[request.sender] != nil,
            (try? self.tree.checkRoute(from: request.recipient, to: request.sender)) != nil,
            (try? self.tree.checkRoom(in: request.sender, for: response)) != nil
        else { return }
        let reply = self.envelope(
            from: request.recipient, to: request.sender, .response, response, replyTo: request.id,
            metadata: ["implicit": "True"])
        self.enqueue(reply, turn: turn.number)
    }

    mutating func failTurn(
        _ number: Int, of agent: AgentID, error: String, partial: String?
    ) throws(AgentRefusal) {
        let (turn, node) = try self.openTurn(number, of: agent)
        let log = LogName.session(node.session)
        self.record(.turnFailed(turn: number, error: error, partial: partial), in: log)
        self.abandonSpawns(of: agent, in: number, reason: "the turn that asked for it failed")
        self.announce(agent, name: node.name, from: .busy, to: .idle)
        if self.tree.ledgers[log]?.completing != nil { return self.finish(agent, shown: turn.start.messages) }
        guard turn.start.source != .user else { return }
        let pending = self.tree.ledgers[log]?.inbox.pending.map(\.envelope) ?? []
        let names = pending.map { "from \(self.tree.displayName(of: $0.sender)): \($0.payload)" }
        let rest = names.isEmpty ? "" : "\nunprocessed messages:\n" + names.joined(separator: "\n")
        self.report(
            "a turn of \(node.name) failed: \(error)\nits messages wait; poke it to try again\(rest)",
            to: node.parent, metadata: ["failed_agent": agent.hex])
    }

    /// Children that were promised in a turn that came to nothing are not made: the turn will ask for them again.
    mutating func abandonSpawns(of agent: AgentID, in turn: Int, reason: String) {
        for spawn in self.tree.ledger(of: agent)?.spawns ?? [] where spawn.turn == turn {
            self.abandon(spawn.intent.agent, reason: reason, tellsParent: false)
        }
    }
}

// MARK: - Gates and reminders

extension Draft {
    mutating func gate(_ agent: AgentID, isGated: Bool) throws(AgentRefusal) {
        let node = try self.node(agent)
        self.record(.gateChanged(isGated: isGated, name: node.name), in: .session(node.session))
    }

    mutating func remind(_ agent: AgentID, _ id: ReminderID) throws(AgentRefusal) {
        let node = try self.runnable(agent)
        guard let reminder = try self.ledger(agent).reminders.first(where: { $0.id == id }) else {
            throw .unknownReminder(id.description)
        }
        guard reminder.due <= self.now else { return self.tell(.remind(agent, id, at: reminder.due)) }
        var next: Timestamp?
        if let interval = reminder.interval {
            let missed = self.now.since(reminder.due).wholeMilliseconds / interval.wholeMilliseconds + 1
            next = reminder.due + .milliseconds(interval.wholeMilliseconds * missed)
        }
        let hint = next == nil ? "" : " (repeats; cancel_reminder \(id) ends it)"
        let text = "Reminder: \(reminder.reason)\(hint)"
        if (try? self.tree.checkRoom(in: agent, for: text)) != nil {
            self.enqueue(
                self.envelope(from: .system, to: agent, .notification, text, metadata: ["reminder_id": id.hex]))
        }
        self.record(.reminderFired(id, next: next), in: .session(node.session))
    }
}
