import TestKit
import Testing

/// The store for tests of other things keeps the same promises, except to survive.
@Suite(.timeLimit(.minutes(10)))
struct MemoryConformanceTests {
    private typealias Suite = TurnStoreConformance<MemoryTurnStore>

    private static func suite() -> Suite {
        let clock = ManualClock()
        let store = MemoryTurnStore { clock.now }
        return Suite(clock: clock, open: { store }, close: { _ in })
    }

    @Test(arguments: Suite.promises.map(\.description))
    func `keeps the promise`(promise: String) async throws {
        let found = try #require(Suite.promises.first { $0.description == promise })
        try await found.check(Self.suite())
    }

    @Test(arguments: UInt64(1)...8)
    func `agrees with a model that keeps whole histories`(seed: UInt64) async throws {
        var walk = try TurnWalk(seed: seed, Self.suite())
        try await walk.run(steps: 400)
        #expect(walk.repeats > 10, "seed \(seed)")
    }
}
