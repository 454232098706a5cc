import CrashLab
import Foundation
import Testing

/// The seed's cron scripts run to the letter, and are killed; so are trailsd and trails under them.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct CronTests {
    static let place = CronPlace(
        trails: Lab.trails,
        hooks: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Cron").path,
        examples: URL(fileURLWithPath: #filePath).appending(path: "../../../examples/bash-pipeline").standardized.path)

    @Test func `come to their end, whatever is killed at any of their commands`() async throws {
        let sweep = CronSweep(seed: Lab.seed, stride: Lab.isLong ? 1 : 10, place: Self.place)
        let report = try await Lab.run("CrashLabTests.CronTests") { folder in
            let report = try await sweep.run(program: Lab.trailsd, folder: folder)
            return (report, report.complaints)
        }
        print("cron lab, seed \(Lab.seed): \(report)")
        #expect(report.strikes.values.reduce(0, +) >= (Lab.isLong ? 200 : 20), "there was hardly anything to lose")
    }
}
