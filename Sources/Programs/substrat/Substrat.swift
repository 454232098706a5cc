import SubstratCommands

/// The command line of Substrat, and its daemon; everything is in `SubstratCommands`.
@main struct Substrat {
    static func main() async {
        await SubstratProgram.run(Array(CommandLine.arguments.dropFirst()))
    }
}
