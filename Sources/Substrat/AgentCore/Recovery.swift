import HashTreeCollections
package import Vocabulary

/// A session as it was found on disk.
package struct FoundSession: Sendable {
    /// The fold of what could be read of its log.
    package let ledger: Ledger
    /// Something in its log could not be read, other than a torn end.
    package let isDamaged: Bool
    package let record: SessionRecord?

    package init(_ ledger: Ledger, isDamaged: Bool = false, record: SessionRecord? = nil) {
        self.ledger = ledger
        self.isDamaged = isDamaged
        self.record = record
    }
}

/// What a restart has found.
package struct RecoveryFindings: Hashable, Sendable {
    /// Sessions that cannot be run until somebody looks at them, and why.
    package internal(set) var quarantined: [SessionID: String] = [:]
    /// Whole logs that say nothing of an agent: the daemon died before it was made.
    package internal(set) var orphans: [SessionID] = []
    /// Records that are not what the logs say; `json` of each is to be written.
    package internal(set) var records: [SessionRecord] = []
    /// Events that say nothing to this version, by kind.
    package internal(set) var strange: [String: Int] = [:]
    /// What only the record says: the logs of the seed name neither provider nor model.
    package internal(set) var births: [SessionID: SessionRecord] = [:]
    /// Sessions that the operator has deleted, and whose folders are still there.
    package internal(set) var leaving: [SessionID] = []
}

extension AgentTree {
    /// Builds the tree out of what was found, in any order. Nothing that is found can keep it from coming about.
    package static func recover(
        _ found: [FoundSession], limits: AgentLimits = AgentLimits(), at now: Timestamp
    ) -> (tree: AgentTree, findings: RecoveryFindings) {
        let leaving = found.first { $0.ledger.log == .user }?.ledger.deleting ?? []
        let found = found.filter { each in each.ledger.log.session.map { !leaving.contains($0) } ?? true }
        var family = Family(found)
        family.findings.leaving = leaving.sorted()
        family.place()
        let placed = Set(family.nodes.map(\.session))
        let kept = found.map(\.ledger).filter { ledger in
            ledger.log.session.map { placed.contains($0) || (ledger.isEnded && ledger.birth != nil) } ?? true
        }
        for ledger in found.map(\.ledger) { family.findings.strange.merge(ledger.strange, uniquingKeysWith: +) }
        for session in found {
            guard let record = session.record, let birth = session.ledger.birth, !session.isDamaged,
                !session.ledger.isEnded, birth.provider.isEmpty, session.ledger.session == nil, !record.provider.isEmpty
            else { continue }
            family.findings.births[record.id] = record
        }
        family.findings.records = found.compactMap { session in
            guard let record = session.record else { return nil }
            var repaired = record.recovered(session.ledger, at: now)
            if family.findings.orphans.contains(record.id), repaired.state != .terminated {
                try? repaired.terminate()
            }
            return repaired == record ? nil : repaired
        }
        return (AgentTree(limits: limits, ledgers: kept, nodes: family.nodes), family.findings)
    }
}

/// Finds for each session its parent, and for those that have none a place all the same.
private struct Family {
    var findings = RecoveryFindings()
    /// Sessions of children that are not born yet.
    private(set) var promised: Set<SessionID> = []
    /// Parents before their children.
    private(set) var nodes: [AgentNode] = []
    private var waiting: [SessionID: (node: AgentNode, parent: SessionID?)] = [:]
    private var agents: [SessionID: AgentID] = [:]
    private var gone: Set<SessionID> = []
    /// Those who are known and cannot go on: nothing can be added to their logs.
    private var damaged: Set<SessionID> = []

