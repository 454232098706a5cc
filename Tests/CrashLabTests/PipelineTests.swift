import CrashLab
import Testing

/// orchestra is killed with SIGKILL at random moments of big pipelines, and resumed each time.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct PipelineTests {
    @Test func `end as if nobody had disturbed them, whenever their runner is killed`() async throws {
        let run = PipelineKillRun(seed: Lab.seed, kills: Lab.isLong ? 500 : 50)
        let report = try await Lab.run("CrashLabTests.PipelineTests") { folder in
            let report = try await run.run(program: Lab.orchestra, folder: folder)
            return (report, report.complaints)
        }
        print("pipeline lab, seed \(Lab.seed): \(report)")
        #expect(report.kills >= run.kills)
        #expect(report.races > 0 && report.takeovers > 0 && report.doubts > 0, "there was hardly anything to lose")
    }

    @Test func `do nothing whose cause is lost when the power goes`() async throws {
        var run = PipelineKillRun(seed: Lab.seed, kills: Lab.isLong ? 100 : 10)
        run.nodes = 60
        run.linesMax = 24
        let report = try await Lab.run("CrashLabTests.PipelineTests") { folder in
            run.powerCut = try await PowerCut(compiling: Lab.powerCutSource, in: folder)
            let report = try await run.run(program: Lab.orchestra, folder: folder)
            return (report, report.complaints)
        }
        print("pipeline power cut lab, seed \(Lab.seed): \(report)")
        #expect(report.kills >= run.kills && report.undone > 0, "there was hardly anything to lose")
    }

    @Test func `end side by side in one store`() async throws {
        let crowd = PipelineCrowd(seed: Lab.seed, kills: Lab.isLong ? 8 : 2)
        let report = try await Lab.run("CrashLabTests.PipelineTests") { folder in
            let report = try await crowd.run(program: Lab.orchestra, folder: folder)
            return (report, report.complaints)
        }
        print("pipeline crowd lab, seed \(Lab.seed): \(report)")
        #expect(report.kills >= crowd.runs && report.pipelines == crowd.runs, "there was hardly anything to lose")
    }
}
