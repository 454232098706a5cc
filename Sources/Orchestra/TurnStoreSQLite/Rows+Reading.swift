import SQLiteStorage
import TurnModel
import Vocabulary

extension Rows {
    private static let turnColumns = """
        t.turn_id, t.parent, t.depth, t.jump, t.context_id, t.type_id, t.type_version, t.encoding, t.compression,
        b.hash, b.length, t.created_at
        """

    /// The second parameter says up to which length the payload is wanted.
    static let turnByID = """
        SELECT \(turnColumns), CASE WHEN b.length <= ?2 THEN b.bytes END
        FROM turns t CROSS JOIN blobs b ON b.blob_id = t.blob_id WHERE t.turn_id = ?1
        """

    private static func readTurn(_ row: inout SQLRow) throws(StorageError) -> Turn {
        Turn(
            node: try self.readNode(&row), context: try row.next(),
            type: TurnType(try row.next(), version: try row.next()), encoding: TurnEncoding(number: try row.next()),
            compression: TurnCompression(rawValue: try row.next()) ?? .none, hash: try row.next(),
            length: ByteCount(max(0, try row.next(Int.self))), createdAt: try row.next(), payload: try row.next())
    }

    func turn(_ id: TurnID, payloadMax: Int) throws(TurnStoreError) -> Turn? {
        let turn = try self.first(Self.turnByID, id, payloadMax, read: Self.readTurn)
        if let turn, let payload = turn.payload, BLAKE3.hash(payload) != turn.hash {
            throw .failed(
                TurnFault(.corrupt, "the payload of turn \(id) is damaged", hint: "put it again, or use a backup"))
        }
        return turn
    }

    func page(_ query: TurnQuery) throws(TurnStoreError) -> TurnPage {
        let context = try self.existing(query.context)
        var next = context.head
        if let before = query.before { next = try self.inChain(before, of: context).parent }
        var turns: [Turn] = []
        var bytes = 0
        let limit = min(query.limit, TurnLimits.pageTurnsMax)
        while turns.count < limit, let id = next {
            guard let turn = try self.turn(id, payloadMax: query.withPayload ? Int.max : -1) else {
                throw .failed(TurnFault(.corrupt, "turn \(id) is missing", hint: "go back to a backup"))
            }
            bytes += turn.payload?.count ?? 0
            if bytes > TurnLimits.pageBytesMax.bytes, !turns.isEmpty { break }
            turns.append(turn)
            next = turn.parent
        }
        return TurnPage(context: context, turns: turns, hasMore: next != nil)
    }

    func existing(_ id: ContextID) throws(TurnStoreError) -> TurnContext {
        guard let context = try self.context(id) else { throw .refused(.unknownContext(id)) }
        return context
    }

    func existing(_ id: TurnID) throws(TurnStoreError) -> TurnNode {
        guard let node = try self.node(id) else { throw .refused(.unknownTurn(id)) }
        return node
    }

    private func inChain(_ turn: TurnID, of context: TurnContext) throws(TurnStoreError) -> TurnNode {
        let node = try self.existing(turn)
        guard let head = context.head, try self.isTurn(node, onWayFrom: try self.known(head)) else {
            throw .refused(.notInChain(turn, of: context.id))
        }
        return node
    }

    func isTurn(_ turn: TurnID, inChainOf context: ContextID) throws(TurnStoreError) -> Bool {
        let node = try self.existing(turn)
        guard let head = try self.existing(context).head else { return false }
        return try self.isTurn(node, onWayFrom: try self.known(head))
    }

    static let contextsByMove = """
        SELECT \(contextColumns) FROM contexts WHERE (moved_at, context_id) < (?, ?)
        ORDER BY moved_at DESC, context_id DESC LIMIT ?
        """

    func contexts(_ query: ContextQuery) throws(TurnStoreError) -> [TurnContext] {
        let end = query.after.map { ($0.movedAt.milliseconds, Int64(bitPattern: $0.id.number)) } ?? (.max, .max)
        return try self.all(
            Self.contextsByMove, end.0, end.1, Self.limit(query.limit), read: Self.readContext)
    }

    static func limit(_ limit: Int) -> Int { max(0, min(limit, TurnLimits.listMax)) }

    func blob(_ hash: BLAKE3.Digest) throws(TurnStoreError) -> [UInt8]? {
        let bytes = try self.first("SELECT bytes FROM blobs WHERE hash = ?", hash) { row throws(StorageError) in
            try row.next([UInt8].self)
        }
        if let bytes, BLAKE3.hash(bytes) != hash {
            throw .failed(TurnFault(.corrupt, "the blob \(hash) is damaged", hint: "put it again, or use a backup"))
        }
        return bytes
    }

