import TrailsCommands

/// The command line of TRAILS; everything is in `TrailsCommands`.
@main struct Trails {
    static func main() async {
        await TrailsProgram.run(Array(CommandLine.arguments.dropFirst()))
    }
}
