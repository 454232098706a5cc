import GRDB
package import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One database file: WAL, every commit synced, one connection that writes and several that read beside it.
///
/// Unless the options say that it is shared, another process that opens the same file is refused, for what is in memory
/// here would not be true there.
package final class SQLiteFile: Sendable {
    package let path: String
    let pool: DatabasePool
    private let lock: SidecarLock
    private let identity: FileIdentity?

    private init(path: String, pool: DatabasePool, lock: SidecarLock) {
        self.path = path
        self.pool = pool
        self.lock = lock
        self.identity = FileIdentity(path)
    }
}

/// What a database file is to be like.
package struct SQLiteOptions: Sendable {
    /// Says whose file it is (`PRAGMA application_id`).
    package var applicationID: Int32
    /// Its schema, from the first step on.
    package var migrations: [SQLMigration]
    /// Of a file that is made; an older one keeps its own. Small pages are cheap where each row of a commit goes to
    /// another place of an index, because the log holds whole pages.
    package var pageSize = ByteCount(1_024)
    /// Of each connection.
    package var cacheSize = ByteCount(32 << 20)
    /// How big the log grows before it is moved into the file.
    package var logMax = ByteCount(32 << 20)
    package var readersMax = 4
    package var busyTimeout: Duration = .seconds(5)
    /// Whether several processes may have it open. Each write then waits for the others, for `busyTimeout` at most.
    package var isShared = false

    package init(applicationID: Int32, migrations: [SQLMigration]) {
        self.applicationID = applicationID
        self.migrations = migrations
    }
}

extension SQLiteFile {
    /// Opens the file at `path`, makes it when there is none, and takes its schema to the newest step.
    package static func open(_ path: String, _ options: SQLiteOptions) throws(StorageError) -> SQLiteFile {
        if options.isShared, let file = try self.openCurrent(path, options) { return file }
        // Also for a shared file, as long as it is made: nobody sees half a schema, or is refused while WAL is set up.
        let lock = try SidecarLock(for: path, waiting: options.isShared ? options.busyTimeout : .zero)
        defer { if options.isShared { lock.release() } }
        let file = try self.connect(path, options, lock)
        try file.write { connection throws(StorageError) in try connection.migrate(options) }
        try file.assertDurability()
        return file
    }

    /// Opens a shared file whose schema is the newest; `nil` when it must be made or changed first.
    ///
    /// Writes nothing, so that many may open it at the same time, and nobody who does waits for those who write.
    private static func openCurrent(_ path: String, _ options: SQLiteOptions) throws(StorageError) -> SQLiteFile? {
        guard FileIdentity(path) != nil else { return nil }
        let lock = try SidecarLock(for: path, isShared: true, waiting: options.busyTimeout)
        defer { lock.release() }
        // What cannot be opened so is looked at again by who may change it, and says what is wrong.
        guard let file = try? self.connect(path, options, lock) else { return nil }
        guard (try? file.write { connection throws(StorageError) in try connection.isCurrent(options) }) == true else {
            file.close()
            return nil
        }
        try file.assertDurability()
        return file
    }

    private static func connect(
        _ path: String, _ options: SQLiteOptions, _ lock: SidecarLock
    ) throws(StorageError) -> SQLiteFile {
        let pool: DatabasePool
        do {
            pool = try DatabasePool(path: path, configuration: self.configuration(options))
        } catch {
            throw StorageError(error, path: path)
        }
        let file = SQLiteFile(path: path, pool: pool, lock: lock)
        try file.write { connection throws(StorageError) in
            // GRDB has set NORMAL by now, which loses acknowledged commits when the power goes.
            try connection.execute("PRAGMA synchronous = FULL")
            let pageSize = try connection.integer(of: "page_size")
            try connection.execute("PRAGMA wal_autocheckpoint = \(Int64(options.logMax.bytes) / pageSize)")
        }
        return file
    }

