import SQLiteStorage
import TrailsCore
import TrailsStore
import Vocabulary

// What people and watchers ask for.

extension SQLConnection {
    func view(of app: AppID) throws(StorageError) -> StoredApp? {
        guard let state = try self.state(of: app) else { return nil }
        return try self.view(state)
    }

    /// Adds what the newest messages of this incarnation say.
    func view(_ state: AppState) throws(StorageError) -> StoredApp {
        let (app, incarnation) = (state.id, state.incarnation)
        var view = StoredApp(state: state, lastSeq: try self.lastSeq(of: app, incarnation: incarnation))
        guard view.lastSeq > 0 else { return view }
        if let status = try self.latestStatus(of: app, incarnation: incarnation) {
            let payload = try? JSONValue(parsing: status.report.payload)  // a payload may be anything
            view.progress = payload?["progress"]?.number
            view.note = payload?["note"]?.string ?? payload?["message"]?.string ?? payload?.string
        }
        view.result = try self.latest(.result, of: app, incarnation: incarnation)?.payload
        if let error = try self.latest(.error, of: app, incarnation: incarnation) {
            let payload = try? JSONValue(parsing: error.payload)
            view.message = payload?["message"]?.string ?? payload?.string
        }
        return view
    }

    func cascadeView(_ id: CascadeID) throws(StorageError) -> StoredCascade? {
        guard let state = try self.cascade(id) else { return nil }
        let members = try self.rows(
            """
            SELECT \(Self.appColumns) FROM cascade_members member
            CROSS JOIN apps a ON a.app_id = member.app_id CROSS JOIN app_status s ON s.app_id = member.app_id
            WHERE member.cascade_id = ?
            """,
            id, read: self.readApp)
        let statuses = try self.resolve(members).map { ($0.id, $0.status) }
        return StoredCascade(state: state, members: Dictionary(statuses) { first, _ in first })
    }

    /// Who among `root` and what is below it has an identifier that starts with these hex digits, in order.
    func apps(withPrefix prefix: String, under root: AppID, limit: Int) throws(StorageError) -> [AppID] {
        let digits = prefix.filter { $0 != "-" }
        let missing = 32 - digits.utf8.count
        guard missing >= 0, let low = Hex.decode(digits + String(repeating: "0", count: missing)),
            let high = Hex.decode(digits + String(repeating: "f", count: missing))
        else { return [] }
        let statement = try self.statement(
            "SELECT app_id FROM apps WHERE app_id BETWEEN ? AND ? ORDER BY app_id", low, high)
        defer { statement.reset() }
        var found: [AppID] = []
        while found.count < limit, var row = try statement.step() {
            let app: AppID = try row.next()
            if try self.isReached(app, from: root) { found.append(app) }
        }
        return found
    }
}

// MARK: - Lists

extension SQLConnection {
    func apps(_ query: AppQuery) throws(StorageError) -> StoredPage<StoredApp> {
        let limit = max(1, query.limit)
        var rows = query.isRecursive ? try self.walk(query, limit + 1) : try self.children(query, limit + 1)
        let isMore = rows.count > limit
        if isMore { rows.removeLast() }
        var views: [StoredApp] = []
        for var state in try self.resolve(rows) {
            state.controls = try self.controls(waitingFor: state.id)
            state.cascades = try self.cascades(over: state.id)
            views.append(try self.view(state))
        }
        return StoredPage(items: views, cursor: isMore ? rows.last.map { PageCursor($0.state.facts).text } : nil)
    }

    private func walk(_ query: AppQuery, _ limit: Int) throws(StorageError) -> [AppRow] {
        var walk = try SubtreeWalk(query, on: self)
        var rows: [AppRow] = []
        while rows.count < limit, let row = try walk.next() { rows.append(row) }
        return rows
    }

    private func children(_ query: AppQuery, _ limit: Int) throws(StorageError) -> [AppRow] {
        let place = try PageCursor(query.cursor, path: self.path)
        let filter = AppFilter(query)
        return try self.rows(
            Self.childrenSQL(includesRoot: query.includesRoot), query.root, place.scheduledAt, place.app, limit,
            filter.since, filter.until, filter.name, filter.statuses, filter.tags, read: self.readApp)
    }

    static func childrenSQL(includesRoot: Bool) -> String {
        """
        SELECT \(self.appColumns) FROM apps a CROSS JOIN app_status s ON s.app_id = a.app_id
        WHERE \(includesRoot ? "(a.parent_id = ?1 OR a.app_id = ?1)" : "a.parent_id = ?1")
            AND (a.scheduled_at, a.app_id) > (?2, ?3) AND \(AppFilter.condition(from: 5))
        ORDER BY a.scheduled_at, a.app_id LIMIT ?4
        """
    }
}

/// Where a page ended: the `scheduledAt` and the identifier of its last app.
struct PageCursor {
    var scheduledAt = Int64.min
    var app: [UInt8] = []

    init(_ facts: AppFacts) {
        self.scheduledAt = facts.scheduledAt.milliseconds
        self.app = facts.id.bytes
    }

    init(_ text: String?, path: String) throws(StorageError) {
        guard let text else { return }
        guard let bytes = Base64.decode(text), bytes.count == 24 else {
            throw StorageError(.other, "\"\(text)\" is no place in a list", hint: "begin the list anew")
        }
        self.scheduledAt = Int64(bitPattern: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        self.app = Array(bytes.suffix(16))
    }

    /// Opaque to those who hand it back.
    var text: String {
        let moment = UInt64(bitPattern: self.scheduledAt)
        return Base64.encodeURL((0..<8).map { UInt8(truncatingIfNeeded: moment >> (56 - 8 * $0)) } + self.app)
    }
}
