import Foundation
import GRDBSQLite
import TrailsStoreSQLite
import TrailsWire
import Vocabulary

/// What this machine can do at best, without any of our code in the way.
enum Limits {
    /// Rows a second of a loop that writes what a Status message costs, `batch` rows a commit, each commit synced.
    static func bareRows(count: Int, batch: Int = 64) throws -> Double {
        let directory = NSTemporaryDirectory() + "trails-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // The same tables, made by the store itself.
        let store = try SQLiteTrailsStore.open(directory + "/bare.sqlite")
        store.close()
        var database: OpaquePointer?
        guard sqlite3_open(directory + "/bare.sqlite", &database) == SQLITE_OK else { throw BenchError("no SQLite") }
        defer { sqlite3_close(database) }
        for pragma in ["journal_mode=wal", "synchronous=FULL"] {
            sqlite3_exec(database, "PRAGMA \(pragma)", nil, nil, nil)
        }
        var statement: OpaquePointer?
        sqlite3_prepare_v2(
            database, "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", -1, &statement, nil)
        guard statement != nil else { throw BenchError("the bare loop does not know the table of messages") }
        defer { sqlite3_finalize(statement) }
        let row = BareRow(statement: statement)
        let begin = ContinuousClock.now
        for start in stride(from: 0, to: count, by: batch) {
            sqlite3_exec(database, "BEGIN IMMEDIATE", nil, nil, nil)
            for number in start..<start + batch { row.insert(number) }
            guard sqlite3_exec(database, "COMMIT", nil, nil, nil) == SQLITE_OK else { throw BenchError("no commit") }
        }
        return Double(count) / (ContinuousClock.now - begin).inSeconds
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

    let statement: OpaquePointer?
    private let apps: [[UInt8]]

    init(statement: OpaquePointer?) {
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

extension Duration {
    var inSeconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18
    }
}
