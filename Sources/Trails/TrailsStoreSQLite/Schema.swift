import SQLiteStorage

/// The tables. An identifier is sixteen bytes, a moment its milliseconds, a word the word on the wire.
enum Schema {
    /// "Cairn", as far as it goes into four bytes; with T for TRAILS.
    static let applicationID: Int32 = 0x4361_5254

    static let migrations = [
        SQLMigration(number: 1, sql: Self.first), SQLMigration(number: 2, sql: Self.second),
        SQLMigration(number: 3, sql: Self.third),
    ]

    /// Finds the cancels that an app has missed.
    private static let third = "CREATE INDEX cascades_by_target ON cascades (target_id)"

    /// From where the key of an app may be used: a JSON array of CIDR texts.
    private static let second = "ALTER TABLE app_status ADD COLUMN binding TEXT"

    /// `events` and `messages` share one counter. `apps`, `starts`, `control_queue` and `cascades` follow from the
    /// events; `app_status` is the fold of each app, written by the server in the same commit.
    ///
    /// A Status message costs one row and one index entry: the other indexes of `messages` do not hold it.
    private static let first = """
        CREATE TABLE apps (
            app_id BLOB NOT NULL PRIMARY KEY,
            parent_id BLOB REFERENCES apps,
            name TEXT NOT NULL,
            level TEXT NOT NULL,
            scheduled_at INTEGER NOT NULL,
            start_day INTEGER NOT NULL,
            tags TEXT,
            role_refs TEXT NOT NULL,
            enrolment_key BLOB,
            recovery_key BLOB,
            is_permanent_root INTEGER NOT NULL,
            origin TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX apps_by_parent ON apps (parent_id, scheduled_at, app_id);

        CREATE TABLE app_status (
            app_id BLOB NOT NULL PRIMARY KEY REFERENCES apps,
            event_id INTEGER NOT NULL,
            status TEXT NOT NULL,
            is_live INTEGER NOT NULL,
            before TEXT NOT NULL,
            presence TEXT NOT NULL,
            cause TEXT,
            incarnation INTEGER NOT NULL,
            session_epoch INTEGER NOT NULL,
            key BLOB,
            claimed_key BLOB,
            key_epoch INTEGER NOT NULL,
            is_revoked INTEGER NOT NULL,
            process TEXT,
            registered_at INTEGER,
            changed_at INTEGER NOT NULL,
            ended_at INTEGER,
            deadline INTEGER,
            lease INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX app_status_live ON app_status (app_id) WHERE is_live = 1;

        CREATE TABLE events (
            event_id INTEGER NOT NULL PRIMARY KEY,
            app_id BLOB,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            body TEXT NOT NULL
        ) STRICT;
        CREATE INDEX events_by_app ON events (app_id, event_id);

        CREATE TABLE messages (
            event_id INTEGER NOT NULL PRIMARY KEY,
            app_id BLOB NOT NULL,
            incarnation INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            kind TEXT NOT NULL,
            message_id BLOB,
            timestamp INTEGER NOT NULL,
            received_at INTEGER NOT NULL,
            correlation TEXT,
            payload TEXT NOT NULL,
            is_late INTEGER NOT NULL,
            is_tombstone INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX messages_by_sequence ON messages (app_id, incarnation, seq);
        CREATE UNIQUE INDEX messages_by_message_id ON messages (message_id) WHERE message_id IS NOT NULL;
        CREATE INDEX messages_that_end ON messages (app_id, event_id) WHERE kind <> 'Status';

        CREATE TABLE starts (
            event_id INTEGER NOT NULL PRIMARY KEY,
            at INTEGER NOT NULL,
            until INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE control_queue (
            event_id INTEGER NOT NULL PRIMARY KEY,
            control_id BLOB NOT NULL,
            app_id BLOB NOT NULL REFERENCES apps,
            origin_id BLOB NOT NULL,
            cascade_id BLOB,
            action TEXT NOT NULL,
            payload TEXT NOT NULL,
            scope TEXT NOT NULL,
            issued_at INTEGER NOT NULL,
            expires_at INTEGER,
            issuer TEXT,
            state TEXT NOT NULL,
            outcome TEXT,
            result TEXT,
            error TEXT,
            answered_at INTEGER
        ) STRICT;
        CREATE INDEX control_queue_by_id ON control_queue (control_id, app_id);
        CREATE INDEX control_queue_by_origin ON control_queue (origin_id);
        CREATE INDEX control_queue_waiting ON control_queue (app_id, event_id) WHERE state = 'waiting';

        CREATE TABLE cascades (
            cascade_id BLOB NOT NULL PRIMARY KEY,
            event_id INTEGER NOT NULL,
            target_id BLOB NOT NULL REFERENCES apps,
            body TEXT NOT NULL,
            level INTEGER NOT NULL,
            deadline INTEGER,
            finished_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX cascades_at_work ON cascades (cascade_id) WHERE finished_at IS NULL;

        CREATE TABLE cascade_members (
            app_id BLOB NOT NULL REFERENCES apps,
            event_id INTEGER NOT NULL,
            cascade_id BLOB NOT NULL REFERENCES cascades,
            PRIMARY KEY (app_id, event_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX cascade_members_by_cascade ON cascade_members (cascade_id);

        CREATE TABLE nonces (
            key BLOB NOT NULL,
            nonce BLOB NOT NULL,
            used_at INTEGER NOT NULL,
            PRIMARY KEY (key, nonce)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX nonces_by_age ON nonces (used_at);
        """
}
