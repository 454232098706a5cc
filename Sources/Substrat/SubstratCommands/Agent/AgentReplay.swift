import AgentProtocols
import ArgumentParser
import EventLog
import SubstratProtocol
import Vocabulary

/// `substrat agent replay`: what was said to an agent and what it answered, as its log has it.
struct AgentReplay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Print the conversation with an agent as its log has it; no daemon need run.",
        discussion: """
            Turns that failed or were cut off are no part of it. With --json it is one message a line, in the words of \
            chat completions: what a bare model is sent. Exits with 1 when the log contradicts itself.
            """)

    @Argument(help: "Its path, its name, its id, or the id of its session.") var ref: String
    @OptionGroup var place: PlaceOptions

    func run() throws {
        let catalog = LogCatalog(LogFolder(self.place.place.root))
        let reader = ConversationReader(log: try catalog.history(of: try catalog.find(self.ref)).records)
        if self.place.json {
            for message in reader.conversation.messages { Output.json(message) }
        } else {
            Output.text(Self.text(of: reader))
        }
        guard let complaint = reader.complaints.first else { return }
        throw CommandFailure.refused(
            "the log contradicts itself: \(complaint)", hint: "substrat daemon log verify says what is damaged")
    }

    private static func text(of reader: ConversationReader) -> String {
        let conversation = reader.conversation
        var lines = self.lines("system", conversation.system)
        if let summary = conversation.summary { lines += self.lines("summary", summary) }
        for turn in conversation.turns {
            lines += self.lines(of: turn) + self.lines("agent", turn.response)
        }
        if let open = reader.open { lines += self.lines(of: open) + ["(not answered yet)"] }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func lines(of turn: Conversation.Turn) -> [String] {
        var lines = turn.notes.flatMap { self.lines("note", $0) } + self.lines("prompt", turn.prompt)
        for round in turn.rounds {
            lines += round.said.map { self.lines("agent", $0) } ?? []
            lines += self.lines("  call", "\(round.tool) \(round.arguments.text)")
            lines += self.lines("  answer", round.answer.text)
        }
        return lines
    }

    /// The lines of a text, the first of them after `word`, without what a terminal would obey.
    private static func lines(_ word: String, _ text: String) -> [String] {
        guard !text.isEmpty else { return [] }
        let margin = String(repeating: " ", count: word.count + 2)
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { place, line in
            (place == 0 ? "\(word): " : margin) + String(line).shownToPeople(scalarsMax: 1_000_000)
        }
    }
}

extension ConversationReader {
    /// The conversation that a log has.
    fileprivate init(log: [LogRecord]) {
        let reference = log.last { $0.event.name == "provider.ref" }?.event.data?["ref"]
        self.init(system: reference?["system"]?.string ?? "")
        for record in log { self.read(record.event.name, .object(record.event.data ?? [:])) }
    }
}
