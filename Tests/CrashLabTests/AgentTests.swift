import CrashLab
import Testing

/// The daemon of agents is killed with SIGKILL at random moments while twenty agents work.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct AgentTests {
    @Test func `come to the end of all jobs, each once, whenever their daemon is killed`() async throws {
        let run = AgentKillRun(seed: Lab.seed, kills: Lab.isLong ? 300 : 25)
        let report = try await Lab.run("CrashLabTests.AgentTests") { folder in
            let report = try await run.run(program: Lab.substrat, script: Lab.agentScript, folder: folder)
            return (report, report.complaints)
        }
        print("agent lab, seed \(Lab.seed): \(report)")
        #expect(report.kills >= run.kills)
        #expect(report.jobs > run.kills && report.interruptions > 0, "there was hardly anything to lose")
    }
}
