import SQLiteStorage
import TrailsCore
import TrailsStore
import Vocabulary

extension SQLConnection {
    /// The columns of a message, in the order in which `readReport` takes them.
    static let messageColumns = """
        app_id, incarnation, seq, kind, message_id, timestamp, received_at, correlation, payload, is_late, is_tombstone
        """

    /// The hot path: one row, one index entry for a Status.
    func insert(_ report: Report, as id: Int64) throws(StorageError) {
        try self.statement(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, report.app, report.incarnation,
            report.seq, report.kind, report.messageID, report.timestamp, report.receivedAt, report.correlation,
            report.payload, report.isLate, report.isTombstone
        ).run()
    }

    static func readReport(_ row: inout SQLRow) throws(StorageError) -> Report {
        Report(
            app: try row.next(), incarnation: try row.next(), seq: try row.next(), kind: try row.next(),
            messageID: try row.next(), timestamp: try row.next(), receivedAt: try row.next(),
            correlation: try row.next(), payload: try row.next(), isLate: try row.next(), isTombstone: try row.next())
    }

    static func readStoredReport(_ row: inout SQLRow) throws(StorageError) -> StoredReport {
        StoredReport(id: EventID(try row.next()), report: try self.readReport(&row))
    }

    func report(of app: AppID, incarnation: Int, seq: Int64) throws(StorageError) -> Report? {
        try self.first(
            "SELECT \(Self.messageColumns) FROM messages WHERE app_id = ? AND incarnation = ? AND seq = ?", app,
            incarnation, seq, read: Self.readReport)
    }

    func report(_ message: MessageID) throws(StorageError) -> StoredReport? {
        try self.first(
            "SELECT event_id, \(Self.messageColumns) FROM messages WHERE message_id = ?", message,
            read: Self.readStoredReport)
    }

    /// Reads the index alone. A sender that keeps the order costs one look at its ends.
    func sequence(of app: AppID, incarnation: Int) throws(StorageError) -> SequenceSet {
        var set = SequenceSet()
        let statement = try self.statement(
            "SELECT seq FROM messages WHERE app_id = ? AND incarnation = ? ORDER BY seq", app, incarnation)
        defer { statement.reset() }
        while var row = try statement.step() {
            let seq: Int64 = try row.next()
            guard seq > 0 else { throw StorageError(.corrupt, "message \(seq) of app \(app) in \(self.path)") }
            set.insert(seq)
        }
        return set
    }

    func messages(_ query: MessageQuery) throws(StorageError) -> StoredPage<StoredReport> {
        let limit = max(1, query.limit)
        // The partial index holds no Status, and is used only where the statement says so.
        let filter =
            switch query.kind {
            case nil: "?3 IS NULL"
            case .status: "kind = ?3"
            case .result, .error: "kind <> 'Status' AND kind = ?3"
            }
        var found = try self.rows(
            """
            SELECT event_id, \(Self.messageColumns) FROM messages
            WHERE app_id = ?1 AND event_id > ?2 AND \(filter) ORDER BY event_id LIMIT ?4
            """,
            query.app, query.after?.number ?? 0, query.kind, limit + 1, read: Self.readStoredReport)
        let isMore = found.count > limit
        if isMore { found.removeLast() }
        return StoredPage(items: found, cursor: isMore ? found.last.map { "\($0.id.number)" } : nil)
    }

    /// The newest Status of `incarnation` that was not refused.
    func latestStatus(of app: AppID, incarnation: Int) throws(StorageError) -> StoredReport? {
        try self.first(
            """
            SELECT event_id, \(Self.messageColumns) FROM messages
            WHERE app_id = ? AND incarnation = ? AND kind = 'Status' AND is_tombstone = 0 ORDER BY seq DESC LIMIT 1
            """,
            app, incarnation, read: Self.readStoredReport)
    }

    /// The newest Result or Error of `incarnation` that counted.
    func latest(_ kind: MessageKind, of app: AppID, incarnation: Int) throws(StorageError) -> Report? {
        try self.first(
            """
            SELECT \(Self.messageColumns) FROM messages
            WHERE app_id = ? AND incarnation = ? AND kind <> 'Status' AND kind = ? AND is_tombstone = 0 AND is_late = 0
            ORDER BY event_id DESC LIMIT 1
            """,
            app, incarnation, kind, read: Self.readReport)
    }

    func lastSeq(of app: AppID, incarnation: Int) throws(StorageError) -> Int64 {
        try self.first("SELECT max(seq) FROM messages WHERE app_id = ? AND incarnation = ?", app, incarnation) {
            row throws(StorageError) in try row.next(Int64?.self)
        }.flatMap(\.self) ?? 0
    }
}
