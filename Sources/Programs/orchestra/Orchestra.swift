import OrchestraCommands

/// The command line of Orchestra; everything is in `OrchestraCommands`.
@main struct Orchestra {
    static func main() async {
        await OrchestraProgram.run(Array(CommandLine.arguments.dropFirst()))
    }
}
