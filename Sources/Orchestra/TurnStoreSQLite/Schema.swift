import SQLiteStorage

/// The tables. A moment is its milliseconds; "none" is NULL.
enum Schema {
    /// "Cairn", as far as it goes into four bytes; with O for Orchestra.
    static let applicationID: Int32 = 0x4361_524F

    static let migrations = [SQLMigration(number: 1, sql: Self.first), SQLMigration(number: 2, sql: Self.second)]

    /// Rows of `turns`, `blobs`, `keys` and `bundles` never change (a damaged blob excepted, which is put right).
    ///
    /// `keys.context_id` is 0 for groups that make contexts. Columns that lists need stand before the long ones, which
    /// SQLite then need not touch.
    private static let first = """
        CREATE TABLE turns (
            turn_id INTEGER NOT NULL PRIMARY KEY,
            parent INTEGER,
            depth INTEGER NOT NULL,
            jump INTEGER NOT NULL,
            context_id INTEGER NOT NULL,
            type_id TEXT NOT NULL,
            type_version INTEGER NOT NULL,
            encoding INTEGER NOT NULL,
            compression INTEGER NOT NULL,
            blob_id INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE blobs (
            blob_id INTEGER NOT NULL PRIMARY KEY,
            hash BLOB NOT NULL UNIQUE,
            length INTEGER NOT NULL,
            bytes BLOB NOT NULL
        ) STRICT;

        CREATE TABLE contexts (
            context_id INTEGER NOT NULL PRIMARY KEY,
            head INTEGER,
            head_depth INTEGER NOT NULL,
            base INTEGER,
            first_own INTEGER,
            created_at INTEGER NOT NULL,
            moved_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX contexts_by_move ON contexts (moved_at, context_id);

        CREATE TABLE keys (
            context_id INTEGER NOT NULL,
            key BLOB NOT NULL,
            digest BLOB NOT NULL,
            target INTEGER NOT NULL,
            first_turn INTEGER,
            turn_count INTEGER NOT NULL,
            head INTEGER,
            head_depth INTEGER NOT NULL,
            lease INTEGER,
            kept_at INTEGER NOT NULL,
            PRIMARY KEY (context_id, key)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE leases (
            context_id INTEGER NOT NULL PRIMARY KEY,
            epoch INTEGER NOT NULL,
            owner TEXT NOT NULL,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            boot_id TEXT NOT NULL,
            acquired_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            is_released INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE sessions (
            context_id INTEGER NOT NULL PRIMARY KEY,
            display_id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            branch_of INTEGER
        ) STRICT;
        CREATE INDEX sessions_listed ON sessions (context_id) WHERE branch_of IS NULL;

        CREATE TABLE requests (
            request_id INTEGER NOT NULL PRIMARY KEY,
            context_id INTEGER NOT NULL,
            key BLOB NOT NULL,
            kind TEXT NOT NULL,
            body BLOB NOT NULL,
            posted_at INTEGER NOT NULL,
            settled_at INTEGER,
            answer BLOB,
            UNIQUE (context_id, key)
        ) STRICT;
        CREATE INDEX requests_by_context ON requests (context_id, request_id);
        CREATE INDEX requests_open ON requests (context_id, request_id) WHERE settled_at IS NULL;

        CREATE TABLE bundles (
            number INTEGER NOT NULL PRIMARY KEY,
            bundle_id TEXT NOT NULL UNIQUE,
            bytes BLOB NOT NULL,
            published_at INTEGER NOT NULL
        ) STRICT;
        """

    private static let second = "ALTER TABLE leases ADD COLUMN start_time INTEGER"
}
