import TestKit
import Testing
import TrailsStoreSQLite

/// The promises of every engine, on real files.
@Suite(.timeLimit(.minutes(10)))
struct SQLiteConformanceTests {
    typealias Suite = TrailsStoreConformance<SQLiteTrailsStore>

    private let folder: ScratchFolder
    private let suite: Suite

    init() throws {
        let folder = try ScratchFolder()
        self.folder = folder
        self.suite = Suite { try SQLiteTrailsStore.open(folder.file("trails.db")) }
    }

    @Test func `keeps what was committed`() async throws { try await self.suite.`keeps what was committed`() }

    @Test func `forgets what was rolled back, and never gives its numbers again`() async throws {
        try await self.suite.`forgets what was rolled back, and never gives its numbers again`()
    }

    @Test func `begins anew after a transaction that was left open`() async throws {
        try await self.suite.`begins anew after a transaction that was left open`()
    }

    @Test func `shows the writer what it recorded, and readers what was committed`() async throws {
        try await self.suite.`shows the writer what it recorded, and readers what was committed`()
    }

    @Test func `stores a number and a message id once`() async throws {
        try await self.suite.`stores a number and a message id once`()
    }

    @Test func `spends a nonce once`() async throws { try await self.suite.`spends a nonce once`() }

    @Test func `tells the history of an app, its children, its subtree in one order`() async throws {
        try await self.suite.`tells the history of an app, its children, its subtree in one order`()
    }

    @Test func `pages and filters lists`() async throws { try await self.suite.`pages and filters lists`() }

    @Test func `lists as reconnecting what a start made so`() async throws {
        try await self.suite.`lists as reconnecting what a start made so`()
    }

    @Test func `says who stands how to whom`() async throws { try await self.suite.`says who stands how to whom`() }

    @Test func `finds apps by tags, by the start of their identifier, and counts the live ones`() async throws {
        try await self.suite.`finds apps by tags, by the start of their identifier, and counts the live ones`()
    }

    @Test func `pages messages, and knows the newest status`() async throws {
        try await self.suite.`pages messages, and knows the newest status`()
    }

    @Test func `keeps commands in their order until they are answered`() async throws {
        try await self.suite.`keeps commands in their order until they are answered`()
    }

    @Test func `hands over the commands that wait for apps which a start does not load`() async throws {
        try await self.suite.`hands over the commands that wait for apps which a start does not load`()
    }

    @Test func `knows the keys that were revoked, also when others came after them`() async throws {
        try await self.suite.`knows the keys that were revoked, also when others came after them`()
    }

    @Test func `knows a command by the identifier it was given under, answered or not`() async throws {
        try await self.suite.`knows a command by the identifier it was given under, answered or not`()
    }

    @Test func `goes on with a cancel after a restart`() async throws {
        try await self.suite.`goes on with a cancel after a restart`()
    }

    @Test func `knows the finished cancel that an app has missed`() async throws {
        try await self.suite.`knows the finished cancel that an app has missed`()
    }

    @Test func `carries every kind of event`() async throws { try await self.suite.`carries every kind of event`() }

    @Test(arguments: UInt64(1)...8)
    func `agrees with the tree and with its own replay, whatever happens`(seed: UInt64) async throws {
        let folder = try ScratchFolder()
        var walk = try TreeWalk(seed: seed) { try SQLiteTrailsStore.open(folder.file("trails.db")) }
        try await walk.run(steps: 600)
        #expect(walk.carriedOut > 100, "seed \(seed): \(walk.refused) were refused")
    }
}
