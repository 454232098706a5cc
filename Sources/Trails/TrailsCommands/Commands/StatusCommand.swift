import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails status`: says how far this app is, or asks how another one is.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Report a status (status JSON), or ask for one (status --uuid ID).",
        discussion: """
            In a report, "progress" (0 to 1) and "note" are shown by "trails tree". A query prints the app as JSON, \
            or with --field one member of it, such as status, result or processInfo.hostname.
            """)

    @Argument(help: "The report; - reads it from standard input.") var json: String?
    @Option(help: ArgumentHelp("The app to ask about: its id, or its first 4 digits.", valueName: "id"))
    var uuid: AppArgument?
    @Option(help: "Print only this member, without quotes.") var field: String?
    @OptionGroup var who: IdentityOptions

    func validate() throws {
        guard (self.json == nil) != (self.uuid == nil) else {
            throw ValidationError("Give either JSON to report or --uuid ID to ask")
        }
        guard self.field == nil || self.uuid != nil else { throw ValidationError("--field belongs to --uuid") }
    }

    func run() async throws {
        let caller = try Caller(self.who)
        guard let uuid = self.uuid else {
            let payload = try JSONArgument.value(self.json ?? "", called: "the status")
            try await caller.report(.status, payload)
            return
        }
        let app = try await caller.find(uuid, patience: .seconds(2)).app
        guard let field = self.field else { return Output.line(app.json.prettyText) }
        Output.line(try Self.member(field, of: app))
    }

    /// A member by its path, `processInfo.hostname`; a text without its quotes.
    static func member(_ path: String, of app: AppView) throws -> String {
        var value: JSONValue? = app.json
        for name in path.split(separator: ".", omittingEmptySubsequences: false) { value = value?[String(name)] }
        guard let value else {
            throw CommandFailure.usage(
                "an app has no member \(path.quotedForPeople())",
                hint: "its members are \(app.members.keys.joined(separator: ", "))")
        }
        return value.string?.shownToPeople(scalarsMax: .max) ?? value.text
    }
}
