import GroupCommit
import SQLiteStorage
import Synchronization
package import TurnModel
package import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Turns in one SQLite file, which many processes may have open.
///
/// Within a process one thread writes: all that is waiting becomes one transaction, with one sync. Between processes
/// SQLite's lock decides whose turn it is; a transaction begins with it (`BEGIN IMMEDIATE`), so what it has read stays
/// true until its commit. Readers see the last commit and wait for nobody.
package final class SQLiteTurnStore: TurnStore {
    let file: SQLiteFile
    private let clock: @Sendable () -> Timestamp
    private let thread: BatchThread<WriteJob>

    private init(file: SQLiteFile, waitingMax: Int, clock: @escaping @Sendable () -> Timestamp) {
        self.file = file
        self.clock = clock
        let committer = Committer(file: file, clock: clock)
        self.thread = BatchThread(name: "turns", batchMax: 256, waitingMax: waitingMax) { committer.commit($0) }
    }

    /// Opens the store at `path`, or makes it.
    ///
    /// - Parameters:
    ///   - busyTimeout: How long a commit waits for other processes, before it throws `busy`.
    ///   - waitingMax: How many writes may wait for the thread; more throw `overloaded`.
    ///   - clock: Stamps turns, and tells whether a lease is over.
    package static func open(
        _ path: String, busyTimeout: Duration = .seconds(10), waitingMax: Int = 4_096,
        clock: @escaping @Sendable () -> Timestamp = systemTime
    ) throws(TurnStoreError) -> SQLiteTurnStore {
        var options = SQLiteOptions(applicationID: Schema.applicationID, migrations: Schema.migrations)
        options.isShared = true
        options.busyTimeout = busyTimeout
        let file = try storing { () throws(StorageError) in try SQLiteFile.open(path, options) }
        return SQLiteTurnStore(file: file, waitingMax: waitingMax, clock: clock)
    }

    /// Ends the thread when all that was accepted is committed, and closes the file. Later calls throw.
    package func close() {
        self.thread.stop()
        self.file.close()
    }

    /// The time of the system.
    package static let systemTime: @Sendable () -> Timestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

// MARK: - Access

extension SQLiteTurnStore {
    /// Runs `body` in the next transaction, and answers when that is committed. Not cancellable, for it may be on its
    /// way; the wait is bounded by the other processes' commits and `busyTimeout`.
    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (Rows) throws(TurnStoreError) -> Value
    ) async throws(TurnStoreError) -> Value {
        let result: Result<Value, TurnStoreError> = await withCheckedContinuation { continuation in
            let outcome = Outcome<Value>()
            let job = WriteJob { rows throws(TurnFault) in
                outcome.set(try Self.carryOut(body, in: rows))
            } answer: { fault in
                continuation.resume(returning: fault.map { .failure(.failed($0)) } ?? outcome.get())
            }
            switch self.thread.leave(contentsOf: CollectionOfOne(job)) {
            case .refused: continuation.resume(returning: .failure(.failed(self.overload)))
            case .expected: break
            // The caller can only wait now, so its thread does the work: to wake another may cost more than a commit.
            case .first: self.thread.lend()
            }
        }
        return try result.get()
    }

    /// A refusal is an outcome; a fault ends the transaction.
    private static func carryOut<Value>(
        _ body: (Rows) throws(TurnStoreError) -> Value, in rows: Rows
    ) throws(TurnFault) -> Result<Value, TurnStoreError> {
        do throws(TurnStoreError) {
            return .success(try body(rows))
        } catch {
            if case .failed(let fault) = error { throw fault }
            return .failure(error)
        }
    }

    private var overload: TurnFault {
        TurnFault(.overloaded, "\(self.file.path) is closed, or too much is waiting", hint: "try again later")
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Rows) throws(TurnStoreError) -> Value
    ) async throws(TurnStoreError) -> Value {
        let now = self.clock()
        let result: Result<Value, TurnStoreError>
        do throws(StorageError) {
            result = try await self.file.read { connection throws(StorageError) in
                Result { () throws(TurnStoreError) in try body(Rows(connection: connection, now: now)) }
            }
        } catch {
            throw .failed(TurnFault(error))
        }
        return try result.get()
    }
}

// MARK: - The protocol

extension SQLiteTurnStore {
    package func health() async throws(TurnStoreError) -> StoreHealth {
        try storing { () throws(StorageError) in try self.file.assertPresence() }
        let next = try await self.read { rows throws(TurnStoreError) in try rows.nextIDs() }
        return StoreHealth(
            name: "SQLite file \(self.file.path)", lastTurn: TurnID(wire: next.turn - 1),
            lastContext: next.context > 1 ? ContextID(next.context - 1) : nil)
    }

