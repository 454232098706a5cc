import GRDBSQLite
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// What the store costs beside the bare database, on the same disk in the same run.
struct Bench {
    let path: String
    private static let groups = 4_000
    private static let payloadLength = 200

    func run() async throws {
        Self.hash()
        for _ in 0..<2 { try self.bare() }
        for writers in [1, 64] { try await self.append(writers: writers) }
        try self.bare()
        try await self.history()
    }

    private static func rate(_ count: Int, _ time: Duration) -> Int {
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
        return Int(Double(count) / seconds)
    }

    private static func hash() {
        let bytes = [UInt8](repeating: 7, count: 16 << 20)
        let time = ContinuousClock().measure { _ = BLAKE3.hash(bytes) }
        print("BLAKE3 of 16 MiB: \(self.rate(16 << 20, time) / 1_000_000) MB/s")
        let small = [UInt8](repeating: 7, count: self.payloadLength)
        let times = ContinuousClock().measure { for _ in 0..<100_000 { _ = BLAKE3.hash(small) } }
        print("BLAKE3 of 200 B: \(self.rate(100_000, times)) hashes/s")
    }

    private static func payload(_ number: Int) -> [UInt8] {
        let text = Array("\(number) ".utf8)
        return text + [UInt8](repeating: 7, count: self.payloadLength - text.count)
    }

    private func append(writers: Int) async throws {
        let store = try SQLiteTurnStore.open("\(self.path)-\(writers)")
        let contexts = try await Self.contexts(writers, in: store)
        let each = Self.groups / writers * (writers > 1 ? 8 : 1)
        let time = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for (writer, context) in contexts.enumerated() {
                    tasks.addTask {
                        for number in 0..<each {
                            var group = AppendGroup(
                                to: context,
                                [NewTurn(type: TurnType("b", version: 1), payload: Self.payload(writer << 20 | number))]
                            )
                            group.key = IdempotencyKey("\(number)")
                            _ = try await store.append(group)
                        }
                    }
                }
                try await tasks.waitForAll()
            }
        }
        print("append groups of 1 turn with a key, \(writers) writers: \(Self.rate(each * writers, time))/s")
        store.close()
    }

    private static func contexts(_ count: Int, in store: SQLiteTurnStore) async throws -> [ContextID] {
        var contexts: [ContextID] = []
        for _ in 0..<count { contexts.append(try await store.createContext().context) }
        return contexts
    }

    /// Fork, head, page and ancestor, in forks of forks.
    private func history() async throws {
        let store = try SQLiteTurnStore.open("\(self.path)-history")
        var context = try await store.createContext().context
        var done = 0
        for size in [100, 10_000, 100_000] {
            while done < size {
                let turns = (done..<min(done + 250, size)).map { number in
                    NewTurn(type: TurnType("b", version: 1), payload: Self.payload(number))
                }
                let head = try await store.append(AppendGroup(to: context, turns)).head
                done += turns.count
                context = try await store.createContext(base: head).context
            }
            try await Self.measure(store, context, size)
        }
        store.close()
    }

    private static func measure(_ store: SQLiteTurnStore, _ context: ContextID, _ size: Int) async throws {
        let middle = TurnID(UInt64(size / 2))
        let clock = ContinuousClock()
        let rounds = 400
        func time(_ what: String, _ body: () async throws -> Void) async throws {
            let time = try await clock.measure { for _ in 0..<rounds { try await body() } }
            print("\(what) at \(size) turns: \((time / rounds).text)")
        }
        try await time("fork") { _ = try await store.createContext(base: middle) }
        try await time("head") { _ = try await store.context(context) }
        try await time("in chain") { _ = try await store.isTurn(TurnID(7), inChainOf: context) }
        try await time("page of 64 at the middle") {
            _ = try await store.turns(TurnQuery(context: context, before: middle))
        }
    }
}

extension Duration {
    fileprivate var text: String { "\(self.components.attoseconds / 1_000_000_000_000) µs" }
}

// MARK: - The bare database

extension Bench {
    /// One transaction a group, with the same rows and bytes, and nothing around them.
    private func bare() throws {
        var handle: OpaquePointer?
        let path = "\(self.path)-bare"
        guard sqlite3_open(path, &handle) == SQLITE_OK, let handle else { return }
        defer { sqlite3_close(handle) }
        let setUp = """
            PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 32768;
            DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS b; DROP TABLE IF EXISTS c; DROP TABLE IF EXISTS k;
            CREATE TABLE t (a INTEGER PRIMARY KEY, b, c, d, e, f, g, h, i, j, k);
            CREATE TABLE b (a INTEGER PRIMARY KEY, b UNIQUE, c, d);
            CREATE TABLE c (a INTEGER PRIMARY KEY, b, c, d, e, f, g); CREATE INDEX ci ON c (g, a);
            CREATE TABLE k (a, b, c, d, e, f, g, h, i, j, PRIMARY KEY (a, b)) WITHOUT ROWID;
            INSERT INTO c VALUES (1, 0, 0, NULL, NULL, 1700000000000, 1700000000000);
            """
        sqlite3_exec(handle, setUp, nil, nil, nil)
        let hash = String(repeating: "ab", count: 28)
        let payload = String(repeating: "07", count: Self.payloadLength)
        let time = ContinuousClock().measure {
            for number in 1...Self.groups {
                // The hash varies as hashes do, so that the index is hit all over.
                let key = String(UInt32(truncatingIfNeeded: number &* 2_654_435_761) | 0x8000_0000, radix: 16)
                let sql = """
                    BEGIN IMMEDIATE;
                    INSERT INTO b VALUES (\(number), x'\(key)\(hash)', 200, x'\(payload)');
                    INSERT INTO t VALUES
                        (\(number), \(number), \(number), 1, 1, 'b', 1, 1, 0, \(number), 1700000000000);
                    UPDATE c SET b = \(number), c = \(number), g = 1700000000000 + \(number) WHERE a = 1;
                    INSERT INTO k VALUES
                        (1, x'\(key)', x'\(key)\(hash)', 1, \(number), 1, \(number), \(number), NULL, 1700000000000);
                    COMMIT;
                    """
                sqlite3_exec(handle, sql, nil, nil, nil)
            }
        }
        print("bare transactions of the same rows: \(Self.rate(Self.groups, time))/s")
    }
}
