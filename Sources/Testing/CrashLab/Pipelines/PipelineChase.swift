import Foundation
import Glibc
import TestKit
import Vocabulary

/// One run of one pipeline, from its first start to its end, through many lives.
struct PipelineChase {
    private let plan: PipelineKillRun
    private let place: PipelinePlace
    private let calm: StoredRun
    private var dice: SplitMix64
    /// All that was printed.
    private var events: [JSONValue] = []
    private var session: String?
    private var isOver = false
    private var lives = 0

    init(_ plan: PipelineKillRun, _ place: PipelinePlace, calm: StoredRun, dice: SplitMix64) {
        self.plan = plan
        self.place = place
        self.calm = calm
        self.dice = dice
    }

    /// What ends a life.
    private enum Strike: CaseIterable {
        case kill, killGroup, race, interrupt, interruptTwice, terminate, takeOver

        /// Of a hundred.
        var share: Int {
            switch self {
            case .kill: 62
            case .killGroup: 12
            case .race: 12
            case .interrupt: 5
            case .interruptTwice: 3
            case .terminate: 3
            case .takeOver: 3
            }
        }
    }

    /// Lives until the pipeline has ended. Once there were enough kills, it lives in peace.
    mutating func run(_ report: inout PipelineKillRun.Report) async throws {
        while !self.isOver, report.complaints.isEmpty {
            if self.session == nil { try await self.find() }
            if self.plan.isEnough(report) {
                try await self.live(in: try self.place.play(self.session), &report)
            } else {
                try await self.live(until: self.nextStrike, &report)
            }
            try self.place.noteDeath()
            if self.plan.powerCut != nil { try await self.cutPower(&report) }
        }
        try await self.judge(isOver: report.complaints.isEmpty, &report)
    }

    private var nextStrike: Strike {
        mutating get {
            // Before there is a session, nobody can go on with it.
            guard self.session != nil else { return .kill }
            // Whatever the dice say, each long run has one of these.
            self.lives += 1
            if self.lives == 4 { return .race }
            if self.lives == 8 { return .takeOver }
            var fate = Int.random(in: 0..<100, using: &self.dice)
            return Strike.allCases.first { strike in
                fate -= strike.share
                return fate < 0
            } ?? .kill
        }
    }

    private mutating func live(
        until strike: Strike, _ report: inout PipelineKillRun.Report
    ) async throws {
        switch strike {
        case .race: return try await self.race(&report)
        case .takeOver: return try await self.takeOver(&report)
        default: break
        }
        let runner = try self.place.play(self.session)
        guard try await self.letLive(runner) else { return try await self.leave(runner, &report) }
        switch strike {
        case .interrupt: try await self.pause(runner, [SIGINT], &report)
        case .interruptTwice: try await self.pause(runner, [SIGINT, SIGINT], &report)
        case .terminate: try await self.pause(runner, [SIGTERM], &report)
        default: try await self.kill(runner, group: strike == .killGroup, &report)
        }
    }

    /// Lets it get somewhere: at times perhaps not even to its first word, at times to where a tool has just begun or
    /// ended, and its end is about to be written. Answers whether it goes on.
    private mutating func letLive(_ runner: Runner) async throws -> Bool {
        let fate = Int.random(in: 0..<10, using: &self.dice)
        if fate < 2 {
            try await self.wait(upTo: .milliseconds(300))
            return true
        }
        let lines = Int.random(in: 1...self.plan.linesMax, using: &self.dice)
        guard try await runner.listen(lines: lines) else { return false }
        if fate < 5 {
            try await self.wait(upTo: .milliseconds(20))
        } else {
            try await self.place.waitForTool(atMost: .milliseconds(500))
            try await self.wait(upTo: .milliseconds(5))
        }
        return true
    }

    private mutating func wait(upTo limit: Duration) async throws {
        try await Task.sleep(for: .microseconds(Int64.random(in: 0...limit.milliseconds * 1_000, using: &self.dice)))
    }

    private mutating func kill(
        _ runner: Runner, group: Bool, _ report: inout PipelineKillRun.Report
    ) async throws {
        let end = try await runner.kill(group: group)
        guard end == .signal(SIGKILL) else { return self.leave(runner, end, &report) }
        report.kills += 1
        self.hear(runner)
    }
}

// MARK: - Ends

