package import HashTreeCollections
package import Vocabulary

/// Who is under whom, what each has been told, and what is still undelivered: the state of all agents.
///
/// It is made of ledgers, one for each log. All else here is an index over them, so what a restart finds by reading
/// the logs one by one is what was there before. A value, and a pure one: it knows no file, clock, process or socket.
package struct AgentTree: Hashable, Sendable {
    package let limits: AgentLimits
    package private(set) var ledgers: TreeDictionary<LogName, Ledger> = [:]
    package private(set) var nodes: TreeDictionary<AgentID, AgentNode> = [:]
    /// In the order in which they were made; quarantined ones are not among them.
    package private(set) var roots: [AgentID] = []
    /// Agents that have ended, for as long as somebody may ask.
    package private(set) var ended: TreeDictionary<AgentID, SessionID> = [:]
    /// Who is subscribed to whom.
    package private(set) var watchers: TreeDictionary<AgentID, TreeSet<AgentID>> = [:]
    var names = NameIndex()
    private var agents: TreeDictionary<SessionID, AgentID> = [:]
    private var creations: TreeDictionary<String, AgentID> = [:]
    private var orderMax = 0

    package init(limits: AgentLimits = AgentLimits()) {
        self.limits = limits
    }
}

/// An agent's place in the tree.
package struct AgentNode: Hashable, Sendable {
    package let id: AgentID
    package let session: SessionID
    package internal(set) var name: String
    /// `nil` for a root, and for one whose parent was not found.
    package let parent: AgentID?
    package let order: Order
    /// In the order in which they were asked for.
    package internal(set) var children: [AgentID] = []
    /// Promised: it can be written to, and has no session yet.
    package internal(set) var isPending: Bool
    /// Why it cannot be run; `nil` for all but those that a recovery could not make sense of.
    package internal(set) var quarantine: String?

    /// Orders agents as they were made.
    package struct Order: Hashable, Comparable, Sendable {
        /// 0 for agents of other programs, which do not number theirs and come first.
        let number: Int
        /// Only where there is no number.
        let at: Timestamp?
        let session: SessionID

        init(_ number: Int?, at: Timestamp?, session: SessionID) {
            self.number = number ?? 0
            self.at = self.number == 0 ? at : nil
            self.session = session
        }

        package static func < (left: Self, right: Self) -> Bool {
            let (before, after) = (left.at?.milliseconds ?? 0, right.at?.milliseconds ?? 0)
            return (left.number, before, left.session) < (right.number, after, right.session)
        }
    }
}

/// What agents may use, and when they are given up.
package struct AgentLimits: Hashable, Sendable {
    package var inboxMax = 10_000
    package var inboxSizeMax = ByteCount.mebibytes(64)
    package var depthMax = 256
    package var childrenMax = 10_000
    /// How many messages one prompt shows.
    package var promptMax = 100
    package var remindersMax = 1_000
    package var subscriptionsMax = 1_000
    /// After so many crashes in the same turn an agent is gated.
    package var attemptsMax = 3
    package var resume = ResumePolicy.interrupted

    package init() {}
}

/// Who goes on after a crash. Agents with mail always do.
package enum ResumePolicy: String, CaseIterable, Hashable, Sendable {
    case none, roots, interrupted, all
}

// MARK: - Looking

extension AgentTree {
    /// The ledger of an agent that is in the tree; an empty one for a promised child that nobody has written to.
    package func ledger(of agent: AgentID) -> Ledger? {
        guard let node = self.nodes[agent] else { return nil }
        let log = LogName.session(node.session)
        return self.ledgers[log] ?? Ledger(log)
    }

    /// What the agent is doing, as far as its log knows; whether its turn waits for a slot is not in it.
    package func state(of agent: AgentID) -> NodeState {
        guard let ledger = self.ledger(of: agent), !ledger.isEnded else { return .terminated }
        return ledger.turn == nil ? .idle : .busy
    }

    package func agent(of session: SessionID) -> AgentID? { self.agents[session] }

    /// The agent that a request with this key has made.
    package func agentMade(by requestKey: String) -> AgentID? { self.creations[requestKey] }

    /// The next number in the order of all agents.
    var nextOrder: Int { self.orderMax + 1 }

    /// The parent, its parent, and so on up to the root.
    package func ancestors(of agent: AgentID) -> [AgentID] {
        var found: [AgentID] = []
        var next = self.nodes[agent]?.parent
        while let id = next, found.count <= self.nodes.count {
            found.append(id)
            next = self.nodes[id]?.parent
        }
        return found
    }

