import ArgumentParser
import Vocabulary

/// `substrat inbox`: what agents have written to the operator.
struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox", abstract: "Print what root agents have written to you, and take it out of the inbox.")

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let answer = try await self.place.ask("inbox.list")
        self.place.say(answer["messages"] ?? []) { messages in
            let lines = (messages.array ?? []).map { message in
                let text = (message["text"]?.string ?? "").shownToPeople(scalarsMax: 100_000)
                let sender = (message["from"]?.string ?? "?").shownToPeople()
                return "\(Texts.time(message["timestamp"]?.string))  from=\(sender)  \(text)"
            }
            return lines.isEmpty ? "no messages" : lines.joined(separator: "\n")
        }
    }
}
