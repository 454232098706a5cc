import AgentCore
import AgentWorkspaces
import DurableFiles
import HashTreeCollections
import Vocabulary

/// Calls of tools that have to do with folders.
///
/// Such a call is first intended, then done, then recorded (`Draft+Intents.swift`). What makes a repeat after a crash
/// the same call: a workspace has the call that made it in its record; a link that is there is not made again; what was
/// to be deleted and is gone was deleted by the call, since it was there when the call was intended.
extension AgentHost {
    typealias Recorder = (AgentCommand) async throws(HostError) -> JSONValue

    /// Carries out a call of a tool; `record` has commands carried out. What came of it is durable when this returns.
    func carryOut(
        _ call: ToolCall, of agent: AgentID, _ record: Recorder
    ) async throws(HostError) -> JSONValue {
        guard let tool = AgentTool(rawValue: call.tool), (try? tool.check(call.arguments)) != nil,
            let caller = WorkspaceCaller(agent, in: self.tree)
        else { return try await record(.call(agent, call)) }
        if tool.isAboutWorkspaces {
            return try await self.workspaces.alone { () throws(HostError) in
                try await self.change(tool, call, caller, record)
            }
        }
        let isPlaced = caller.workspace != nil || call.arguments["workspace"]?.string != nil
        guard tool == .spawnAgent, isPlaced else { return try await record(.call(agent, call)) }
        return try await self.workspaces.alone { () throws(HostError) in
            try await self.spawn(call, caller, record)
        }
    }

    private func spawn(
        _ call: ToolCall, _ caller: WorkspaceCaller, _ record: Recorder
    ) async throws(HostError) -> JSONValue {
        let given: WorkspaceKey?
        do throws(WorkspaceRefusal) {
            given = try await self.checkPlace(call.arguments, caller)
        } catch {
            return try await record(.called(caller.agent, call, .error(error.description)))
        }
        return try await record(.call(caller.agent, call, workspace: given?.json))
    }

    /// The workspace that a call of `spawn_agent` names. The child gets nothing that its parent has not.
    private func checkPlace(
        _ arguments: JSONValue, _ caller: WorkspaceCaller
    ) async throws(WorkspaceRefusal) -> WorkspaceKey? {
        let all = self.workspaces.all
        var given: WorkspaceKey?
        if let text = arguments["workspace"]?.string { given = try all.visible(text, to: caller.neighbours) }
        guard let key = given ?? caller.workspace else { return nil }
        try all.checkNetwork(all.record(key).hasNetwork, givenBy: caller.workspace)
        let provider = arguments["provider"]?.string ?? ""
        try await self.checkWorkspace(key, for: provider.isEmpty ? caller.provider : provider)
        let model = arguments["model"]?.string ?? ""
        if !provider.isEmpty, model.hasPrefix("/"), model != caller.model { try all.checkProgram(model, in: key) }
        return given
    }
}

// MARK: - Changes

extension AgentHost {
    private func change(
        _ tool: AgentTool, _ call: ToolCall, _ caller: WorkspaceCaller, _ record: Recorder
    ) async throws(HostError) -> JSONValue {
        let open = self.tree.ledger(of: caller.agent)?.intents
            .first { $0.tool == call.tool && $0.arguments == call.arguments }
        var call = call
        let plan: WorkspaceChange
        do throws(WorkspaceRefusal) {
            plan = try self.plan(tool, call.arguments, caller, repeating: open?.call)
        } catch {
            call.call = open?.call
            return try await record(.called(caller.agent, call, .error(error.description)))
        }
        guard !plan.isEmpty else {
            call.call = open?.call
            return try await record(.called(caller.agent, call, .result(plan.answer)))
        }
        let intent = try await record(.intend(caller.agent, call))
        call.call = intent["call_id"]?.integer.map { Int($0) }
        do throws(HostError) {
            try await self.workspaces.put(plan.records(madeBy: caller.mark(call.call)))
            try await self.workspaces.remove(plan.removed)
        } catch {
            return try await record(.called(caller.agent, call, .error(error.message)))
        }
        return try await record(.called(caller.agent, call, .result(plan.answer)))
    }

