import HashTreeCollections
import Vocabulary

/// What the operator does for agents that a restart has left behind, and no agent can.
extension Draft {
    /// Has an agent go on with what a crash has cut off, whatever the policy says, or look at what waits for it.
    mutating func goOn(_ agent: AgentID) throws(AgentRefusal) {
        let (node, ledger) = (try self.runnable(agent), try self.ledger(agent))
        guard ledger.turn == nil else { throw .busy(agent) }
        guard ledger.suspendedAt == nil else { throw .suspended(agent) }
        if ledger.gate == .gated {
            // By the guard against turns that take the daemon down. What a person has gated, a person ungates.
            let attempts = ledger.interrupted?.start.attempt ?? 0
            guard attempts >= self.tree.limits.attemptsMax else { throw .nothingToDo(agent, .gated) }
            self.record(.gateChanged(isGated: false, name: node.name), in: .session(node.session))
        }
        if ledger.interrupted?.isAsked == false, self.tree.verdict(on: agent) != .start(.resume) {
            self.record(.resumeAsked, in: .session(node.session))
        }
        guard case .start = self.tree.verdict(on: agent) else { throw .nothingToDo(agent, .idle) }
        self.tell(.wake(agent, from: .system, urgency: EnvelopeKind.request.urgency))
    }

    /// Gives an agent that is quarantined, or whose parent is, a place in the tree, with all that is below it.
    ///
    /// Its log must take events: a damaged one is mended before.
    mutating func adopt(_ session: SessionID, under parent: AgentID?, name: String?) throws(AgentRefusal) {
        guard let agent = self.tree.agent(of: session) else { throw .unknownSession(session.hex) }
        let node = try self.node(agent)
        let hasLostParent = node.parent.map { self.tree.nodes[$0]?.quarantine != nil } ?? false
        guard node.quarantine != nil || hasLostParent else { throw .notAdoptable(session) }
        guard !node.isPending else { throw .notReady(agent) }
        var place = Adoption(parentSession: nil, name: name ?? node.name)
        if let parent {
            place.parentSession = try self.runnable(parent).session
            try self.checkRoom(for: agent, under: parent)
        }
        try self.checkName(place.name, of: node, under: parent)
        self.record(.agentAdopted(place), in: .session(session))
    }

    private func checkRoom(for agent: AgentID, under parent: AgentID) throws(AgentRefusal) {
        let (above, limits) = (self.tree.ancestors(of: parent), self.tree.limits)
        guard parent != agent, !above.contains(agent) else { throw .ownAncestor(agent) }
        guard try self.ledger(parent).completing == nil else { throw .isCompleting(parent) }
        let depths = self.tree.subtree(of: agent).map { self.tree.ancestors(of: $0).firstIndex(of: agent) ?? 0 }
        guard above.count + 2 + (depths.max().map { $0 + 1 } ?? 0) <= limits.depthMax else {
            throw .tooMany("levels", max: limits.depthMax)
        }
        guard try self.node(parent).children.count < limits.childrenMax else {
            throw .tooMany("children", max: limits.childrenMax)
        }
    }

    /// No name means two near its new place: neither its own nor that of a child of it.
    private func checkName(_ name: String, of node: AgentNode, under parent: AgentID?) throws(AgentRefusal) {
        let rest = self.tree.without(node.id)
        try rest.checkName(name, under: parent)
        for child in node.children.compactMap({ self.tree.nodes[$0]?.name }) where !child.isEmpty {
            let above = parent.flatMap { rest.nodes[$0]?.name }
            let isTaken = parent != nil && !rest.children(of: parent, named: child).isEmpty
            guard child != name, child != above, !isTaken else { throw .nameTaken(child) }
        }
    }
}
