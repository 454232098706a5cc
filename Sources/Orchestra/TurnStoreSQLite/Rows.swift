import SQLiteStorage
import TurnModel
import Vocabulary

/// The tables of one connection, in the words of the model: the writer's within its transaction, or a reader's.
struct Rows {
    let connection: SQLConnection
    let now: Timestamp

    func first<Element, each Value: SQLBindable>(
        _ sql: String, _ values: repeat each Value, read: (inout SQLRow) throws(StorageError) -> Element
    ) throws(TurnStoreError) -> Element? {
        do throws(StorageError) {
            return try self.connection.first(sql, repeat each values, read: read)
        } catch {
            throw .failed(TurnFault(error))
        }
    }

    func all<Element, each Value: SQLBindable>(
        _ sql: String, _ values: repeat each Value, read: (inout SQLRow) throws(StorageError) -> Element
    ) throws(TurnStoreError) -> [Element] {
        do throws(StorageError) {
            return try self.connection.rows(sql, repeat each values, read: read)
        } catch {
            throw .failed(TurnFault(error))
        }
    }

    func run<each Value: SQLBindable>(_ sql: String, _ values: repeat each Value) throws(TurnStoreError) {
        do throws(StorageError) {
            try self.connection.run(sql, repeat each values)
        } catch {
            throw .failed(TurnFault(error))
        }
    }

    static func integer(_ row: inout SQLRow) throws(StorageError) -> Int64 { try row.next() }
}

// MARK: - Reading rows

extension Rows {
    static let nodeColumns = "turn_id, parent, depth, jump"

    static func readNode(_ row: inout SQLRow) throws(StorageError) -> TurnNode {
        TurnNode(id: try row.next(), parent: try row.next(), depth: try row.next(), jump: try row.next())
    }

    static let contextColumns = "context_id, head, head_depth, base, first_own, created_at, moved_at"

    static func readContext(_ row: inout SQLRow) throws(StorageError) -> TurnContext {
        TurnContext(
            id: try row.next(), head: try row.next(), headDepth: try row.next(), base: try row.next(),
            firstOwn: try row.next(), createdAt: try row.next(), movedAt: try row.next())
    }

    static let leaseColumns = """
        context_id, epoch, owner, host, pid, boot_id, start_time, acquired_at, expires_at, is_released
        """

    static func readLease(_ row: inout SQLRow) throws(StorageError) -> Lease {
        Lease(
            context: try row.next(), epoch: try row.next(), owner: try row.next(), host: try row.next(),
            pid: try row.next(), bootID: try row.next(), startTime: try row.next(), acquiredAt: try row.next(),
            expiresAt: try row.next(), isReleased: try row.next())
    }

    static let requestColumns = "request_id, context_id, kind, body, posted_at, settled_at, answer"

    static func readRequest(_ row: inout SQLRow) throws(StorageError) -> OwnerRequest {
        OwnerRequest(
            id: try row.next(), context: try row.next(), kind: try row.next(), body: try row.next(),
            postedAt: try row.next(), settledAt: try row.next(), answer: try row.next())
    }

    static func readAppended(_ row: inout SQLRow) throws(StorageError) -> AppendAnswer.Appended {
        AppendAnswer.Appended(id: try row.next(), depth: try row.next(), hash: try row.next())
    }

    static func readKept(_ row: inout SQLRow) throws(StorageError) -> KeptKey {
        KeptKey(
            digest: try row.next(), context: try row.next(), firstTurn: try row.next(), turnCount: try row.next(),
            head: try row.next(), headDepth: try row.next(), lease: try row.next())
    }
}

// MARK: - What the rules must know

extension Rows: TurnLookups {
    static let nodeByID = "SELECT \(nodeColumns) FROM turns WHERE turn_id = ?"

    func node(_ turn: TurnID) throws(TurnStoreError) -> TurnNode? {
        try self.first(Self.nodeByID, turn, read: Self.readNode)
    }

    static let contextByID = "SELECT \(contextColumns) FROM contexts WHERE context_id = ?"

    func context(_ id: ContextID) throws(TurnStoreError) -> TurnContext? {
        try self.first(Self.contextByID, id, read: Self.readContext)
    }

    static let keptByKey = """
        SELECT digest, target, first_turn, turn_count, head, head_depth, lease FROM keys
        WHERE context_id = ? AND key = ?
        """

    func kept(_ key: IdempotencyKey, in context: ContextID?) throws(TurnStoreError) -> KeptKey? {
        try self.first(Self.keptByKey, context ?? ContextID(0), key.bytes, read: Self.readKept)
    }

    func appended(from first: TurnID, count: Int) throws(TurnStoreError) -> [AppendAnswer.Appended] {
        try self.all(
            """
            SELECT t.turn_id, t.depth, b.hash FROM turns t CROSS JOIN blobs b ON b.blob_id = t.blob_id
            WHERE t.turn_id >= ? ORDER BY t.turn_id LIMIT ?
            """, first, count, read: Self.readAppended)
    }

    static let leaseByContext = "SELECT \(leaseColumns) FROM leases WHERE context_id = ?"

    func lease(of context: ContextID) throws(TurnStoreError) -> Lease? {
        try self.first(Self.leaseByContext, context, read: Self.readLease)
    }

    func isSession(_ context: ContextID) throws(TurnStoreError) -> Bool {
        try self.first("SELECT 1 FROM sessions WHERE context_id = ?", context, read: Self.integer) != nil
    }

    static let contextByDisplayID = "SELECT context_id FROM sessions WHERE display_id = ?"

    func context(of displayID: DisplayID) throws(TurnStoreError) -> ContextID? {
        try self.first(Self.contextByDisplayID, displayID) { row throws(StorageError) in try row.next() }
    }

    func request(_ id: RequestID) throws(TurnStoreError) -> OwnerRequest? {
        try self.first(
            "SELECT \(Self.requestColumns) FROM requests WHERE request_id = ?", id, read: Self.readRequest)
    }

    /// Nothing is ever removed from these tables, so no id is given twice.
    func nextIDs() throws(TurnStoreError) -> (turn: UInt64, context: UInt64) {
        (try self.last("turn_id", of: "turns") + 1, try self.last("context_id", of: "contexts") + 1)
    }

    private func last(_ column: String, of table: String) throws(TurnStoreError) -> UInt64 {
        let last = try self.first("SELECT max(\(column)) FROM \(table)") { row throws(StorageError) in
            try row.next(Int64?.self)
        }
        return UInt64(max(0, (last ?? nil) ?? 0))
    }
}
