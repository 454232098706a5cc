import ArgumentParser
import TrailsCore

/// `trails result`: says what this app produced, and that it is done.
struct ResultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "result", abstract: "Report the result: this app is done.")

    @Argument(help: "The result; - reads it from standard input.") var json: String
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let payload = try JSONArgument.value(self.json, called: "the result")
        try await Caller(self.who).report(.result, payload)
    }
}
