import HashTreeCollections
import SQLiteStorage
import TrailsCore
import TrailsStore
import Vocabulary

// MARK: - Commands

extension SQLConnection {
    static let controlColumns = """
        control_id, app_id, action, payload, scope, issued_at, expires_at, issuer, cascade_id, origin_id
        """

    static func readControl(_ row: inout SQLRow) throws(StorageError) -> Control {
        Control(
            id: try row.next(), app: try row.next(), action: try row.next(), payload: try row.next(),
            scope: try row.next(), issuedAt: try row.next(), expiresAt: try row.next(), issuer: try row.next(),
            cascade: try row.next(), origin: try row.next())
    }

    func insert(_ control: Control, as id: Int64) throws(StorageError) {
        try self.run(
            """
            INSERT INTO control_queue (event_id, \(Self.controlColumns), state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')
            """,
            id, control.id, control.app, control.action, control.payload, control.scope, control.issuedAt,
            control.expiresAt, control.issuer, control.cascade, control.origin)
    }

    /// Only the first answer counts; a late one is in `events` alone.
    func save(_ answer: ControlAnswer) throws(StorageError) {
        guard !answer.isLate else { return }
        try self.run(
            """
            UPDATE control_queue SET state = 'answered', outcome = ?, result = ?, error = ?, answered_at = ?
            WHERE control_id = ? AND app_id = ? AND state = 'waiting'
            """,
            answer.outcome, answer.result, answer.error, answer.at, answer.id, answer.app)
    }

    /// An app that has ended needs no cancel any more, unless it was only given up.
    func dropCancels(after change: ProcessTree.Change) throws(StorageError) {
        guard change.status.isTerminal, change.status != .forceKilled else { return }
        try self.run(
            """
            UPDATE control_queue SET state = 'dropped'
            WHERE app_id = ? AND state = 'waiting' AND cascade_id IS NOT NULL
            """,
            change.app)
    }

    /// In the order in which they are delivered: cancels, then first come, first served.
    func controls(waitingFor app: AppID) throws(StorageError) -> [Control] {
        try self.rows(
            """
            SELECT \(Self.controlColumns) FROM control_queue
            WHERE app_id = ? AND state = 'waiting' ORDER BY cascade_id IS NULL, event_id
            """,
            app, read: Self.readControl)
    }

    func isAnswered(_ control: CorrelationID, by app: AppID) throws(StorageError) -> Bool {
        try self.first(
            "SELECT count(*) > 0 AND sum(state = 'waiting') = 0 FROM control_queue WHERE control_id = ? AND app_id = ?",
            control, app
        ) { row throws(StorageError) in try row.next(Bool.self) } ?? false
    }

    /// A step of a cancel is no command: the cancel itself is known by its own identifier.
    func recipient(ofCommand origin: CorrelationID) throws(StorageError) -> AppID? {
        try self.first(
            "SELECT app_id FROM control_queue WHERE origin_id = ? AND cascade_id IS NULL LIMIT 1", origin
        ) { row throws(StorageError) in try row.next() }
    }

    /// A command and its copies for descendants, with their answers.
    func controls(origin: CorrelationID) throws(StorageError) -> [StoredControl] {
        try self.rows(
            """
            SELECT \(Self.controlColumns), outcome, result, error, answered_at FROM control_queue
            WHERE origin_id = ? ORDER BY event_id
            """,
            origin
        ) { row throws(StorageError) in
            let control = try Self.readControl(&row)
            guard let outcome = try row.next(AckOutcome?.self) else {
                return StoredControl(control: control, answer: nil)
            }
            let answer = ControlAnswer(
                id: control.id, app: control.app, outcome: outcome, result: try row.next(), error: try row.next(),
                at: try row.next())
            return StoredControl(control: control, answer: answer)
        }
    }
}

// MARK: - Cancels

extension SQLConnection {
    static let cascadeColumns = "event_id, body, level, deadline, finished_at"

