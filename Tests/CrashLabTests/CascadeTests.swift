import CrashLab
import NIOPosix
import Testing

/// trailsd is killed with SIGKILL in the middle of a cancel.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CascadeTests {
    @Test func `ends a tree from the bottom up, also when it is killed on the way`() async throws {
        let run =
            Lab.isLong
            ? CascadeRun(seed: Lab.seed, widths: [4, 24, 144, 828], kills: 3)
            : CascadeRun(seed: Lab.seed, widths: [2, 6, 24, 88], kills: 2)
        let report = try await Lab.run("CrashLabTests.CascadeTests") { folder in
            let report = try await run.run(program: Lab.trailsd, folder: folder, on: .singleton)
            return (report, report.complaints)
        }
        print("cascade lab, seed \(Lab.seed): \(report)")
        #expect(report.kills == run.kills)
    }
}
