package import AgentCore
package import AgentWorkspaces
import DurableFiles
import HashTreeCollections
package import Vocabulary

/// A workspace in a list.
package struct WorkspaceSummary: Hashable, Sendable {
    package let record: WorkspaceRecord
    /// `USER`, the path of the agent that made it, or its id when that has ended.
    package let scopeLabel: String
    package let root: String
    /// Who works in it.
    package let agents: [String]

    package var json: JSONObject {
        [
            "scope": .string(self.record.key.scope.hex), "scope_label": .string(self.scopeLabel),
            "name": .string(self.record.key.name), "network_access": .bool(self.record.hasNetwork),
            "root_path": .string(self.root), "created_at": .string(self.record.createdAt.logText),
            "agents": .array(self.agents.map(JSONValue.string)), "links": .array(self.record.links.map(\.json)),
        ]
    }
}

/// A workspace that the operator wants.
package struct WorkspaceOrder: Hashable, Sendable {
    package let key: WorkspaceKey
    package let hasNetwork: Bool
    /// Another one, of which it shows a folder at its root.
    package let view: View?

    package struct View: Hashable, Sendable {
        package let key: WorkspaceKey
        package let folder: String
        package let mode: LinkMode

        package init(of key: WorkspaceKey, folder: String = ".", mode: LinkMode = .readOnly) {
            self.key = key
            self.folder = folder
            self.mode = mode
        }
    }

    package init(_ key: WorkspaceKey, hasNetwork: Bool = false, view: View? = nil) {
        self.key = key
        self.hasNetwork = hasNetwork
        self.view = view
    }
}

// MARK: - For the operator

extension AgentHost {
    /// Whose workspaces `text` means: `USER`, `SYSTEM`, an agent, or one that has ended, by its id.
    package func scope(_ text: String) async throws(HostError) -> AgentID {
        if text.uppercased() == "USER" { return .user }
        if text.uppercased() == "SYSTEM" { return .system }
        do throws(HostError) {
            return try await self.resolve(text)
        } catch {
            guard let id = AgentID(hexOrDashed: text) else { throw error }
            return id
        }
    }

    package func listWorkspaces() -> [WorkspaceSummary] {
        let (all, tree) = (self.workspaces.all, self.tree)
        return all.records.keys.sorted().compactMap { self.summary(of: $0, all, tree) }
    }

    package func inspectWorkspace(_ key: WorkspaceKey) throws(HostError) -> WorkspaceSummary {
        let all = self.workspaces.all
        _ = try refusing { () throws(WorkspaceRefusal) in try all.record(key) }
        guard let summary = self.summary(of: key, all, self.tree) else { throw HostError(.unknown("\(key)")) }
        return summary
    }

    /// Makes a workspace. One that is there is not touched.
    package func createWorkspace(_ order: WorkspaceOrder) async throws(HostError) -> WorkspaceSummary {
        try await self.workspaces.alone { () throws(HostError) in
            let record = try refusing { () throws(WorkspaceRefusal) in
                let all = self.workspaces.all
                try all.checkNew(order.key)
                var links: [WorkspaceLink] = []
                if let view = order.view {
                    let source = try all.source(view.folder, in: view.key, modeMax: .readWrite)
                    links = [try self.link(source, at: ".", view.mode)]
                    try all.check(links[0], in: order.key)
                }
                return WorkspaceRecord(
                    order.key, hasNetwork: order.hasNetwork, links: links, createdAt: self.options.clock.now())
            }
            try await self.workspaces.put([record])
        }
        return try self.inspectWorkspace(order.key)
    }

    /// Deletes a workspace with its views, unless an agent works in one of them.
    package func deleteWorkspace(_ key: WorkspaceKey) async throws(HostError) {
        try await self.workspaces.alone { () throws(HostError) in
            let end = try refusing { () throws(WorkspaceRefusal) in
                try self.workspaces.all.deletion(of: key, assigned: self.tree.workspaceAgents)
            }
            try await self.workspaces.put(end.unlinked)
            try await self.workspaces.remove(end.removed)
        }
    }

    /// Shows a folder of this machine in a workspace.
    package func linkWorkspace(
        _ key: WorkspaceKey, to hostPath: String, at mountPath: String, _ mode: LinkMode
    ) async throws(HostError) -> WorkspaceLink {
        try await self.workspaces.alone { () throws(HostError) in
            let (link, record) = try refusing { () throws(WorkspaceRefusal) in
                guard hostPath.hasPrefix("/"), let canonical = self.options.canonicalPath(hostPath),
                    (try? self.options.files.status(of: canonical).kind) == .directory
                else { throw .missing(hostPath) }
                let link = WorkspaceLink(
                    hostPath: canonical, mountPath: try MountPath.normal(mountPath), mode: mode)
                return (link, try self.workspaces.all.linking(link, in: key))
            }
            try await self.workspaces.put([record])
            return link
        }
    }

