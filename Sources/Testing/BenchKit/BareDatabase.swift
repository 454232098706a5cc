import Foundation
import GRDBSQLite

/// A SQLite file with nothing of ours around it, and as durable as our own: the limit that stores are held against.
package final class BareDatabase {
    package let handle: OpaquePointer

    /// - Parameter pragmas: what else the store has set, as `cache_size=1`.
    package init(_ path: String, pragmas: [String] = []) throws {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK, let handle else { throw BenchError("\(path) does not open") }
        self.handle = handle
        for pragma in ["journal_mode=wal", "synchronous=FULL"] + pragmas {
            try self.execute("PRAGMA \(pragma)")
        }
    }

    deinit { sqlite3_close(self.handle) }

    package func execute(_ sql: String) throws {
        guard sqlite3_exec(self.handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw BenchError("\(sql): \(String(cString: sqlite3_errmsg(self.handle)))")
        }
    }

    /// One commit, with one sync.
    package func transaction(_ body: () throws -> Void) throws {
        try self.execute("BEGIN IMMEDIATE")
        try body()
        try self.execute("COMMIT")
    }

    /// To be finalized by the caller before the database goes.
    package func prepare(_ sql: String) throws -> OpaquePointer {
        var statement: OpaquePointer?
        sqlite3_prepare_v2(self.handle, sql, -1, &statement, nil)
        guard let statement else { throw BenchError("\(sql): \(String(cString: sqlite3_errmsg(self.handle)))") }
        return statement
    }

    /// Makes the log as long as it gets, with zeros, so that no commit has to wait for the file to grow. There must be
    /// a log already.
    package func fillLog(_ path: String, to size: UInt64) throws {
        let log = try FileHandle(forUpdating: URL(fileURLWithPath: path + "-wal"))
        defer { try? log.close() }
        let zeros = Data(count: 1 << 20)
        var place = try log.seekToEnd()
        while place < size {
            try log.write(contentsOf: zeros)
            place += UInt64(zeros.count)
        }
        try log.synchronize()
    }
}
