import ArgumentParser
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

/// `trails log`: what happened to an app and what it reported, in the order of the record.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Show what happened to an app, and what it reported.")

    @Option(help: ArgumentHelp("The app: its id, or its first 4 digits.", valueName: "id")) var uuid: AppArgument?
    @Flag(help: "Go on, as things happen.") var follow = false
    @Flag(help: "Print JSON, one object a line.") var json = false
    @OptionGroup var who: IdentityOptions

    func run() async throws {
        let caller = try Caller(self.who)
        let (app, identity) = try await caller.top(self.uuid)
        let api = caller.api(identity, patience: .seconds(2))
        var last: Int64?
        guard self.follow else { return try await self.print(after: &last, of: app, api, identity.credentials) }
        try await Watch(api, .app(app), as: identity.credentials, patience: caller.patience(.seconds(600))).run {
            (item) async throws(TrailsError) in
            switch item {
            // The events of a watch say less than the record, so each is a reason to read on.
            case .live, .event: try await self.print(after: &last, of: app, api, identity.credentials)
            case .interrupted(let error): Output.note("waiting for the server: \(error.message)")
            }
            return .goOn
        }
    }

    private func print(
        after last: inout Int64?, of app: AppID, _ api: TrailsAPI, _ credentials: Credentials
    ) async throws(TrailsError) {
        let messages = try await api.messages(of: app, after: last, as: credentials)
        let events = try await api.events(of: app, after: last, as: credentials)
        for entry in LogEntry.merged(events, messages) {
            Output.line(self.json ? entry.json.text : entry.text)
            last = max(last ?? 0, entry.eventID)
        }
    }
}

/// One line of a log: an event, or the message that caused it.
struct LogEntry {
    let eventID: Int64
    let text: String
    let json: JSONValue

    /// In the order of the record. A message stands in place of the event that says no more than that it came.
    static func merged(_ events: [EventView], _ messages: [MessageView]) -> [LogEntry] {
        let told = Set(messages.map(\.eventID))
        let entries = messages.map(Self.init) + events.filter { !told.contains($0.eventID) }.map(Self.init)
        return entries.sorted { $0.eventID < $1.eventID }
    }

    private init(_ message: MessageView) {
        let marks = [message.isLate ? "late" : nil, message.isTombstone ? "refused" : nil].compactMap { $0 }
        let note = marks.isEmpty ? "" : " (\(marks.joined(separator: ", ")))"
        self.eventID = message.eventID
        self.text =
            "\(LocalTime.millisecond(message.receivedAt))  \(message.kind.rawValue.padded(to: 8))"
            + "  \(message.payload.text.shownToPeople(scalarsMax: 2_000))\(note)"
        self.json = message.json
    }

    private init(_ event: EventView) {
        let kind = event.event["kind"]?.string ?? "event"
        let facts = event.event.filter { $0.key != "kind" && !$0.value.isNull && $0.value != .string("") }
            .map { "\($0.key) \(Self.words($0))" }
        self.eventID = event.eventID
        self.text =
            "\(LocalTime.millisecond(event.at))  \(kind.shownToPeople().padded(to: 8))"
            + "  \(facts.joined(separator: ", ").shownToPeople(scalarsMax: 2_000))"
        self.json = event.json
    }

    /// A value as people read it; a moment in the caller's zone.
    private static func words(_ member: JSONObject.Element) -> String {
        if ["deadline", "gapSince"].contains(member.key), let moment = member.value.integer {
            return LocalTime.minute(milliseconds: moment)
        }
        return member.value.string ?? member.value.text
    }
}
