import AgentCore
import ProcessGuard
import Vocabulary

extension ScriptOptions {
    /// How the program of one agent is started: it is told who it is, and with what it proves it.
    func start(_ path: String, for opening: SessionOpening) -> ProcessStart {
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
        return start
    }
}
