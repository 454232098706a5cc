import Foundation
import Testing
import TurnModel
import Vocabulary

@testable import SQLiteStorage
@testable import TurnStoreSQLite

/// What happens when the disk is full, the file damaged, held, gone, or changed by another hand.
@Suite(.timeLimit(.minutes(10)))
struct DamageTests {
    private let folder: ScratchFolder
    private var file: String { self.folder.file("store.sqlite") }

    init() throws { self.folder = try ScratchFolder() }

    private func turn(_ text: String) -> NewTurn {
        NewTurn(type: TurnType("t", version: 1), payload: Array(text.utf8))
    }

    /// A store with a session, a lease, a request, and a fork.
    private func grow() async throws -> SQLiteTurnStore {
        let store = try SQLiteTurnStore.open(self.file)
        var group = AppendGroup(to: .newContext(base: nil), [self.turn("a"), self.turn("b")])
        group.key = IdempotencyKey("k")
        group.session = DisplayID("abc123").map { NewSession(displayID: $0, name: "p") }
        let context = try await store.append(group).context
        let key = try #require(IdempotencyKey("r"))
        _ = try await store.post(NewRequest(context: context, kind: "pause", key: key))
        let fork = try await store.createContext(base: TurnID(1)).context
        _ = try await store.append(AppendGroup(to: fork, [self.turn("c"), self.turn("d")]))
        return store
    }

    private func fault(_ body: () async throws -> Void) async throws -> TurnFault {
        do {
            try await body()
        } catch TurnStoreError.failed(let fault) {
            return fault
        }
        throw CocoaError(.featureUnsupported)
    }

    @Test
    func `says that the disk is full, and goes on when it is not`() async throws {
        let store = try await self.grow()
        let pages = try store.file.write { connection throws(StorageError) in
            try connection.integer(of: "page_count")
        }
        func limit(_ count: Int64) throws {
            _ = try store.file.write { connection throws(StorageError) in
                try connection.integer(of: "max_page_count = \(count)")
            }
        }
        try limit(pages + 4)
        let large = AppendGroup(to: ContextID(1), [self.turn(String(repeating: "x", count: 100_000))])
        let fault = try await self.fault { _ = try await store.append(large) }
        #expect(fault.code == .full)
        #expect(fault.hint != nil)
        // One that is too large does not take others of its batch with it.
        async let failing: Void = { _ = try? await store.append(large) }()
        async let fitting = store.append(AppendGroup(to: ContextID(1), [self.turn("e")]))
        #expect(try await fitting.turns.count == 1)
        await failing
        try limit(1_000_000)
        #expect(try await store.append(large).turns.count == 1)
        #expect(try await store.check().violations == [])
        store.close()
    }

    @Test
    func `refuses a newer schema, and files that are something else`() async throws {
        let store = try await self.grow()
        try store.file.write { connection throws(StorageError) in try connection.execute("PRAGMA user_version = 7") }
        store.close()
        let newer = try await self.fault { _ = try SQLiteTurnStore.open(self.file) }
        #expect(newer.code == .newer)
        #expect(newer.message.hasSuffix("schema 7 is newer than this program knows (2)"))
        #expect(newer.hint != nil)

        let other = self.folder.file("other")
        try Data(repeating: 65, count: 8_192).write(to: URL(fileURLWithPath: other))
        #expect(try await self.fault { _ = try SQLiteTurnStore.open(other) }.code == .corrupt)
        let foreign = self.folder.file("foreign")
        let options = SQLiteOptions(applicationID: 5, migrations: [SQLMigration(number: 1, sql: "CREATE TABLE t (x)")])
        try SQLiteFile.open(foreign, options).close()
        let fault = try await self.fault { _ = try SQLiteTurnStore.open(foreign) }
        #expect(fault.message == "\(foreign) is a database of another program")
        let nowhere = try await self.fault { _ = try SQLiteTurnStore.open("\(self.folder.path)/no/store") }
        #expect(nowhere.code == .unavailable && nowhere.hint != nil)
    }

    @Test
    func `says that it is held too long, and goes on when it is not`() async throws {
        let holder = try await self.grow()
        let store = try SQLiteTurnStore.open(self.file, busyTimeout: .milliseconds(100))
        try holder.file.write { connection throws(StorageError) in try connection.execute("BEGIN IMMEDIATE") }
        let fault = try await self.fault { _ = try await store.createContext() }
        #expect(fault.code == .busy)
        #expect(fault.hint != nil)
        #expect(try await store.contexts(ContextQuery()).count == 2, "readers wait for nobody")
        try holder.file.write { connection throws(StorageError) in try connection.execute("ROLLBACK") }
        #expect(try await store.createContext().context == ContextID(3))
        store.close()
        holder.close()
    }

