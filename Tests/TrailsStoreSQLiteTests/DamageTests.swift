import Foundation
import TestKit
import Testing
import TrailsCore
import TrailsStore
import Vocabulary

@testable import SQLiteStorage
@testable import TrailsStoreSQLite

/// What happens when the disk is full, the file damaged, or somebody has had his hands in the tables.
@Suite(.timeLimit(.minutes(10)))
struct DamageTests {
    private typealias Driver = TreeDriver<SQLiteTrailsStore>

    private let folder: ScratchFolder
    private var file: String { self.folder.file("trails.db") }

    init() throws { self.folder = try ScratchFolder() }

    private func driver() throws -> Driver {
        let file = self.file
        return try Driver { try SQLiteTrailsStore.open(file) }
    }

    /// A tree in which something of everything has happened.
    private func grow() throws -> Driver {
        let driver = try self.driver()
        try driver.register(1, under: nil)
        try driver.register(2, under: 1)
        try driver.register(3, under: 2)
        try driver.report(3, .status, seq: 1)
        let request = ControlRequest(
            id: CorrelationID(high: 1, low: 1), target: Driver.id(2), action: "a", payload: "{}",
            issuedAt: driver.now)
        try driver.perform(.control(request, by: driver.principal(1)))
        let answer = ControlAnswer(id: request.id, app: Driver.id(2), outcome: .done, at: driver.now)
        try driver.perform(.acknowledge(answer, session: nil, signer: Driver.key(2), wasAnswered: false))
        try driver.perform(
            .cancel(
                CancelRequest(id: CascadeID(high: 1, low: 1), target: Driver.id(3), isDeep: true, reason: "r"),
                by: driver.principal(1)))
        return driver
    }

    @Test
    func `says that the disk is full, and goes on when it is not`() throws {
        let driver = try self.driver()
        try driver.register(1, under: nil)
        let pages = try driver.store.file.write { connection throws(StorageError) in
            try connection.integer(of: "page_count")
        }
        try self.limitPages(of: driver.store, to: pages + 8)
        let payload = "\"\(String(repeating: "x", count: 2_000))\""
        var stored: Int64 = 0
        let error = #expect(throws: StoreError.self) {
            for seq in Int64(1)...100 {
                try driver.report(1, .status, seq: seq, payload: payload)
                stored = seq
            }
        }
        #expect(error?.code == .full)
        #expect(error?.message.contains("no space is left") == true)
        #expect(error?.hint != nil)

