import SQLiteStorage
import TrailsCore
import TrailsStore
import Vocabulary

/// Goes through a subtree in its own order, one app at a time: an app, then what is below it, then its next sibling.
///
/// Each step is a look into the index of children, so a page of a list costs the page and the way down to it, however
/// large the subtree is.
struct SubtreeWalk {
    /// An app, and where it comes among the children of its parent.
    private struct Place {
        var app: AppID
        var scheduledAt = Int64.min
        /// Of the app; none before the first child.
        var bytes: [UInt8] = []
    }

    private let connection: SQLConnection
    private let query: AppQuery
    private let filter: AppFilter
    /// From the root to the app that was visited last.
    private var line: [Place]
    private var mustVisitRoot: Bool
    /// How often the index was looked into.
    private(set) var lookUps = 0

    /// Begins behind `cursor`, or at the root.
    init(_ query: AppQuery, on connection: SQLConnection) throws(StorageError) {
        self.connection = connection
        self.query = query
        self.filter = AppFilter(query)
        self.line = [Place(app: query.root)]
        self.mustVisitRoot = query.includesRoot && query.cursor == nil
        guard query.cursor != nil else { return }
        let cursor = try PageCursor(query.cursor, path: connection.path)
        guard let app = AppID(bytes: cursor.app), let line = try Self.line(from: query.root, to: app, connection) else {
            throw StorageError(.other, "the place in the list is not in this list", hint: "begin the list anew")
        }
        self.line = line
    }

    /// The next app that the query asks for.
    mutating func next() throws(StorageError) -> AppRow? {
        if self.mustVisitRoot {
            self.mustVisitRoot = false
            if let row = try self.root() { return row }
        }
        while let (row, isMeant) = try self.step() {
            if isMeant { return row }
        }
        return nil
    }

    /// The next app: below the last one, or beside it, or beside the nearest above it that has one beside it.
    private mutating func step() throws(StorageError) -> (row: AppRow, isMeant: Bool)? {
        guard let last = self.line.last else { return nil }
        var after = Place(app: last.app)
        while let parent = self.line.last {
            if let found = try self.child(of: parent.app, after: after) {
                let facts = found.row.state.facts
                self.line.append(
                    Place(app: facts.id, scheduledAt: facts.scheduledAt.milliseconds, bytes: facts.id.bytes))
                return found
            }
            after = self.line.removeLast()
        }
        return nil
    }

    /// The first child of `parent` behind a place.
    private mutating func child(
        of parent: AppID, after place: Place
    ) throws(StorageError) -> (row: AppRow, isMeant: Bool)? {
        self.lookUps += 1
        return try self.connection.first(
            Self.childSQL, parent, place.scheduledAt, place.bytes, self.query.root, self.filter.since,
            self.filter.until, self.filter.name, self.filter.statuses, self.filter.tags, read: self.read)
    }

    private mutating func root() throws(StorageError) -> AppRow? {
        self.lookUps += 1
        let found = try self.connection.first(
            Self.rootSQL, self.query.root, Int64.min, [UInt8](), self.query.root, self.filter.since,
            self.filter.until, self.filter.name, self.filter.statuses, self.filter.tags, read: self.read)
        guard let found, found.isMeant else { return nil }
        return found.row
    }

    private func read(_ row: inout SQLRow) throws(StorageError) -> (row: AppRow, isMeant: Bool) {
        let app = try self.connection.readApp(&row)
        return (app, try row.next(Bool.self))
    }

    /// From `root` down to `app`; `nil` when it is not below it.
    private static func line(
        from root: AppID, to app: AppID, _ connection: SQLConnection
    ) throws(StorageError) -> [Place]? {
        var line: [Place] = []
        var next: AppID? = app
        while let app = next, line.count <= self.depthMax {
            let found = try connection.first("SELECT parent_id, scheduled_at FROM apps WHERE app_id = ?", app) {
                row throws(StorageError) in (parent: try row.next(AppID?.self), at: try row.next(Int64.self))
            }
            guard let found else { return nil }
            line.append(Place(app: app, scheduledAt: found.at, bytes: app.bytes))
            if app == root { return line.reversed() }
            next = found.parent
        }
        return nil
    }

    /// More than any tree is deep: a damaged file may hold a circle.
    private static let depthMax = 100_000

    /// `?4` is the root, which is below itself in a damaged file only.
    static let childSQL = Self.sql(
        """
        a.parent_id = ?1 AND (a.scheduled_at, a.app_id) > (?2, ?3) AND a.app_id <> ?4
        ORDER BY a.scheduled_at, a.app_id LIMIT 1
        """)

    /// The same parameters; `?1` is the app itself.
    private static let rootSQL = Self.sql("a.app_id = ?1")

    private static func sql(_ place: String) -> String {
        """
        SELECT \(SQLConnection.appColumns), \(AppFilter.condition(from: 5))
        FROM apps a CROSS JOIN app_status s ON s.app_id = a.app_id WHERE \(place)
        """
    }
}

/// Which apps of a list are asked for, as parameters of a statement.
struct AppFilter {
    let since: Int64
    let until: Int64
    let name: String?
    /// JSON arrays and objects.
    let statuses: String?
    let tags: String

    init(_ query: AppQuery) {
        self.since = query.since?.milliseconds ?? .min
        self.until = query.until?.milliseconds ?? .max
        self.name = query.name
        self.statuses = query.statuses.map { JSONValue.array($0.map { .string($0.rawValue) }).text }
        var tags = JSONObject()
        for (key, value) in query.tag { tags[key] = .string(value) }
        self.tags = JSONValue.object(tags).text
    }

    /// Whether the row of `apps a` and `app_status s` is meant; the parameters are from `first` on, in the order above.
    static func condition(from first: Int) -> String {
        """
        (a.scheduled_at BETWEEN ?\(first) AND ?\(first + 1) AND (?\(first + 2) IS NULL OR a.name = ?\(first + 2))
            AND (?\(first + 3) IS NULL OR \(self.statusNow) IN (SELECT value FROM json_each(?\(first + 3))))
            AND NOT EXISTS (
                SELECT 1 FROM json_each(?\(first + 4)) wanted WHERE NOT EXISTS (
                    SELECT 1 FROM json_each(a.tags) held WHERE held.key = wanted.key AND wanted.value =
                        CASE held.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'
                        ELSE CAST(held.value AS TEXT) END)))
        """
    }

    /// The status after the starts since the row was saved: `Starts.apply` in the words of SQL.
    private static let statusNow = """
        CASE WHEN s.is_live = 1 AND s.presence = 'attached' AND s.status <> 'lost_contact'
            AND s.event_id < (SELECT max(event_id) FROM starts) THEN 'reconnecting' ELSE s.status END
        """
}
