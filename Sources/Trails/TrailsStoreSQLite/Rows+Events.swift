import FoundationEssentials
import SQLiteStorage
import TrailsCore
import TrailsStore
import Vocabulary

// What is recorded, and the rows that follow from it.

extension SQLConnection {
    /// Writes `event` as number `id`.
    func insert(_ event: ProcessTree.Event, as id: Int64, at now: Timestamp) throws(StorageError) {
        if case .reported(let report) = event {
            try self.insert(report, as: id)
            return
        }
        try self.follow(event, as: id)
        var app = event.app
        if app == nil, let cascade = event.cascade { app = try self.target(of: cascade) }
        try self.run(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?)", id, app, now, event.kind,
            try encode(event, what: "event \(id)", path: self.path))
    }

    private func follow(_ event: ProcessTree.Event, as id: Int64) throws(StorageError) {
        switch event {
        case .declared(let facts, _, _, _), .expected(let facts, _): try self.save(facts)
        case .registered(let registered):
            if let facts = registered.facts { try self.save(facts) }
        case .changed(let change): try self.dropCancels(after: change)
        case .queued(let control): try self.insert(control, as: id)
        case .answered(let answer): try self.save(answer)
        case .cascadeStarted(let cascade): try self.insert(cascade, as: id)
        case .cascadeLevelStarted(let cascade, let level, let deadline):
            try self.run(
                "UPDATE cascades SET event_id = ?, level = ?, deadline = ? WHERE cascade_id = ?", id, level, deadline,
                cascade)
        case .cascadeFinished(let cascade, let at):
            try self.run("UPDATE cascades SET event_id = ?, finished_at = ? WHERE cascade_id = ?", id, at, cascade)
        case .fenced(let app, let cascade): try self.insertMember(app, of: cascade, as: id)
        case .started(_, let at, let until): try self.run("INSERT INTO starts VALUES (?, ?, ?)", id, at, until)
        case .reported, .returned, .detached, .leaseExtended, .enrolmentConflict, .revoked, .rekeyed, .bound: break
        }
    }

    private func target(of cascade: CascadeID) throws(StorageError) -> AppID? {
        try self.first("SELECT target_id FROM cascades WHERE cascade_id = ?", cascade) { row throws(StorageError) in
            try row.next()
        }
    }

    func wasRevoked(_ key: PublicKey, of app: AppID) throws(StorageError) -> Bool {
        let events: [ProcessTree.Event] = try self.rows(
            "SELECT body FROM events WHERE app_id = ? AND kind = 'revoked'", app
        ) { row throws(StorageError) in
            try decode(try row.next(), what: "a revocation", path: self.path)
        }
        return events.contains { if case .revoked(_, key, _, _, _) = $0 { true } else { false } }
    }

    /// The oldest and the newest event id that is stored; 1 and 0 when there is none.
    func bounds() throws(StorageError) -> (first: Int64, last: Int64) {
        let ends = try self.first(
            """
            SELECT (SELECT min(event_id) FROM events), (SELECT min(event_id) FROM messages),
                (SELECT max(event_id) FROM events), (SELECT max(event_id) FROM messages)
            """
        ) { row throws(StorageError) in
            var ends: [Int64?] = []
            for _ in 0..<4 { ends.append(try row.next()) }
            return ends
        }
        guard let ends else { return (1, 0) }
        return (ends[..<2].compactMap(\.self).min() ?? 1, ends[2...].compactMap(\.self).max() ?? 0)
    }
}

// MARK: - Bodies

extension ProcessTree.Event {
    /// The word for it in the column `kind`.
    var kind: String {
        switch self {
        case .declared: "declared"
        case .expected: "expected"
        case .registered: "registered"
        case .returned: "returned"
        case .reported: "reported"
        case .changed: "changed"
        case .detached: "detached"
        case .leaseExtended: "lease_extended"
        case .enrolmentConflict: "enrolment_conflict"
        case .queued: "queued"
        case .answered: "answered"
        case .cascadeStarted: "cascade_started"
        case .cascadeLevelStarted: "cascade_level_started"
        case .cascadeFinished: "cascade_finished"
        case .fenced: "fenced"
        case .revoked: "revoked"
        case .rekeyed: "rekeyed"
        case .bound: "bound"
        case .started: "started"
        }
    }
}

/// The JSON text of `value`.
func encode(_ value: some Encodable, what: String, path: String) throws(StorageError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
        throw StorageError(.other, "\(what) cannot be written to \(path): \(error)")
    }
}

/// The value that `text` says.
func decode<Value: Decodable>(_ text: String, what: String, path: String) throws(StorageError) -> Value {
    do {
        return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
        throw StorageError(.corrupt, "\(what) in \(path) cannot be read", hint: "go back to a backup")
    }
}
