import ArgumentParser

/// `substrat completions`: what a shell needs to complete commands.
struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the completion script for a shell.")

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() throws {
        let shell: CompletionShell =
            switch self.shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Output.line(SubstratCommand.completionScript(for: shell))
    }
}

/// `substrat version`.
struct VersionCommand: ParsableCommand {
    /// Of all programs of this package.
    static let number = "0.1.0"

    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() throws { Output.line("substrat \(Self.number)") }
}
