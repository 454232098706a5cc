import AgentCore
import Vocabulary

/// Compares what clients and agents were told with what the daemon says at the end. Changes nothing.
///
/// What it claims:
///
///     a call was acknowledged      -> what it made is there, made once, however often the turn was begun
///     a turn was answered          -> it is there, ended well, once
///     a message was sent           -> it arrived once and was shown in one turn that ended well
///     a job was given              -> it came to its end once
///     nothing is under way         -> every agent is idle, no mail waits, no turn is without its end
struct AgentVerdict {
    private(set) var complaints: [String] = []

    init(_ logs: AgentLogs, _ book: AgentBook, _ notes: AgentNotes) {
        self.complaints += book.complaints + notes.complaints
        self.complaints += LogAudit.violations(of: logs.entries, isRecovered: true)
        for (session, events) in logs.events {
            let numbers = events.map { $0["seq"]?.integer ?? 0 }
            if numbers != Array(1...Int64(max(1, numbers.count))) {
                self.complaints.append("log \(session.prefix(8)) has gaps")
            }
        }
        self.judgeSteps(logs, notes)
        self.judgeJobs(logs, book)
        self.judgeTurns(logs)
        self.judgeAgents(logs, book, notes)
    }

    private mutating func judgeSteps(_ logs: AgentLogs, _ notes: AgentNotes) {
        let messages = logs.data(of: "message.enqueued")
        let made = Set(
            (messages.map { $0["message_id"] } + logs.data(of: "agent.created").map { $0["agent_id"] }
                + logs.data(of: "reminder.set").map { $0["reminder_id"] }).compactMap { $0?.string })
        for (step, ids) in notes.made where ids != [""] {
            if ids.count > 1 { self.complaints.append("\(step) was done \(ids.count) times") }
            let lost = ids.subtracting(made)
            if !lost.isEmpty { self.complaints.append("\(step) was acknowledged, and \(lost) is not there") }
        }
        let words = messages.compactMap { $0["payload"]?.string }.filter { LabWord($0) != nil }
        for (word, count) in Dictionary(words.map { ($0, 1) }, uniquingKeysWith: +) where count > 1 {
            self.complaints.append("\(word) was sent \(count) times")
        }
    }

    private mutating func judgeJobs(_ logs: AgentLogs, _ book: AgentBook) {
        let users = (logs.events[""] ?? []).filter { $0["event"] == "message.enqueued" }.compactMap { $0["data"] }
        let ends = users.compactMap { $0["payload"]?.string.flatMap { LabWord($0) } }.filter { $0.verb == "end" }
        let counts = Dictionary(ends.map { ($0.job, 1) }, uniquingKeysWith: +)
        for job in book.given.keys.sorted() where counts[job] != 1 || book.ends[job] != 1 {
            let (count, heard) = (counts[job] ?? 0, book.ends[job] ?? 0)
            self.complaints.append("job \(job) came to its end \(count) times, and was heard of \(heard) times")
        }
        let ids = Set(users.compactMap { $0["message_id"]?.string })
        let strange = Set(book.taken.keys).subtracting(ids)
        if !strange.isEmpty { self.complaints.append("the operator has read what was never sent: \(strange)") }
    }

    private mutating func judgeTurns(_ logs: AgentLogs) {
        var shown: [String: Int] = [:]
        for (session, events) in logs.events {
            var open: JSONValue?
            for event in events {
                switch event["event"]?.string {
                case "turn.start": open = event["data"]
                case "turn.failed":
                    let why = event["data"]?["error"]?.string ?? ""
                    self.complaints.append("a turn of \(session.prefix(8)) failed: \(why)")
                case "turn.complete":
                    for id in open?["message_ids"]?.array ?? [] { shown[id.string ?? "", default: 0] += 1 }
                    if let key = open?["request_key"]?.string { shown[key, default: 0] += 1 }
                case "message.delivered" where event["data"]?["turn_id"] != nil:
                    shown[event["data"]?["message_id"]?.string ?? "", default: 0] += 1
                default: break
                }
            }
        }
        for (what, count) in shown where count > 1 { self.complaints.append("\(what) was answered \(count) times") }
    }

    private mutating func judgeAgents(_ logs: AgentLogs, _ book: AgentBook, _ notes: AgentNotes) {
        let names = logs.living.compactMap { $0["name"]?.string }
        if Set(names) != Set(book.agents.keys) || names.count != book.agents.count {
            self.complaints.append("there are \(names.sorted()), not \(book.agents.keys.sorted())")
        }
        for agent in logs.living {
            let name = agent["name"]?.string ?? ""
            if agent["agent_id"]?.string != book.agents[name] { self.complaints.append("\(name) is another one") }
            if agent["state"] != "idle" { self.complaints.append("\(name) is not idle") }
            if agent["inbox"]?.array?.isEmpty != true { self.complaints.append("mail waits for \(name)") }
            guard name.hasSuffix("-1") else { continue }
            // Only roots set it, on their first child.
            let marks = book.given.filter { $0.value.word.hasPrefix("[mark") && name == "\($0.value.agent)-1" }
            for job in marks.keys where agent["metadata"]?["job-\(job)"]?.string != "\(job)" {
                self.complaints.append("what job \(job) has set on \(name) is not there")
            }
        }
    }
}
