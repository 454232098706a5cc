import ArgumentParser
import Vocabulary

/// `substrat inbox`: what agents have written to the operator.
struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox", abstract: "Print what root agents have written to you, and take it out of the inbox.",
        discussion: """
            A message is taken out once it is printed: should that fail, it is there the next time. A script that must \
            not lose one prints with --keep --json, does its work, and takes out with --ack what it has done.
            """)

    @OptionGroup var place: PlaceOptions

    @Flag(help: "Leave the messages in the inbox.")
    var keep = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Take these messages out, and print none.", valueName: "message-id"))
    var ack: [String] = []

    func validate() throws {
        guard !self.keep || self.ack.isEmpty else { throw ValidationError("--keep and --ack exclude each other") }
    }

    func run() async throws {
        guard self.ack.isEmpty else { return try await self.acknowledge(self.ack) }
        let answer = try await self.place.ask("inbox.list", ["keep": true])
        let messages = answer["messages"]?.array ?? []
        self.place.say(.array(messages)) { _ in
            messages.isEmpty ? "no messages" : messages.map(Self.line).joined(separator: "\n")
        }
        guard !self.keep, !messages.isEmpty else { return }
        _ = try await self.place.ask("inbox.ack", ["message_ids": .array(messages.compactMap { $0["message_id"] })])
    }

    private func acknowledge(_ ids: [String]) async throws {
        let answer = try await self.place.ask("inbox.ack", ["message_ids": .array(ids.map(JSONValue.string))])
        self.place.say(answer["message_ids"] ?? []) { taken in
            let count = taken.array?.count ?? 0
            return "taken out: \(count)" + (count < ids.count ? " (\(ids.count - count) were not there)" : "")
        }
    }

    private static func line(_ message: JSONValue) -> String {
        let text = (message["text"]?.string ?? "").shownToPeople(scalarsMax: 100_000)
        let sender = (message["from"]?.string ?? "?").shownToPeople()
        return "\(Texts.time(message["timestamp"]?.string))  from=\(sender)  \(text)"
    }
}
