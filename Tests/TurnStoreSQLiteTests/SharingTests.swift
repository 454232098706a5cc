import Foundation
import Synchronization
import Testing
import TurnModel
import Vocabulary

@testable import SQLiteStorage
@testable import TurnStoreSQLite

/// Several stores on one file, and what a look-up costs.
@Suite(.timeLimit(.minutes(10)))
struct SharingTests {
    private let folder: ScratchFolder

    init() throws { self.folder = try ScratchFolder() }

    private func open() throws -> SQLiteTurnStore { try SQLiteTurnStore.open(self.folder.file("store.sqlite")) }

    private func group(_ context: ContextID, _ text: String) -> AppendGroup {
        AppendGroup(to: context, [NewTurn(type: TurnType("t", version: 1), payload: Array(text.utf8))])
    }

    @Test
    func `makes one file of it when many open it at once`() async throws {
        let file = self.folder.file("store.sqlite")
        try await withThrowingTaskGroup(of: ContextID.self) { tasks in
            for _ in 0..<6 {
                tasks.addTask {
                    let store = try SQLiteTurnStore.open(file)
                    defer { store.close() }
                    return try await store.createContext().context
                }
            }
            let contexts = try await tasks.reduce(into: Set()) { $0.insert($1) }
            #expect(contexts == Set((1...6).map { ContextID($0) }))
        }
    }

    @Test
    func `opens beside somebody who writes and never rests`() throws {
        let path = self.folder.file("store.sqlite")
        try self.open().close()
        var options = SQLiteOptions(applicationID: Schema.applicationID, migrations: Schema.migrations)
        options.isShared = true
        let writer = try SQLiteFile.open(path, options)
        defer { writer.close() }
        try writer.write { connection throws(StorageError) in try connection.execute("BEGIN IMMEDIATE") }
        // Neither the writer nor others who open it just now are waited for.
        let opening = try SidecarLock(for: path, isShared: true)
        defer { opening.release() }
        let stores = try (0..<3).map { _ in try SQLiteTurnStore.open(path, busyTimeout: .milliseconds(50)) }
        for store in stores { store.close() }
        try writer.write { connection throws(StorageError) in try connection.execute("COMMIT") }
    }

    /// Or whoever was told to stop would take the store for lost.
    @Test
    func `answers a task that is cancelled`() async throws {
        let store = try self.open()
        defer { store.close() }
        let context = try await store.createContext().context
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await store.context(context).id
        }
        task.cancel()
        #expect(try await task.value == context)
    }

    @Test
    func `says that it is busy while somebody makes it`() throws {
        let path = self.folder.file("store.sqlite")
        let making = try SidecarLock(for: path)
        defer { making.release() }
        let error = #expect(throws: TurnStoreError.self) {
            try SQLiteTurnStore.open(path, busyTimeout: .milliseconds(50))
        }
        guard case .failed(let fault) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(fault.code == .busy)
        #expect(fault.message.hasSuffix("is being made or changed by another process"))
    }

    @Test
    func `lets each see at once what the other was told`() async throws {
        let (one, two) = (try self.open(), try self.open())
        let context = try await one.createContext().context
        for number in 0..<50 {
            let (writer, reader) = number.isMultiple(of: 2) ? (one, two) : (two, one)
            var group = self.group(context, "\(number)")
            group.expectedHead = try await writer.context(context).head.map { .turn($0) } ?? .empty
            let head = try await writer.append(group).head
            #expect(try await reader.context(context).head == head)
        }
        #expect(try await one.check().violations == [])
        one.close()
        two.close()
    }

    @Test
    func `takes one of two groups on one head, and one of two with one key`() async throws {
        let stores = [try self.open(), try self.open()]
        let context = try await stores[0].createContext().context
        for round in 0..<20 {
            let head = try await stores[0].context(context).head
            var fenced = self.group(context, "\(round)")
            fenced.expectedHead = head.map { .turn($0) } ?? .empty
            var keyed = self.group(context, "key \(round)")
            keyed.key = IdempotencyKey("\(round)")
            let (one, other) = (fenced, keyed)
            async let first = try? stores[0].append(one)
            async let second = try? stores[1].append(one)
            #expect([await first, await second].compactMap(\.self).count == 1, "round \(round)")
            async let third = stores[0].append(other)
            async let fourth = stores[1].append(other)
            let answers = [try await third, try await fourth]
            #expect(answers[0].turns == answers[1].turns)
            #expect(answers.count { $0.isRepeat } == 1)
        }
        for store in stores { store.close() }
    }

    @Test
    func `tells nobody before the commit`() async throws {
        let (store, other) = (try self.open(), try self.open())
        let committer = Committer(file: store.file, clock: SQLiteTurnStore.systemTime)
        let seen = Mutex<Int64?>(nil)
        let job = WriteJob { rows throws(TurnFault) in
            do throws(TurnStoreError) {
                _ = try rows.append(AppendGroup(to: .newContext(base: nil)))
            } catch {
                throw TurnFault(.unavailable, "\(error)")
            }
        } answer: { fault in
            let count = try? other.file.write { connection throws(StorageError) in
                try connection.first("SELECT count(*) FROM contexts", read: Rows.integer)
            }
            seen.withLock { $0 = fault == nil ? count ?? nil : nil }
        }
        committer.commit([job])
        #expect(seen.withLock { $0 } == 1)
        store.close()
        other.close()
    }

    /// Else every program that opens the store would read the log first.
    @Test func `a store that was closed leaves no log behind, though it was read`() async throws {
        let store = try self.open()
        let context = try await store.createContext().context
        #expect(try await store.context(context).head == nil)
        let log = "\(store.file.path)-wal"
        #expect(FileManager.default.fileExists(atPath: log))
        store.close()
        #expect(!FileManager.default.fileExists(atPath: log))
        #expect(try await self.open().context(context).head == nil)
    }

    /// A step of a plan that reads a whole table or sorts would grow with the history.
    @Test(arguments: [
        Rows.nodeByID, Rows.contextByID, Rows.keptByKey, Rows.leaseByContext, Rows.contextByDisplayID, Rows.turnByID,
        Rows.contextsByMove, Rows.requestsOpen, Rows.sessionsListed, Rows.sessionsByPrefix,
        "SELECT max(turn_id) FROM turns", "SELECT blob_id, bytes = ? FROM blobs WHERE hash = ?",
        "SELECT count(*) FROM requests WHERE context_id = ? AND settled_at IS NULL",
    ])
    func `looks things up and scans nothing`(sql: String) async throws {
        let store = try self.open()
        let plan = try store.file.write { connection throws(StorageError) in
            try connection.rows("EXPLAIN QUERY PLAN \(sql)") { row throws(StorageError) in
                for _ in 0..<3 { _ = try row.next(Int.self) }
                return try row.next(String.self)
            }
        }
        #expect(!plan.isEmpty)
        #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") }, "\(plan)")
        store.close()
    }
}