    static let requestsOpen = """
        SELECT \(requestColumns) FROM requests WHERE context_id = ? AND request_id > ? AND settled_at IS NULL
        ORDER BY request_id LIMIT ?
        """

    func requests(_ query: RequestQuery) throws(TurnStoreError) -> [OwnerRequest] {
        _ = try self.existing(query.context)
        let all = """
            SELECT \(Self.requestColumns) FROM requests WHERE context_id = ? AND request_id > ?
            ORDER BY request_id LIMIT ?
            """
        return try self.all(
            query.onlyOpen ? Self.requestsOpen : all, query.context, query.after ?? RequestID(0),
            Self.limit(query.limit), read: Self.readRequest)
    }
}

// MARK: - Sessions

extension Rows {
    private typealias Entry = (context: ContextID, displayID: DisplayID, name: String, branchOf: ContextID?)

    private static let entryColumns = "context_id, display_id, name, branch_of"

    private static func readEntry(_ row: inout SQLRow) throws(StorageError) -> Entry {
        (try row.next(), try row.next(), try row.next(), try row.next())
    }

    static let sessionsListed = """
        SELECT \(entryColumns) FROM sessions WHERE branch_of IS NULL AND context_id < ?
        ORDER BY context_id DESC LIMIT ?
        """

    func sessions(_ query: SessionQuery) throws(TurnStoreError) -> [SessionRow] {
        let all = "SELECT \(Self.entryColumns) FROM sessions WHERE context_id < ? ORDER BY context_id DESC LIMIT ?"
        if let parent = query.branchesOf {
            let ofParent = """
                SELECT \(Self.entryColumns) FROM sessions WHERE branch_of = ? AND context_id < ?
                ORDER BY context_id DESC LIMIT ?
                """
            return try self.rows(
                try self.all(
                    ofParent, parent, query.before ?? ContextID(UInt64(Int64.max)), Self.limit(query.limit),
                    read: Self.readEntry))
        }
        let entries = try self.all(
            query.includesBranches ? all : Self.sessionsListed, query.before ?? ContextID(UInt64(Int64.max)),
            Self.limit(query.limit), read: Self.readEntry)
        return try self.rows(entries)
    }

    func session(of context: ContextID) throws(TurnStoreError) -> SessionRow? {
        let entry = try self.first(
            "SELECT \(Self.entryColumns) FROM sessions WHERE context_id = ?", context, read: Self.readEntry)
        return try entry.map { entry throws(TurnStoreError) in try self.row(entry) }
    }

    static let sessionsByPrefix = """
        SELECT \(entryColumns) FROM sessions WHERE display_id >= ? AND display_id < ? ORDER BY display_id LIMIT ?
        """

    func sessions(withPrefix prefix: String, limit: Int) throws(TurnStoreError) -> [SessionRow] {
        // The letters of a display id are ASCII, so nothing that starts with the prefix is beyond "~".
        let entries = try self.all(
            Self.sessionsByPrefix, prefix, "\(prefix)~", Self.limit(limit), read: Self.readEntry)
        let exact = entries.filter { $0.displayID.description == prefix }
        return try self.rows(exact.isEmpty ? entries : exact)
    }

    private func rows(_ entries: [Entry]) throws(TurnStoreError) -> [SessionRow] {
        var rows: [SessionRow] = []
        for entry in entries { rows.append(try self.row(entry)) }
        return rows
    }

    private func row(_ entry: Entry) throws(TurnStoreError) -> SessionRow {
        let context = try self.existing(entry.context)
        let size = TurnLimits.sessionPayloadMax.bytes
        let firstOwn = try context.firstOwn.flatMap { id throws(TurnStoreError) in try self.turn(id, payloadMax: size) }
        let head = try context.head.flatMap { id throws(TurnStoreError) in try self.turn(id, payloadMax: size) }
        let kinds = try self.all(
            """
            SELECT kind FROM requests WHERE context_id = ? AND settled_at IS NULL ORDER BY request_id LIMIT 100
            """, entry.context
        ) { row throws(StorageError) in try row.next(String.self) }
        return SessionRow(
            displayID: entry.displayID, name: entry.name, branchOf: entry.branchOf, context: context,
            firstOwn: firstOwn, head: head, lease: try self.lease(of: entry.context), openRequests: kinds)
    }
}
