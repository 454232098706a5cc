import TrailsCore
import Vocabulary

/// Compares what apps and commander were promised with what is stored. Changes nothing, asks nobody.
///
/// What it claims:
///
///     message acknowledged         -> stored once, in incarnation 1, with the payload of its number
///     message stored               -> was sent
///     command accepted (202)       -> stored once, for its app; answered by no more than one counting answer
///     command that reached an app  -> stored
///     command stored               -> was given, to this app
///     answer that was read         -> is the one that is stored
///     answer stored                -> answers a delivery that the app had
///
/// and, once all is quiet, that every message is acknowledged and every accepted command answered.
package struct KillVerdict {
    package private(set) var complaints: [String] = []

    package init(_ stored: StoredTree, speakers: [Speaker], book: Commander.Book, isQuiet: Bool) {
        for speaker in speakers {
            self.judgeMessages(of: speaker, stored.messages[speaker.id] ?? [], isQuiet: isQuiet)
            for id in speaker.deliveries.keys where stored.commands[id] == nil {
                self.complaints.append("command \(id) reached app \(speaker.id.short) and is not stored")
            }
        }
        let speakers = Dictionary(uniqueKeysWithValues: speakers.map { ($0.id, $0) })
        for app in stored.messages.keys where speakers[app] == nil {
            self.complaints.append("app \(app) has messages and is none of ours")
        }
        for id in book.accepted { self.judge(id, stored, book, isQuiet: isQuiet) }
        for (id, commands) in stored.commands {
            for command in commands { self.judge(id, command, givenTo: book.given[id], speakers[command.app]) }
        }
    }

    private mutating func judgeMessages(of speaker: Speaker, _ messages: [StoredTree.Message], isQuiet: Bool) {
        let name = "app \(speaker.id.short)"
        let numbers = Set(messages.map(\.seq))
        if numbers.count != messages.count { self.complaints.append("\(name): a message is stored twice") }
        let lost = speaker.acknowledged.subtracting(numbers)
        if !lost.isEmpty { self.complaints.append("\(name): acknowledged and not stored: \(lost.sorted())") }
        for message in messages {
            let isWhole =
                message.incarnation == 1 && !message.isTombstone && (1...max(1, speaker.sent)).contains(message.seq)
                && message.payload == Speaker.payload(message.seq).sortedText()
            if !isWhole { self.complaints.append("\(name): stored is what was never sent: \(message)") }
        }
        if isQuiet, speaker.acknowledged.count != Int(speaker.sent) || messages.count != Int(speaker.sent) {
            self.complaints.append(
                "\(name): \(speaker.sent) sent, \(speaker.acknowledged.count) acknowledged, \(messages.count) stored")
        }
    }

    private mutating func judge(
        _ id: CorrelationID, _ stored: StoredTree, _ book: Commander.Book, isQuiet: Bool
    ) {
        let commands = stored.commands[id] ?? []
        let answers = stored.answers[id] ?? 0
        guard commands.count == 1, let command = commands.first else {
            self.complaints.append("command \(id) was accepted and is stored \(commands.count) times")
            return
        }
        let answersExpected = command.outcome == nil ? 0 : 1
        if answers != answersExpected { self.complaints.append("command \(id) has \(answers) answers that count") }
        if isQuiet, command.outcome != "done" {
            self.complaints.append("command \(id) was accepted and is \(command.outcome ?? "not answered")")
        }
        if let answer = book.answers[id], answer.sortedText() != command.result {
            self.complaints.append("command \(id): answer \(answer.text) became \(command.result ?? "nothing")")
        }
    }

    private mutating func judge(
        _ id: CorrelationID, _ command: StoredTree.Command, givenTo app: AppID?, _ speaker: Speaker?
    ) {
        if app != command.app { self.complaints.append("command \(id) is stored for \(command.app), not for its app") }
        guard let result = command.result else { return }
        let delivery = (try? JSONValue(parsing: result))?["delivery"]?.integer ?? 0
        if !(1...max(1, speaker?.deliveries[id] ?? 0)).contains(delivery) {
            self.complaints.append("command \(id) is answered by \(result), which is no delivery of it")
        }
    }
}
