import Foundation
import Glibc
import TestKit
import Vocabulary

/// A big pipeline is run by `orchestra`, which is killed again and again and resumed each time; in the end all must be
/// as if nobody had disturbed it (`PipelineVerdict`).
///
/// When a run ends before there were enough kills, another pipeline follows.
package struct PipelineKillRun: Sendable {
    package var seed: UInt64
    package var kills: Int
    /// Of one pipeline.
    package var nodes = 300
    /// Lines that a runner prints before it is killed, at most: with more of them a run takes fewer kills.
    package var linesMax = 48
    /// What was not synced is taken away after each kill, and what is left is judged at once.
    package var powerCut: PowerCut?

    package init(seed: UInt64, kills: Int) {
        self.seed = seed
        self.kills = kills
    }

    /// What a run counted, and what it complains about.
    package struct Report: Sendable, CustomStringConvertible {
        /// By SIGKILL.
        package var kills = 0
        package var pipelines = 0
        /// Times at which two went on with one session at once.
        package var races = 0
        /// Runs that were taken over while their owner was frozen.
        package var takeovers = 0
        package var pauses = 0
        package var executions = 0
        /// Attempts that were made again, or given up, because a kill left them in doubt.
        package var doubts = 0
        package var undone = 0
        package var complaints: [String] = []

        package var description: String {
            """
            \(self.kills) kills of \(self.pipelines) pipelines, \(self.races) races, \(self.takeovers) takeovers, \
            \(self.pauses) pauses; \(self.executions) tools run, \(self.doubts) of them cut off\
            \(self.undone > 0 ? "; \(self.undone) unsynced writes taken away" : "")
            """
        }

        mutating func add(_ other: Self) {
            self.kills += other.kills
            self.pipelines += other.pipelines
            self.races += other.races
            self.takeovers += other.takeovers
            self.pauses += other.pauses
            self.executions += other.executions
            self.doubts += other.doubts
            self.undone += other.undone
            self.complaints += other.complaints
        }
    }
}

extension PipelineKillRun {
    /// Runs in `folder`, which must be empty, with the orchestra at `program`.
    package func run(program: String, folder: String) async throws -> Report {
        var dice = SplitMix64(seed: self.seed)
        var report = Report()
        while !self.isEnough(report), report.complaints.isEmpty {
            report.pipelines += 1
            let pipeline = LabPipeline(nodes: self.nodes, seed: dice.next())
            let name = "\(folder)/pipeline-\(report.pipelines)"
            let calm = try PipelinePlace(pipeline.text, program: program, folder: "\(name)-calm")
            let expected = try await Self.undisturbed(calm)
            let variables = try self.powerCut?.variables(folder: name) ?? []
            let place = try PipelinePlace(pipeline.text, program: program, folder: name, variables: variables)
            var chase = PipelineChase(self, place, calm: expected, dice: SplitMix64(seed: dice.next()))
            try await chase.run(&report)
            if report.complaints.isEmpty { try await Self.compareStatus(of: place, and: calm, &report) }
        }
        return report
    }

    /// A power cut that found everything synced proves nothing.
    func isEnough(_ report: Report) -> Bool {
        guard report.kills >= self.kills else { return false }
        return self.powerCut == nil || report.undone > 0 || report.kills >= 10 * self.kills
    }

    static func undisturbed(_ place: PipelinePlace) async throws -> StoredRun {
        let runner = try place.play(nil)
        _ = try await runner.listen()
        let end = try await runner.end()
        guard end == .exit(0), runner.hasSaid("pipeline_completed") else {
            throw LabError("undisturbed it ended with \(end): see \(place.folder)")
        }
        let (runs, violations) = try await StoredRun.all(in: place.store)
        guard let run = runs.first, violations.isEmpty else { throw LabError("it left no sound store: \(violations)") }
        let complaints = PipelineVerdict(run, try place.executions(), events: runner.events).complaints
        guard complaints.isEmpty else { throw LabError("undisturbed: \(complaints)") }
        return run
    }

    /// What `orchestra` itself says of both.
    private static func compareStatus(
        of place: PipelinePlace, and calm: PipelinePlace, _ report: inout Report
    ) async throws {
        let (own, expected) = (try await Self.status(of: place), try await Self.status(of: calm))
        if own != expected { report.complaints.append("orchestra status says \(own), and not \(expected)") }
        try await Self.check(place, &report)
    }

    /// Asks `orchestra` whether its store is sound.
    static func check(_ place: PipelinePlace, _ report: inout Report) async throws {
        let check = try await place.run(["doctor", "--deep"])
        if check.end != .exit(0) { report.complaints.append("orchestra doctor ended with \(check.end): \(check.text)") }
    }

    /// The status of the run, and of each node.
    private static func status(of place: PipelinePlace) async throws -> [String] {
        let said = try await place.run(["status", "--detail", "--json"])
        let status = try JSONValue(parsing: said.text)
        let nodes = (status["nodes"]?.array ?? []).map { "\($0["node"]?.string ?? "") \($0["status"]?.string ?? "")" }
        return [status["status"]?.string ?? ""] + nodes
    }
}