    /// The descendants, each before its own, without the agent itself.
    package func subtree(of agent: AgentID) -> [AgentID] {
        var found: [AgentID] = []
        var rest = Array((self.nodes[agent]?.children ?? []).reversed())
        while let next = rest.popLast() {
            found.append(next)
            rest += (self.nodes[next]?.children ?? []).reversed()
        }
        return found
    }

    /// All agents level by level: roots first.
    package var breadthFirst: [AgentID] {
        var found =
            self.roots
            + self.nodes.values.filter { $0.parent == nil && $0.quarantine != nil }
            .sorted { $0.order < $1.order }.map(\.id)
        var next = 0
        while next < found.count {
            found += self.nodes[found[next]]?.children ?? []
            next += 1
        }
        return found
    }

    /// The other children of the parent; none for a root.
    package func siblings(of agent: AgentID) -> [AgentID] {
        guard let parent = self.nodes[agent]?.parent else { return [] }
        return (self.nodes[parent]?.children ?? []).filter { $0 != agent }
    }

    func log(of agent: AgentID) -> LogName? {
        agent == .user ? .user : self.nodes[agent].map { .session($0.session) }
    }
}

// MARK: - Changing

extension AgentTree {
    /// Makes one recorded event true. Cannot fail; replaying logs calls nothing else.
    package mutating func apply(_ entry: Entry, to log: LogName) {
        let wasBorn = self.ledgers[log]?.birth != nil
        let watched = entry.event.changesWatching ? self.targets(of: log) : []
        self.ledgers[log, default: Ledger(log)].apply(entry)
        if case .deletionAsked(let session) = entry.event { self.drop(session) }
        guard let session = log.session else { return }
        switch entry.event {
        case .agentCreated(let birth) where !wasBorn: self.enter(birth, session: session, at: entry.at)
        case .spawnRequested(let intent):
            guard self.nodes[intent.agent] == nil, let parent = self.agents[session] else { break }
            let order = AgentNode.Order(intent.birth.order, at: entry.at, session: intent.session)
            self.insert(
                AgentNode(
                    id: intent.agent, session: intent.session, name: intent.birth.name, parent: parent, order: order,
                    isPending: true))
        case .spawnAbandoned(let child, _):
            guard let node = self.nodes[child], node.isPending else { break }
            self.remove(child)
            self.ledgers[.session(node.session)] = nil
        case .agentRenamed(let name):
            if let agent = self.agents[session] { self.rename(agent, to: name) }
        case .agentAdopted(let place):
            if let agent = self.agents[session] { self.move(agent, to: place) }
        case .agentTerminated:
            guard let agent = self.ledgers[log]?.birth?.agent, self.nodes[agent]?.session == session else { break }
            self.watch(by: agent, from: watched, to: [])
            self.remove(agent)
            self.ended[agent] = session
        case .subscribed, .unsubscribed, .subscriptionFired:
            if let agent = self.agents[session] { self.watch(by: agent, from: watched, to: self.targets(of: log)) }
        default: break
        }
    }

    package mutating func apply(_ batch: Batch) {
        for record in batch.records { self.apply(record.entry, to: record.log) }
    }

    /// Lets go of a session that has ended and owes nobody an answer.
    package mutating func forget(_ session: SessionID) {
        guard let ledger = self.ledgers[.session(session)], ledger.isEnded, ledger.inbox.isEmpty else { return }
        self.ledgers[.session(session)] = nil
        if let agent = ledger.birth?.agent { self.ended[agent] = nil }
    }

    /// Lets go of a session that is to be deleted, and of the agent that could not be run in it.
    private mutating func drop(_ session: SessionID) {
        let log = LogName.session(session)
        if let agent = self.agents[session], self.nodes[agent]?.quarantine != nil {
            self.watch(by: agent, from: self.targets(of: log), to: [])
            self.remove(agent)
        }
        guard let ledger = self.ledgers.removeValue(forKey: log), let birth = ledger.birth else { return }
        if self.ended[birth.agent] == session { self.ended[birth.agent] = nil }
        if let key = birth.requestKey, self.creations[key] == birth.agent { self.creations[key] = nil }
    }

    private mutating func enter(_ birth: AgentBirth, session: SessionID, at: Timestamp) {
        if let key = birth.requestKey { self.creations[key] = birth.agent }
        if self.nodes[birth.agent]?.session == session {
            self.nodes[birth.agent]?.isPending = false
            return
        }
        let parent = birth.parentSession.flatMap { self.agents[$0] }
        let order = AgentNode.Order(birth.order, at: at, session: session)
        self.insert(
            AgentNode(
                id: birth.agent, session: session, name: birth.name, parent: parent, order: order, isPending: false))
    }

