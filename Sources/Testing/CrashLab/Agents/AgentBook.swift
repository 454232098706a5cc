import Foundation
import Vocabulary

/// What clients and agents were told, from outside of any daemon.
struct AgentBook: Sendable {
    /// Of each agent that was made for the operator, by name.
    var agents: [String: String] = [:]
    /// The words of each job, with the agent they were said to, from before they were said.
    var given: [Int: (agent: String, word: String)] = [:]
    /// Jobs whose turn was answered.
    var answered: Set<Int> = []
    /// How often each job came to its end, as the operator's log told while it was followed.
    var ends: [Int: Int] = [:]
    /// Messages that were taken out of the operator's inbox, by id.
    var taken: [String: Int] = [:]
    /// The last number of the operator's log that was heard.
    var offset: Int64 = 0
    var gatings = 0
    var repeats = 0
    var complaints: [String] = []
    var isOver = false

    /// How many jobs are on their way.
    var open: Int { self.answered.count - self.ends.count }

    /// Whether every job was answered and has come to its end.
    var isDone: Bool {
        self.answered == Set(self.given.keys) && self.answered.isSubset(of: self.ends.keys)
    }

    mutating func complain(_ text: String) {
        if self.complaints.count < 20 { self.complaints.append(text) }
    }

    /// Takes what the operator's log says while it is followed: every event once, in order.
    mutating func hear(_ event: JSONObject) {
        let number = event["seq"]?.integer ?? 0
        if number != self.offset + 1 { self.complain("event \(number) of USER follows event \(self.offset)") }
        self.offset = number
        guard event["event"]?.string == "message.enqueued",
            let word = LabWord(event["data"]?["payload"]?.string ?? ""), word.verb == "end"
        else { return }
        self.ends[word.job, default: 0] += 1
        if self.ends[word.job] != 1 { self.complain("job \(word.job) came to its end twice") }
    }
}

/// A word that the agents of the lab understand, as `[ping 17 3]`.
struct LabWord: Hashable, Sendable {
    let verb: String
    let job: Int

    init?(_ text: String) {
        let parts = text.drop { $0 == "[" }.split(separator: " ")
        guard text.hasPrefix("["), parts.count == 3, let job = Int(parts[1]) else { return nil }
        self.verb = String(parts[0])
        self.job = job
    }
}

/// What agents have put down of what was acknowledged to them.
struct AgentNotes: Sendable {
    /// What each step has made; a step may be told of more than once, and has made one thing then.
    private(set) var made: [String: Set<String>] = [:]
    private(set) var complaints: [String] = []

    init(path: String) {
        let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                self.complaints.append("an agent has put down \(line)")
                continue
            }
            if parts[1].hasPrefix("!") {
                // A host that is about to end does nothing any more; the turn goes on after it.
                guard !parts[1].contains("stopping"), !parts[1].contains("closed") else { continue }
                self.complaints.append("\(parts[0]) was refused: \(parts[1])")
            } else {
                self.made[parts[0], default: []].insert(parts[1].replacing("-", with: ""))
            }
        }
    }
}
