import SQLiteStorage
import TrailsCore
import Vocabulary

/// An app as its rows say, before the starts since then.
struct AppRow: Sendable {
    var state: AppState
    /// The newest event id when it was saved.
    var savedAt: Int64
}

extension SQLConnection {
    /// The columns of `apps a` and `app_status s`, in the order in which `readApp` takes them.
    static let appColumns = """
        a.app_id, a.parent_id, a.name, a.level, a.scheduled_at, a.start_day, a.tags, a.role_refs, a.enrolment_key,
        a.recovery_key, a.is_permanent_root, a.origin,
        s.event_id, s.status, s.before, s.presence, s.cause, s.incarnation, s.session_epoch, s.key, s.claimed_key,
        s.key_epoch, s.is_revoked, s.process, s.registered_at, s.changed_at, s.ended_at, s.deadline, s.lease,
        s.binding
        """

    func readApp(_ row: inout SQLRow) throws(StorageError) -> AppRow {
        let facts = AppFacts(
            id: try row.next(), parent: try row.next(), name: try row.next(), level: try row.next(),
            scheduledAt: try row.next(), startDay: try row.next(), tags: try row.next(),
            roleRefs: try self.readWords(try row.next()), enrolmentKey: try row.next(), recoveryKey: try row.next(),
            isPermanentRoot: try row.next(), origin: try row.next())
        let savedAt: Int64 = try row.next()
        var state = AppState(facts: facts, status: try row.next(), changedAt: Timestamp(milliseconds: 0))
        state.before = try row.next()
        state.presence = try row.next()
        state.cause = try row.next()
        state.incarnation = try row.next()
        state.sessionEpoch = try row.next()
        state.key = try row.next()
        state.claimedKey = try row.next()
        state.keyEpoch = try row.next()
        state.isRevoked = try row.next()
        state.process = try row.next()
        state.registeredAt = try row.next()
        state.changedAt = try row.next()
        state.endedAt = try row.next()
        state.deadline = try row.next()
        state.lease = try row.next(Int64?.self).map { .milliseconds($0) }
        state.binding = try self.readRanges(try row.next())
        return AppRow(state: state, savedAt: savedAt)
    }

    private func readWords(_ text: String) throws(StorageError) -> [String] {
        text == "[]" ? [] : try decode(text, what: "the role references \(text)", path: self.path)
    }

    private func readRanges(_ text: String?) throws(StorageError) -> [AddressRange] {
        guard let text else { return [] }
        return try decode(text, what: "the binding \(text)", path: self.path)
    }

    func save(_ facts: AppFacts) throws(StorageError) {
        let roles = facts.roleRefs.isEmpty ? "[]" : JSONValue.array(facts.roleRefs.map(JSONValue.string)).text
        try self.run(
            """
            INSERT INTO apps VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            ON CONFLICT (app_id) DO UPDATE SET parent_id = ?2, name = ?3, level = ?4, scheduled_at = ?5,
                start_day = ?6, tags = ?7, role_refs = ?8, enrolment_key = ?9, recovery_key = ?10,
                is_permanent_root = ?11, origin = ?12
            """,
            facts.id, facts.parent, facts.name, facts.level, facts.scheduledAt, facts.startDay, facts.tags, roles,
            facts.enrolmentKey, facts.recoveryKey, facts.isPermanentRoot, facts.origin)
    }

    /// Writes the fold of an app; of its commands and cancels the other tables say.
    func save(_ state: AppState, asOf event: Int64) throws(StorageError) {
        try self.run(
            "INSERT OR REPLACE INTO app_status VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            state.id, event, state.status, state.status.isLive, state.before, state.presence, state.cause,
            state.incarnation, state.sessionEpoch, state.key, state.claimedKey, state.keyEpoch, state.isRevoked,
            state.process, state.registeredAt, state.changedAt, state.endedAt, state.deadline,
            state.lease?.wholeMilliseconds,
            state.binding.isEmpty ? nil : JSONValue.array(state.binding.map { .string($0.description) }).text)
    }
}

// MARK: - One app

extension SQLConnection {
    /// The app as it is now, with its waiting commands and its cancels.
    func state(of app: AppID) throws(StorageError) -> AppState? {
        guard let found = try self.row(of: app) else { return nil }
        var states = try self.resolve([found])
        states[0].controls = try self.controls(waitingFor: app)
        states[0].cascades = try self.cascades(over: app)
        return states[0]
    }

    func row(of app: AppID) throws(StorageError) -> AppRow? {
        try self.first(
            "SELECT \(Self.appColumns) FROM apps a JOIN app_status s ON s.app_id = a.app_id WHERE a.app_id = ?", app,
            read: self.readApp)
    }

    /// What the rows are now: a start changed every live app without touching its row.
    func resolve(_ rows: [AppRow]) throws(StorageError) -> [AppState] {
        guard let oldest = rows.lazy.filter({ $0.state.status.isLive }).map(\.savedAt).min() else {
            return rows.map(\.state)
        }
        let starts = try self.starts(after: oldest)
        return rows.map { row in
            var state = row.state
            starts.apply(to: &state, savedAt: row.savedAt)
            return state
        }
    }
}
