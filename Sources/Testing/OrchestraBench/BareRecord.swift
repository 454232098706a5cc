import BenchKit
import GRDBSQLite
import TurnStoreSQLite

/// What a run left in its store, to be written once more by a bare loop: the same rows, bytes and commits.
final class BareRecord {
    private typealias Row = [OpaquePointer]

    private struct Group {
        let key: Row
        let turns: [Row]
        let blobs: [Row]
        let head: Row
    }

    private var groups: [Group] = []
    private let context: Row
    /// Of payloads, in all.
    private(set) var bytes = 0

    /// Reads the only session of the store at `path`.
    init(of path: String) throws {
        let database = try BareDatabase(path)
        let contexts = try Self.rows(database, "SELECT * FROM contexts")
        guard let context = contexts.first else { throw BenchError("no run is on record") }
        self.context = context
        // A payload that comes again is kept once.
        try database.execute("CREATE TEMP TABLE firsts (turn INTEGER PRIMARY KEY, blob INTEGER)")
        try database.execute("INSERT INTO firsts SELECT min(turn_id), blob_id FROM turns GROUP BY blob_id")
        let keys = try Self.rows(database, "SELECT * FROM keys WHERE first_turn IS NOT NULL ORDER BY first_turn")
        for key in keys {
            let first = sqlite3_value_int64(key[4])
            let range = "BETWEEN \(first) AND \(first + sqlite3_value_int64(key[5]) - 1)"
            let blobs = try Self.rows(
                database,
                "SELECT b.* FROM firsts f CROSS JOIN blobs b ON b.blob_id = f.blob WHERE f.turn \(range)")
            let head = try Self.rows(
                database, "SELECT turn_id, depth, created_at FROM turns WHERE turn_id = \(sqlite3_value_int64(key[6]))")
            self.bytes += blobs.reduce(0) { $0 + Int(sqlite3_value_int64($1[2])) }
            self.groups.append(
                Group(
                    key: key, turns: try Self.rows(database, "SELECT * FROM turns WHERE turn_id \(range)"),
                    blobs: blobs, head: head.first ?? []))
        }
    }

    deinit {
        for group in self.groups {
            for row in group.turns + group.blobs + [group.key, group.head] { row.forEach { sqlite3_value_free($0) } }
        }
        self.context.forEach { sqlite3_value_free($0) }
    }

    var commitCount: Int { self.groups.count }

    private static func rows(_ database: BareDatabase, _ sql: String) throws -> [Row] {
        let statement = try database.prepare(sql)
        defer { sqlite3_finalize(statement) }
        var rows: [Row] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            rows.append(
                (0..<sqlite3_column_count(statement)).compactMap {
                    sqlite3_value_dup(sqlite3_column_value(statement, $0))
                })
        }
        return rows
    }
}

extension BareRecord {
    /// Writes all of it into a new file with the same tables, one commit for each group.
    func write() async throws -> Gauge {
        let folder = try BenchFolder()
        try SQLiteTurnStore.open(folder.file("bare.sqlite")).close()
        let database = try BareDatabase(
            folder.file("bare.sqlite"), pragmas: ["cache_size=-32768", "wal_autocheckpoint=32768"])
        let into = try Statements(database)
        defer { into.finalize() }
        try into.put(self.context, into.context)
        return try await Gauge.measure {
            for group in self.groups {
                try database.transaction {
                    for blob in group.blobs { try into.put(blob, into.blob) }
                    for turn in group.turns { try into.put(turn, into.turn) }
                    try into.put(group.head, into.head)
                    try into.put(group.key, into.key)
                }
            }
        }
    }

    private struct Statements {
        let context: OpaquePointer
        let blob: OpaquePointer
        let turn: OpaquePointer
        let head: OpaquePointer
        let key: OpaquePointer

        init(_ database: BareDatabase) throws {
            self.context = try database.prepare("INSERT INTO contexts VALUES (?, ?, ?, ?, ?, ?, ?)")
            self.blob = try database.prepare("INSERT INTO blobs VALUES (?, ?, ?, ?)")
            self.turn = try database.prepare("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            self.head = try database.prepare("UPDATE contexts SET head = ?, head_depth = ?, moved_at = ?")
            self.key = try database.prepare("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        }

        func put(_ row: Row, _ statement: OpaquePointer) throws {
            for (place, value) in row.enumerated() { sqlite3_bind_value(statement, Int32(place + 1), value) }
            let result = sqlite3_step(statement)
            sqlite3_reset(statement)
            guard result == SQLITE_DONE else { throw BenchError("the bare loop cannot write a row: \(result)") }
        }

        func finalize() {
            for statement in [self.context, self.blob, self.turn, self.head, self.key] { sqlite3_finalize(statement) }
        }
    }
}
