import BenchKit
import GRDBSQLite
import TrailsStoreSQLite
import TrailsWire
import Vocabulary

/// What this machine can do at best, without any of our code in the way.
enum Limits {
    /// What the store has set too: its log is moved into the database when it has this size.
    private static let logMax = 32 << 20
    private static let pageSize = 1_024

    /// Rows a second of a loop that writes what a Status message costs, `batch` rows a commit, each commit synced.
    ///
    /// The log is in its second round from the beginning, when it is overwritten and does not grow.
    static func bareRows(count: Int, batch: Int = 64) throws -> Double {
        let folder = try BenchFolder()
        let path = folder.file("bare.sqlite")
        // The same tables, made by the store itself.
        try SQLiteTrailsStore.open(path).close()
        let database = try BareDatabase(
            path,
            pragmas: ["wal_autocheckpoint=\(self.logMax / self.pageSize)", "cache_size=-\(self.logMax / 1_024)"])
        // The first page that is written makes the log.
        try database.execute("PRAGMA user_version = \(self.userVersion(of: database))")
        try database.fillLog(path, to: UInt64(self.logMax / self.pageSize * (self.pageSize + 24)))
        let statement = try database.prepare("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        defer { sqlite3_finalize(statement) }
        let row = BareRow(statement: statement)
        let begin = ContinuousClock.now
        for start in stride(from: 0, to: count, by: batch) {
            try database.transaction {
                for number in start..<start + batch { row.insert(number) }
            }
        }
        return Double(count) / (ContinuousClock.now - begin).inSeconds
    }

    private static func userVersion(of database: BareDatabase) throws -> Int32 {
        let statement = try database.prepare("PRAGMA user_version")
        defer { sqlite3_finalize(statement) }
        sqlite3_step(statement)
        return sqlite3_column_int(statement, 0)
    }

    /// Signatures of 200 bytes verified in a second.
    static func verifyRate() -> Double {
        var dice = SystemRandomNumberGenerator()
        let key = SigningKey.random(using: &dice)
        let message = [UInt8](repeating: 7, count: 200)
        let signature = key.signature(over: message)
        let verifier = Verifier(key.publicKey)
        let count = 10_000
        let begin = ContinuousClock.now
        for _ in 0..<count where !verifier.accepts(signature, over: message) {
            preconditionFailure("a good signature was refused")
        }
        return Double(count) / (ContinuousClock.now - begin).inSeconds
    }
}

/// One row of `messages` by hand.
private struct BareRow {
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    let statement: OpaquePointer
    private let apps: [[UInt8]]

    init(statement: OpaquePointer) {
        self.statement = statement
        var dice = SystemRandomNumberGenerator()
        self.apps = (0..<64).map { _ in AppID.random(using: &dice).bytes }
    }

    func insert(_ number: Int) {
        let payload = LoadClient.payload(Int64(number))
        sqlite3_bind_int64(self.statement, 1, Int64(number + 1))
        sqlite3_bind_blob(self.statement, 2, self.apps[number % 64], 16, Self.transient)
        sqlite3_bind_int64(self.statement, 3, 1)
        sqlite3_bind_int64(self.statement, 4, Int64(number / 64 + 1))
        sqlite3_bind_text(self.statement, 5, "Status", 6, Self.transient)
        sqlite3_bind_null(self.statement, 6)
        sqlite3_bind_int64(self.statement, 7, 1_800_000_000_000)
        sqlite3_bind_int64(self.statement, 8, 1_800_000_000_000)
        sqlite3_bind_null(self.statement, 9)
        sqlite3_bind_text(self.statement, 10, payload, -1, Self.transient)
        sqlite3_bind_int64(self.statement, 11, 0)
        sqlite3_bind_int64(self.statement, 12, 0)
        sqlite3_step(self.statement)
        sqlite3_reset(self.statement)
    }
}
