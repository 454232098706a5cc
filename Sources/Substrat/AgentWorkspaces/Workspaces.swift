package import AgentCore
import HashTreeCollections

/// All workspaces of a daemon, and who may do what with them.
///
/// A value, and a pure one: what is at a path of the disk, whoever asks has looked up before. Of each change it says
/// the record that is to be on disk; `put` and `remove` are called when it is.
package struct Workspaces: Hashable, Sendable {
    /// Where all of them are; absolute and canonical.
    package let folder: String
    /// That of the daemon, with its logs and keys: nobody may link it. Absolute and canonical.
    package let daemonRoot: String
    package private(set) var records: [WorkspaceKey: WorkspaceRecord] = [:]
    /// Those whose record cannot be used, and why.
    package private(set) var damaged: [WorkspaceKey: String] = [:]

    static let countMax = 10_000

    package init(folder: String, daemonRoot: String) {
        self.folder = folder
        self.daemonRoot = daemonRoot
    }

    package mutating func put(_ record: WorkspaceRecord) {
        self.records[record.key] = record
        self.damaged[record.key] = nil
    }

    package mutating func remove(_ key: WorkspaceKey) {
        self.records[key] = nil
        self.damaged[key] = nil
    }

    package mutating func note(_ key: WorkspaceKey, isDamaged reason: String) {
        self.records[key] = nil
        self.damaged[key] = reason
    }

    /// Of a workspace: its record is in it, and its root.
    package func place(of key: WorkspaceKey) -> String { "\(self.folder)/\(key.scope.hex)/\(key.name)" }
    /// Where programs work.
    package func root(of key: WorkspaceKey) -> String { "\(self.place(of: key))/root" }

    package func record(_ key: WorkspaceKey) throws(WorkspaceRefusal) -> WorkspaceRecord {
        if let why = self.damaged[key] { throw .damaged(key, why) }
        guard let record = self.records[key] else { throw .unknown("\(key)") }
        return record
    }
}

// MARK: - Who sees what

/// An agent that asks for a workspace, and whose it may mean.
package struct WorkspaceNeighbours: Hashable, Sendable {
    package let agent: AgentID
    /// The operator, for a root.
    package let above: AgentID
    package let children: [String: AgentID]

    package init(agent: AgentID, above: AgentID, children: [String: AgentID]) {
        self.agent = agent
        self.above = above
        self.children = children
    }

    package init(of node: AgentNode, in tree: AgentTree) {
        let names = node.children.compactMap { child in tree.nodes[child].map { ($0.name, child) } }
        self.init(
            agent: node.id, above: node.parent ?? .user, children: Dictionary(names) { first, _ in first })
    }
}

/// A workspace as one agent sees it.
package struct VisibleWorkspace: Hashable, Sendable {
    /// What that agent calls it.
    package let reference: String
    package let key: WorkspaceKey
    /// It may change it, and delete it.
    package let isMutable: Bool
}

extension Workspaces {
    /// The workspace that an agent means, whether it is there or not.
    package func key(_ text: String, for agent: WorkspaceNeighbours) throws(WorkspaceRefusal) -> WorkspaceKey {
        switch try WorkspaceReference(text) {
        case .own(let name): return WorkspaceKey(scope: agent.agent, name: name)
        case .above(let name): return WorkspaceKey(scope: agent.above, name: name)
        case .child(let child, let name):
            guard let scope = agent.children[child] else { throw .noChild(child) }
            return WorkspaceKey(scope: scope, name: name)
        }
    }

    /// One that is there and that the agent sees: its own, those of its children, of its parent or the operator.
    package func visible(_ text: String, to agent: WorkspaceNeighbours) throws(WorkspaceRefusal) -> WorkspaceKey {
        let key = try self.key(text, for: agent)
        if let why = self.damaged[key] { throw .damaged(key, why) }
        guard self.records[key] != nil else { throw .unknown(text) }
        return key
    }

    /// One that the agent may change: its own, and those of its children.
    package func changeable(_ text: String, by agent: WorkspaceNeighbours) throws(WorkspaceRefusal) -> WorkspaceKey {
        let key = try self.key(text, for: agent)
        guard key.scope != agent.above else { throw .notYours(text) }
        return try self.visible(text, to: agent)
    }

    /// All that an agent sees, its own first.
    package func visible(to agent: WorkspaceNeighbours) -> [VisibleWorkspace] {
        let children = agent.children.sorted { $0.key < $1.key }
        let scopes = [("", agent.agent)] + children.map { ("\($0.key)/", $0.value) } + [("../", agent.above)]
        return scopes.flatMap { prefix, scope in
            self.records.keys.filter { $0.scope == scope }.sorted().map { key in
                VisibleWorkspace(reference: prefix + key.name, key: key, isMutable: scope != agent.above)
            }
        }
    }
}

// MARK: - Making

extension Workspaces {
    /// Passes when a workspace of this key may be made.
    package func checkNew(_ key: WorkspaceKey) throws(WorkspaceRefusal) {
        guard WorkspaceLabel.isValid(key.name) else { throw .badName(key.name) }
        if let why = self.damaged[key] { throw .damaged(key, why) }
        guard self.records[key] == nil else { throw .taken(key) }
        guard self.records.count < Self.countMax else { throw .tooMany("workspaces", max: Self.countMax) }
    }