    package func unlinkWorkspace(_ key: WorkspaceKey, at mountPath: String) async throws(HostError) {
        try await self.workspaces.alone { () throws(HostError) in
            let record = try refusing { () throws(WorkspaceRefusal) in
                try self.workspaces.all.unlinking(MountPath.normal(mountPath), in: key)
            }
            try await self.workspaces.put([record])
        }
    }

    private func summary(of key: WorkspaceKey, _ all: Workspaces, _ tree: AgentTree) -> WorkspaceSummary? {
        guard let record = all.records[key] else { return nil }
        let label =
            key.scope == .user ? "USER" : tree.nodes[key.scope] == nil ? key.scope.hex : tree.path(of: key.scope)
        return WorkspaceSummary(
            record: record, scopeLabel: label, root: all.root(of: key), agents: tree.workspaceAgents[key] ?? [])
    }
}

// MARK: - For agents that are made

extension AgentHost {
    /// Puts an agent that the operator wants on record, once its workspace is there and its provider can work in it.
    func record(_ wish: NewAgent, under parent: AgentID?) async throws(HostError) -> JSONValue {
        let above = parent.flatMap { self.tree.ledger(of: $0)?.birth }
        guard let workspace = wish.workspace ?? above?.workspace else {
            return try await self.desk.perform(.create(wish, parent: parent))
        }
        return try await self.workspaces.alone { () throws(HostError) in
            do throws(WorkspaceRefusal) {
                guard let key = WorkspaceKey(workspace) else { throw .unknown(workspace.text) }
                try await self.checkWorkspace(key, for: wish.provider.isEmpty ? above?.provider ?? "" : wish.provider)
            } catch {
                throw HostError(error)
            }
            return try await self.desk.perform(.create(wish, parent: parent))
        }
    }

    /// Passes when a workspace is there, and programs of the provider can work in it.
    func checkWorkspace(_ key: WorkspaceKey, for provider: String) async throws(WorkspaceRefusal) {
        let record = try self.workspaces.all.record(key)
        let name = provider.isEmpty ? self.options.defaultProvider : provider
        guard case .sandbox(let needsNetwork) = self.providers[name]?.workspaceUse else { return }
        let sandbox = self.sandbox
        let program = try await onThreadOfItsOwn { () throws(WorkspaceRefusal) in try sandbox.program() }
        if program != nil, needsNetwork, !record.hasNetwork { throw .needsNetwork(key, provider: name) }
    }

    func sessionWorkspace(_ birth: AgentBirth) -> SessionWorkspace? {
        birth.workspace.map { SessionWorkspace(WorkspaceKey($0), self.workspaces, self.sandbox) }
    }

    /// Whether an agent runs the program that the operator named for it, or for one above it.
    func hasModelOfOperator(_ birth: AgentBirth) -> Bool {
        let tree = self.tree
        var birth = birth
        while birth.isSpawned {
            guard let above = birth.parentSession.flatMap({ tree.ledgers[.session($0)]?.birth }),
                above.model == birth.model, above.provider == birth.provider
            else { return false }
            birth = above
        }
        return true
    }
}

extension AgentTree {
    /// Who works in which workspace; what has ended works nowhere.
    var workspaceAgents: [WorkspaceKey: [String]] {
        var found: [WorkspaceKey: [String]] = [:]
        for node in self.nodes.values {
            let promised = node.isPending ? node.parent.flatMap { self.ledger(of: $0)?.spawns } ?? [] : []
            let birth = promised.first { $0.intent.agent == node.id }?.intent.birth ?? self.ledger(of: node.id)?.birth
            guard let key = WorkspaceKey(birth?.workspace) else { continue }
            found[key, default: []].append(self.path(of: node.id))
        }
        return found.mapValues { $0.sorted() }
    }
}

extension HostError {
    init(_ refusal: WorkspaceRefusal) {
        switch refusal {
        case .unknown, .noChild: self.init(.notFound, refusal.description)
        case .assigned: self.init(.invalid, refusal.description, hint: "end the agent first: its work is in there")
        case .needsNetwork:
            self.init(.invalid, refusal.description, hint: "make one with substrat workspace create NAME --network")
        case .noSandbox:
            self.init(
                .invalid, refusal.description,
                hint: "install bubblewrap, or start the daemon with --allow-unsandboxed")
        default: self.init(.invalid, refusal.description)
        }
    }
}

private func refusing<Value>(_ body: () throws(WorkspaceRefusal) -> Value) throws(HostError) -> Value {
    do throws(WorkspaceRefusal) { return try body() } catch { throw HostError(error) }
}
