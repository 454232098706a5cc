package import SQLiteStorage
package import TurnModel

// Ids beyond the signed numbers of SQLite bind as negative ones, which no row has.

extension TurnID: SQLBindable, SQLReadable {
    package func bind(to statement: SQLStatement, at place: Int32) {
        statement.bind(Int64(bitPattern: self.number), at: place)
    }

    package static func read(from row: SQLRow) -> TurnID? {
        row.integer.flatMap(UInt64.init(exactly:)).flatMap { TurnID(wire: $0) }
    }
}

extension ContextID: SQLBindable, SQLReadable {
    package func bind(to statement: SQLStatement, at place: Int32) {
        statement.bind(Int64(bitPattern: self.number), at: place)
    }

    package static func read(from row: SQLRow) -> ContextID? {
        row.integer.flatMap(UInt64.init(exactly:)).map { ContextID($0) }
    }
}

extension RequestID: SQLBindable, SQLReadable {
    package func bind(to statement: SQLStatement, at place: Int32) {
        statement.bind(Int64(bitPattern: self.number), at: place)
    }

    package static func read(from row: SQLRow) -> RequestID? {
        row.integer.flatMap(UInt64.init(exactly:)).map { RequestID($0) }
    }
}

extension LeaseEpoch: SQLBindable, SQLReadable {
    package func bind(to statement: SQLStatement, at place: Int32) {
        statement.bind(Int64(bitPattern: self.number), at: place)
    }

    package static func read(from row: SQLRow) -> LeaseEpoch? {
        row.integer.flatMap(UInt64.init(exactly:)).map { LeaseEpoch($0) }
    }
}

extension DisplayID: SQLBindable, SQLReadable {
    package func bind(to statement: SQLStatement, at place: Int32) { self.description.bind(to: statement, at: place) }

    package static func read(from row: SQLRow) -> DisplayID? { row.text.flatMap { DisplayID($0) } }
}

extension TurnFault {
    init(_ error: StorageError) {
        self.init(Self.code(of: error.code), error.message, hint: error.hint)
    }

    private static func code(of code: StorageError.Code) -> Code {
        switch code {
        case .full: .full
        case .corrupt, .notADatabase, .conflict: .corrupt
        case .busy, .locked: .busy
        case .newer: .newer
        case .gone: .gone
        default: .unavailable
        }
    }
}

/// Runs `body`, and says in the words of the store what went wrong.
func storing<Value>(_ body: () throws(StorageError) -> Value) throws(TurnStoreError) -> Value {
    do throws(StorageError) {
        return try body()
    } catch {
        throw .failed(TurnFault(error))
    }
}
