import GRDB
import GRDBSQLite
import Testing
import TurnModel
import Vocabulary

@testable import SQLiteStorage
@testable import TurnStoreSQLite

/// What SQLite has done: steps of its virtual machine, and the statements that took any.
private struct Effort {
    var steps = 0
    var statements: Set<String> = []

    /// Counts what was done since the last call.
    init(of connection: OpaquePointer?) {
        var statement = sqlite3_next_stmt(connection, nil)
        while let current = statement {
            let steps = Int(sqlite3_stmt_status(current, SQLITE_STMTSTATUS_VM_STEP, 1))
            self.steps += steps
            if steps > 0, let text = sqlite3_sql(current) { self.statements.insert(String(cString: text)) }
            statement = sqlite3_next_stmt(connection, current)
        }
    }
}

@Suite(.timeLimit(.minutes(15)))
struct HistoryTests {
    private let folder: ScratchFolder

    init() throws { self.folder = try ScratchFolder() }

    private static let short = 200
    private static let long = 10_000

    /// A session with that many turns, some of which others share.
    private static func grow(_ context: ContextID, to count: Int, in store: SQLiteTurnStore) async throws {
        for start in stride(from: 0, to: count, by: 500) {
            let turns = (start..<min(count, start + 500)).map { number in
                NewTurn(type: TurnType("t", version: 1), payload: Array("\(number)".utf8))
            }
            var group = AppendGroup(to: context, turns)
            group.key = IdempotencyKey("\(context)/\(start)")
            _ = try await store.append(group)
        }
    }

    private static func session(_ count: Int, _ name: String, in store: SQLiteTurnStore) async throws -> ContextID {
        var group = AppendGroup(to: .newContext(base: nil))
        group.session = NewSession(displayID: try #require(DisplayID(name)), name: "history")
        let context = try await store.append(group).context
        try await self.grow(context, to: count, in: store)
        return context
    }

    private static func effort(
        in store: SQLiteTurnStore, _ body: () async throws -> Void
    ) async throws -> Effort {
        func take() async throws -> Effort {
            var effort = store.file.pool.unsafeReentrantWrite { Effort(of: $0.sqliteConnection) }
            let read = try await store.file.pool.read { Effort(of: $0.sqliteConnection) }
            effort.steps += read.steps
            effort.statements.formUnion(read.statements)
            return effort
        }
        _ = try await take()
        try await body()
        return try await take()
    }

    private typealias Operation = (
        name: String, run: @Sendable (SQLiteTurnStore, ContextID, TurnID) async throws -> Void
    )

    /// All that orchestra asks of a session, by its context and a turn in the middle of its history.
    private static let operations: [Operation] = [
        ("context", { store, context, _ in _ = try await store.context(context) }),
        ("session", { store, context, _ in _ = try await store.session(of: context) }),
        ("list", { store, _, _ in _ = try await store.sessions(SessionQuery(limit: 1)) }),
        ("prefix", { store, _, _ in _ = try await store.sessions(withPrefix: "abcd", limit: 5) }),
        ("turn", { store, _, turn in _ = try await store.turn(turn, withPayload: true) }),
        ("newest page", { store, context, _ in _ = try await store.turns(TurnQuery(context: context, limit: 48)) }),
        (
            "page before",
            { store, context, turn in
                _ = try await store.turns(TurnQuery(context: context, before: turn, limit: 48))
            }
        ),
        ("in chain", { store, context, turn in _ = try await store.isTurn(turn, inChainOf: context) }),
        ("fork", { store, _, turn in _ = try await store.createContext(base: turn) }),
        ("requests", { store, context, _ in _ = try await store.requests(RequestQuery(context: context)) }),
        ("lease", { store, context, _ in _ = try await store.lease(of: context) }),
        (
            "append",
            { store, context, _ in
                var group = AppendGroup(to: context, [NewTurn(type: TurnType("t", version: 1), payload: [1])])
                group.key = IdempotencyKey("append")
                _ = try await store.append(group)
            }
        ),
    ]

    @Test func `is no matter to what is asked of a session`() async throws {
        let store = try SQLiteTurnStore.open(self.folder.file("turns.sqlite"))
        defer { store.close() }
        let short = try await Self.session(Self.short, "abcdef", in: store)
        let long = try await Self.session(Self.long, "abcde0", in: store)
        var statements: Set<String> = []
        for operation in Self.operations {
            var steps: [Int] = []
            for (context, count) in [(short, Self.short), (long, Self.long)] {
                let head = try #require(try await store.context(context).head)
                let middle = try #require(try await store.ancestor(of: head, atDepth: UInt32(count / 2)))
                let effort = try await Self.effort(in: store) { try await operation.run(store, context, middle) }
                steps.append(effort.steps)
                statements.formUnion(effort.statements)
            }
            #expect(steps[0] > 0, "\(operation.name): nothing was counted")
            // Ancestors are found by jumps, in a number of steps that grows as the logarithm: 13 bits against 7.
            #expect(steps[1] <= steps[0] * 3, "\(operation.name): \(steps[0]) steps, then \(steps[1])")
        }
        #expect(statements.contains { $0.contains("FROM turns t") && $0.contains("WHERE t.turn_id =") })
        for statement in statements { try self.expectNoScan(statement, in: store) }
    }

    /// A step of a plan that reads a whole table or sorts grows with it.
    private func expectNoScan(_ sql: String, in store: SQLiteTurnStore) throws {
        guard ["SELECT", "INSERT", "UPDATE"].contains(where: sql.trimmed.hasPrefix) else { return }
        let plan = try store.file.write { connection throws(StorageError) in
            try connection.rows("EXPLAIN QUERY PLAN \(sql)") { row throws(StorageError) in
                for _ in 0..<3 { _ = try row.next(Int.self) }
                return try row.next(String.self)
            }
        }
        #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") }, "\(sql): \(plan)")
    }
}

extension String {
    fileprivate var trimmed: Substring { self.drop { $0.isWhitespace } }
}
