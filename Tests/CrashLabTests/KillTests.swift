import CrashLab
import NIOPosix
import Testing

/// trailsd is killed with SIGKILL at random moments while fifty apps report and are commanded.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct KillTests {
    @Test func `keeps what it acknowledged, whenever it is killed`() async throws {
        let run = KillRun(seed: Lab.seed, kills: Lab.isLong ? 300 : 30)
        let report = try await Lab.run("CrashLabTests.KillTests") { folder in
            let report = try await run.run(program: Lab.trailsd, folder: folder, on: .singleton)
            return (report, report.complaints)
        }
        print("kill lab, seed \(Lab.seed): \(report)")
        #expect(report.kills >= run.kills)
        #expect(report.messages > run.kills && report.commands > run.kills / 4, "there was hardly anything to lose")
    }

    @Test func `keeps what it acknowledged when the power goes`() async throws {
        var run = KillRun(seed: Lab.seed, kills: Lab.isLong ? 100 : 10)
        let report = try await Lab.run("CrashLabTests.KillTests") { folder in
            run.powerCut = try await PowerCut(compiling: Lab.powerCutSource, in: folder)
            let report = try await run.run(program: Lab.trailsd, folder: folder, on: .singleton)
            return (report, report.complaints)
        }
        print("power cut lab, seed \(Lab.seed): \(report)")
        #expect(report.messages > run.kills && report.undone > 0, "there was hardly anything to lose")
    }
}
