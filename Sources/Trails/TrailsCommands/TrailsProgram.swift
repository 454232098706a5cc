import ArgumentParser

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The program `trails`: parses, runs one command, and ends with its exit code.
package enum TrailsProgram {
    /// Runs the command that `arguments` (without the program's name) say, and exits.
    package static func run(_ arguments: [String]) async -> Never {
        Signals.ignoreBrokenPipes()
        do {
            var command = try TrailsCommand.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Output.end(0)
        } catch {
            Self.end(after: error, arguments)
        }
    }

    private static func end(after error: any Error, _ arguments: [String]) -> Never {
        let failure: CommandFailure
        switch error {
        case let code as ExitCode: Output.end(code.rawValue)
        case let error as CommandFailure: failure = error
        default:
            let code = TrailsCommand.exitCode(for: error)
            if code == .success {
                Output.line(TrailsCommand.message(for: error))
                Output.end(0)
            }
            failure =
                CommandFailure(wrapping: error)
                ?? CommandFailure(
                    64, TrailsCommand.message(for: error).lowercasedFirst, hint: Self.helpHint(arguments))
        }
        Output.complain(failure)
        if EvalOutput.isEvaluated(arguments), !Terminal.isOutput {
            Output.line(EvalOutput.failure(exitCode: failure.exitCode))
        }
        Output.end(failure.exitCode)
    }

    private static func helpHint(_ arguments: [String]) -> String {
        let names = arguments.prefix { !$0.hasPrefix("-") }.prefix(1)
        let known = names.filter { name in
            TrailsCommand.configuration.subcommands.contains { $0._commandName == name }
        }
        return "see \"\((["trails"] + known + ["--help"]).joined(separator: " "))\""
    }
}

extension String {
    /// The message of the parser in the house's style: lower case, no full stop.
    fileprivate var lowercasedFirst: String {
        let text = self.hasSuffix(".") ? String(self.dropLast()) : self
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
