import SQLiteStorage
import TrailsCore
import TrailsStore
import Vocabulary

/// Common table expressions of the tree. `UNION` ends them even where a damaged file holds a cycle; `CROSS JOIN` keeps
/// the order of the tables, so that a subtree costs its own rows and no others.
enum TreeQuery {
    /// `below (app_id)`: the app `?1` and all that is below it.
    static let below = """
        WITH RECURSIVE below (app_id) AS (
            VALUES (?1) UNION
            SELECT child.app_id FROM below CROSS JOIN apps child ON child.parent_id = below.app_id
        )
        """

    /// `above (app_id)`: the app `?1` and all that is above it.
    static let above = """
        WITH RECURSIVE above (app_id) AS (
            VALUES (?1) UNION
            SELECT app.parent_id FROM above CROSS JOIN apps app ON app.app_id = above.app_id
            WHERE app.parent_id IS NOT NULL
        )
        """
}

extension SQLConnection {
    /// Whether `ancestor` is `app` or above it.
    func isReached(_ app: AppID, from ancestor: AppID) throws(StorageError) -> Bool {
        try self.first(
            "\(TreeQuery.above) SELECT EXISTS (SELECT 1 FROM above WHERE app_id = ?2)", app, ancestor
        ) { row throws(StorageError) in try row.next(Bool.self) } ?? false
    }

    func standing(of ancestor: AppID, key: PublicKey, to app: AppID) throws(StorageError) -> StoredStanding {
        let asking = try self.first("SELECT key, is_revoked FROM app_status WHERE app_id = ?", ancestor) {
            row throws(StorageError) in (key: try row.next(PublicKey?.self), isRevoked: try row.next(Bool.self))
        }
        guard let asking else { return .unknown }
        guard asking.key == key else { return .keyMismatch }
        guard !asking.isRevoked else { return .revoked }
        let isKnown = try self.first("SELECT 1 FROM apps WHERE app_id = ?", app) { row throws(StorageError) in true }
        guard isKnown == true else { return .unknown }
        if app == ancestor { return .itself }
        return try self.isReached(app, from: ancestor) ? .ancestor : .stranger
    }

    func apps(under root: AppID, matching tags: JSONValue) throws(StorageError) -> Set<AppID> {
        guard let wanted = tags.object else { return [] }
        let found = try self.rows(
            "\(TreeQuery.below) SELECT a.app_id, a.tags FROM below CROSS JOIN apps a ON a.app_id = below.app_id", root
        ) { row throws(StorageError) in (app: try row.next(AppID.self), tags: try row.next(String?.self)) }
        return Set(
            found.lazy.filter { _, text in
                guard let text, let tags = try? JSONValue(parsing: text) else { return wanted.isEmpty }
                return wanted.allSatisfy { tags[$0.key] == $0.value }
            }.map(\.app))
    }

    func liveDescendants(of app: AppID) throws(StorageError) -> Int {
        try self.first(
            """
            \(TreeQuery.below) SELECT count(*) FROM below CROSS JOIN app_status s ON s.app_id = below.app_id
            WHERE s.is_live = 1 AND below.app_id <> ?1
            """,
            app
        ) { row throws(StorageError) in try row.next(Int.self) } ?? 0
    }
}