    init(_ found: [FoundSession]) {
        var taken: [AgentID: SessionID] = [:]
        let ledgers = Dictionary(found.compactMap { each in each.ledger.log.session.map { ($0, each) } }) { $1 }
        for (session, each) in ledgers.sorted(by: { $0.key < $1.key }) {
            guard let birth = each.ledger.birth, !each.ledger.isEnded else {
                if each.ledger.isEnded { self.gone.insert(session) }
                continue
            }
            if taken[birth.agent] != nil {
                self.findings.quarantined[session] = "another session is agent \(birth.agent.short)"
                continue
            }
            taken[birth.agent] = session
            let isLost = each.isDamaged || each.ledger.isMended
            if isLost { self.damaged.insert(session) }
            self.enter(
                birth, session, name: each.ledger.name, at: each.ledger.bornAt, isPending: false,
                quarantine: !isLost
                    ? nil : each.isDamaged ? "its log is damaged" : "its log was mended, and nobody has adopted it")
            for spawn in each.ledger.spawns {
                let (child, intent) = (spawn.intent.session, spawn.intent)
                guard ledgers[child]?.ledger.birth == nil, taken[intent.agent] == nil else { continue }
                taken[intent.agent] = child
                self.promised.insert(child)
                self.enter(
                    intent.birth, child, name: intent.birth.name, at: nil, isPending: true,
                    quarantine: ledgers[child]?.isDamaged == true ? "its log is damaged" : nil, parent: session)
            }
        }
        for (session, each) in ledgers.sorted(by: { $0.key < $1.key })
        where each.ledger.birth == nil && !self.promised.contains(session) && !each.ledger.isEnded {
            if each.isDamaged {
                self.findings.quarantined[session] = "its log is damaged and does not say whose it is"
            } else {
                self.findings.orphans.append(session)
            }
        }
    }

    private mutating func enter(
        _ birth: AgentBirth, _ session: SessionID, name: String, at: Timestamp?, isPending: Bool,
        quarantine: String? = nil, parent: SessionID? = nil
    ) {
        let order = AgentNode.Order(birth.order, at: at, session: session)
        let node = AgentNode(
            id: birth.agent, session: session, name: name, parent: nil, order: order, isPending: isPending,
            quarantine: quarantine)
        self.waiting[session] = (node, parent ?? birth.parentSession)
        self.agents[session] = birth.agent
    }

    /// Roots first; then, if somebody is left who waits for a parent in a circle, the oldest of them, and so on.
    mutating func place() {
        var children: [SessionID: [SessionID]] = [:]
        var level: [SessionID] = []
        for (session, entry) in self.waiting {
            guard let parent = entry.parent else {
                level.append(session)
                continue
            }
            if self.waiting[parent] != nil {
                children[parent, default: []].append(session)
            } else {
                let isGone = self.gone.contains(parent)
                self.quarantine(session, isGone ? "its parent has ended" : "its parent is not found")
                level.append(session)
            }
        }
        while !self.waiting.isEmpty {
            if level.isEmpty, let first = self.waiting.values.min(by: { $0.node.order < $1.node.order }) {
                self.quarantine(first.node.session, "it is its own ancestor")
                level = [first.node.session]
            }
            var next: [SessionID] = []
            let entries = level.compactMap { self.waiting.removeValue(forKey: $0) }
            for entry in entries.sorted(by: { $0.node.order < $1.node.order }) {
                let session = entry.node.session
                let hasParent = self.promised.contains(session) || self.damaged.contains(session)
                let isLost = entry.node.quarantine != nil && !hasParent
                let parent = isLost ? nil : entry.parent.flatMap { self.agents[$0] }
                self.nodes.append(entry.node.under(parent))
                next += children[session] ?? []
            }
            level = next
        }
        for node in self.nodes { if let why = node.quarantine { self.findings.quarantined[node.session] = why } }
    }

    private mutating func quarantine(_ session: SessionID, _ reason: String) {
        self.waiting[session]?.node.quarantine = reason
        self.damaged.remove(session)
    }
}

extension AgentNode {
    fileprivate func under(_ parent: AgentID?) -> AgentNode {
        AgentNode(
            id: self.id, session: self.session, name: self.name, parent: parent, order: self.order,
            isPending: self.isPending, quarantine: self.quarantine)
    }
}
