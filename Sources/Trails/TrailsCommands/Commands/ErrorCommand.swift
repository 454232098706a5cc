import ArgumentParser
import TrailsCore
import Vocabulary

/// `trails error`: says that this app failed.
struct ErrorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "error", abstract: "Report an error: this app has failed.")

    @Argument(help: "What went wrong, for people.") var message: String
    @Option(help: ArgumentHelp("More about it; - reads it from standard input.", valueName: "json"))
    var detail: String?
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        var payload: JSONObject = ["message": .string(self.message)]
        if let detail = self.detail { payload["detail"] = try JSONArgument.value(detail, called: "the detail") }
        try await Caller(self.who).report(.error, .object(payload))
    }
}
