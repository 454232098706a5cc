import GRDB
import GRDBSQLite

/// A prepared statement with its parameters.
///
/// It goes around GRDB's rows and arguments: at a row for each of 150,000 messages a second they would cost more than
/// SQLite does.
@usableFromInline
package struct SQLStatement {
    private let statement: Statement
    private let path: String
    let handle: OpaquePointer

    init(_ statement: Statement, path: String) {
        self.statement = statement
        self.path = path
        self.handle = statement.sqliteStatement
    }

    /// Goes to the next row; `nil` when there is none.
    @usableFromInline
    package func step() throws(StorageError) -> SQLRow? {
        switch sqlite3_step(self.handle) {
        case SQLITE_ROW: return SQLRow(handle: self.handle, path: self.path)
        case SQLITE_DONE: return nil
        default: throw self.failure()
        }
    }

    /// Carries it out to its end.
    @usableFromInline
    package func run() throws(StorageError) {
        defer { self.reset() }
        while try self.step() != nil {}
    }

    @usableFromInline
    package func reset() {
        sqlite3_reset(self.handle)  // repeats the error of the last step, which was thrown there
    }

    private func failure() -> StorageError {
        let connection = sqlite3_db_handle(self.handle)
        let result = sqlite3_extended_errcode(connection)
        let text = sqlite3_errmsg(connection).map { String(cString: $0) } ?? ""
        return StorageError(result: result, text: text, path: self.path)
    }
}

// MARK: - Parameters

extension SQLStatement {
    /// Tells SQLite to copy what it is given.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    @usableFromInline
    package func bindNull(at place: Int32) { sqlite3_bind_null(self.handle, place) }

    @usableFromInline
    package func bind(_ integer: Int64, at place: Int32) { sqlite3_bind_int64(self.handle, place, integer) }

    @usableFromInline
    package func bind(text bytes: UnsafeBufferPointer<UInt8>, at place: Int32) {
        bytes.withMemoryRebound(to: CChar.self) { characters in
            _ = sqlite3_bind_text64(
                self.handle, place, characters.baseAddress, sqlite3_uint64(characters.count), Self.transient,
                UInt8(SQLITE_UTF8))
        }
    }

    @usableFromInline
    package func bind(blob bytes: UnsafeRawBufferPointer, at place: Int32) {
        // Without an address SQLite would store NULL.
        guard let start = bytes.baseAddress else {
            sqlite3_bind_zeroblob(self.handle, place, 0)
            return
        }
        sqlite3_bind_blob64(self.handle, place, start, sqlite3_uint64(bytes.count), Self.transient)
    }
}
