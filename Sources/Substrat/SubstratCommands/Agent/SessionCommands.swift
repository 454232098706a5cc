import ArgumentParser
import SubstratProtocol
import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `substrat session`: the conversations of agents, also of those that have ended.
struct SessionCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "List sessions, suspend and resume them, delete what is over.",
        discussion: """
            SESSION is the id of a session, a beginning of it that only one has, or REF of its agent.
            """,
        subcommands: [SessionList.self, SessionSuspend.self, SessionResume.self, SessionDelete.self])
}

/// `substrat session list`.
struct SessionList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List all sessions, also those that have ended or are quarantined.")

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("session.list")
        self.place.say(answer["sessions"] ?? []) { sessions in
            let lines = (sessions.array ?? []).map(Self.line)
            return lines.isEmpty ? "no sessions" : lines.joined(separator: "\n")
        }
    }

    /// `a1…  boss/worker  [suspended by hand]  scripted  12 events, 3.4 KiB  created 2026-03-01 10:00`
    static func line(_ session: JSONValue) -> String {
        func text(_ name: String) -> String? { session[name]?.string.flatMap { $0.isEmpty ? nil : Texts.cut($0) } }
        let hand = session["by_hand"]?.bool == true ? " by hand" : ""
        let bytes = ByteCount(Int(session["bytes"]?.integer ?? 0))
        var parts = [
            text("session_id") ?? "?", text("path") ?? "-", "[\(text("state") ?? "?")\(hand)]",
            [text("provider"), text("model")].compactMap { $0 }.joined(separator: " "),
            "\(session["events"]?.integer ?? 0) events, \(bytes)",
        ]
        if let created = text("created_at") { parts.append("created \(Self.moment(created))") }
        if let suspended = text("suspended_at") { parts.append("suspended \(Self.moment(suspended))") }
        if let remark = text("remark") { parts.append(remark) }
        return parts.filter { !$0.isEmpty }.joined(separator: "  ")
    }

    private static func moment(_ text: String) -> String { text.prefix(19).replacing("T", with: " ") + "Z" }
}

/// `substrat session suspend`.
struct SessionSuspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Keep an agent from its turns: its mail waits until it is resumed.",
        discussion: "Its provider is stopped. It stays so over restarts of the daemon.")

    @Argument(help: "Which session.") var session: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("session.suspend", ["session_id": .string(self.session)])
        self.place.say(answer) { "suspended \($0["session_id"]?.string ?? "?")" }
    }
}

/// `substrat session resume`.
struct SessionResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let an agent go on whose session was suspended.")

    @Argument(help: "Which session.") var session: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("session.resume", ["session_id": .string(self.session)])
        self.place.say(answer) { "resumed \($0["session_id"]?.string ?? "?")" }
    }
}

/// `substrat session delete`.
struct SessionDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Move the folder of a session that is over, or quarantined, to the trash.",
        discussion: """
            What is in the folder trash of the root can be looked at, put back into agents while no daemon runs, or \
            removed. Mail that waits in a quarantined session goes back to those who sent it.
            """)

    @Argument(help: "Which session.") var session: String
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try self.confirm()
        let answer = try await self.place.ask("session.delete", ["session_id": .string(self.session)])
        self.place.say(answer) { answer in
            let place = answer["trash"]?.string.map { "; its folder is \($0.shownToPeople())" } ?? ""
            return "deleted \(answer["session_id"]?.string ?? "?")\(place)"
        }
    }

    /// A script knows what it does; a person is asked.
    private func confirm() throws {
        guard !self.yes, isatty(STDIN_FILENO) != 0 else { return }
        Output.aside("delete session \(self.session.shownToPeople())? [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else {
            throw CommandFailure.refused("nothing was deleted", hint: "--yes does not ask")
        }
    }
}