    package func append(_ group: AppendGroup) async throws(TurnStoreError) -> AppendAnswer {
        try await self.write { rows throws(TurnStoreError) in try rows.append(group) }
    }

    package func context(_ id: ContextID) async throws(TurnStoreError) -> TurnContext {
        try await self.read { rows throws(TurnStoreError) in try rows.existing(id) }
    }

    package func turn(_ id: TurnID, withPayload: Bool) async throws(TurnStoreError) -> Turn {
        let turn = try await self.read { rows throws(TurnStoreError) in
            try rows.turn(id, payloadMax: withPayload ? Int.max : -1)
        }
        guard let turn else { throw .refused(.unknownTurn(id)) }
        return turn
    }

    package func turns(_ query: TurnQuery) async throws(TurnStoreError) -> TurnPage {
        try await self.read { rows throws(TurnStoreError) in try rows.page(query) }
    }

    package func isTurn(_ turn: TurnID, inChainOf context: ContextID) async throws(TurnStoreError) -> Bool {
        try await self.read { rows throws(TurnStoreError) in try rows.isTurn(turn, inChainOf: context) }
    }

    package func ancestor(of turn: TurnID, atDepth depth: UInt32) async throws(TurnStoreError) -> TurnID? {
        try await self.read { rows throws(TurnStoreError) in
            try rows.ancestor(of: try rows.existing(turn), atDepth: depth)?.id
        }
    }

    package func contexts(_ query: ContextQuery) async throws(TurnStoreError) -> [TurnContext] {
        try await self.read { rows throws(TurnStoreError) in try rows.contexts(query) }
    }

    package func putBlob(_ bytes: [UInt8]) async throws(TurnStoreError) -> (hash: BLAKE3.Digest, isNew: Bool) {
        guard bytes.count <= TurnLimits.payloadMax.bytes else {
            throw .refused(.tooLarge("bytes of a blob", found: bytes.count, max: TurnLimits.payloadMax.bytes))
        }
        let hash = BLAKE3.hash(bytes)
        let isNew = try await self.write { rows throws(TurnStoreError) in try rows.keep(bytes, hash: hash).isNew }
        return (hash, isNew)
    }

    package func blob(_ hash: BLAKE3.Digest) async throws(TurnStoreError) -> [UInt8]? {
        try await self.read { rows throws(TurnStoreError) in try rows.blob(hash) }
    }

    package func publish(bundle json: [UInt8]) async throws(TurnStoreError) -> Bool {
        guard json.count <= TurnLimits.bundleMax.bytes else {
            throw .refused(.tooLarge("bytes of a bundle", found: json.count, max: TurnLimits.bundleMax.bytes))
        }
        let bundle: TypeBundle
        do throws(BundleError) {
            bundle = try TypeBundle(parsing: json)
        } catch {
            throw .refused(.badBundle(error.description))
        }
        return try await self.write { rows throws(TurnStoreError) in try rows.publish(bundle, json) }
    }

    package func bundle(_ id: String) async throws(TurnStoreError) -> [UInt8]? {
        try await self.read { rows throws(TurnStoreError) in try rows.bundle(id) }
    }

    package func bundles() async throws(TurnStoreError) -> [String] {
        try await self.read { rows throws(TurnStoreError) in try rows.bundles() }
    }

    package func registry() async throws(TurnStoreError) -> (types: TypeRegistry, broken: [String]) {
        try await self.read { rows throws(TurnStoreError) in try rows.registry() }
    }

    package func sessions(_ query: SessionQuery) async throws(TurnStoreError) -> [SessionRow] {
        try await self.read { rows throws(TurnStoreError) in try rows.sessions(query) }
    }

    package func session(of context: ContextID) async throws(TurnStoreError) -> SessionRow? {
        try await self.read { rows throws(TurnStoreError) in try rows.session(of: context) }
    }

    package func sessions(withPrefix prefix: String, limit: Int) async throws(TurnStoreError) -> [SessionRow] {
        try await self.read { rows throws(TurnStoreError) in try rows.sessions(withPrefix: prefix, limit: limit) }
    }

    package func lease(of context: ContextID) async throws(TurnStoreError) -> Lease? {
        try await self.read { rows throws(TurnStoreError) in
            _ = try rows.existing(context)
            return try rows.lease(of: context)
        }
    }

    package func post(_ request: NewRequest) async throws(TurnStoreError) -> OwnerRequest {
        try await self.write { rows throws(TurnStoreError) in try rows.post(request) }
    }

    package func requests(_ query: RequestQuery) async throws(TurnStoreError) -> [OwnerRequest] {
        try await self.read { rows throws(TurnStoreError) in try rows.requests(query) }
    }
}
