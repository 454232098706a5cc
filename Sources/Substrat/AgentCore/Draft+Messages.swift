import HashTreeCollections
import Vocabulary

extension AgentTree {
    /// Passes when `sender` may write to `recipient`: the operator hears from roots, an agent from those one hop away.
    package func checkRoute(from sender: AgentID, to recipient: AgentID) throws(AgentRefusal) {
        if recipient == .user {
            guard !sender.isSentinel else { return }
            guard let node = self.nodes[sender] else { throw .unknownAgent(sender) }
            guard node.parent == nil, node.quarantine == nil else { throw .onlyRootsReachUser(sender) }
            return
        }
        guard let target = self.nodes[recipient] else { throw .unknownAgent(recipient) }
        guard !sender.isSentinel else { return }
        guard let node = self.nodes[sender] else { throw .unknownAgent(sender) }
        guard sender != recipient else { throw .toItself(sender) }
        let isSibling = node.parent != nil && node.parent == target.parent
        guard node.parent == recipient || target.parent == sender || isSibling else {
            throw .outOfReach(recipient, from: sender)
        }
    }

    /// Whom an agent means by a name: its parent, a child or a sibling, or by an id of one.
    package func neighbour(of agent: AgentID, named name: String) throws(AgentRefusal) -> AgentID {
        guard let node = self.nodes[agent] else { throw .unknownAgent(agent) }
        var found: Set<AgentID> = Set(self.children(of: agent, named: name))
        if let parent = node.parent {
            if self.nodes[parent]?.name == name { found.insert(parent) }
            found.formUnion(self.children(of: parent, named: name).filter { $0 != agent })
        }
        guard found.count < 2 else {
            throw .ambiguousReference(name, found.map(self.path).sorted())
        }
        if let neighbour = found.first { return neighbour }
        guard let id = AgentID(hexOrDashed: name), self.nodes[id] != nil, id != agent else {
            throw .noSuchNeighbour(name)
        }
        return id
    }

    /// The child that an agent means: only those it may gate, inspect, poke and end.
    package func child(of agent: AgentID, named name: String) throws(AgentRefusal) -> AgentID {
        let found = self.children(of: agent, named: name)
        guard found.count < 2 else { throw .ambiguousReference(name, found.map(\.hex)) }
        if let child = found.first { return child }
        guard let id = AgentID(hexOrDashed: name), self.nodes[id]?.parent == agent else { throw .notAChild(name) }
        return id
    }

    func checkRoom(in recipient: AgentID, for text: String) throws(AgentRefusal) {
        guard let log = self.log(of: recipient), let inbox = self.ledgers[log]?.inbox else { return }
        guard inbox.count < self.limits.inboxMax,
            inbox.size.bytes + text.utf8.count <= self.limits.inboxSizeMax.bytes
        else { throw .inboxFull(recipient) }
    }
}

extension Draft {
    /// Puts a message into the log of its recipient, and that it was sent into the log of its sender.
    mutating func enqueue(_ envelope: Envelope, call: Int? = nil, turn: Int? = nil) {
        guard let log = self.tree.log(of: envelope.recipient) else { return }
        self.record(.enqueued(envelope), in: log)
        guard !envelope.sender.isSentinel, let own = self.tree.log(of: envelope.sender) else { return }
        self.record(.sent(SentNote(envelope, call: call, turn: turn)), in: own)
    }

    mutating func envelope(
        from sender: AgentID, to recipient: AgentID, _ kind: EnvelopeKind, _ text: String,
        replyTo: EnvelopeID? = nil, metadata: [String: String] = [:]
    ) -> Envelope {
        Envelope(
            id: self.newID(), sender: sender, recipient: recipient, kind: kind, payload: text, timestamp: self.now,
            replyTo: replyTo, metadata: metadata)
    }

    mutating func post(
        from sender: AgentID, to recipient: AgentID, kind: EnvelopeKind, text: String
    ) throws(AgentRefusal) -> JSONValue {
        try self.tree.checkRoute(from: sender, to: recipient)
        try self.tree.checkRoom(in: recipient, for: text)
        let envelope = self.envelope(from: sender, to: recipient, kind, text)
        self.enqueue(envelope)
        return ["message_id": .string(envelope.id.description)]
    }