    private static func configuration(_ options: SQLiteOptions) -> Configuration {
        var configuration = Configuration()
        configuration.label = "store"
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = options.readersMax
        configuration.allowsUnsafeTransactions = true  // a transaction stays open from one call to the next
        configuration.busyMode = self.busyMode(options)
        let statements = """
            PRAGMA page_size = \(options.pageSize.bytes);
            PRAGMA cache_size = -\(options.cacheSize.bytes / 1_024);
            PRAGMA temp_store = MEMORY;
            """
        configuration.prepareDatabase { try $0.execute(sql: statements) }
        return configuration
    }

    /// SQLite's own waiting grows to a tenth of a second between two tries, in which others commit a hundred times: so
    /// beside busy processes it may never be one's turn. Here it is a millisecond.
    private static func busyMode(_ options: SQLiteOptions) -> Database.BusyMode {
        let milliseconds = options.busyTimeout.wholeMilliseconds
        guard options.isShared else { return .timeout(Double(milliseconds) / 1_000) }
        return .callback { tries in
            guard tries < milliseconds else { return false }
            usleep(1_000)
            return true
        }
    }

    /// Checks what durability hangs on; a file that does not pass must not be written.
    package func assertDurability() throws(StorageError) {
        try self.write { connection throws(StorageError) in
            let mode = try connection.first("PRAGMA journal_mode") { row throws(StorageError) in
                try row.next(String.self)
            }
            guard mode == "wal" else { throw self.unsafe("journal_mode is \(mode ?? "unknown"), not wal") }
            let level = try connection.integer(of: "synchronous")
            guard level >= 2 else { throw self.unsafe("synchronous is \(level), not FULL (2)") }
        }
    }

    private func unsafe(_ what: String) -> StorageError {
        StorageError(.other, "\(self.path) would lose commits: \(what)", hint: "does its file system support locks?")
    }

    /// Throws when the file is no longer where it was opened: what is written then goes to where nobody finds it.
    package func assertPresence() throws(StorageError) {
        guard let identity, FileIdentity(self.path) == identity else {
            throw StorageError(
                .gone, "\(self.path) was removed or replaced while it was open",
                hint: "put it back or go back to a backup, and start again")
        }
    }

    /// Closes all connections. What is in the log is moved into the file.
    package func close() {
        // It is moved by the connection that is closed last, and one that only reads could not.
        self.pool.invalidateReadOnlyConnections()
        try? self.pool.close()  // what it could not do, the next opening does
        self.lock.release()
    }
}

// MARK: - Access

extension SQLiteFile {
    /// Runs `body` on the connection that writes; not in a transaction of its own.
    package func write<Value>(
        _ body: (SQLConnection) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        do {
            return try self.pool.unsafeReentrantWrite { try body(SQLConnection($0, path: self.path)) }
        } catch {
            throw StorageError(error, path: self.path)
        }
    }

    /// Runs `body` on a connection that reads: it sees one commit, whole.
    ///
    /// A task that is cancelled gets its answer all the same: that it is must not look like a file that cannot be read.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (SQLConnection) throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        // In a task of its own, which nobody cancels; it ends when the connection is there for others again.
        let task = Task { () async -> Result<Value, StorageError> in
            do {
                return .success(try await self.pool.read { try body(SQLConnection($0, path: self.path)) })
            } catch {
                return .failure(StorageError(error, path: self.path))
            }
        }
        return try await task.value.get()
    }

    /// Looks the whole file over; each line is something that is wrong with it.
    package func quickCheck() async throws(StorageError) -> [String] {
        try await self.read { connection throws(StorageError) in
            try connection.rows("PRAGMA quick_check(100)") { row throws(StorageError) in try row.next(String.self) }
                .filter { $0 != "ok" }
        }
    }
}

extension SQLConnection {
    /// The value of a pragma that is a number.
    package func integer(of pragma: String) throws(StorageError) -> Int64 {
        try self.first("PRAGMA \(pragma)") { row throws(StorageError) in try row.next(Int64.self) } ?? 0
    }
}