extension PipelineChase {
    private mutating func hear(_ runner: Runner) {
        self.events += runner.events
        if runner.hasSaid("pipeline_completed") { self.isOver = true }
    }

    private mutating func live(in runner: Runner, _ report: inout PipelineKillRun.Report) async throws {
        _ = try await runner.listen()
        try await self.leave(runner, &report)
    }

    /// It has ended by itself, which is right when the pipeline has, and when there is nothing left to do.
    private mutating func leave(_ runner: Runner, _ report: inout PipelineKillRun.Report) async throws {
        self.leave(runner, try await runner.end(), &report)
    }

    private mutating func leave(_ runner: Runner, _ end: Child.End, _ report: inout PipelineKillRun.Report) {
        self.hear(runner)
        switch end {
        case .exit(0) where self.isOver: return
        case .exit(1) where runner.complaint.contains("is completed"): self.isOver = true
        default: report.complaints.append("orchestra ended with \(end): \(runner.complaint)\(runner.text.suffix(500))")
        }
    }

    /// Asks it to pause, once or twice; it must do so soon, and say so.
    private mutating func pause(
        _ runner: Runner, _ signals: [Int32], _ report: inout PipelineKillRun.Report
    ) async throws {
        let mayListen = runner.lines > 0
        for signal in signals {
            runner.send(signal)
            if signals.count > 1 { try await self.wait(upTo: .milliseconds(10)) }
        }
        if try await runner.listen(lines: 300) {
            // Before its first word it may not hear signals yet.
            if mayListen { report.complaints.append("orchestra was asked to pause, and goes on") }
            return try await self.kill(runner, group: false, &report)
        }
        let end = try await runner.end()
        self.hear(runner)
        switch end {
        case .exit(0) where runner.hasSaid("pipeline_paused"), .exit(130): report.pauses += 1
        case .exit(0) where self.isOver: break
        case .exit(1) where runner.complaint.contains("is completed"): self.isOver = true
        case .signal where !mayListen: break
        default:
            report.complaints.append("asked to pause, orchestra ended with \(end): \(runner.text.suffix(500))")
        }
    }
}

// MARK: - Two at once

extension PipelineChase {
    /// Two go on with the session at the same moment: one owns it, the other is refused. The one is killed then.
    private mutating func race(_ report: inout PipelineKillRun.Report) async throws {
        let runners = [try self.place.play(self.session), try self.place.play(self.session)]
        if self.dice.chance(0.3) {
            // Both die while they may still be about to find out.
            try await self.wait(upTo: .milliseconds(300))
        } else {
            async let first = runners[0].listenForResumption()
            async let second = runners[1].listenForResumption()
            let owns = [try await first, try await second]
            if owns == [false, false] { return try await self.lose(runners, &report) }
        }
        report.races += 1
        if runners.allSatisfy({ $0.hasSaid("pipeline_resumed") }) {
            report.complaints.append("two own the session at once")
        }
        if let winner = runners.first(where: { $0.hasSaid("pipeline_resumed") }) {
            _ = try await self.letLive(winner)
        }
        for runner in runners { try await self.endRace(runner, &report) }
    }

    private mutating func endRace(_ runner: Runner, _ report: inout PipelineKillRun.Report) async throws {
        let end = try await runner.kill()
        self.hear(runner)
        switch end {
        case .signal(SIGKILL): report.kills += 1
        case .exit(0) where self.isOver: break
        case .exit(1) where runner.isRefused && !runner.hasSaid("pipeline_resumed"): break
        default:
            let words = runner.complaint + runner.text.suffix(500)
            report.complaints.append("of two, one ended with \(end): \(words)")
        }
    }

    /// Both have ended: one of them may have done what was left to do, which is no more than the end.
    private mutating func lose(_ runners: [Runner], _ report: inout PipelineKillRun.Report) async throws {
        for runner in runners { try await self.endRace(runner, &report) }
        if runners.allSatisfy({ $0.complaint.contains("is completed") }) { self.isOver = true }
        if !self.isOver { report.complaints.append("of two that went on with the session, neither did") }
    }