    func insert(_ cascade: Cascade, as id: Int64) throws(StorageError) {
        try self.run(
            "INSERT INTO cascades VALUES (?, ?, ?, ?, -1, NULL, NULL)", cascade.id, id, cascade.target,
            try encode(cascade, what: "cancel \(cascade.id)", path: self.path))
        for app in cascade.levels.joined() {
            try self.insertMember(app, of: cascade.id, as: id)
        }
    }

    func insertMember(_ app: AppID, of cascade: CascadeID, as id: Int64) throws(StorageError) {
        try self.run("INSERT INTO cascade_members VALUES (?, ?, ?)", app, id, cascade)
    }

    func save(_ cascade: CascadeState, asOf event: Int64) throws(StorageError) {
        try self.run(
            """
            UPDATE cascades SET event_id = ?, level = ?, deadline = ?, finished_at = coalesce(?, finished_at)
            WHERE cascade_id = ?
            """,
            event, cascade.level, cascade.deadline, cascade.finishedAt, cascade.cascade.id)
    }

    /// The cancels that reached `app`, in the order in which they came.
    func cascades(over app: AppID) throws(StorageError) -> [CascadeID] {
        try self.rows("SELECT cascade_id FROM cascade_members WHERE app_id = ? ORDER BY event_id", app) {
            row throws(StorageError) in try row.next()
        }
    }

    func cascade(_ id: CascadeID) throws(StorageError) -> CascadeState? {
        let found = try self.first(
            "SELECT \(Self.cascadeColumns) FROM cascades WHERE cascade_id = ?", id, read: self.readCascade)
        return try found.map { found throws(StorageError) in try self.resolve(found) }
    }

    /// Reads the bodies of those that were finished since then alone.
    func pastCancel(over app: AppID, since moment: Timestamp) throws(StorageError) -> Cascade? {
        let statement = try self.statement(
            """
            \(TreeQuery.above) SELECT c.body FROM above CROSS JOIN cascades c ON c.target_id = above.app_id
            WHERE above.app_id <> ?1 AND c.finished_at > ?2 ORDER BY c.event_id DESC
            """,
            app, moment)
        defer { statement.reset() }
        while var row = try statement.step() {
            let cascade: Cascade = try decode(try row.next(), what: "a cancel", path: self.path)
            if cascade.isDeep, cascade.startedAt > moment { return cascade }
        }
        return nil
    }

    func cascadesAtWork() throws(StorageError) -> [CascadeState] {
        let found = try self.rows(
            "SELECT \(Self.cascadeColumns) FROM cascades WHERE finished_at IS NULL ORDER BY cascade_id",
            read: self.readCascade)
        var states: [CascadeState] = []
        for row in found { states.append(try self.resolve(row)) }
        return states
    }

    private func readCascade(_ row: inout SQLRow) throws(StorageError) -> (savedAt: Int64, state: CascadeState) {
        let savedAt: Int64 = try row.next()
        var state = CascadeState(try decode(try row.next(), what: "a cancel", path: self.path))
        state.level = try row.next()
        state.deadline = try row.next()
        state.finishedAt = try row.next()
        return (savedAt, state)
    }

    /// What the row is now: starts have moved its deadline, and who is waited for follows from the apps.
    private func resolve(_ found: (savedAt: Int64, state: CascadeState)) throws(StorageError) -> CascadeState {
        var state = found.state
        guard state.finishedAt == nil else { return state }
        let latest = try self.starts(after: found.savedAt).latest(after: found.savedAt)
        if let deadline = state.deadline, let latest { state.deadline = max(deadline, latest) }
        guard state.cascade.levels.indices.contains(state.level) else { return state }
        for app in state.cascade.levels[state.level] where try self.isLive(app) {
            state.waiting.insert(app)
        }
        return state
    }

    private func isLive(_ app: AppID) throws(StorageError) -> Bool {
        try self.first("SELECT is_live FROM app_status WHERE app_id = ?", app) { row throws(StorageError) in
            try row.next(Bool.self)
        } ?? false
    }
}