    /// What a call comes to. Of a repeat that finds its own work done, nothing but the answer.
    private func plan(
        _ tool: AgentTool, _ given: JSONValue, _ caller: WorkspaceCaller, repeating open: Int?
    ) throws(WorkspaceRefusal) -> WorkspaceChange {
        let all = self.workspaces.all
        let name = given["workspace"]?.string ?? ""
        let target = given["target"]?.string ?? ""
        switch tool {
        case .listWorkspaces: return WorkspaceChange(answer: self.listing(for: caller))
        case .createWorkspace: return try self.creation(given, caller, repeating: open)
        case .deleteWorkspace:
            let answer: JSONValue = ["status": "deleted", "workspace": .string(name)]
            if open != nil, try all.isGone(all.key(name, for: caller.neighbours)) {
                return WorkspaceChange(answer: answer)
            }
            let key = try all.changeable(name, by: caller.neighbours)
            let end = try all.deletion(of: key, assigned: self.tree.workspaceAgents)
            return WorkspaceChange(changed: end.unlinked, removed: end.removed, answer: answer)
        case .unlinkDir:
            let key = try all.changeable(name, by: caller.neighbours)
            let path = try MountPath.normal(target)
            let answer: JSONValue = [
                "status": "unlinked", "workspace": .string(name), "target": .string(path),
            ]
            let isGone = try !all.record(key).links.contains { $0.mountPath == path }
            if open != nil, isGone { return WorkspaceChange(answer: answer) }
            return WorkspaceChange(changed: [try all.unlinking(path, in: key)], answer: answer)
        default: return try self.linking(tool, given, caller)
        }
    }

    private func creation(
        _ given: JSONValue, _ caller: WorkspaceCaller, repeating open: Int?
    ) throws(WorkspaceRefusal) -> WorkspaceChange {
        let all = self.workspaces.all
        let name = given["name"]?.string ?? ""
        let key = WorkspaceKey(scope: caller.agent, name: name)
        let answer: JSONValue = ["status": "created", "workspace": .string(name)]
        if open != nil, all.records[key]?.madeBy == caller.mark(open) { return WorkspaceChange(answer: answer) }
        try all.checkNew(key)
        let hasNetwork = given["network_access"]?.bool ?? false
        try all.checkNetwork(hasNetwork, givenBy: caller.workspace)
        var links: [WorkspaceLink] = []
        if let viewed = given["view_of"]?.string {
            links = [try self.link(of: viewed, given, at: ".", caller)]
            try all.check(links[0], in: key)
        }
        let record = WorkspaceRecord(key, hasNetwork: hasNetwork, links: links, createdAt: self.options.clock.now())
        return WorkspaceChange(made: record, answer: answer)
    }

    private func linking(
        _ tool: AgentTool, _ given: JSONValue, _ caller: WorkspaceCaller
    ) throws(WorkspaceRefusal) -> WorkspaceChange {
        let all = self.workspaces.all
        let (name, target) = (given["workspace"]?.string ?? "", given["target"]?.string ?? "")
        let key = try all.changeable(name, by: caller.neighbours)
        let link: WorkspaceLink
        if tool == .linkFrom {
            link = try self.link(of: given["source_workspace"]?.string ?? "", given, at: target, caller)
        } else {
            guard let own = caller.workspace else { throw .noWorkspace }
            // It can write there itself.
            let source = try all.source(given["source"]?.string ?? "", in: own, modeMax: .readWrite)
            link = try self.link(source, at: target, Self.mode(given))
        }
        let answer: JSONValue = [
            "status": "linked", "workspace": .string(name), "target": .string(link.mountPath),
            "mode": .string(link.mode.rawValue),
        ]
        let record = try all.linking(link, in: key)
        return WorkspaceChange(changed: record == all.records[key] ? [] : [record], answer: answer)
    }

