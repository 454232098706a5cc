import HashTreeCollections
import Vocabulary

/// What must hold of agents between any two commands and after any crash, as questions that fuzzers ask.
///
/// Each answers with a list of what is wrong, one line for a person each;
/// an empty list is good.
package enum Invariants {
    /// The tree by itself: links, names, inboxes, promises, and that every index says what the ledgers say.
    package static func violations(of tree: AgentTree) -> [String] {
        var found = self.shape(of: tree)
        for node in tree.nodes.values { found += self.violations(of: node, in: tree) }
        for ledger in tree.ledgers.values {
            found += self.violations(of: ledger)
            guard let session = ledger.log.session, !ledger.isEnded else { continue }
            if tree.agent(of: session) == nil { found.append("session \(session.short) is nobody's") }
        }
        return found + self.names(in: tree)
    }

    /// The tree is what a restart would find, but for what is known of agents that have ended.
    package static func differencesFromFold(_ tree: AgentTree) -> [String] {
        let sessions = tree.ledgers.values.map { FoundSession($0) }
        let again = AgentTree.recover(sessions, limits: tree.limits, at: Timestamp(milliseconds: 0))
        var found: [String] = []
        if again.tree.nodes != tree.nodes { found.append("the nodes are not what the ledgers say") }
        if again.tree.roots != tree.roots { found.append("the roots are not what the ledgers say") }
        if again.tree.names != tree.names { found.append("the names are not what the ledgers say") }
        if again.tree.watchers != tree.watchers { found.append("the watchers are not what the ledgers say") }
        if again.tree.ledgers != tree.ledgers { found.append("a ledger belongs to nobody") }
        if again.tree.nextOrder > tree.nextOrder { found.append("an order would be given twice") }
        return found
    }

    /// Nothing is under way: no turn, no end, no child that is due.
    package static func unrest(in tree: AgentTree) -> [String] {
        tree.breadthFirst.flatMap { agent -> [String] in
            guard let ledger = tree.ledger(of: agent) else { return [] }
            return (ledger.turn == nil ? [] : ["\(agent.short) has a turn"])
                + (ledger.completing == nil ? [] : ["\(agent.short) has given its result and lives"])
                + ledger.spawns.filter { $0.turn != nil && ledger.interrupted?.continues != true }
                .map { "child \($0.intent.agent.short) is promised by no turn" }
        }
    }

    /// A recovery has taken away nothing that was acknowledged: no agent, message or datum.
    package static func losses(from before: AgentTree, to after: AgentTree) -> [String] {
        var found: [String] = []
        for node in before.nodes.values {
            let old = before.ledger(of: node.id)
            guard let new = after.ledger(of: node.id) else {
                let isOver = node.isPending || old?.completing != nil
                if !isOver { found.append("agent \(node.id.short) is gone") }
                continue
            }
            if new.metadata != old?.metadata { found.append("metadata of \(node.id.short) changed") }
            for id in old?.inbox.ids ?? [] where !new.inbox.holds(id) {
                found.append("message \(id.short) to \(node.id.short) is gone")
            }
            if new.completedTurn != old?.completedTurn { found.append("a turn of \(node.id.short) changed") }
        }
        for id in before.ledgers[.user]?.inbox.ids ?? [] where after.ledgers[.user]?.inbox.holds(id) != true {
            found.append("message \(id.short) to the operator is gone")
        }
        return found
    }
}

extension Invariants {
    private static func shape(of tree: AgentTree) -> [String] {
        var found: [String] = []
        let walk = tree.breadthFirst
        if Set(walk).count != walk.count { found.append("an agent is in the tree twice") }
        if walk.count != tree.nodes.count { found.append("an agent is not reached from the roots") }
        for root in tree.roots where tree.nodes[root]?.parent != nil || tree.nodes[root]?.quarantine != nil {
            found.append("\(root.short) is no root")
        }
        var watchers: TreeDictionary<AgentID, TreeSet<AgentID>> = [:]
        for node in tree.nodes.values {
            for wish in tree.ledger(of: node.id)?.subscriptions ?? [] {
                watchers[wish.target, default: []].insert(node.id)
                if tree.nodes[wish.target] == nil { found.append("\(node.id.short) watches nobody") }
            }
        }
        if watchers != tree.watchers { found.append("the watchers are not those who subscribed") }
        return found
    }

