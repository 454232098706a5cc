import HashTreeCollections
import Vocabulary

extension Ledger {
    /// Makes one recorded event true. Cannot fail; replaying a log calls nothing else.
    package mutating func apply(_ entry: Entry) {
        // Says nothing new: it is what was folded of the events before it.
        if case .noted(kind: "log.checkpoint", _) = entry.event { return }
        self.count += 1
        switch entry.event {
        case .sessionCreated, .agentCreated, .agentRenamed, .agentAdopted, .agentTerminated, .agentCompleting,
            .providerRef, .metadataUpdated, .gateChanged, .turnPermitted:
            self.applyLife(entry)
        case .sessionSuspended, .sessionRestored, .suspensionChanged, .deletionAsked, .sessionDeleted:
            self.applySession(entry)
        case .spawnRequested(let intent):
            self.lastOrder = max(self.lastOrder, intent.birth.order ?? 0)
            guard !self.spawns.contains(where: { $0.intent.agent == intent.agent }) else { break }
            self.spawns.append(OpenSpawn(intent: intent, turn: self.turn?.number))
        case .spawnCompleted(let child), .spawnAbandoned(let child, _):
            self.spawns.removeAll { $0.intent.agent == child }
        case .turnStarted, .turnCompleted, .turnFailed, .turnInterrupted: self.applyTurn(entry)
        case .enqueued, .delivered, .sent, .dropped: self.applyMessage(entry)
        case .toolIntended(let call):
            self.lastCall = max(self.lastCall, call.call ?? 0)
            if self.intents.count == Self.intentsMax { self.intents.removeFirst() }
            self.intents.append(call)
        case .toolCalled(let call, let outcome):
            self.lastCall = max(self.lastCall, call.call ?? 0)
            self.intents.removeAll { $0.call == call.call }
            guard self.turn != nil else { break }
            if self.turn!.calls.count == OpenTurn.callsMax { self.turn!.calls.removeFirst() }
            self.turn!.calls.append(OpenTurn.Call(call: call, outcome: outcome))
        case .subscribed, .unsubscribed, .subscriptionFired, .reminderSet, .reminderFired, .reminderCancelled:
            self.applyWish(entry)
        case .resumeAsked: self.interrupted?.isAsked = true
        case .recoveryApplied, .noted: break
        case .unknown(let kind, _), .malformed(let kind, _, _): self.strange[kind, default: 0] += 1
        }
    }

    private mutating func applyLife(_ entry: Entry) {
        switch entry.event {
        case .sessionCreated(let birth): self.session = birth
        case .agentCreated(let birth):
            guard self.birth == nil else { break }  // the first one counts
            self.birth = birth
            self.bornAt = entry.at
            self.lastOrder = max(self.lastOrder, birth.order ?? 0)
            self.name = birth.name
            self.metadata = birth.metadata
        case .agentRenamed(let name): self.name = name
        case .agentAdopted(let place):
            self.birth?.parentSession = place.parentSession
            self.name = place.name
            self.isMended = false
        case .agentTerminated: self.end()
        case .agentCompleting(let message): self.completing = message
        case .providerRef(let reference): self.reference = reference
        case .metadataUpdated(let key, let value): self.metadata[key] = value
        case .gateChanged(let isGated, _): self.gate = isGated ? .gated : .open
        case .turnPermitted: if self.gate == .gated { self.gate = .permitted }
        default: break
        }
    }

    private mutating func applySession(_ entry: Entry) {
        switch entry.event {
        case .sessionSuspended: self.evictedAt = entry.at
        case .sessionRestored: self.evictedAt = nil
        case .suspensionChanged(let isSuspended): self.suspendedAt = isSuspended ? entry.at : nil
        case .deletionAsked(let session): self.deleting.insert(session)
        case .sessionDeleted(let session): self.deleting.remove(session)
        default: break
        }
    }

    /// Its mail stays until it is dropped, and what it took in its last turn it has seen.
    private mutating func end() {
        self.isEnded = true
        self.turn = nil
        self.interrupted = nil
        self.completing = nil
        self.gate = .open
        self.suspendedAt = nil
        self.intents = []
        self.spawns = []
        self.subscriptions = []
        self.reminders = []
    }

    private mutating func applyWish(_ entry: Entry) {
        switch entry.event {
        case .subscribed(let wish):
            self.subscriptions.removeAll { $0.id == wish.id }
            self.subscriptions.append(wish)
        case .unsubscribed(let id): self.subscriptions.removeAll { $0.id == id }
        case .subscriptionFired(let id): self.subscriptions.removeAll { $0.id == id && $0.isOnce }
        case .reminderSet(let reminder):
            self.reminders.removeAll { $0.id == reminder.id }
            self.reminders.append(reminder)
        case .reminderFired(let id, let next):
            guard let index = self.reminders.firstIndex(where: { $0.id == id }) else { break }
            if let next { self.reminders[index].due = next } else { self.reminders.remove(at: index) }
        case .reminderCancelled(let id): self.reminders.removeAll { $0.id == id }
        default: break
        }
    }
}

