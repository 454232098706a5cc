import SQLiteStorage
package import TrailsCore
package import TrailsStore
package import Vocabulary

/// Reads beside the writer, each on a connection that sees one commit.
package struct SQLiteTrailsReader: TrailsReader {
    let file: SQLiteFile

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (SQLConnection) throws(StorageError) -> Value
    ) async throws(StoreError) -> Value {
        do throws(StorageError) {
            return try await self.file.read(body)
        } catch {
            throw StoreError(error)
        }
    }
}

extension SQLiteTrailsReader {
    package func app(_ id: AppID) async throws(StoreError) -> StoredApp? {
        try await self.read { connection throws(StorageError) in try connection.view(of: id) }
    }

    package func state(of app: AppID) async throws(StoreError) -> AppState? {
        try await self.read { connection throws(StorageError) in try connection.state(of: app) }
    }

    package func standing(
        of ancestor: AppID, key: PublicKey, to app: AppID
    ) async throws(StoreError) -> StoredStanding {
        try await self.read { connection throws(StorageError) in
            try connection.standing(of: ancestor, key: key, to: app)
        }
    }

    package func apps(_ query: AppQuery) async throws(StoreError) -> StoredPage<StoredApp> {
        try await self.read { connection throws(StorageError) in try connection.apps(query) }
    }

    package func apps(withPrefix prefix: String, under root: AppID, limit: Int) async throws(StoreError) -> [AppID] {
        try await self.read { connection throws(StorageError) in
            try connection.apps(withPrefix: prefix, under: root, limit: limit)
        }
    }

    package func liveDescendants(of app: AppID) async throws(StoreError) -> Int {
        try await self.read { connection throws(StorageError) in try connection.liveDescendants(of: app) }
    }

    package func messages(_ query: MessageQuery) async throws(StoreError) -> StoredPage<StoredReport> {
        try await self.read { connection throws(StorageError) in try connection.messages(query) }
    }

    package func latestStatus(of app: AppID) async throws(StoreError) -> StoredReport? {
        try await self.read { connection throws(StorageError) in
            guard let state = try connection.state(of: app) else { return nil }
            return try connection.latestStatus(of: app, incarnation: state.incarnation)
        }
    }

    package func history(
        under root: AppID, scope: HistoryScope, after: EventID, limit: Int
    ) async throws(StoreError) -> [StoredEvent] {
        try await self.read { connection throws(StorageError) in
            try connection.history(under: root, scope: scope, after: after, limit: limit)
        }
    }

    package func bounds() async throws(StoreError) -> (first: EventID, last: EventID) {
        let bounds = try await self.read { connection throws(StorageError) in try connection.bounds() }
        return (EventID(bounds.first), EventID(bounds.last))
    }

    package func cascade(_ id: CascadeID) async throws(StoreError) -> StoredCascade? {
        try await self.read { connection throws(StorageError) in try connection.cascadeView(id) }
    }

    package func controls(origin: CorrelationID) async throws(StoreError) -> [StoredControl] {
        try await self.read { connection throws(StorageError) in try connection.controls(origin: origin) }
    }
}

extension SQLiteTrailsReader {
    package func check(limits: TreeLimits) async throws(StoreError) -> CheckReport {
        try await self.read { connection throws(StorageError) in try connection.check(limits: limits) }
    }
}
