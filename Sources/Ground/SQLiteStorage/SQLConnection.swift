import GRDB

/// A connection, for the length of the closure it is handed to.
@usableFromInline
package struct SQLConnection {
    private let database: Database
    /// Of the file, for messages.
    package let path: String

    init(_ database: Database, path: String) {
        self.database = database
        self.path = path
    }
}

extension SQLConnection {
    /// Prepares one statement, or takes the one that was prepared before, and binds its parameters in order.
    ///
    /// A statement must be through before the same text is prepared again.
    @inlinable
    package func statement<each Value: SQLBindable>(
        _ sql: String, _ values: repeat each Value
    ) throws(StorageError) -> SQLStatement {
        let statement = try self.prepared(sql)
        var place: Int32 = 0
        for value in repeat each values {
            place += 1
            value.bind(to: statement, at: place)
        }
        return statement
    }

    @usableFromInline
    package func prepared(_ sql: String) throws(StorageError) -> SQLStatement {
        do {
            let statement = SQLStatement(try self.database.cachedStatement(sql: sql), path: self.path)
            statement.reset()
            return statement
        } catch {
            throw StorageError(error, path: self.path)
        }
    }

    /// Carries out one statement that answers nothing.
    @inlinable
    package func run<each Value: SQLBindable>(
        _ sql: String, _ values: repeat each Value
    ) throws(StorageError) {
        try self.statement(sql, repeat each values).run()
    }

    /// What `read` makes of each row.
    @inlinable
    package func rows<Element, each Value: SQLBindable>(
        _ sql: String, _ values: repeat each Value, read: (inout SQLRow) throws(StorageError) -> Element
    ) throws(StorageError) -> [Element] {
        let statement = try self.statement(sql, repeat each values)
        defer { statement.reset() }
        var elements: [Element] = []
        while var row = try statement.step() {
            elements.append(try read(&row))
        }
        return elements
    }

    /// What `read` makes of the first row, if there is one.
    @inlinable
    package func first<Element, each Value: SQLBindable>(
        _ sql: String, _ values: repeat each Value, read: (inout SQLRow) throws(StorageError) -> Element
    ) throws(StorageError) -> Element? {
        let statement = try self.statement(sql, repeat each values)
        defer { statement.reset() }
        guard var row = try statement.step() else { return nil }
        return try read(&row)
    }

    /// Carries out statements that answer nothing, separated by semicolons.
    package func execute(_ sql: String) throws(StorageError) {
        do {
            try self.database.execute(sql: sql)
        } catch {
            throw StorageError(error, path: self.path)
        }
    }

    /// How many rows the last statement changed.
    package var changeCount: Int { self.database.changesCount }

    package var isInTransaction: Bool { self.database.isInsideTransaction }
}
