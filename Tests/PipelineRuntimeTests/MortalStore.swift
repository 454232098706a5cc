import Synchronization
import TurnModel
import Vocabulary

/// A store whose process dies at one of its operations: before it takes effect, or after, so that nobody hears of it.
///
/// Looking for requests is none of them, for how often that happens is a matter of time.
final class MortalStore: TurnStore {
    enum Moment: CaseIterable, Sendable { case before, after }

    let store: any TurnStore
    private let dying: Int
    private let moment: Moment
    private let outage: Int
    private let delay = Mutex<(@Sendable (Int) async -> Void)?>(nil)
    private let state = Mutex((operations: 0, writes: 0, isDead: false, failures: 0, bytesRead: 0))

    private let countsReads: Bool

    /// - Parameters:
    ///   - outage: How many calls fail at that operation; the store is back for the next. Without it, for ever.
    ///   - countsReads: Whether reads are operations that it may die at.
    init(
        _ store: any TurnStore, dyingAt operation: Int = .max, _ moment: Moment = .before, outage: Int = .max,
        countsReads: Bool = true
    ) {
        self.countsReads = countsReads
        self.store = store
        self.dying = operation
        self.moment = moment
        self.outage = outage
    }

    var operations: Int { self.state.withLock { $0.operations } }
    /// Of the operations, those that change something.
    var writes: Int { self.state.withLock { $0.writes } }
    var isDead: Bool { self.state.withLock { $0.isDead } }

    /// Of turns: their payloads, and some for the row of each.
    var bytesRead: Int { self.state.withLock { $0.bytesRead } }

    private func count(_ turns: [Turn]) {
        let bytes = turns.reduce(0) { $0 + 64 + ($1.payload?.count ?? 0) }
        self.state.withLock { $0.bytesRead += bytes }
    }

    /// Has each write wait for `body`, which is given its number.
    func delay(_ body: @escaping @Sendable (Int) async -> Void) { self.delay.withLock { $0 = body } }

    func die() { self.state.withLock { $0.isDead = true } }

    private static let gone = TurnStoreError.failed(TurnFault(.unavailable, "the store is gone"))

    private func check() throws(TurnStoreError) {
        let isDead = self.state.withLock { state -> Bool in
            guard state.isDead else { return false }
            state.failures += 1
            state.isDead = state.failures <= self.outage
            return state.isDead
        }
        if isDead { throw Self.gone }
    }

    private func perform<Value>(
        isWrite: Bool = false, _ body: () async throws(TurnStoreError) -> Value
    ) async throws(TurnStoreError) -> Value {
        try self.check()
        let (number, isLast) = self.state.withLock { state -> (Int, Bool) in
            if isWrite { state.writes += 1 }
            if isWrite || self.countsReads { state.operations += 1 }
            if state.operations == self.dying { state.isDead = true }
            return (state.writes, state.isDead)
        }
        if isWrite, let delay = self.delay.withLock({ $0 }) { await delay(number) }
        if isLast, self.moment == .before { throw Self.gone }
        let value = try await body()
        if isLast { throw Self.gone }
        return value
    }
}

extension MortalStore {
    func health() async throws(TurnStoreError) -> StoreHealth { try await self.store.health() }

    func append(_ group: AppendGroup) async throws(TurnStoreError) -> AppendAnswer {
        try await self.perform(isWrite: true) { () async throws(TurnStoreError) in try await self.store.append(group) }
    }

    func putBlob(_ bytes: [UInt8]) async throws(TurnStoreError) -> (hash: BLAKE3.Digest, isNew: Bool) {
        try await self.perform(isWrite: true) { () async throws(TurnStoreError) in try await self.store.putBlob(bytes) }
    }

    func context(_ id: ContextID) async throws(TurnStoreError) -> TurnContext {
        try await self.perform { () async throws(TurnStoreError) in try await self.store.context(id) }
    }

    func turn(_ id: TurnID, withPayload: Bool) async throws(TurnStoreError) -> Turn {
        try await self.perform { () async throws(TurnStoreError) in
            let turn = try await self.store.turn(id, withPayload: withPayload)
            self.count([turn])
            return turn
        }
    }

    func turns(_ query: TurnQuery) async throws(TurnStoreError) -> TurnPage {
        try await self.perform { () async throws(TurnStoreError) in
            let page = try await self.store.turns(query)
            self.count(page.turns)
            return page
        }
    }

    func isTurn(_ turn: TurnID, inChainOf context: ContextID) async throws(TurnStoreError) -> Bool {
        try await self.perform { () async throws(TurnStoreError) in
            try await self.store.isTurn(turn, inChainOf: context)
        }
    }

    func ancestor(of turn: TurnID, atDepth depth: UInt32) async throws(TurnStoreError) -> TurnID? {
        try await self.perform { () async throws(TurnStoreError) in
            try await self.store.ancestor(of: turn, atDepth: depth)
        }
    }

    func contexts(_ query: ContextQuery) async throws(TurnStoreError) -> [TurnContext] {
        try await self.perform { () async throws(TurnStoreError) in try await self.store.contexts(query) }
    }

    func blob(_ hash: BLAKE3.Digest) async throws(TurnStoreError) -> [UInt8]? {
        try await self.perform { () async throws(TurnStoreError) in try await self.store.blob(hash) }
    }

    func publish(bundle json: [UInt8]) async throws(TurnStoreError) -> Bool {
        try await self.store.publish(bundle: json)
    }
    func bundle(_ id: String) async throws(TurnStoreError) -> [UInt8]? { try await self.store.bundle(id) }
    func bundles() async throws(TurnStoreError) -> [String] { try await self.store.bundles() }

    func registry() async throws(TurnStoreError) -> (types: TypeRegistry, broken: [String]) {
        try await self.store.registry()
    }

    func sessions(_ query: SessionQuery) async throws(TurnStoreError) -> [SessionRow] {
        try await self.perform { () async throws(TurnStoreError) in try await self.store.sessions(query) }
    }

    func session(of context: ContextID) async throws(TurnStoreError) -> SessionRow? {
        try await self.perform { () async throws(TurnStoreError) in try await self.store.session(of: context) }
    }

    func sessions(withPrefix prefix: String, limit: Int) async throws(TurnStoreError) -> [SessionRow] {
        try await self.perform { () async throws(TurnStoreError) in
            try await self.store.sessions(withPrefix: prefix, limit: limit)
        }
    }

    func lease(of context: ContextID) async throws(TurnStoreError) -> Lease? {
        try await self.perform { () async throws(TurnStoreError) in try await self.store.lease(of: context) }
    }

    func post(_ request: NewRequest) async throws(TurnStoreError) -> OwnerRequest { try await self.store.post(request) }

    func requests(_ query: RequestQuery) async throws(TurnStoreError) -> [OwnerRequest] {
        try self.check()
        return try await self.store.requests(query)
    }
}
