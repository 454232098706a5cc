import TestKit
import Vocabulary

/// Many pipelines on one store at once, each run by an `orchestra` of its own that is killed now and then.
package struct PipelineCrowd: Sendable {
    package let seed: UInt64
    /// How many run at once.
    package let runs: Int
    /// Of each.
    package let kills: Int
    private let nodes = 24
    /// Different ones; the others are the same under other names.
    private let pipelines = 4

    package init(seed: UInt64, runs: Int = 16, kills: Int) {
        self.seed = seed
        self.runs = runs
        self.kills = kills
    }

    /// Runs in `folder`, which must be empty, with the orchestra at `program`.
    package func run(program: String, folder: String) async throws -> PipelineKillRun.Report {
        var dice = SplitMix64(seed: self.seed)
        let pipelines = (0..<self.pipelines).map { _ in LabPipeline(nodes: self.nodes, seed: dice.next()) }
        var calm: [StoredRun] = []
        for (number, pipeline) in pipelines.enumerated() {
            let place = try PipelinePlace(pipeline.text, program: program, folder: "\(folder)/calm-\(number)")
            calm.append(try await PipelineKillRun.undisturbed(place))
        }
        let shared = try PipelinePlace("", program: program, folder: "\(folder)/shared")
        var report = PipelineKillRun.Report()
        try await withThrowingTaskGroup(of: PipelineKillRun.Report.self) { tasks in
            for number in 0..<self.runs {
                let kind = number % self.pipelines
                let place = try PipelinePlace(
                    pipelines[kind].text, beside: shared, folder: "\(folder)/run-\(number)")
                var plan = PipelineKillRun(seed: dice.next(), kills: self.kills)
                plan.linesMax = 12
                let chase = PipelineChase(plan, place, calm: calm[kind], dice: SplitMix64(seed: dice.next()))
                tasks.addTask {
                    var (chase, report) = (chase, PipelineKillRun.Report(pipelines: 1))
                    try await chase.run(&report)
                    return report
                }
            }
            for try await part in tasks { report.add(part) }
        }
        try await PipelineKillRun.check(shared, &report)
        return report
    }
}
