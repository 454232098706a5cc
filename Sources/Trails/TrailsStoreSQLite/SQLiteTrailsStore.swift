import SQLiteStorage
import Synchronization
package import TrailsCore
package import TrailsStore
package import Vocabulary

/// The tree in one SQLite file.
///
/// Writer and readers run the same queries (`SQLConnection`), the writer's within its open transaction: so between
/// `begin` and `commit` its look-ups see what was recorded, and readers do not.
package final class SQLiteTrailsStore: TrailsStore {
    package let reader: SQLiteTrailsReader
    let file: SQLiteFile
    /// The newest event id that was given. A rollback leaves a gap, never a repeat.
    private let newest: Atomic<Int64>

    private init(file: SQLiteFile, newest: Int64) {
        self.file = file
        self.reader = SQLiteTrailsReader(file: file)
        self.newest = Atomic(newest)
    }

    /// Opens the store at `path`, or makes it.
    package static func open(_ path: String) throws(StoreError) -> SQLiteTrailsStore {
        try storing { () throws(StorageError) in
            let file = try SQLiteFile.open(
                path, SQLiteOptions(applicationID: Schema.applicationID, migrations: Schema.migrations))
            do throws(StorageError) {
                let bounds = try file.write { connection throws(StorageError) in try connection.bounds() }
                return SQLiteTrailsStore(file: file, newest: bounds.last)
            } catch {
                file.close()
                throw error
            }
        }
    }

    package func close() { self.file.close() }

    /// Writes a copy of the store, as of one commit, to `path`, while others write on. It is there whole or not at all.
    package func backup(to path: String) throws(StoreError) {
        try storing { () throws(StorageError) in try self.file.backup(to: path) }
    }

    func write<Value>(_ body: (SQLConnection) throws(StorageError) -> Value) throws(StoreError) -> Value {
        try storing { () throws(StorageError) in try self.file.write(body) }
    }
}

// MARK: - Transactions

extension SQLiteTrailsStore {
    package func begin() throws(StoreError) {
        try self.write { connection throws(StorageError) in
            // What an earlier failure left open must not become part of this one.
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            try connection.run("BEGIN IMMEDIATE")
        }
    }

    package func commit() throws(StoreError) {
        try self.write { connection throws(StorageError) in try connection.run("COMMIT") }
    }

    package func rollback() {
        try? self.write { connection throws(StorageError) in  // `begin` tries again
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
        }
    }

    package func record(_ events: [ProcessTree.Event], at now: Timestamp) throws(StoreError) -> EventID {
        let last = self.newest.wrappingAdd(Int64(events.count), ordering: .relaxed).newValue
        let first = last - Int64(events.count) + 1
        try self.write { connection throws(StorageError) in
            for (place, event) in events.enumerated() {
                try connection.insert(event, as: first + Int64(place), at: now)
            }
        }
        return EventID(first)
    }

    package func save(_ states: [AppState]) throws(StoreError) {
        let last = self.newest.load(ordering: .relaxed)
        try self.write { connection throws(StorageError) in
            for state in states {
                try connection.save(state, asOf: last)
            }
        }
    }

    package func save(_ cascade: CascadeState) throws(StoreError) {
        let last = self.newest.load(ordering: .relaxed)
        try self.write { connection throws(StorageError) in try connection.save(cascade, asOf: last) }
    }

    package func spend(_ nonce: [UInt8], of key: PublicKey, at now: Timestamp) throws(StoreError) -> Bool {
        try self.write { connection throws(StorageError) in
            try connection.run("INSERT OR IGNORE INTO nonces VALUES (?, ?, ?)", key, nonce, now)
            return connection.changeCount == 1
        }
    }

    package func forgetNonces(before moment: Timestamp) throws(StoreError) {
        try self.write { connection throws(StorageError) in
            try connection.run("DELETE FROM nonces WHERE used_at < ?", moment)
        }
    }
}

// MARK: - Look-ups

extension SQLiteTrailsStore {
    package func state(of app: AppID) throws(StoreError) -> AppState? {
        try self.write { connection throws(StorageError) in try connection.state(of: app) }
    }

    package func sequence(of app: AppID, incarnation: Int) throws(StoreError) -> SequenceSet {
        try self.write { connection throws(StorageError) in try connection.sequence(of: app, incarnation: incarnation) }
    }

    package func report(of app: AppID, incarnation: Int, seq: Int64) throws(StoreError) -> Report? {
        try self.write { connection throws(StorageError) in
            try connection.report(of: app, incarnation: incarnation, seq: seq)
        }
    }

    package func report(_ message: MessageID) throws(StoreError) -> StoredReport? {
        try self.write { connection throws(StorageError) in try connection.report(message) }
    }

    package func isAnswered(_ control: CorrelationID, by app: AppID) throws(StoreError) -> Bool {
        try self.write { connection throws(StorageError) in try connection.isAnswered(control, by: app) }
    }

    package func wasRevoked(_ key: PublicKey, of app: AppID) throws(StoreError) -> Bool {
        try self.write { connection throws(StorageError) in try connection.wasRevoked(key, of: app) }
    }

    package func recipient(ofCommand origin: CorrelationID) throws(StoreError) -> AppID? {
        try self.write { connection throws(StorageError) in try connection.recipient(ofCommand: origin) }
    }

    package func cascade(_ id: CascadeID) throws(StoreError) -> CascadeState? {
        try self.write { connection throws(StorageError) in try connection.cascade(id) }
    }

    package func pastCancel(over app: AppID, since moment: Timestamp) throws(StoreError) -> Cascade? {
        try self.write { connection throws(StorageError) in try connection.pastCancel(over: app, since: moment) }
    }

    package func apps(under root: AppID, matching tags: JSONValue) throws(StoreError) -> Set<AppID> {
        try self.write { connection throws(StorageError) in try connection.apps(under: root, matching: tags) }
    }

    package func load(into tree: inout ProcessTree) throws(StoreError) -> [Control] {
        try self.write { connection throws(StorageError) in try connection.load(into: &tree) }
    }
}
