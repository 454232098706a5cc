import SubstratProtocol
import Synchronization
import TestKit
import Vocabulary

/// The operator of the agents: makes them, gives them jobs, reads what they say, ungates them; through kills.
final class AgentOperator: Sendable {
    /// Each has a root and four children.
    static let families = 4
    static let familySize = 5
    static let verbs = ["ping", "spawn", "remind", "check", "mark"]

    private let place: DaemonPlace
    private let script: String
    private let book = Mutex(AgentBook())

    init(_ place: DaemonPlace, script: String) {
        self.place = place
        self.script = script
    }

    var current: AgentBook { self.book.withLock { $0 } }

    /// Gives no new jobs; those on their way are brought home.
    func finish() { self.book.withLock { $0.isOver = true } }

    /// Makes a family, and has two drivers give it jobs until it is told to finish.
    func drive(family: Int, dice: SplitMix64) async throws {
        let caller = AgentCaller(self.place)
        let names = ["r\(family)"] + (1..<Self.familySize).map { "r\(family)-\($0)" }
        for name in names {
            try await self.make(name, under: name == names[0] ? nil : names[0], by: caller)
        }
        var dice = dice
        let both = [SplitMix64(seed: dice.next()), SplitMix64(seed: dice.next())]
        try await withThrowingTaskGroup { group in
            for dice in both { group.addTask { try await self.giveJobs(to: names, dice) } }
            try await group.waitForAll()
        }
        await caller.disconnect()
    }

    /// Twice, as a client that lost the answer: there is one agent all the same.
    private func make(_ name: String, under parent: String?, by caller: AgentCaller) async throws {
        var params: JSONObject = ["name": .string(name), "model": .string(self.script), "request_key": .string(name)]
        params["parent"] = parent.map(JSONValue.string)
        for _ in 0..<2 {
            let id = try await caller.insist("agent.create", params)["agent_id"]?.string ?? ""
            self.book.withLock { book in
                if let known = book.agents[name], known != id { book.complain("\(name) was made twice") }
                book.agents[name] = id
            }
        }
    }

    private func giveJobs(to names: [String], _ dice: SplitMix64) async throws {
        let caller = AgentCaller(self.place)
        var dice = dice
        while !self.current.isOver {
            if self.current.open < 60 {
                try await self.giveJob(to: dice.pick(names), dice.pick(Self.verbs), by: caller, &dice)
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...10, using: &dice)))
        }
        await caller.disconnect()
    }

    private func giveJob(
        to agent: String, _ verb: String, by caller: AgentCaller, _ dice: inout SplitMix64
    ) async throws {
        let left = verb == "ping" ? Int.random(in: 1...4, using: &dice) : 0
        let (job, word) = self.book.withLock { book -> (Int, String) in
            let job = book.given.count + 1
            let word = "[\(verb) \(job) \(left)]"
            book.given[job] = (agent, word)
            return (job, word)
        }
        let params: JSONObject = [
            "agent_id": .string(agent), "message": .string(word), "request_key": .string("job-\(job)"),
        ]
        // Some are given twice, as by a client that lost the answer.
        for repetition in 0...(dice.chance(0.2) ? 1 : 0) {
            let response = try await caller.insist("agent.send", params)["response"]?.string ?? ""
            self.book.withLock { book in
                book.answered.insert(job)
                book.repeats += repetition
                if !response.hasPrefix("did \(word)") { book.complain("\(word) was answered by \(response)") }
            }
        }
    }
}

extension AgentOperator {
    /// Follows what comes to the operator.
    func follow() async {
        let caller = AgentCaller(self.place)
        while !Task.isCancelled {
            await caller.follow("USER", after: self.current.offset) { event in self.book.withLock { $0.hear(event) } }
            try? await Task.sleep(for: .milliseconds(5))
        }
        await caller.disconnect()
    }

    /// Takes the operator's mail now and then; what an answer has lost is not told again.
    func readMail() async {
        let caller = AgentCaller(self.place)
        while !Task.isCancelled {
            let mail = try? await caller.call("inbox.list", [:])
            self.book.withLock { book in
                for message in mail?["messages"]?.array ?? [] {
                    guard let id = message["message_id"]?.string else { continue }
                    book.taken[id, default: 0] += 1
                    if book.taken[id] != 1 { book.complain("message \(id) was taken twice") }
                }
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        await caller.disconnect()
    }

    /// An agent in one turn of which three daemons have died is gated; here it was not its fault.
    func ungate() async {
        let caller = AgentCaller(self.place)
        while !Task.isCancelled {
            let agents = (try? await caller.call("agent.list", [:]))?["agents"]?.array ?? []
            for agent in agents where agent["gated"]?.bool == true {
                let done = try? await caller.call("agent.ungate", ["agent_id": agent["agent_id"] ?? .null])
                if done != nil { self.book.withLock { $0.gatings += 1 } }
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        await caller.disconnect()
    }
}
