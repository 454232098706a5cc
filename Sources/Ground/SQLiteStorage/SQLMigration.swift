/// One step of a schema. Steps only go forward, and what a step does never changes once it was released.
package struct SQLMigration: Sendable {
    /// From 1, without a gap.
    package let number: Int
    package let sql: String

    package init(number: Int, sql: String) {
        self.number = number
        self.sql = sql
    }
}

extension SQLConnection {
    /// Takes the schema to the newest step, in one transaction that nobody else can be in.
    func migrate(_ options: SQLiteOptions) throws(StorageError) {
        try self.execute("BEGIN IMMEDIATE")
        do throws(StorageError) {
            try self.migrateInTransaction(options)
            try self.execute("COMMIT")
        } catch {
            if self.isInTransaction { try? self.execute("ROLLBACK") }  // the error that counts is the first
            throw error
        }
    }

    /// Whether the file is ours and has the newest schema.
    func isCurrent(_ options: SQLiteOptions) throws(StorageError) -> Bool {
        guard try self.integer(of: "application_id") == Int64(options.applicationID) else { return false }
        return try self.integer(of: "user_version") == Int64(options.migrations.count)
    }

    private func migrateInTransaction(_ options: SQLiteOptions) throws(StorageError) {
        let known = options.migrations.count
        precondition(options.migrations.map(\.number) == Array(1..<(known + 1)), "schema steps are numbered from 1")
        let schema = try self.integer(of: "user_version")
        try self.claim(for: options.applicationID, schema: schema)
        guard schema <= known else {
            throw StorageError(
                .newer, "\(self.path): schema \(schema) is newer than this program knows (\(known))",
                hint: "use the program that wrote it, or a newer one")
        }
        guard schema < known else { return }
        for migration in options.migrations.dropFirst(Int(schema)) {
            try self.execute(migration.sql)
        }
        try self.execute("PRAGMA user_version = \(known)")
    }

    /// Marks a new file as ours, and refuses one that is somebody else's.
    private func claim(for applicationID: Int32, schema: Int64) throws(StorageError) {
        let found = try self.integer(of: "application_id")
        if found == Int64(applicationID) { return }
        let tables = try self.first("SELECT count(*) FROM sqlite_master") { row throws(StorageError) in
            try row.next(Int.self)
        }
        guard found == 0, schema == 0, tables == 0 else {
            throw StorageError(
                .notADatabase, "\(self.path) is a database of another program", hint: "is it the right file?")
        }
        try self.execute("PRAGMA application_id = \(applicationID)")
    }
}
