import ArgumentParser

/// The program `substrat`: parses, runs one command, and ends with its exit code.
package enum SubstratProgram {
    /// Runs the command that `arguments` (without the program's name) say, and exits.
    package static func run(_ arguments: [String]) async -> Never {
        Output.ignoreBrokenPipes()
        do {
            var command = try SubstratCommand.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Output.end(0)
        } catch {
            self.end(after: error)
        }
    }

    private static func end(after error: any Error) -> Never {
        switch error {
        case let code as ExitCode: Output.end(code.rawValue)
        case let failure as CommandFailure:
            Output.complain(failure)
            Output.end(failure.exitCode)
        default:
            let message = SubstratCommand.message(for: error)
            guard SubstratCommand.exitCode(for: error) != .success else {
                Output.line(message)
                Output.end(0)
            }
            let text = message.hasSuffix(".") ? String(message.dropLast()) : message
            Output.complain(.usage(text.prefix(1).lowercased() + text.dropFirst(), hint: "see \"substrat --help\""))
            Output.end(2)
        }
    }
}