    /// The record with one link more; the same one when it is there already.
    package func linking(_ link: WorkspaceLink, in key: WorkspaceKey) throws(WorkspaceRefusal) -> WorkspaceRecord {
        var record = try self.record(key)
        if record.links.contains(link) { return record }
        guard !record.links.contains(where: { $0.mountPath == link.mountPath }) else {
            throw .mountTaken(link.mountPath)
        }
        guard record.links.count < WorkspaceRecord.linksMax else {
            throw .tooMany("links", max: WorkspaceRecord.linksMax)
        }
        try self.check(link, in: key)
        record.links.append(link)
        return record
    }

    /// The record without the link at a path.
    package func unlinking(_ mountPath: String, in key: WorkspaceKey) throws(WorkspaceRefusal) -> WorkspaceRecord {
        var record = try self.record(key)
        guard record.links.contains(where: { $0.mountPath == mountPath }) else { throw .noLink(mountPath) }
        record.links.removeAll { $0.mountPath == mountPath }
        return record
    }

    /// Passes when `link` may show what it shows: nothing of the daemon but folders of workspaces, and not itself.
    package func check(_ link: WorkspaceLink, in key: WorkspaceKey) throws(WorkspaceRefusal) {
        let path = link.hostPath
        let isRoot = self.records.keys.contains { MountPath.isInside(path, self.root(of: $0)) }
        let touches = MountPath.isInside(path, self.daemonRoot) || MountPath.isInside(self.daemonRoot, path)
        guard !touches || isRoot else { throw .ofTheDaemon(path) }
        guard link.mountPath != "." || !MountPath.isInside(path, self.root(of: key)) else { throw .leadsOut(path) }
    }
}

// MARK: - Sources of links

/// A folder of a workspace that is to be linked into another.
package struct LinkSource: Hashable, Sendable {
    /// What it must not lead out of, on the host.
    package let base: String
    /// Where it is, on the host, before any symbolic link is followed.
    package let path: String
    /// What may be done there at most.
    package let modeMax: LinkMode

    package init(base: String, path: String, modeMax: LinkMode) {
        self.base = base
        self.path = path
        self.modeMax = modeMax
    }
}

extension Workspaces {
    /// Where `path` of a workspace is on the host, as its programs see it: through its links.
    package func source(
        _ path: String, in key: WorkspaceKey, modeMax: LinkMode
    ) throws(WorkspaceRefusal) -> LinkSource {
        let record = try self.record(key)
        let path = try MountPath.source(path)
        let through = record.links.filter { $0.mountPath == "." || MountPath.isInside(path, $0.mountPath) }
            .max { $0.depth < $1.depth }
        guard let link = through else {
            let root = self.root(of: key)
            return LinkSource(base: root, path: MountPath.below(root, path), modeMax: modeMax)
        }
        let rest = link.mountPath == "." ? path : String(path.dropFirst(link.mountPath.count).drop { $0 == "/" })
        return LinkSource(
            base: link.hostPath, path: MountPath.below(link.hostPath, rest.isEmpty ? "." : rest),
            modeMax: link.mode == .readOnly ? .readOnly : modeMax)
    }

    /// The link to a source, of which `canonical` is the path without symbolic links; `nil` when nothing is there.
    package func link(
        _ source: LinkSource, canonical: String?, at mountPath: String, _ mode: LinkMode
    ) throws(WorkspaceRefusal) -> WorkspaceLink {
        guard let canonical else { throw .missing(source.path) }
        guard MountPath.isInside(canonical, source.base) else { throw .leadsOut(source.path) }
        guard mode == .readOnly || source.modeMax == .readWrite else { throw .onlyReadable(source.path) }
        return WorkspaceLink(hostPath: canonical, mountPath: try MountPath.normal(mountPath), mode: mode)
    }
}

extension WorkspaceLink {
    /// How many folders it is below the root.
    package var depth: Int { self.mountPath == "." ? 0 : self.mountPath.split(separator: "/").count }
}

// MARK: - Deleting

/// What goes with a workspace.
package struct WorkspaceDeletion: Hashable, Sendable {
    /// Others that only had a link to what goes, without it.
    package let unlinked: [WorkspaceRecord]
    /// Itself and its views, which are nothing without it; itself last, so that a repeat after a crash finds the rest.
    package let removed: [WorkspaceKey]
}

extension Workspaces {
    /// What it takes to delete a workspace. Refused while an agent works in it, or in one that shows a part of it.
    ///
    /// - Parameter assigned: The agents of each workspace that has some.
    package func deletion(
        of key: WorkspaceKey, assigned: [WorkspaceKey: [String]]
    ) throws(WorkspaceRefusal) -> WorkspaceDeletion {
        _ = try self.record(key)
        var removed = [key]
        var next = 0
        while next < removed.count {
            let root = self.root(of: removed[next])
            removed += self.linkers(to: root) { $0.mountPath == "." }.filter { !removed.contains($0) }
            next += 1
        }
        let roots = removed.map(self.root(of:))
        let linkers = roots.flatMap { root in self.linkers(to: root) { _ in true } }.filter { !removed.contains($0) }
        for member in removed + linkers {
            if let agents = assigned[member], !agents.isEmpty { throw .assigned(member, to: agents.sorted()) }
        }
        let unlinked = Set(linkers).sorted().compactMap { self.records[$0] }.map { record in
            var record = record
            record.links.removeAll { link in roots.contains { MountPath.isInside(link.hostPath, $0) } }
            return record
        }
        return WorkspaceDeletion(unlinked: unlinked, removed: removed.reversed())
    }

    private func linkers(to root: String, _ isMeant: (WorkspaceLink) -> Bool) -> [WorkspaceKey] {
        self.records.values.filter { record in
            record.links.contains { isMeant($0) && MountPath.isInside($0.hostPath, root) }
        }.map(\.key).sorted()
    }
}
