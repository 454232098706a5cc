import Foundation
import Glibc
import TestKit
import Vocabulary

/// A daemon of agents is killed again and again while twenty agents write to each other; in the end all that was
/// acknowledged must be there, and nothing twice (`AgentVerdict`).
package struct AgentKillRun: Sendable {
    package var seed: UInt64
    package var kills: Int
    /// The longest a daemon lives, from the moment it serves.
    package var lifeMax: Duration = .milliseconds(700)

    package init(seed: UInt64, kills: Int) {
        self.seed = seed
        self.kills = kills
    }

    /// What a run counted, and what it complains about.
    package struct Report: Sendable, CustomStringConvertible {
        /// By SIGKILL.
        package var kills = 0
        /// By SIGTERM.
        package var stops = 0
        package var jobs = 0
        package var repeats = 0
        package var messages = 0
        package var interruptions = 0
        package var evictions = 0
        package var gatings = 0
        package var restarts: [Duration] = []
        package var complaints: [String] = []

        package var description: String {
            """
            \(self.kills) kills, \(self.stops) stops, \(self.jobs) jobs (\(self.repeats) asked for again), \
            \(self.messages) messages, \(self.interruptions) turns cut off, \(self.evictions) evictions, \
            \(self.gatings) gatings, \(self.restarts.restartText)
            """
        }
    }
}

extension AgentKillRun {
    /// Runs in `folder`, which must be empty, with the substrat at `program` and agents that are copies of `script`.
    package func run(program: String, script: String, folder: String) async throws -> Report {
        let agent = "\(folder)/agent"
        try FileManager.default.copyItem(atPath: script, toPath: agent)
        var dice = SplitMix64(seed: self.seed)
        let daemon = AgentDaemon(program: program, folder: folder)
        let people = AgentOperator(daemon.place, script: agent)
        var report = Report(restarts: [try await daemon.start()])
        let driverDice = (0..<AgentOperator.families).map { _ in SplitMix64(seed: dice.next()) }
        try await withThrowingTaskGroup { group in
            group.addTask { await people.follow() }
            group.addTask { await people.readMail() }
            group.addTask { await people.ungate() }
            try await withThrowingTaskGroup { drivers in
                for (family, dice) in driverDice.enumerated() {
                    drivers.addTask { try await people.drive(family: family, dice: dice) }
                }
                while report.kills < self.kills, people.current.complaints.isEmpty, report.complaints.isEmpty {
                    try await self.strike(daemon, using: &dice, &report)
                }
                people.finish()
                try await drivers.waitForAll()
            }
            // With something to complain about, there may be no end to wait for.
            if people.current.complaints.isEmpty, report.complaints.isEmpty {
                try await self.becomeQuiet(daemon, people)
            }
            group.cancelAll()
        }
        try await self.judge(daemon, people, notes: "\(folder)/ledger", &report)
        return report
    }

    /// Lets the daemon live for a while, sometimes not even until it serves, ends it and starts it again.
    private func strike(
        _ daemon: AgentDaemon, using dice: inout SplitMix64, _ report: inout Report
    ) async throws {
        try await Task.sleep(for: .milliseconds(Int64.random(in: 0...self.lifeMax.milliseconds, using: &dice)))
        if dice.chance(0.1) {
            try await daemon.stop()
            report.stops += 1
        } else {
            try await daemon.kill()
            report.kills += 1
        }
        if dice.chance(0.1) { report.complaints += try await daemon.verify() }
        if dice.chance(0.2) {
            // Once more, while it recovers.
            try daemon.launch()
            try await Task.sleep(for: .milliseconds(Int64.random(in: 0...60, using: &dice)))
            try await daemon.kill()
            report.kills += 1
        }
        report.restarts.append(try await daemon.start())
    }

    /// Waits until every job has come to its end, nothing is under way, and nobody is gated.
    private func becomeQuiet(_ daemon: AgentDaemon, _ people: AgentOperator) async throws {
        let caller = AgentCaller(daemon.place)
        try await Patience.wait("all jobs to come to their end") {
            people.current.isDone
        }
        try await Patience.wait("all agents to be idle") {
            let agents = try await caller.insist("agent.list")["agents"]?.array ?? []
            for agent in agents {
                guard agent["state"] == "idle", agent["gated"]?.bool == false, let id = agent["agent_id"] else {
                    return false
                }
                // One that was made for a job may have ended since.
                let known = try? await caller.call("agent.inspect", ["agent_id": id])
                guard known?["inbox"]?.array?.isEmpty == true else { return false }
            }
            return true
        }
        await caller.disconnect()
    }

    private func judge(
        _ daemon: AgentDaemon, _ people: AgentOperator, notes: String, _ report: inout Report
    ) async throws {
        let book = people.current
        guard book.complaints.isEmpty, report.complaints.isEmpty else {
            report.complaints += book.complaints
            return try await daemon.kill()
        }
        let caller = AgentCaller(daemon.place)
        let logs = try await AgentLogs(caller)
        report.count(logs, book)
        report.complaints += AgentVerdict(logs, book, AgentNotes(path: notes)).complaints
        // Nothing is left to finish: one more start finds all as it was, and writes nothing.
        try await daemon.stop()
        report.complaints += try await daemon.verify()
        report.restarts.append(try await daemon.start())
        let recovery = try await caller.insist("daemon.recovery")
        if recovery["recorded"] != 0 { report.complaints.append("a start in peace has recorded: \(recovery.text)") }
        if try await AgentLogs(caller).events != logs.events {
            report.complaints.append("the logs are not what they were before a start in peace")
        }
        await caller.disconnect()
        try await daemon.stop()
    }
}

extension AgentKillRun.Report {
    fileprivate mutating func count(_ logs: AgentLogs, _ book: AgentBook) {
        self.jobs = book.answered.count
        self.repeats = book.repeats
        self.gatings = book.gatings
        self.messages = logs.data(of: "message.enqueued").count
        self.interruptions = logs.data(of: "turn.interrupted").count
        self.evictions = logs.data(of: "suspend.result").count
    }
}
