import AgentCore
import AgentWorkspaces
import ProcessGuard
import Vocabulary

/// What a provider's programs have to do with a workspace.
package enum WorkspaceUse: Hashable, Sendable {
    /// There are none: it is only a name.
    case nameOnly
    /// They work in it, and in nothing else.
    case sandbox(needsNetwork: Bool)
}

/// The workspace of one agent, for its provider.
package struct SessionWorkspace: Sendable {
    /// What is on record; `nil` where that makes no sense.
    let key: WorkspaceKey?
    private let desk: WorkspaceDesk
    private let sandbox: Sandbox

    init(_ key: WorkspaceKey?, _ desk: WorkspaceDesk, _ sandbox: Sandbox) {
        self.key = key
        self.desk = desk
        self.sandbox = sandbox
    }

    /// Where its programs work; the same path inside and outside.
    var root: String { self.key.map(self.desk.all.root(of:)) ?? "/" }

    /// Whether its programs are kept in it. Blocks.
    func isClosed() throws(ProviderFailure) -> Bool {
        try self.said { () throws(WorkspaceRefusal) in try self.sandbox.program() != nil }
    }

    /// How a program is started in it, as its record says now. Blocks.
    func start(
        _ start: ProcessStart, needs: [SandboxPlan.Bind], covers: [SandboxPlan.Bind] = []
    ) throws(ProviderFailure) -> ProcessStart {
        try self.said { () throws(WorkspaceRefusal) in
            guard let key = self.key else { throw .unknown("(what is on record names none)") }
            return try self.sandbox.start(start, in: key, of: self.desk.all, needs: needs, covers: covers)
        }
    }

    /// A file that a program is to see at the same path. In a workspace it must not have become a link that leads out.
    func bind(_ path: String) throws(ProviderFailure) -> SandboxPlan.Bind {
        guard let canonical = self.desk.canonical(path) else { throw ProviderFailure("\(path) is not there") }
        let folder = self.desk.all.folder
        guard !MountPath.isInside(path, folder) || MountPath.isInside(canonical, folder) else {
            throw ProviderFailure("\(path) leads out of the workspaces")
        }
        return SandboxPlan.Bind(canonical, at: path)
    }

    private func said<Value>(_ body: () throws(WorkspaceRefusal) -> Value) throws(ProviderFailure) -> Value {
        do throws(WorkspaceRefusal) {
            return try body()
        } catch {
            let name = self.key.map { "workspace \($0)" } ?? "the workspace of the agent"
            let text = error.description
            throw ProviderFailure(text.contains("workspace") ? text : "\(name) cannot be used: \(text)")
        }
    }
}