// MARK: - Messages

extension Ledger {
    private mutating func applyMessage(_ entry: Entry) {
        switch entry.event {
        case .enqueued(let envelope):
            guard self.received.insert(envelope.id).inserted else { break }
            self.inbox.insert(Inbox.Pending(envelope: envelope, place: self.count))
        case .delivered(let id, let turn):
            guard let message = self.inbox.remove(id) else { break }
            self.note(message)
            if let turn, self.turn?.number == turn { self.turn!.taken.append(message) }
        case .sent(let note):
            self.sent[note.id] = note
            self.turn?.sentTo.insert(note.recipient)
        case .dropped(let id, _):
            self.sent[id] = nil
            _ = self.inbox.remove(id)
        default: break
        }
    }

    private mutating func note(_ message: Inbox.Pending) {
        guard message.envelope.kind == .request else { return }
        self.lastRequests[message.envelope.sender] = message.envelope.id
    }

    /// What was taken in a turn that did not end well is pending again, in its old place.
    private mutating func giveBack(_ turn: OpenTurn) {
        for var message in turn.taken {
            message.isRedelivered = true
            self.inbox.insert(message)
        }
    }

    /// The messages of its prompt are to be shown again.
    private mutating func markShown(_ ids: [EnvelopeID]) {
        for id in ids {
            guard var message = self.inbox.remove(id) else { continue }
            message.isRedelivered = true
            self.inbox.insert(message)
        }
    }
}

// MARK: - Turns

extension Ledger {
    private mutating func applyTurn(_ entry: Entry) {
        switch entry.event {
        case .turnStarted(let start): self.begin(start, at: entry.at)
        case .turnCompleted(let number, let response, _):
            guard let turn = self.closeTurn(number, as: .completed(response)) else { break }
            for id in turn.start.messages {
                if let message = self.inbox.remove(id) { self.note(message) }
            }
            self.completedTurn = turn.number
            self.completedAt = entry.at
            for index in self.spawns.indices where self.spawns[index].turn == turn.number {
                self.spawns[index].turn = nil
            }
        case .turnFailed(let number, let error, _):
            guard let turn = self.closeTurn(number, as: .failed(error)) else { break }
            self.giveBack(turn)
            self.markShown(turn.start.messages)
        case .turnInterrupted(let number, let continues):
            guard let turn = self.closeTurn(number, as: .interrupted) else { break }
            self.interrupt(turn, continues: continues)
        default: break
        }
    }

    /// Ends the open turn, if it is `number`; other programs do not number theirs.
    private mutating func closeTurn(_ number: Int?, as outcome: RequestOutcome) -> OpenTurn? {
        guard let turn = self.turn, number == nil || number == turn.number else { return nil }
        self.turn = nil
        for index in self.requests.indices where self.requests[index].turn == turn.number {
            self.requests[index].outcome = outcome
        }
        return turn
    }

    private mutating func interrupt(_ turn: OpenTurn, continues: Bool) {
        var turn = turn
        turn.continues = continues
        if !continues {
            self.giveBack(turn)
            turn.taken = []
        }
        self.markShown(turn.start.messages)
        self.interrupted = turn
    }

    private mutating func begin(_ start: TurnStart, at now: Timestamp) {
        if let unfinished = self.closeTurn(nil, as: .interrupted) { self.interrupt(unfinished, continues: false) }
        let number = start.turn ?? self.turns + 1
        var turn = OpenTurn(number: number, start: start, at: now)
        if let before = self.interrupted, before.continues {
            if start.attempt > 1 {
                (turn.taken, turn.calls, turn.sentTo) = (before.taken, before.calls, before.sentTo)
                for index in self.spawns.indices where self.spawns[index].turn == before.number {
                    self.spawns[index].turn = number
                }
            } else {
                self.giveBack(before)
            }
        }
        self.interrupted = nil
        self.evictedAt = nil
        self.turn = turn
        self.turns = max(self.turns, number)
        if self.gate == .permitted, start.source != .user { self.gate = .gated }
        if let key = start.requestKey {
            self.requests.removeAll { $0.key == key }
            if self.requests.count == AnsweredRequest.countMax { self.requests.removeFirst() }
            self.requests.append(AnsweredRequest(key: key, turn: number, outcome: .running))
        }
    }
}