    private mutating func insert(_ node: AgentNode) {
        precondition(self.nodes[node.id] == nil, "agent \(node.id) is in the tree")
        self.nodes[node.id] = node
        self.agents[node.session] = node.id
        self.orderMax = max(self.orderMax, node.order.number)
        if let parent = node.parent {
            let siblings = self.nodes[parent]?.children ?? []
            let index = self.index(of: node.order, in: siblings)
            self.nodes[parent]?.children.insert(node.id, at: index)
        } else if node.quarantine == nil {
            self.roots.insert(node.id, at: self.index(of: node.order, in: self.roots))
        }
        self.names.insert(node, grandparent: node.parent.flatMap { self.nodes[$0]?.parent })
    }

    private func index(of order: AgentNode.Order, in agents: [AgentID]) -> Int {
        var index = agents.count
        while index > 0, order < self.nodes[agents[index - 1]]!.order { index -= 1 }
        return index
    }

    private mutating func remove(_ agent: AgentID) {
        guard let node = self.nodes[agent] else { return }
        self.names.remove(node, grandparent: node.parent.flatMap { self.nodes[$0]?.parent })
        self.nodes[agent] = nil
        self.agents[node.session] = nil
        if let parent = node.parent {
            self.nodes[parent]?.children.removeAll { $0 == agent }
        } else {
            self.roots.removeAll { $0 == agent }
        }
    }

    /// The tree as if the agent and all below it were not there, as far as names go.
    func without(_ agent: AgentID) -> AgentTree {
        var tree = self
        tree.takeOut(agent)
        return tree
    }

    private mutating func takeOut(_ agent: AgentID) {
        guard let node = self.nodes[agent] else { return }
        for child in node.children.compactMap({ self.nodes[$0] }) { self.names.remove(child, grandparent: node.parent) }
        self.remove(agent)
    }

    private mutating func move(_ agent: AgentID, to place: Adoption) {
        guard let node = self.nodes[agent] else { return }
        let parent = place.parentSession.flatMap { self.agents[$0] }
        self.takeOut(agent)
        self.insert(
            AgentNode(
                id: node.id, session: node.session, name: place.name, parent: parent, order: node.order,
                isPending: node.isPending))
        self.nodes[agent]?.children = node.children
        for child in node.children.compactMap({ self.nodes[$0] }) { self.names.insert(child, grandparent: parent) }
    }

    private mutating func rename(_ agent: AgentID, to name: String) {
        guard let node = self.nodes[agent] else { return }
        let grandparent = node.parent.flatMap { self.nodes[$0]?.parent }
        self.names.remove(node, grandparent: grandparent)
        self.nodes[agent]?.name = name
        self.names.insert(self.nodes[agent]!, grandparent: grandparent)
    }

    private func targets(of log: LogName) -> Set<AgentID> {
        Set((self.ledgers[log]?.subscriptions ?? []).map(\.target))
    }

    private mutating func watch(by agent: AgentID, from old: Set<AgentID>, to new: Set<AgentID>) {
        for target in old.subtracting(new) {
            self.watchers[target]?.remove(agent)
            if self.watchers[target]?.isEmpty == true { self.watchers[target] = nil }
        }
        for target in new.subtracting(old) { self.watchers[target, default: []].insert(agent) }
    }
}

extension AgentEvent {
    /// Whether it may change whom its agent is subscribed to.
    fileprivate var changesWatching: Bool {
        switch self {
        case .subscribed, .unsubscribed, .subscriptionFired, .agentTerminated: true
        default: false
        }
    }
}

// MARK: - From ledgers

extension AgentTree {
    /// The tree of ledgers that were folded one by one; in `nodes` a parent comes before its children.
    init(limits: AgentLimits, ledgers: [Ledger], nodes: [AgentNode]) {
        self.init(limits: limits)
        for ledger in ledgers {
            self.ledgers[ledger.log] = ledger
            guard let session = ledger.log.session, let birth = ledger.birth else { continue }
            if ledger.isEnded { self.ended[birth.agent] = session }
            self.orderMax = max(self.orderMax, ledger.lastOrder)
            if let key = birth.requestKey { self.creations[key] = birth.agent }
        }
        for node in nodes {
            self.insert(node)
            self.watch(by: node.id, from: [], to: self.targets(of: .session(node.session)))
        }
    }
}
