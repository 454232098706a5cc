import ArgumentParser

/// `orchestra`: its commands.
struct OrchestraCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orchestra",
        abstract: "Runs pipelines that survive crashes.",
        discussion: """
            A pipeline is a directed graph in a subset of DOT: nodes are steps, edges say what comes next.

            EXIT CODES
              0 done or paused, 1 failed or refused, 2 usage, 75 store lost or busy, 130 stopped by force
            """,
        subcommands: [
            RunCommand.self, ResumeCommand.self, ReplayCommand.self, StatusCommand.self, AttachCommand.self,
            DiffCommand.self, PauseCommand.self, CancelCommand.self, AnswerCommand.self, Compile.self,
            GraphCommand.self, ServeCommand.self, DoctorCommand.self, CleanupCommand.self, Completions.self,
            VersionCommand.self,
        ])
}
