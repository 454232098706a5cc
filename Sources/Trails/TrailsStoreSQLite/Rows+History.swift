import SQLiteStorage
import TrailsCore
import TrailsStore
import Vocabulary

extension SQLConnection {
    /// Events and messages after `after`, in their one order.
    func history(
        under root: AppID, scope: HistoryScope, after: EventID, limit: Int
    ) throws(StorageError) -> [StoredEvent] {
        let events = try self.rows(Self.eventsQuery(scope), root, after.number, limit, read: self.readEvent)
        let messages = try self.rows(
            Self.messagesQuery(scope), root, after.number, limit, read: Self.readMessageEvent)
        return Array((events + messages).sorted { $0.id < $1.id }.prefix(limit))
    }

    /// A page looks at each index entry of the apps that are reached, and at no others.
    static func eventsQuery(_ scope: HistoryScope) -> String {
        """
        \(self.reached(scope)) SELECT e.event_id, e.at, e.app_id, e.body FROM reached CROSS JOIN events e
        ON e.app_id = reached.app_id AND e.event_id > ?2 ORDER BY e.event_id LIMIT ?3
        """
    }

    static func messagesQuery(_ scope: HistoryScope) -> String {
        """
        \(self.reached(scope)) SELECT m.event_id, \(self.messageColumns(of: "m")) FROM reached CROSS JOIN messages m
        ON m.app_id = reached.app_id AND m.event_id > ?2 ORDER BY m.event_id LIMIT ?3
        """
    }

    /// `reached (app_id)`: whose history it is.
    private static func reached(_ scope: HistoryScope) -> String {
        switch scope {
        case .app: "WITH reached (app_id) AS (VALUES (?1))"
        case .children: "WITH reached (app_id) AS (SELECT app_id FROM apps WHERE parent_id = ?1)"
        case .subtree: "\(TreeQuery.below), reached (app_id) AS (SELECT app_id FROM below)"
        }
    }

    private static func messageColumns(of alias: String) -> String {
        self.messageColumns.split(separator: ", ").map { "\(alias).\($0)" }.joined(separator: ", ")
    }

    func readEvent(_ row: inout SQLRow) throws(StorageError) -> StoredEvent {
        let id: Int64 = try row.next()
        let at: Timestamp = try row.next()
        let app: AppID? = try row.next()
        return StoredEvent(
            id: EventID(id), at: at, app: app, event: try decode(try row.next(), what: "event \(id)", path: self.path))
    }

    static func readMessageEvent(_ row: inout SQLRow) throws(StorageError) -> StoredEvent {
        let stored = try self.readStoredReport(&row)
        return StoredEvent(
            id: stored.id, at: stored.report.receivedAt, app: stored.report.app, event: .reported(stored.report))
    }
}
