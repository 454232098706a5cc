import AgentCore
import AgentProtocols
import ArgumentParser
import SubstratProtocol
import Vocabulary

/// `substrat mcp`: the tool server of one agent, for programs that speak the Model Context Protocol.
struct MCPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp", abstract: "Serve the tools of an agent to its program (Model Context Protocol).",
        discussion: """
            JSON-RPC 2.0 over standard input and output, one object a line, until the input ends. The token of the \
            agent is in SUBSTRAT_TOKEN, as the daemon has set it. Agents of the providers cursor-agent and claude are \
            configured to start it.
            """)

    @Option(help: "Directory of the daemon and its agents (SUBSTRAT_ROOT; ~/.substrat).") var root: String?
    @Option(help: "The id of the agent (SUBSTRAT_AGENT_ID).") var agentId: String?

    func run() async throws {
        let speaker = try Speaker(self.agentId)
        let caller = Caller(DaemonPlace(root: self.root))
        let server = ToolServer()
        while let line = readLine() {
            switch server.take(Array(line.utf8)) {
            case .nothing: break
            case .reply(let reply): Output.json(reply)
            case .call(let id, let tool, let arguments):
                let outcome = await Self.ask(caller, speaker.call(tool.rawValue, arguments))
                Output.json(server.answer(id, outcome))
            }
        }
    }

    /// Each call has a connection of its own: a daemon that was away for a while is found again.
    private static func ask(_ caller: Caller, _ params: JSONObject) async -> ToolServer.Outcome {
        do throws(CommandFailure) {
            return .result(try await caller.ask("tool.call", params))
        } catch {
            return .unreached(error.message)
        }
    }
}