    /// Tells an agent that something went wrong; the operator, when there is nobody above.
    mutating func report(
        _ text: String, to recipient: AgentID?, replyTo: EnvelopeID? = nil, metadata: [String: String] = [:]
    ) {
        let recipient = recipient.flatMap { self.tree.nodes[$0] == nil ? nil : $0 } ?? .user
        self.enqueue(
            self.envelope(from: .system, to: recipient, .error, text, replyTo: replyTo, metadata: metadata))
    }

    /// Mail of an agent that is no more goes back to those who sent it, but for `exception`.
    mutating func bounce(_ pending: [Inbox.Pending], from log: LogName, name: String, except exception: AgentID? = nil)
    {
        for message in pending.map(\.envelope) {
            let isKnown = message.sender == .user || self.tree.nodes[message.sender] != nil
            if isKnown, message.sender != exception {
                self.report(
                    "message to \(name) was not delivered, as it has ended: \(message.payload)", to: message.sender,
                    replyTo: message.id)
            }
            self.record(.dropped(message.id, reason: "\(name) has ended"), in: log)
        }
    }

    mutating func takeUserMail(_ ids: [EnvelopeID]?) -> JSONValue {
        let pending = self.tree.ledgers[.user]?.inbox.pending ?? []
        let taken = pending.filter { ids == nil || ids!.contains($0.envelope.id) }.map(\.envelope)
        for envelope in taken { self.record(.delivered(envelope.id, turn: nil), in: .user) }
        return [
            "messages": .array(
                taken.map { envelope in
                    [
                        "from": .string(self.tree.displayName(of: envelope.sender)),
                        "text": .string(envelope.payload), "message_id": .string(envelope.id.hex),
                        "timestamp": envelope.timestamp.map { .string($0.logText) } ?? .null,
                    ]
                })
        ]
    }
}

// MARK: - Changes of state

extension Draft {
    /// Tells those who asked that `agent`, called `name`, has gone from one state to another.
    mutating func announce(_ agent: AgentID, name: String, from: NodeState, to: NodeState) {
        for watcher in (self.tree.watchers[agent] ?? []).sorted(by: <) {
            guard let log = self.tree.log(of: watcher), let ledger = self.tree.ledgers[log] else { continue }
            for wish in ledger.subscriptions
            where wish.target == agent && wish.transition.matches(from: from, to: to) {
                if (try? self.tree.checkRoom(in: watcher, for: "")) != nil {
                    self.enqueue(
                        self.envelope(
                            from: .system, to: watcher, .notification,
                            "[state] \(name): \(from.rawValue) -> \(to.rawValue)",
                            metadata: [
                                "subscription_id": wish.id.hex, "agent": agent.hex, "from": from.rawValue,
                                "to": to.rawValue,
                            ]))
                }
                if wish.isOnce { self.record(.subscriptionFired(wish.id), in: log) }
            }
        }
    }

    mutating func wait(_ agent: AgentID, isOver: Bool) throws(AgentRefusal) {
        let node = try self.runnable(agent)
        guard self.tree.state(of: agent) == .idle else { throw .busy(agent) }
        let steps: [NodeState] = isOver ? [.waiting, .busy, .idle] : [.idle, .busy, .waiting]
        for (from, to) in zip(steps, steps.dropFirst()) {
            self.announce(agent, name: node.name, from: from, to: to)
        }
    }

    /// Nobody is subscribed to an agent that is no more.
    mutating func dropSubscriptions(to agent: AgentID) {
        for watcher in (self.tree.watchers[agent] ?? []).sorted(by: <) {
            guard let log = self.tree.log(of: watcher), let ledger = self.tree.ledgers[log] else { continue }
            for wish in ledger.subscriptions where wish.target == agent {
                self.record(.unsubscribed(wish.id), in: log)
            }
        }
    }
}
