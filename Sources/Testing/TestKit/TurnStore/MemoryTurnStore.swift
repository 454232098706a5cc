import Synchronization
package import TurnModel
package import Vocabulary

/// Turns in memory, by the rules of every engine: for tests of what is built on a store, not of any promise.
package final class MemoryTurnStore: TurnStore {
    private let clock: @Sendable () -> Timestamp
    private let tables = Mutex(MemoryTables())

    package init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }

    private func work<Value: Sendable>(
        _ body: (inout MemoryTables) throws(TurnStoreError) -> Value
    ) throws(TurnStoreError) -> Value {
        try self.tables.withLock { tables throws(TurnStoreError) in
            tables.now = self.clock()
            return try body(&tables)
        }
    }
}

extension MemoryTurnStore {
    package func health() async throws(TurnStoreError) -> StoreHealth {
        try self.work { tables throws(TurnStoreError) in
            StoreHealth(
                name: "memory", lastTurn: tables.turns.last?.id,
                lastContext: tables.contexts.isEmpty ? nil : ContextID(UInt64(tables.contexts.count)))
        }
    }

    package func append(_ group: AppendGroup) async throws(TurnStoreError) -> AppendAnswer {
        try self.work { tables throws(TurnStoreError) in try tables.append(group) }
    }

    package func context(_ id: ContextID) async throws(TurnStoreError) -> TurnContext {
        try self.work { tables throws(TurnStoreError) in try tables.existing(id) }
    }

    package func turn(_ id: TurnID, withPayload: Bool) async throws(TurnStoreError) -> Turn {
        try self.work { tables throws(TurnStoreError) in
            guard let turn = tables.turn(id, payloadMax: withPayload ? .max : -1) else {
                throw .refused(.unknownTurn(id))
            }
            return turn
        }
    }

    package func turns(_ query: TurnQuery) async throws(TurnStoreError) -> TurnPage {
        try self.work { tables throws(TurnStoreError) in try tables.page(query) }
    }

    package func isTurn(_ turn: TurnID, inChainOf context: ContextID) async throws(TurnStoreError) -> Bool {
        try self.work { tables throws(TurnStoreError) in
            guard let node = tables.node(turn) else { throw .refused(.unknownTurn(turn)) }
            guard let head = try tables.existing(context).head else { return false }
            return try tables.isTurn(node, onWayFrom: tables.known(head))
        }
    }

    package func ancestor(of turn: TurnID, atDepth depth: UInt32) async throws(TurnStoreError) -> TurnID? {
        try self.work { tables throws(TurnStoreError) in
            guard let node = tables.node(turn) else { throw .refused(.unknownTurn(turn)) }
            return try tables.ancestor(of: node, atDepth: depth)?.id
        }
    }

    package func contexts(_ query: ContextQuery) async throws(TurnStoreError) -> [TurnContext] {
        try self.work { tables throws(TurnStoreError) in
            let sorted = tables.contexts.sorted { ($0.movedAt, $0.id) > ($1.movedAt, $1.id) }
            let rest = sorted.filter { context in
                query.after.map { (context.movedAt, context.id) < ($0.movedAt, $0.id) } ?? true
            }
            return Array(rest.prefix(max(0, min(query.limit, TurnLimits.listMax))))
        }
    }

    package func putBlob(_ bytes: [UInt8]) async throws(TurnStoreError) -> (hash: BLAKE3.Digest, isNew: Bool) {
        guard bytes.count <= TurnLimits.payloadMax.bytes else {
            throw .refused(.tooLarge("bytes of a blob", found: bytes.count, max: TurnLimits.payloadMax.bytes))
        }
        let hash = BLAKE3.hash(bytes)
        return try self.work { tables throws(TurnStoreError) in
            (hash, tables.blobs.updateValue(bytes, forKey: hash) == nil)
        }
    }

    package func blob(_ hash: BLAKE3.Digest) async throws(TurnStoreError) -> [UInt8]? {
        try self.work { tables throws(TurnStoreError) in tables.blobs[hash] }
    }

    package func publish(bundle json: [UInt8]) async throws(TurnStoreError) -> Bool {
        try self.work { tables throws(TurnStoreError) in
            let bundle = try Self.judging { () throws(BundleError) in try TypeBundle(parsing: json) }
            if let known = tables.bundles.first(where: { $0.id == bundle.id }) {
                guard known.json == json else { throw .refused(.bundleTaken(bundle.id)) }
                return false
            }
            try Self.judging { () throws(BundleError) in try tables.types.add(bundle) }
            tables.bundles.append((bundle.id, json))
            return true
        }
    }

    private static func judging<Value>(_ body: () throws(BundleError) -> Value) throws(TurnStoreError) -> Value {
        do throws(BundleError) {
            return try body()
        } catch {
            throw .refused(.badBundle(error.description))
        }
    }

    package func bundle(_ id: String) async throws(TurnStoreError) -> [UInt8]? {
        try self.work { tables throws(TurnStoreError) in tables.bundles.first { $0.id == id }?.json }
    }

    package func bundles() async throws(TurnStoreError) -> [String] {
        try self.work { tables throws(TurnStoreError) in tables.bundles.map(\.id) }
    }

    package func registry() async throws(TurnStoreError) -> (types: TypeRegistry, broken: [String]) {
        try self.work { tables throws(TurnStoreError) in (tables.types, []) }
    }

    package func sessions(_ query: SessionQuery) async throws(TurnStoreError) -> [SessionRow] {
        try self.work { tables throws(TurnStoreError) in
            let found = tables.sessions.filter { id, session in
                let isWanted =
                    query.branchesOf.map { session.branchOf == $0 }
                    ?? (query.includesBranches || session.branchOf == nil)
                return isWanted && (query.before.map { id < $0 } ?? true)
            }
            let ids = found.keys.sorted(by: >).prefix(max(0, min(query.limit, TurnLimits.listMax)))
            return ids.compactMap { tables.row($0) }
        }
    }

    package func session(of context: ContextID) async throws(TurnStoreError) -> SessionRow? {
        try self.work { tables throws(TurnStoreError) in tables.row(context) }
    }

    package func sessions(withPrefix prefix: String, limit: Int) async throws(TurnStoreError) -> [SessionRow] {
        try self.work { tables throws(TurnStoreError) in
            let found = tables.sessions.filter { $0.value.displayID.description.hasPrefix(prefix) }
            let exact = found.filter { $0.value.displayID.description == prefix }
            let sorted = (exact.isEmpty ? found : exact).sorted {
                $0.value.displayID.description < $1.value.displayID.description
            }
            return sorted.prefix(limit).compactMap { tables.row($0.key) }
        }
    }

    package func lease(of context: ContextID) async throws(TurnStoreError) -> Lease? {
        try self.work { tables throws(TurnStoreError) in
            _ = try tables.existing(context)
            return tables.leases[context]
        }
    }

    package func post(_ request: NewRequest) async throws(TurnStoreError) -> OwnerRequest {
        try self.work { tables throws(TurnStoreError) in try tables.post(request) }
    }

    package func requests(_ query: RequestQuery) async throws(TurnStoreError) -> [OwnerRequest] {
        try self.work { tables throws(TurnStoreError) in
            _ = try tables.existing(query.context)
            let found = tables.requests.filter { request in
                request.context == query.context && !(query.onlyOpen && request.answer != nil)
                    && (query.after.map { request.id > $0 } ?? true)
            }
            return Array(found.prefix(max(0, min(query.limit, TurnLimits.listMax))))
        }
    }
}
