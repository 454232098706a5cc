import GRDBSQLite

/// The columns of a row, from left to right; good until the next step.
@usableFromInline
package struct SQLRow {
    private let handle: OpaquePointer
    private let path: String
    @usableFromInline package private(set) var column: Int32 = -1

    init(handle: OpaquePointer, path: String) {
        self.handle = handle
        self.path = path
    }
}

extension SQLRow {
    /// The next column.
    @inlinable
    package mutating func next<Value: SQLReadable>(_: Value.Type = Value.self) throws(StorageError) -> Value {
        self.advance()
        guard let value = Value.read(from: self) else { throw self.misfit(Value.self) }
        return value
    }

    @usableFromInline
    package mutating func advance() { self.column += 1 }

    @usableFromInline
    package func misfit(_ type: Any.Type) -> StorageError {
        let name = sqlite3_column_name(self.handle, self.column).map { String(cString: $0) } ?? "\(self.column)"
        return StorageError(
            .corrupt, "\(self.path) is damaged: a value of column \(name) is no \(type)", hint: "go back to a backup")
    }
}

// MARK: - The present column

extension SQLRow {
    @usableFromInline
    package var isNull: Bool { sqlite3_column_type(self.handle, self.column) == SQLITE_NULL }

    @usableFromInline
    package var integer: Int64? {
        guard sqlite3_column_type(self.handle, self.column) == SQLITE_INTEGER else { return nil }
        return sqlite3_column_int64(self.handle, self.column)
    }

    @usableFromInline
    package var text: String? {
        guard sqlite3_column_type(self.handle, self.column) == SQLITE_TEXT,
            let start = sqlite3_column_text(self.handle, self.column)
        else { return nil }
        let count = Int(sqlite3_column_bytes(self.handle, self.column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// Good until the next step.
    @usableFromInline
    package var blob: UnsafeRawBufferPointer? {
        guard sqlite3_column_type(self.handle, self.column) == SQLITE_BLOB else { return nil }
        let count = Int(sqlite3_column_bytes(self.handle, self.column))
        return UnsafeRawBufferPointer(start: sqlite3_column_blob(self.handle, self.column), count: count)
    }
}