    @Test
    func `acknowledges nothing that went into a file that is gone`() async throws {
        let store = try await self.grow()
        try FileManager.default.removeItem(atPath: self.file)
        let fault = try await self.fault { _ = try await store.createContext() }
        #expect(fault.code == .gone)
        #expect(try await self.fault { _ = try await store.health() }.code == .gone)
        store.close()
    }

    @Test
    func `writes nothing after it was closed`() async throws {
        let store = try await self.grow()
        store.close()
        #expect(try await self.fault { _ = try await store.createContext() }.code == .overloaded)
    }

    @Test
    func `refuses a damaged payload, and is put right by putting it again`() async throws {
        let store = try await self.grow()
        try store.file.write { connection throws(StorageError) in
            try connection.execute("UPDATE blobs SET bytes = x'00' WHERE blob_id = 1")
        }
        #expect(try await self.fault { _ = try await store.turn(TurnID(1), withPayload: true) }.code == .corrupt)
        #expect(try await self.fault { _ = try await store.blob(BLAKE3.hash("a".utf8)) }.code == .corrupt)
        #expect(try await store.check().violations.count == 1)
        #expect(try await store.turn(TurnID(1), withPayload: false).id == TurnID(1))
        #expect(try await store.putBlob(Array("a".utf8)).isNew == false)
        #expect(try await store.turn(TurnID(1), withPayload: true).payload == Array("a".utf8))
        #expect(try await store.check().violations == [])
        store.close()
    }

    @Test
    func `lists a broken bundle and goes on without it`() async throws {
        let store = try await self.grow()
        let json = Array(#"{"registry_version":1,"bundle_id":"b","types":{}}"#.utf8)
        _ = try await store.publish(bundle: json)
        try store.file.write { connection throws(StorageError) in
            try connection.execute("UPDATE bundles SET bytes = x'7b'")
        }
        #expect(try await store.registry().broken == ["b"])
        let other = Array(#"{"registry_version":1,"bundle_id":"c","types":{}}"#.utf8)
        #expect(try await store.publish(bundle: other))
        store.close()
    }

    @Test(arguments: [
        "UPDATE contexts SET head = 99 WHERE context_id = 1",
        "UPDATE contexts SET head_depth = 7 WHERE context_id = 1",
        "UPDATE contexts SET first_own = 2 WHERE context_id = 1",
        "UPDATE contexts SET head = NULL, head_depth = 0 WHERE context_id = 1",
        "UPDATE contexts SET base = 99 WHERE context_id = 2",
        "UPDATE turns SET depth = 5 WHERE turn_id = 4",
        "UPDATE turns SET jump = 3 WHERE turn_id = 3",
        "UPDATE turns SET parent = 9 WHERE turn_id = 4",
        "UPDATE turns SET context_id = 9 WHERE turn_id = 4",
        "UPDATE turns SET blob_id = 9 WHERE turn_id = 4",
        "DELETE FROM turns WHERE turn_id = 2",
        "DELETE FROM blobs WHERE blob_id = 2",
        "UPDATE blobs SET hash = zeroblob(32) WHERE blob_id = 2",
        "UPDATE blobs SET length = 2 WHERE blob_id = 2",
        "UPDATE keys SET first_turn = 3",
        "UPDATE keys SET target = 9",
        "UPDATE sessions SET context_id = 9",
        "UPDATE requests SET context_id = 9",
        "UPDATE requests SET settled_at = 1",
        "DROP INDEX contexts_by_move",
    ])
    func `sees that another hand was at it`(sql: String) async throws {
        let store = try await self.grow()
        #expect(try await store.check().violations == [])
        try store.file.write { connection throws(StorageError) in try connection.execute(sql) }
        #expect(try await store.check().violations != [])
        store.close()
    }

    @Test
    func `reads a store that was written before leases had a start time, and keeps one from then on`() async throws {
        var options = SQLiteOptions(applicationID: Schema.applicationID, migrations: [Schema.migrations[0]])
        options.isShared = true
        let old = try SQLiteFile.open(self.file, options)
        try old.write { connection throws(StorageError) in
            try connection.execute("INSERT INTO contexts VALUES (1, NULL, 0, NULL, NULL, 1, 1)")
            try connection.execute("INSERT INTO leases VALUES (1, 3, 'o', 'h', 7, 'b', 1, 2, 0)")
        }
        old.close()
        let store = try SQLiteTurnStore.open(self.file)
        defer { store.close() }
        let lease = try #require(try await store.lease(of: ContextID(1)))
        #expect(lease.pid == 7 && lease.startTime == nil && lease.expiresAt == Timestamp(milliseconds: 2))
        let claim = LeaseClaim(owner: "n", host: "h", pid: 8, bootID: "b", startTime: 99, lifetime: .seconds(9))
        _ = try await store.change(leaseOf: ContextID(1), .acquire(claim))
        #expect(try await store.lease(of: ContextID(1))?.startTime == 99)
    }
}
