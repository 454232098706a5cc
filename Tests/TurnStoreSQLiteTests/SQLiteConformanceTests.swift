import TestKit
import Testing
import TurnModel
import TurnStoreSQLite

/// The promises of every engine, on real files.
@Suite(.timeLimit(.minutes(10)))
struct SQLiteConformanceTests {
    private typealias Suite = TurnStoreConformance<SQLiteTurnStore>

    private static func suite(_ folder: ScratchFolder) -> Suite {
        let clock = ManualClock()
        let file = folder.file("store.sqlite")
        return Suite(
            clock: clock, open: { try SQLiteTurnStore.open(file, clock: { clock.now }) }, close: { $0.close() })
    }

    @Test(arguments: Suite.promises.map(\.description))
    func `keeps the promise`(promise: String) async throws {
        let folder = try ScratchFolder()
        let found = try #require(Suite.promises.first { $0.description == promise })
        try await found.check(Self.suite(folder))
        try await Self.check(folder)
    }

    @Test(arguments: UInt64(1)...12)
    func `agrees with a model that keeps whole histories`(seed: UInt64) async throws {
        let folder = try ScratchFolder()
        var walk = try TurnWalk(seed: seed, Self.suite(folder))
        try await walk.run(steps: 400)
        #expect(walk.repeats > 10, "seed \(seed)")
        try await Self.check(folder)
    }

    /// Whatever was done to it, the file is in order.
    private static func check(_ folder: ScratchFolder) async throws {
        let store = try SQLiteTurnStore.open(folder.file("store.sqlite"))
        #expect(try await store.check().violations == [])
        store.close()
    }
}
