import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails children`: lists the apps under the selected root.
struct ChildrenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "children", abstract: "List the children of the selected root, or of an app.")

    @Option(help: ArgumentHelp("The parent: its id, or its first 4 digits.", valueName: "id")) var uuid: AppArgument?
    @Option(help: "Only those with this status, as running or done.") var status: String?
    @Flag(help: "Also their children, and so on.") var recursive = false
    @Option(help: ArgumentHelp("Only those of this day: today, or YYYY-MM-DD.", valueName: "day")) var date: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let status = try self.status.map(Self.status)
        let day = try self.date.map(Self.day)
        let caller = try Caller(self.who)
        let (parent, identity) = try await caller.top(self.uuid)
        let apps = try await caller.api(identity, patience: .seconds(2)).children(
            of: parent, recursive: self.recursive, status: status, since: day?.lowerBound, until: day?.upperBound,
            as: identity.credentials)
        guard !self.json else { return Output.line(JSONText.pretty(apps)) }
        let line = AppLine(paint: caller.paint())
        for app in apps { Output.line("\(LocalTime.minute(app.scheduledAt))  \(line.text(app))") }
    }

    private static func status(_ text: String) throws -> AppStatus {
        guard let status = AppStatus(rawValue: text.replacing("-", with: "_")) else {
            throw CommandFailure.usage(
                "\(text.quotedForPeople()) is not a status",
                hint: "it is one of \(AppStatus.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return status
    }

    private static func day(_ text: String) throws -> Range<Timestamp> {
        guard let day = LocalTime.day(text, now: .now()) else {
            throw CommandFailure.usage("\(text.quotedForPeople()) is not a day", hint: "write today, or 2026-02-26")
        }
        return day
    }
}
