import Foundation
import Testing
import TrailsCore
import Vocabulary

/// `SEED=17 swift test --filter ReplayTests` runs one storm.
private let seeds: ClosedRange<UInt64> = {
    guard let seed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) else { return 0...319 }
    return seed...seed
}()

@Suite struct `A tree in a storm` {
    @Test func `is what its events say, and keeps what it promises`() throws {
        var performed = 0
        var refused = 0
        for seed in seeds {
            var storm = Storm(seed: seed)
            storm.run(steps: 200)
            storm.settle()
            performed += storm.log.count
            refused += storm.refusals
            #expect(
                storm.violations.isEmpty,
                "SEED=\(seed) swift test --filter ReplayTests: \(storm.violations.joined(separator: "; "))")
        }
        guard seeds.count > 1 else { return }
        #expect(performed > 50 * seeds.count, "the dice must not ask for the impossible only")
        #expect(refused > 20 * seeds.count)
    }

    @Test func `can be written down and read back`() throws {
        for seed in seeds.prefix(20) {
            var storm = Storm(seed: seed)
            storm.run(steps: 200)
            let text = try JSONEncoder().encode(storm.log)
            var tree = ProcessTree(limits: storm.world.tree.limits)
            for event in try JSONDecoder().decode([Event].self, from: text) {
                tree.apply(event)
            }
            #expect(Durable(tree) == Durable(storm.whole), "SEED=\(seed)")
        }
    }
}
