import ArgumentParser

/// `orchestra`: its commands.
struct OrchestraCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orchestra",
        abstract: "Checks and draws pipelines.",
        discussion: """
            A pipeline is a directed graph in a subset of DOT: nodes are steps, edges say what comes next.

            EXIT CODES
              0 done, 1 refused, 2 usage
            """,
        subcommands: [Compile.self, GraphCommand.self, Completions.self, VersionCommand.self])
}
