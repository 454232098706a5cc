import HashTreeCollections
import Vocabulary

/// What the operator does to sessions, and no agent can.
extension Draft {
    mutating func changeSession(_ command: AgentCommand) throws(AgentRefusal) {
        switch command {
        case .suspend(let session): try self.suspend(session)
        case .resume(let session): try self.resume(session)
        case .deleteSession(let session, let isStray): try self.delete(session, isStray: isStray)
        case .sessionDeleted(let session):
            guard self.tree.ledgers[.user]?.deleting.contains(session) == true else { break }
            self.record(.sessionDeleted(session), in: .user)
        default: break
        }
    }

    /// Its mail waits, and no turn begins, until it is resumed; also over restarts.
    private mutating func suspend(_ session: SessionID) throws(AgentRefusal) {
        let (agent, ledger) = try self.living(in: session, wanting: .suspended)
        guard ledger.turn == nil else { throw .busy(agent) }
        guard ledger.turns > 0 else { throw Self.refusal(session, from: .created, to: .suspended) }
        guard ledger.suspendedAt == nil else { throw Self.refusal(session, from: .suspended, to: .suspended) }
        self.record(.suspensionChanged(isSuspended: true), in: .session(session))
    }

    private mutating func resume(_ session: SessionID) throws(AgentRefusal) {
        let (_, ledger) = try self.living(in: session, wanting: .active)
        guard ledger.suspendedAt != nil else { throw .notSuspended(session) }
        self.record(.suspensionChanged(isSuspended: false), in: .session(session))
    }

    /// The agent whose session it is; it can be run, or could be if it were not suspended.
    private func living(
        in session: SessionID, wanting state: SessionState
    ) throws(AgentRefusal) -> (AgentID, Ledger) {
        guard let agent = self.tree.agent(of: session) else {
            guard self.tree.ledgers[.session(session)]?.isEnded == true else { throw .unknownSession(session.hex) }
            throw Self.refusal(session, from: .terminated, to: state)
        }
        let node = try self.node(agent)
        if let why = node.quarantine { throw .quarantined(agent, why) }
        guard !node.isPending else { throw Self.refusal(session, from: .created, to: state) }
        return (agent, try self.ledger(agent))
    }

    private static func refusal(_ session: SessionID, from: SessionState, to: SessionState) -> AgentRefusal {
        .sessionState(SessionStateRefusal(session: session, from: from, to: to))
    }
}

// MARK: - Deleting

extension Draft {
    /// Decides that a session goes. From here on it is in no tree; a start moves its folder if a crash came before.
    private mutating func delete(_ session: SessionID, isStray: Bool) throws(AgentRefusal) {
        if let agent = self.tree.agent(of: session) {
            let node = try self.node(agent)
            guard node.quarantine != nil else { throw .sessionLives(session) }
            guard node.children.isEmpty else { throw .hasChildren(agent) }
            self.settleLost(node)
        } else {
            guard isStray || self.tree.ledgers[.session(session)]?.isEnded == true else {
                throw .unknownSession(session.hex)
            }
        }
        self.record(.deletionAsked(session), in: .user)
    }

    /// What others are owed by an agent that goes without an end: nothing can be added to its own log.
    private mutating func settleLost(_ node: AgentNode) {
        self.announce(node.id, name: node.name, from: .idle, to: .terminated)
        self.dropSubscriptions(to: node.id)
        for message in self.tree.ledger(of: node.id)?.inbox.pending.map(\.envelope) ?? [] {
            guard message.sender == .user || self.tree.nodes[message.sender] != nil else { continue }
            self.report(
                "message to \(node.name) was not delivered, as its session was deleted: \(message.payload)",
                to: message.sender, replyTo: message.id)
        }
        guard node.isPending, let parent = node.parent.flatMap({ self.tree.log(of: $0) }) else { return }
        self.record(.spawnAbandoned(node.id, reason: "its session was deleted"), in: parent)
    }
}
