import ArgumentParser

/// `substrat`: its commands.
struct SubstratCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "substrat",
        abstract: "Hosts a tree of agents that survives crashes.",
        discussion: """
            A daemon keeps the agents of one root directory: --root, else SUBSTRAT_ROOT, else ~/.substrat.

            EXIT CODES
              0 done, 1 failed or refused, 2 usage, 3 no daemon runs (daemon status)
            """,
        subcommands: [
            DaemonCommand.self, AgentCommands.self, SessionCommands.self, WorkspaceCommands.self, InboxCommand.self,
            ToolCommand.self, MCPCommand.self, Completions.self, VersionCommand.self,
        ])
}