        try self.limitPages(of: driver.store, to: 1_000_000)
        for seq in stored + 1...stored + 10 { try driver.report(1, .status, seq: seq, payload: payload) }
        #expect(try driver.store.sequence(of: Driver.id(1), incarnation: 1) == SequenceSet(1...stored + 10))
        driver.store.close()
    }

    private func limitPages(of store: SQLiteTrailsStore, to count: Int64) throws {
        _ = try store.file.write { connection throws(StorageError) in
            try connection.integer(of: "max_page_count = \(count)")
        }
    }

    @Test
    func `refuses a newer schema, and says which`() throws {
        let driver = try self.driver()
        try driver.store.file.write { connection throws(StorageError) in
            try connection.execute("PRAGMA user_version = 7")
        }
        driver.store.close()
        let error = #expect(throws: StoreError.self) { try SQLiteTrailsStore.open(self.file) }
        #expect(error?.code == .newer)
        #expect(error?.message.hasSuffix("schema 7 is newer than this program knows (3)") == true)
        #expect(error?.hint != nil)
    }

    @Test
    func `refuses a file that is no database, or another's`() throws {
        try Data(repeating: 65, count: 8_192).write(to: URL(fileURLWithPath: self.file))
        let error = #expect(throws: StoreError.self) { try SQLiteTrailsStore.open(self.file) }
        #expect(error?.code == .corrupt)
        #expect(error?.message == "\(self.file) is not a database")

        let other = self.folder.file("other.db")
        let options = SQLiteOptions(
            applicationID: 5, migrations: [SQLMigration(number: 1, sql: "CREATE TABLE t (x)")])
        try SQLiteFile.open(other, options).close()
        let foreign = #expect(throws: StoreError.self) { try SQLiteTrailsStore.open(other) }
        #expect(foreign?.message == "\(other) is a database of another program")
    }

    @Test
    func `refuses to be opened twice`() throws {
        let driver = try self.driver()
        let error = #expect(throws: StoreError.self) { try SQLiteTrailsStore.open(self.file) }
        #expect(error?.code == .locked)
        driver.store.close()
        try SQLiteTrailsStore.open(self.file).close()
    }

    @Test
    func `backs up what others go on writing`() async throws {
        let driver = try self.grow()
        let copy = self.folder.file("copy.db")
        try driver.store.backup(to: copy)
        try driver.report(1, .status, seq: 1)
        try driver.store.backup(to: copy)
        let restored = try SQLiteTrailsStore.open(copy)
        #expect(try restored.report(of: Driver.id(1), incarnation: 1, seq: 1) != nil)
        #expect(try await restored.reader.check(limits: TreeLimits()).violations == [])
        restored.close()
        driver.store.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: self.folder.path)
        #expect(files.filter { $0.contains("draft") } == [])
        #expect(throws: StoreError.self) { try driver.store.backup(to: self.folder.file("none/copy.db")) }
    }

    /// What somebody may do to the tables, and a word of what the check then says.
    private static let deeds = [
        ("DELETE FROM messages", "", "clean"),
        ("DELETE FROM app_status WHERE incarnation = 1 AND status = 'running'", "", "has no status"),
        ("DELETE FROM events WHERE kind = 'registered'", "", "no app"),
        ("DELETE FROM events WHERE kind = 'changed'", "", "its row says status running, its events connected"),
        ("UPDATE app_status SET status = 'done' WHERE is_live = 1", "", "its row says status done"),
        ("UPDATE app_status SET key_epoch = 3", "", "its row says key epoch 3"),
        ("UPDATE app_status SET status = 'asleep'", "", "a value of column status"),
        ("UPDATE apps SET parent_id = zeroblob(16) WHERE parent_id IS NOT NULL", "", "the parent of an app is missing"),
        ("UPDATE apps SET parent_id = app_id WHERE parent_id IS NULL", "", "an app is under no root"),
        ("UPDATE apps SET name = 'x'", "", "its facts are not those that were declared"),
        ("DELETE FROM apps", "", "has no row"),
        ("UPDATE events SET body = 'x' WHERE kind = 'queued'", "", "cannot be read"),
        ("UPDATE events SET body = replace(body, '\"running\"', '\"done\"') WHERE kind = 'changed'", "", "lifecycle"),
        ("UPDATE control_queue SET outcome = 'failed' WHERE outcome = 'done'", "", "was not answered failed"),
        ("UPDATE control_queue SET state = 'waiting', outcome = NULL", "", "its row lacks it"),
        ("UPDATE control_queue SET payload = '1' WHERE state = 'waiting'", "", "a waiting command is not the one"),
        ("UPDATE cascades SET level = 5", "", "at level 5 by its row"),
        ("UPDATE cascades SET finished_at = 1", "", "is at work, and has no row"),
        ("DELETE FROM cascade_members", "", "cancels"),
        (
            "DROP INDEX messages_by_sequence",
            "INSERT INTO messages SELECT event_id + 50, app_id, incarnation, seq, "
                + "kind, message_id, timestamp, received_at, correlation, payload, is_late, is_tombstone FROM messages",
            "a message is stored more than once"
        ),
        ("DROP INDEX messages_by_message_id", "", "an index is missing: messages_by_message_id"),
    ]

    @Test
    func `explains what is wrong instead of stopping`() async throws {
        for (deed, other, word) in Self.deeds {
            let folder = try ScratchFolder()
            let tests = try DamageTests(in: folder)
            let driver = try tests.grow()
            #expect(try await driver.store.reader.check(limits: TreeLimits()).violations == [])
            try driver.store.file.write { connection throws(StorageError) in
                try connection.execute("PRAGMA foreign_keys = OFF")
                try connection.execute(deed)
                try connection.execute(other)
            }
            let violations = try await driver.store.reader.check(limits: TreeLimits()).violations
            if word == "clean" {
                #expect(violations == [], "\(deed)")
            } else {
                #expect(violations.contains { $0.contains(word) }, "\(deed): \(violations)")
            }
            driver.store.close()
        }
    }

    private init(in folder: ScratchFolder) throws { self.folder = folder }

    @Test
    func `asserts the pragmas that durability hangs on`() throws {
        let driver = try self.driver()
        let store = driver.store
        try store.file.assertDurability()
        for pragma in ["synchronous = NORMAL", "synchronous = OFF"] {
            try store.file.write { connection throws(StorageError) in try connection.execute("PRAGMA \(pragma)") }
            let error = #expect(throws: StorageError.self) { try store.file.assertDurability() }
            #expect(error?.message.contains("not FULL") == true)
        }
        store.close()
    }

    @Test
    func `reads of a subtree only what is its own`() async throws {
        let driver = try self.grow()
        let statements = [
            SubtreeWalk.childSQL, SQLConnection.childrenSQL(includesRoot: false),
            "\(TreeQuery.above) SELECT * FROM above",
            SQLConnection.eventsQuery(.subtree), SQLConnection.messagesQuery(.subtree),
        ]
        var plan: [String] = []
        for sql in statements {
            plan += try await driver.store.file.read { connection throws(StorageError) in
                try connection.rows("EXPLAIN QUERY PLAN \(sql)") { row throws(StorageError) in
                    for _ in 0..<3 { _ = try row.next(Int.self) }
                    return try row.next(String.self)
                }
            }
        }
        // Virtual tables are the JSON of parameters and of single rows.
        let scans = plan.filter { $0.hasPrefix("SCAN") && !$0.contains("CONSTANT") && !$0.contains("VIRTUAL") }
        #expect(Set(scans).isSubset(of: ["SCAN below", "SCAN above", "SCAN reached"]), "\(plan)")
        #expect(plan.contains { $0.contains("SEARCH a USING INDEX apps_by_parent (parent_id=? AND (scheduled_at") })
        #expect(
            plan.contains { $0.contains("SEARCH child USING COVERING INDEX apps_by_parent (parent_id=?)") }, "\(plan)")
        driver.store.close()
    }

    @Test
    func `a page of a list costs the page, however large the subtree is`() async throws {
        let driver = try self.driver()
        try driver.register(1, under: nil)
        var count: UInt64 = 1
        for parent in [1, 2, 3, 4] as [UInt64] {
            for _ in 0..<100 {
                count += 1
                driver.now = driver.now + .milliseconds(1)
                let facts = Driver.facts(count, under: parent, at: driver.now)
                try driver.perform(
                    .declare(facts, startDeadline: .seconds(60), by: driver.principal(1)))
            }
        }
        var query = AppQuery(root: Driver.id(1))
        (query.isRecursive, query.limit) = (true, 10)
        var found = 0
        repeat {
            let page = try await driver.store.reader.apps(query)
            let place = query
            let lookUps = try await driver.store.file.read { connection throws(StorageError) in
                var walk = try SubtreeWalk(place, on: connection)
                for _ in page.items { _ = try walk.next() }
                return walk.lookUps
            }
            // One look down for each app, one beside it where nothing is below, one for each level on the way up.
            #expect(lookUps <= 2 * page.items.count + 4, "\(lookUps) for \(page.items.count) apps")
            found += page.items.count
            query.cursor = page.cursor
        } while query.cursor != nil
        #expect(found == Int(count) - 1)
        driver.store.close()
    }
}
