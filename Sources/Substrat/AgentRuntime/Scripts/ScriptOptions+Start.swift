import AgentCore
import AgentWorkspaces
import DurableFiles
import ProcessGuard
import Vocabulary

extension ScriptOptions {
    /// How the program of one agent is started: it is told who it is, and with what it proves it. Blocks.
    func start(_ path: String, for opening: SessionOpening) throws(ProviderFailure) -> ProcessStart {
        var environment = self.environment
        environment["SUBSTRAT_AGENT_ID"] = opening.agent.hex
        environment["SUBSTRAT_AGENT_NAME"] = opening.name
        environment["SUBSTRAT_INSTRUCTIONS"] = opening.instructions
        environment["SUBSTRAT_TOKEN"] = opening.token
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        var start = ProcessStart(
            command: [path], environment: environment, workingDirectory: folder.isEmpty ? "/" : folder)
        start.grace = self.grace
        start.guardName = "agent-guard"
        guard let workspace = opening.workspace else { return start }
        start.environment["HOME"] = workspace.root
        return try workspace.start(start, needs: Self.needs(path, opening, workspace))
    }

    /// The program itself, and what it may include from beside it. One that an agent named must be in the workspace.
    private static func needs(
        _ path: String, _ opening: SessionOpening, _ workspace: SessionWorkspace
    ) throws(ProviderFailure) -> [SandboxPlan.Bind] {
        let seen = SandboxPlan.systemFolders + [workspace.root]
        guard opening.hasModelOfOperator, !seen.contains(where: { MountPath.isInside(path, $0) }) else { return [] }
        let folder = AtomicFile.directory(of: path)
        let beside = ["substrat_script.py", "substrat-script.sh"].map {
            SandboxPlan.Bind("\(folder)/\($0)", isOptional: true)
        }
        return beside + [try workspace.bind(path)]
    }
}
