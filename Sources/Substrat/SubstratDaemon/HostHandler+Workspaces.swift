import AgentCore
import AgentRuntime
import AgentWorkspaces
import SubstratProtocol
import Vocabulary

// MARK: - Workspaces

extension HostHandler {
    func answerWorkspaces(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        switch request.method {
        case "workspace.create": try await self.createWorkspace(request)
        case "workspace.list": try self.listWorkspaces(request)
        case "workspace.delete": try await self.deleteWorkspace(request)
        case "workspace.link": try await self.linkWorkspace(request)
        case "workspace.unlink": try await self.unlinkWorkspace(request)
        case "workspace.inspect": try await self.inspectWorkspace(request)
        default: throw .unknownMethod(request.method)
        }
    }

    private func createWorkspace(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let params = try request.params("name", "scope", "network_access", "view_of", "subdir", "mode")
        let key = try await self.key(params)
        var view: WorkspaceOrder.View?
        if let source = try await self.workspace(params.value("view_of"), named: "view_of") {
            view = WorkspaceOrder.View(
                of: source, folder: try params.optionalText("subdir") ?? ".", mode: try Self.mode(params))
        } else if params.value("subdir") != nil || params.value("mode") != nil {
            throw .invalid("subdir and mode are about view_of, which is missing")
        }
        let order = WorkspaceOrder(key, hasNetwork: try params.flag("network_access"), view: view)
        return .object(try await asked { () throws(HostError) in try await self.host.createWorkspace(order) }.json)
    }

    private func listWorkspaces(_ request: RPCRequest) throws(RPCError) -> JSONValue {
        _ = try request.params()
        return ["workspaces": .array(self.host.listWorkspaces().map { .object($0.json) })]
    }

    private func deleteWorkspace(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let key = try await self.key(try request.params("name", "scope"))
        try await asked { () throws(HostError) in try await self.host.deleteWorkspace(key) }
        return Self.answer("deleted", key)
    }

    private func linkWorkspace(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let params = try request.params("name", "scope", "host_path", "mount_path", "mode")
        let key = try await self.key(params)
        let (source, target) = (try params.text("host_path"), try params.text("mount_path"))
        let mode = try Self.mode(params)
        let link = try await asked { () throws(HostError) in
            try await self.host.linkWorkspace(key, to: source, at: target, mode)
        }
        return Self.answer("linked", key, link.json)
    }

    private func unlinkWorkspace(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let params = try request.params("name", "scope", "mount_path")
        let key = try await self.key(params)
        let target = try params.text("mount_path")
        try await asked { () throws(HostError) in try await self.host.unlinkWorkspace(key, at: target) }
        return Self.answer("unlinked", key)
    }

    private func inspectWorkspace(_ request: RPCRequest) async throws(RPCError) -> JSONValue {
        let key = try await self.key(try request.params("name", "scope"))
        return .object(try await asked { () throws(HostError) in try self.host.inspectWorkspace(key) }.json)
    }

    private static func answer(_ status: String, _ key: WorkspaceKey, _ more: JSONValue = [:]) -> JSONValue {
        var answer: JSONObject = [
            "status": .string(status), "scope": .string(key.scope.hex), "name": .string(key.name),
        ]
        for (name, value) in more.object ?? [:] { answer[name] = value }
        return .object(answer)
    }
}

// MARK: - Parameters

extension HostHandler {
    /// The workspace that `value` names: a name, of the operator, or an object with scope and name.
    func workspace(_ value: JSONValue?, named name: String = "workspace") async throws(RPCError) -> WorkspaceKey? {
        switch value {
        case nil: return nil
        case .string(let text)?: return try await self.key(text, scope: nil)
        case .object(let object)?:
            guard let text = object["name"]?.string, object.allSatisfy({ ["scope", "name"].contains($0.key) }) else {
                throw .invalid("\(name) must have a name, and may have a scope")
            }
            return try await self.key(text, scope: object["scope"]?.string)
        default: throw .invalid("\(name) must be a name, or an object with scope and name")
        }
    }

    private func key(_ params: RPCParameters) async throws(RPCError) -> WorkspaceKey {
        try await self.key(try params.text("name"), scope: try params.optionalText("scope"))
    }

    private func key(_ name: String, scope: String?) async throws(RPCError) -> WorkspaceKey {
        let scope = try await asked { () throws(HostError) in try await self.host.scope(scope ?? "USER") }
        return WorkspaceKey(scope: scope, name: name)
    }

    private static func mode(_ params: RPCParameters) throws(RPCError) -> LinkMode {
        let text = try params.optionalText("mode") ?? LinkMode.readOnly.rawValue
        do throws(WorkspaceRefusal) {
            return try LinkMode(checking: text)
        } catch {
            throw .invalid(error.description)
        }
    }
}