    private static func violations(of node: AgentNode, in tree: AgentTree) -> [String] {
        var found: [String] = []
        let id = node.id.short
        if let parent = node.parent {
            let links = tree.nodes[parent]?.children.count { $0 == node.id } ?? 0
            if links != 1 { found.append("\(id) is \(links) times a child of its parent") }
        } else if node.quarantine == nil, !tree.roots.contains(node.id) {
            found.append("\(id) is a root that is not listed")
        }
        let orders = node.children.compactMap { tree.nodes[$0]?.order }
        if orders != orders.sorted() || orders.count != node.children.count {
            found.append("the children of \(id) are not in order")
        }
        guard let ledger = tree.ledger(of: node.id) else { return found + ["\(id) has no ledger"] }
        if ledger.isEnded { found.append("\(id) has ended and is in the tree") }
        if node.isPending {
            let promises = node.parent.flatMap { tree.ledger(of: $0)?.spawns } ?? []
            if !promises.contains(where: { $0.intent.agent == node.id }) { found.append("nobody promised \(id)") }
            if ledger.turn != nil { found.append("\(id) has a turn and no session") }
        } else if ledger.birth?.agent != node.id {
            found.append("the log of \(id) is of somebody else")
        }
        for child in ledger.spawns.map(\.intent.agent) {
            let isWaiting = tree.nodes[child]?.parent == node.id && tree.nodes[child]?.isPending == true
            if !isWaiting { found.append("the child that \(id) promised does not wait under it") }
        }
        if ledger.completing != nil, !node.children.isEmpty { found.append("\(id) ends over its children") }
        return found
    }

    private static func violations(of ledger: Ledger) -> [String] {
        var found: [String] = []
        let (name, pending) = (ledger.log.folder.prefix(8), ledger.inbox.pending)
        if Set(ledger.inbox.ids).count != pending.count { found.append("a message is twice in inbox \(name)") }
        if !ledger.inbox.ids.allSatisfy(ledger.received.contains) { found.append("inbox \(name) has the unreceived") }
        if pending.map(\.place) != pending.map(\.place).sorted() { found.append("inbox \(name) is out of order") }
        let size = pending.map(\.envelope.payload.utf8.count).reduce(0, +)
        if size != ledger.inbox.size.bytes { found.append("the size of inbox \(name) is wrong") }
        for message in (ledger.turn?.taken ?? []) + (ledger.interrupted?.taken ?? [])
        where ledger.inbox.holds(message.envelope.id) {
            found.append("a message of \(name) is taken and there")
        }
        if ledger.turn != nil, ledger.interrupted != nil { found.append("\(name) has a turn and an interrupted one") }
        if (ledger.turn?.number ?? 0) > ledger.turns || ledger.completedTurn > ledger.turns {
            found.append("the turns of \(name) are miscounted")
        }
        if ledger.isEnded, !(ledger.spawns.isEmpty && ledger.subscriptions.isEmpty && ledger.reminders.isEmpty) {
            found.append("\(name) has ended and wants something")
        }
        return found
    }

    /// No name means two: within one hop of any agent names differ.
    private static func names(in tree: AgentTree) -> [String] {
        tree.nodes.values.flatMap { node -> [String] in
            let siblings = node.parent == nil ? tree.roots : tree.siblings(of: node.id)
            let near = (node.children + siblings.filter { $0 != node.id } + [node.parent].compactMap { $0 })
                .compactMap { tree.nodes[$0]?.name }.filter { !$0.isEmpty }
            let isOwn = node.quarantine == nil && near.contains(node.name) && !node.name.isEmpty
            return (Set(near).count == near.count || node.parent == nil ? [] : ["two names near \(node.id.short)"])
                + (isOwn ? ["\(node.id.short) has the name of a neighbour"] : [])
        }
    }
}