    /// A link to a folder of a workspace that the caller sees; to write there, it must be able to change it.
    private func link(
        of viewed: String, _ given: JSONValue, at mountPath: String, _ caller: WorkspaceCaller
    ) throws(WorkspaceRefusal) -> WorkspaceLink {
        let all = self.workspaces.all
        let key = try all.visible(viewed, to: caller.neighbours)
        let isWritable = key.scope != caller.neighbours.above || key == caller.workspace
        let source = try all.source(
            given["subdir"]?.string ?? ".", in: key, modeMax: isWritable ? .readWrite : .readOnly)
        return try self.link(source, at: mountPath, Self.mode(given))
    }

    private static func mode(_ given: JSONValue) throws(WorkspaceRefusal) -> LinkMode {
        try LinkMode(checking: given["mode"]?.string ?? LinkMode.readOnly.rawValue)
    }

    func link(
        _ source: LinkSource, at mountPath: String, _ mode: LinkMode
    ) throws(WorkspaceRefusal) -> WorkspaceLink {
        let canonical = self.options.canonicalPath(source.path)
        guard let canonical, (try? self.options.files.status(of: canonical).kind) == .directory else {
            throw .missing(source.path)
        }
        return try self.workspaces.all.link(source, canonical: canonical, at: mountPath, mode)
    }

    private func listing(for caller: WorkspaceCaller) -> JSONValue {
        let all = self.workspaces.all
        let agents = self.tree.workspaceAgents
        let seen = all.visible(to: caller.neighbours).map { one -> JSONValue in
            let record = all.records[one.key]
            let links = (record?.links ?? []).map { link -> JSONValue in
                ["target": .string(link.mountPath), "mode": .string(link.mode.rawValue)]
            }
            return [
                "name": .string(one.reference), "yours_to_change": .bool(one.isMutable),
                "network_access": .bool(record?.hasNetwork ?? false), "links": .array(links),
                "agents": .array((agents[one.key] ?? []).map(JSONValue.string)),
                "you_work_here": .bool(one.key == caller.workspace),
            ]
        }
        return ["workspaces": .array(seen)]
    }
}

/// What a call does to the disk, and what it answers.
private struct WorkspaceChange {
    /// A new one.
    var made: WorkspaceRecord?
    var changed: [WorkspaceRecord] = []
    var removed: [WorkspaceKey] = []
    let answer: JSONValue

    var isEmpty: Bool { self.made == nil && self.changed.isEmpty && self.removed.isEmpty }

    func records(madeBy mark: String) -> [WorkspaceRecord] {
        let made = self.made.map {
            WorkspaceRecord(
                $0.key, hasNetwork: $0.hasNetwork, links: $0.links, createdAt: $0.createdAt, madeBy: mark)
        }
        return [made].compactMap { $0 } + self.changed
    }
}

/// An agent that calls a tool, and where it works.
struct WorkspaceCaller {
    let agent: AgentID
    let neighbours: WorkspaceNeighbours
    let workspace: WorkspaceKey?
    let provider: String
    let model: String
    private let session: SessionID

    /// `nil` for one that is not in the tree.
    init?(_ agent: AgentID, in tree: AgentTree) {
        guard let node = tree.nodes[agent], let birth = tree.ledger(of: agent)?.birth else { return nil }
        self.agent = agent
        self.neighbours = WorkspaceNeighbours(of: node, in: tree)
        self.workspace = WorkspaceKey(birth.workspace)
        (self.provider, self.model, self.session) = (birth.provider, birth.model, node.session)
    }

    /// What a workspace has in its record that this call of the agent has made.
    func mark(_ call: Int?) -> String { "\(self.session.hex)/\(call ?? 0)" }
}

extension Workspaces {
    fileprivate func isGone(_ key: WorkspaceKey) -> Bool { self.records[key] == nil && self.damaged[key] == nil }
}
