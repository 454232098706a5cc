import SQLiteStorage
package import TurnModel
import Vocabulary

/// What `check` looked at, and what it found wrong.
package struct TurnCheckReport: Hashable, Sendable {
    package var turns = 0
    package var contexts = 0
    package var blobs = 0
    /// One line each; none in a sound store.
    package var violations: [String] = []

    mutating func violate(_ what: String) {
        if self.violations.count < 1_000 { self.violations.append(what) }
    }
}

extension SQLiteTurnStore {
    /// Holds the whole file against the promises, as of one commit, while others write on.
    package func check() async throws(TurnStoreError) -> TurnCheckReport {
        try await self.read { rows throws(TurnStoreError) in
            var report = TurnCheckReport()
            // One part that cannot be read does not keep the others from being looked at.
            for part in [Rows.checkFile, Rows.checkTables, Rows.checkTurns, Rows.checkBlobs] {
                do throws(TurnStoreError) {
                    try part(rows)(&report)
                } catch {
                    report.violate(error.description)
                }
            }
            return report
        }
    }
}

extension Rows {
    fileprivate func checkFile(_ report: inout TurnCheckReport) throws(TurnStoreError) {
        let lines = try self.all("PRAGMA integrity_check(100)") { row throws(StorageError) in try row.next(String.self)
        }
        for line in lines where line != "ok" { report.violate("the file: \(line)") }
    }

    fileprivate func checkTables(_ report: inout TurnCheckReport) throws(TurnStoreError) {
        for (sql, what) in Self.tableChecks {
            let rows = try self.all("\(sql) LIMIT 100") { row throws(StorageError) in try row.next(String.self) }
            for row in rows { report.violate("\(what): \(row)") }
        }
        report.contexts = Int(try self.first("SELECT count(*) FROM contexts", read: Self.integer) ?? 0)
    }

    /// Statements whose every row is something wrong.
    private static let tableChecks = [
        (
            """
            SELECT '' || c.context_id FROM contexts c LEFT JOIN turns t ON t.turn_id = c.head
            WHERE c.head IS NOT NULL AND t.turn_id IS NULL OR coalesce(t.depth, 0) <> c.head_depth
            """, "the head of a context is missing, or of another depth"
        ),
        (
            """
            SELECT '' || context_id FROM contexts WHERE head IS NULL AND (base IS NOT NULL OR first_own IS NOT NULL)
            """, "a context lost its head"
        ),
        (
            """
            SELECT '' || c.context_id FROM contexts c LEFT JOIN turns t ON t.turn_id = c.base
            WHERE c.base IS NOT NULL AND t.turn_id IS NULL
            """, "the base of a context is missing"
        ),
        (
            """
            SELECT '' || c.context_id FROM contexts c WHERE c.first_own IS NOT
                (SELECT min(t.turn_id) FROM turns t WHERE t.context_id = c.context_id)
            """, "the first own turn of a context is another"
        ),
        (
            """
            SELECT '' || t.turn_id FROM turns t LEFT JOIN contexts c ON c.context_id = t.context_id
            WHERE c.context_id IS NULL
            """, "the context of a turn is missing"
        ),
        (
            "SELECT '' || t.turn_id FROM turns t LEFT JOIN blobs b ON b.blob_id = t.blob_id WHERE b.blob_id IS NULL",
            "the payload of a turn is missing"
        ),
        (
            """
            SELECT hex(k.key) FROM keys k LEFT JOIN contexts c ON c.context_id = k.target
            LEFT JOIN turns t ON t.turn_id = k.first_turn
            LEFT JOIN turns l ON l.turn_id = k.first_turn + k.turn_count - 1
            WHERE c.context_id IS NULL OR (k.context_id NOT IN (0, k.target)) OR k.first_turn IS NOT NULL
                AND (t.context_id IS NOT k.target OR l.context_id IS NOT k.target OR l.turn_id IS NOT k.head)
            """, "a key stands for what is not there"
        ),
        (
            """
            SELECT '' || x.context_id FROM (SELECT context_id FROM leases UNION ALL SELECT context_id FROM sessions
                UNION ALL SELECT context_id FROM requests) x
            LEFT JOIN contexts c ON c.context_id = x.context_id WHERE c.context_id IS NULL
            """, "a lease, session or request is of no context"
        ),
        (
            "SELECT '' || request_id FROM requests WHERE (settled_at IS NULL) <> (answer IS NULL)",
            "a request is settled by half"
        ),
        (
            """
            SELECT wanted.value FROM json_each('[
                "contexts_by_move", "sessions_listed", "requests_by_context", "requests_open"]') wanted
            WHERE wanted.value NOT IN (SELECT name FROM sqlite_master)
            """, "an index is missing"
        ),
    ]

    /// Every turn hangs on its parent, one deeper, with the jump that follows from the parent's.
    fileprivate func checkTurns(_ report: inout TurnCheckReport) throws(TurnStoreError) {
        let wrong = try self.all(
            """
            SELECT '' || t.turn_id FROM turns t
            LEFT JOIN turns p ON p.turn_id = t.parent
            LEFT JOIN turns j ON j.turn_id = p.jump
            LEFT JOIN turns f ON f.turn_id = j.jump
            WHERE CASE WHEN t.parent IS NULL THEN t.depth <> 0 OR t.jump <> t.turn_id
                ELSE p.turn_id IS NULL OR p.turn_id >= t.turn_id OR t.depth <> p.depth + 1 OR t.jump IS NOT
                    CASE WHEN p.depth - j.depth = j.depth - f.depth THEN f.turn_id ELSE p.turn_id END END
            LIMIT 100
            """
        ) { row throws(StorageError) in try row.next(String.self) }
        for turn in wrong { report.violate("a turn is in the wrong place: \(turn)") }
        report.turns = Int(try self.first("SELECT count(*) FROM turns", read: Self.integer) ?? 0)
        let last = try self.first("SELECT coalesce(max(turn_id), 0) FROM turns", read: Self.integer) ?? 0
        if Int(last) != report.turns { report.violate("of \(last) turns \(report.turns) are there") }
    }

    fileprivate func checkBlobs(_ report: inout TurnCheckReport) throws(TurnStoreError) {
        var next: Int64 = 0
        while true {
            // One at a time, for they may be long.
            let blob = try self.first(
                "SELECT blob_id, hash, length, bytes FROM blobs WHERE blob_id > ? ORDER BY blob_id LIMIT 1", next
            ) { row throws(StorageError) in
                (
                    id: try row.next(Int64.self), hash: try row.next(BLAKE3.Digest.self),
                    length: try row.next(Int.self), bytes: try row.next([UInt8].self)
                )
            }
            guard let blob else { return }
            report.blobs += 1
            next = blob.id
            if blob.bytes.count != blob.length || BLAKE3.hash(blob.bytes) != blob.hash {
                report.violate("a blob is damaged: \(blob.hash)")
            }
        }
    }
}
