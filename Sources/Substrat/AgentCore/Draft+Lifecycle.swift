import HashTreeCollections
import Vocabulary

extension Draft {
    mutating func create(_ wish: NewAgent, under parent: AgentID?) throws(AgentRefusal) -> JSONValue {
        if let key = wish.requestKey, let known = self.tree.agentMade(by: key) {
            return ["agent_id": .string(known.hex), "name": .string(self.tree.displayName(of: known))]
        }
        let birth = try self.birth(of: wish, under: parent, isSpawned: false)
        self.record(.agentCreated(birth), in: .session(wish.session))
        return ["agent_id": .string(wish.agent.hex), "name": .string(wish.name)]
    }

    /// Checks that the agent may be, and gives it its place in the order of all.
    private func birth(
        of wish: NewAgent, under parent: AgentID?, isSpawned: Bool
    ) throws(AgentRefusal) -> AgentBirth {
        var (provider, model) = (wish.provider, wish.model)
        var workspace = wish.workspace
        var parentSession: SessionID?
        if let parent {
            let node = try self.runnable(parent)
            parentSession = node.session
            guard self.tree.ancestors(of: parent).count + 2 <= self.tree.limits.depthMax else {
                throw .tooMany("levels", max: self.tree.limits.depthMax)
            }
            guard node.children.count < self.tree.limits.childrenMax else {
                throw .tooMany("children", max: self.tree.limits.childrenMax)
            }
            let above = try self.ledger(parent)
            guard above.completing == nil else { throw .isCompleting(parent) }
            if provider.isEmpty { (provider, model) = (above.birth?.provider ?? "", above.birth?.model ?? "") }
            // Whoever is kept in a workspace has no children outside of all.
            workspace = workspace ?? above.birth?.workspace
        }
        try self.tree.checkName(wish.name, under: parent)
        return AgentBirth(
            agent: wish.agent, name: wish.name, parentSession: parentSession, instructions: wish.instructions,
            workspace: workspace, metadata: wish.metadata, provider: provider, model: model,
            order: self.tree.nextOrder, isSpawned: isSpawned, requestKey: wish.requestKey)
    }

    /// Promises a child; it can be written to at once.
    mutating func spawn(_ wish: NewAgent, by parent: AgentID) throws(AgentRefusal) {
        let node = try self.runnable(parent)
        let birth = try self.birth(of: wish, under: parent, isSpawned: true)
        self.record(.spawnRequested(SpawnIntent(session: wish.session, birth: birth)), in: .session(node.session))
    }

    mutating func materialise(_ child: AgentID, reference: JSONValue?) throws(AgentRefusal) {
        let (spawn, parentLog) = try self.promise(of: child)
        guard spawn.turn == nil else { throw .busy(self.tree.nodes[child]?.parent ?? child) }
        let log = LogName.session(spawn.intent.session)
        self.record(.agentCreated(spawn.intent.birth), in: log)
        if let reference { self.record(.providerRef(reference), in: log) }
        self.record(.spawnCompleted(child), in: parentLog)
    }

    /// The provider could not make it: its mail goes back, and its parent hears of it.
    mutating func giveUpSpawn(_ child: AgentID, reason: String) throws(AgentRefusal) {
        let (spawn, _) = try self.promise(of: child)
        let parent = self.tree.nodes[child]?.parent
        self.abandon(child, reason: reason, tellsParent: true)
        self.report(
            "agent \(spawn.intent.birth.name) could not be made: \(reason)", to: parent,
            metadata: ["failed_agent": child.hex])
    }

    private func promise(of child: AgentID) throws(AgentRefusal) -> (OpenSpawn, LogName) {
        let node = try self.node(child)
        guard let parent = node.parent, let log = self.tree.log(of: parent),
            let spawn = self.tree.ledgers[log]?.spawns.first(where: { $0.intent.agent == child }), node.isPending
        else { throw .unknownAgent(child) }
        return (spawn, log)
    }

    /// Takes a promise back. What was owed to others is settled first.
    mutating func abandon(_ child: AgentID, reason: String, tellsParent: Bool) {
        guard let node = self.tree.nodes[child], let parent = node.parent, let parentLog = self.tree.log(of: parent)
        else { return }
        let log = LogName.session(node.session)
        self.announce(child, name: node.name, from: .idle, to: .terminated)
        self.dropSubscriptions(to: child)
        self.bounce(
            self.tree.ledgers[log]?.inbox.pending ?? [], from: log, name: node.name,
            except: tellsParent ? nil : parent)
        self.record(.spawnAbandoned(child, reason: reason), in: parentLog)
    }
}

// MARK: - The end

extension Draft {
    mutating func terminate(_ agent: AgentID, isRecursive: Bool) throws(AgentRefusal) {
        let node = try self.node(agent)
        guard isRecursive || node.children.isEmpty else { throw .hasChildren(agent) }
        for descendant in self.tree.subtree(of: agent).reversed() { self.end(descendant) }
        self.end(agent)
    }

    /// Ends a leaf: its open turn, itself, and what others are owed by it.
    mutating func end(_ agent: AgentID) {
        guard let node = self.tree.nodes[agent] else { return }
        if node.isPending { return self.abandon(agent, reason: "terminated", tellsParent: true) }
        let (log, state) = (LogName.session(node.session), self.tree.state(of: agent))
        if let turn = self.tree.ledgers[log]?.turn {
            self.record(.turnFailed(turn: turn.number, error: "the agent was terminated", partial: nil), in: log)
        }
        self.record(.agentTerminated(agent), in: log)
        self.announce(agent, name: node.name, from: state, to: .terminated)
        self.settle(agent, name: node.name, log: log)
    }

    /// Ends an agent that has given its result. What its last turn showed it has been answered, and does not go back.
    mutating func finish(_ agent: AgentID, shown: [EnvelopeID]) {
        guard let log = self.tree.log(of: agent), let inbox = self.tree.ledgers[log]?.inbox else { return }
        for id in shown where inbox.holds(id) { self.record(.delivered(id, turn: nil), in: log) }
        self.end(agent)
    }

    /// What is owed after an end: mail goes back, subscriptions are dropped. A restart does it if a crash came before.
    mutating func settle(_ agent: AgentID, name: String, log: LogName) {
        self.dropSubscriptions(to: agent)
        self.bounce(self.tree.ledgers[log]?.inbox.pending ?? [], from: log, name: name)
    }
}
