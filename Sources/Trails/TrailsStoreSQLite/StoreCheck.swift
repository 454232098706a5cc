import SQLiteStorage
import TrailsCore
import TrailsStore
import Vocabulary

extension SQLConnection {
    /// Holds the whole file against the promises: the file itself, its tables, its events, and rows against replay.
    func check(limits: TreeLimits) throws(StorageError) -> CheckReport {
        var report = CheckReport()
        var replay = TreeReplay(limits: limits)
        // One part that cannot be read does not keep the others from being looked at.
        for part in [Self.checkFile, Self.checkTables, Self.replayAll, Self.compareRows] {
            do throws(StorageError) {
                try part(self)(&replay, &report)
            } catch {
                replay.violate(error.message)
            }
        }
        report.violations = replay.violations
        return report
    }

    private func checkFile(_ replay: inout TreeReplay, _: inout CheckReport) throws(StorageError) {
        let lines = try self.rows("PRAGMA quick_check(100)") { row throws(StorageError) in try row.next(String.self) }
        for line in lines where line != "ok" { replay.violate("the file: \(line)") }
    }

    /// What the tables must not hold, and what the indexes would not let in if they are all there.
    private func checkTables(_ replay: inout TreeReplay, _: inout CheckReport) throws(StorageError) {
        for (sql, what) in Self.tableChecks {
            let rows = try self.rows("\(sql) LIMIT 100") { row throws(StorageError) in try row.next(String.self) }
            for row in rows { replay.violate("\(what): \(row)") }
        }
    }

    /// Statements whose every row is something wrong.
    private static let tableChecks = [
        (
            """
            SELECT hex(app_id) || ' incarnation ' || incarnation || ' seq ' || seq FROM messages
            GROUP BY app_id, incarnation, seq HAVING count(*) > 1
            """, "a message is stored more than once"
        ),
        (
            """
            SELECT hex(message_id) FROM messages WHERE message_id IS NOT NULL
            GROUP BY message_id HAVING count(*) > 1
            """, "a message id is stored more than once"
        ),
        (
            "SELECT '' || e.event_id FROM events e JOIN messages m ON m.event_id = e.event_id",
            "an event and a message have one number"
        ),
        (
            """
            SELECT hex(child.app_id) FROM apps child LEFT JOIN apps parent ON parent.app_id = child.parent_id
            WHERE child.parent_id IS NOT NULL AND parent.app_id IS NULL
            """, "the parent of an app is missing"
        ),
        (
            """
            SELECT hex(a.app_id) FROM apps a LEFT JOIN app_status s ON s.app_id = a.app_id WHERE s.app_id IS NULL
            """, "an app has no status"
        ),
        (
            """
            WITH RECURSIVE placed (app_id) AS (
                SELECT app_id FROM apps WHERE parent_id IS NULL UNION
                SELECT child.app_id FROM placed CROSS JOIN apps child ON child.parent_id = placed.app_id
            )
            SELECT hex(app_id) FROM apps WHERE app_id NOT IN (SELECT app_id FROM placed)
            """, "an app is under no root"
        ),
        (
            """
            SELECT wanted.value FROM json_each('[
                "apps_by_parent", "app_status_live", "events_by_app", "messages_by_sequence",
                "messages_by_message_id", "messages_that_end", "control_queue_by_id", "control_queue_by_origin",
                "control_queue_waiting", "cascades_at_work", "cascades_by_target", "cascade_members_by_cascade",
                "nonces_by_age"]') wanted
            WHERE wanted.value NOT IN (SELECT name FROM sqlite_master)
            """, "an index is missing"
        ),
    ]
}

// MARK: - Replay

extension SQLConnection {
    /// Replays events and messages in their one order. What cannot be read is a violation and left out.
    private func replayAll(_ replay: inout TreeReplay, _ report: inout CheckReport) throws(StorageError) {
        let events = try self.statement("SELECT event_id, at, app_id, body FROM events ORDER BY event_id")
        let messages = try self.statement("SELECT event_id, \(Self.messageColumns) FROM messages ORDER BY event_id")
        defer {
            events.reset()
            messages.reset()
        }
        var event = try self.next(events, &replay, read: self.readEvent)
        var message = try self.next(messages, &replay, read: Self.readMessageEvent)
        while let stored = [event, message].compactMap(\.self).min(by: { $0.id < $1.id }) {
            replay.replay(stored)
            if stored.id == event?.id {
                report.events += 1
                event = try self.next(events, &replay, read: self.readEvent)
            } else {
                report.messages += 1
                message = try self.next(messages, &replay, read: Self.readMessageEvent)
            }
        }
    }

    /// The next row that can be read.
    private func next(
        _ statement: SQLStatement, _ replay: inout TreeReplay,
        read: (inout SQLRow) throws(StorageError) -> StoredEvent
    ) throws(StorageError) -> StoredEvent? {
        while var row = try statement.step() {
            do throws(StorageError) {
                return try read(&row)
            } catch {
                replay.violate(error.message)
            }
        }
        return nil
    }

    private func compareRows(_ replay: inout TreeReplay, _ report: inout CheckReport) throws(StorageError) {
        let rows = try self.rows(
            "SELECT \(Self.appColumns) FROM apps a CROSS JOIN app_status s ON s.app_id = a.app_id", read: self.readApp)
        report.apps = rows.count
        var states = try self.resolve(rows)
        let places = Dictionary(states.enumerated().map { ($1.id, $0) }) { first, _ in first }
        for control in try self.waitingControls() {
            if let place = places[control.app] { states[place].controls.append(control) }
        }
        for (app, cascade) in try self.allMembers() {
            if let place = places[app] { states[place].cascades.append(cascade) }
        }
        replay.compare(with: states)
        replay.compare(with: try self.cascadesAtWork())
        replay.compare(with: try self.allAnswers())
    }

    private func allMembers() throws(StorageError) -> [(AppID, CascadeID)] {
        try self.rows("SELECT app_id, cascade_id FROM cascade_members ORDER BY event_id") { row throws(StorageError) in
            (try row.next(AppID.self), try row.next(CascadeID.self))
        }
    }

    /// The answers in the queue. Two commands with one name to one app are one here.
    private func allAnswers() throws(StorageError) -> [TreeReplay.ControlKey: ControlAnswer] {
        let answers = try self.rows(
            """
            SELECT control_id, app_id, outcome, result, error, answered_at FROM control_queue
            WHERE outcome IS NOT NULL ORDER BY event_id
            """
        ) { row throws(StorageError) in
            ControlAnswer(
                id: try row.next(), app: try row.next(), outcome: try row.next(), result: try row.next(),
                error: try row.next(), at: try row.next())
        }
        return Dictionary(answers.map { (TreeReplay.ControlKey($0.id, for: $0.app), $0) }) { _, last in last }
    }
}