    /// Its owner is frozen and somebody takes the session over. The owner wakes up to find that it is none any more.
    private mutating func takeOver(_ report: inout PipelineKillRun.Report) async throws {
        let owner = try self.place.play(self.session)
        guard try await owner.listenForResumption(), try await self.letLive(owner) else {
            return try await self.leave(owner, &report)
        }
        try await self.freeze(owner)
        let heir = try self.place.play(self.session, ["--take-over"])
        let owns = try await heir.listenForResumption()
        owner.send(SIGCONT)
        let end = try await owner.end()
        self.hear(owner)
        if self.isOver {
            // It had ended before it was frozen.
            try await heir.kill()
            return self.hear(heir)
        }
        report.takeovers += 1
        if end != .exit(1) || !owner.isRefused || !owns {
            report.complaints.append("whose session was taken over ended with \(end): \(owner.text.suffix(500))")
        }
        guard try await self.letLive(heir) else { return try await self.leave(heir, &report) }
        try await self.kill(heir, group: false, &report)
    }
}

extension PipelineChase {
    /// Stops it where it holds no lock: in the middle of a commit it would stop everybody else who has the store.
    private func freeze(_ runner: Runner) async throws {
        try await Patience.wait("orchestra to be out of a commit") {
            runner.send(SIGSTOP)
            if try runner.isStopped(), try !runner.holdsLock() { return true }
            runner.send(SIGCONT)
            return false
        }
    }
}

extension Runner {
    /// Whether it has come to a stop, or its end.
    fileprivate func isStopped() throws -> Bool {
        let state = try String(contentsOfFile: "/proc/\(self.pid)/stat", encoding: .utf8)
        return state.split(separator: ")").last.map { ["T", "Z"].contains($0.split(separator: " ").first) } ?? false
    }

    /// Whether it holds a lock that keeps others from writing. Locks to read are held all the time.
    fileprivate func holdsLock() throws -> Bool {
        let locks = try String(contentsOfFile: "/proc/locks", encoding: .utf8)
        return locks.split(separator: "\n").contains { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            return words.contains("WRITE") && words.contains(Substring(String(self.pid))) && !words.contains("->")
        }
    }

    /// Whether it said that the session is another's.
    var isRefused: Bool {
        let words = self.complaint + self.text
        return [
            "is running elsewhere", "another process has gone on with the session", "is completed",
        ].contains { words.contains($0) }
    }
}

// MARK: - Judging

extension PipelineChase {
    /// Learns the name of the session from the store: who began it may have died before it could say it.
    private mutating func find() async throws {
        guard let run = try await self.read().first else {
            let executions = try self.place.executions()
            guard executions.isEmpty else { throw LabError("a tool was run of which there is no session") }
            return
        }
        self.session = run.root.displayID
    }

    /// What the store holds of this pipeline. After a power cut that is read from a copy: nothing but orchestra shall
    /// recover what the cut left.
    private func read() async throws -> [StoredRun] {
        guard self.place.hasStore else { return [] }
        var folder = self.place.data
        if self.plan.powerCut != nil {
            folder = "\(self.place.folder)/copy"
            try Folder.copy(self.place.data, to: folder)
        }
        let (runs, violations) = try await StoredRun.all(in: "\(folder)/\(PowerCut.database)")
        guard violations.isEmpty else { throw LabError("the store is damaged: \(violations)") }
        let name = URL(fileURLWithPath: self.place.folder).lastPathComponent
        return runs.filter { $0.file?.hasSuffix("/\(name)/lab.dot") == true }
    }

    private mutating func cutPower(_ report: inout PipelineKillRun.Report) async throws {
        report.undone += try self.plan.powerCut?.strike(folder: self.place.folder, using: &self.dice) ?? 0
        if !self.isOver { try await self.judge(isOver: false, &report) }
    }

    private mutating func judge(isOver: Bool, _ report: inout PipelineKillRun.Report) async throws {
        let runs = try await self.read()
        let executions = try self.place.executions()
        guard let run = runs.first, runs.count == 1 else {
            let isNothing = runs.isEmpty && executions.isEmpty && self.events.isEmpty
            if !isNothing { report.complaints.append("there are \(runs.count) sessions of one run") }
            return
        }
        var verdict = PipelineVerdict(run, executions, events: self.events)
        if isOver {
            verdict.compare(run, executions, with: self.calm)
            report.executions += executions.count
            report.doubts += executions.count { $0.lifeAtEnd != $0.life }
        }
        report.complaints += verdict.complaints.map { "\(self.place.folder): \($0)" }
    }
}
