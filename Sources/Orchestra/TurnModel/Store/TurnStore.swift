package import Vocabulary

/// Everything durable about runs: turns, contexts, blobs, type bundles; with leases, and requests to their owners.
///
/// What a call answered is on stable storage, and survives any crash; reads see all that was answered before. Refusals
/// change nothing. Any number of callers may call at once.
package protocol TurnStore: Sendable {
    /// Whether it can be written, and what it is.
    func health() async throws(TurnStoreError) -> StoreHealth

    // Appending

    /// Carries out the whole group, or nothing of it.
    ///
    /// A key that was used before in the context answers what it answered then, after a restart too, whatever happened
    /// since; nothing else is looked at then. With other content it is refused.
    func append(_ group: AppendGroup) async throws(TurnStoreError) -> AppendAnswer

    // Reading

    func context(_ id: ContextID) async throws(TurnStoreError) -> TurnContext
    func turn(_ id: TurnID, withPayload: Bool) async throws(TurnStoreError) -> Turn
    /// The newest turns of the history of a context, or those before one of them.
    func turns(_ query: TurnQuery) async throws(TurnStoreError) -> TurnPage
    /// Whether `turn` is the head of `context` or one of its ancestors.
    func isTurn(_ turn: TurnID, inChainOf context: ContextID) async throws(TurnStoreError) -> Bool
    /// The turn of that depth on the way from `turn` to its root, itself included; `nil` when `turn` is not so deep.
    func ancestor(of turn: TurnID, atDepth depth: UInt32) async throws(TurnStoreError) -> TurnID?
    /// The contexts whose head moved last, newest first.
    func contexts(_ query: ContextQuery) async throws(TurnStoreError) -> [TurnContext]

    // Blobs and bundles

    /// Keeps bytes under their hash; a damaged copy is replaced. Answers whether they were new.
    func putBlob(_ bytes: [UInt8]) async throws(TurnStoreError) -> (hash: BLAKE3.Digest, isNew: Bool)
    /// The bytes of a blob or payload, checked against their hash.
    func blob(_ hash: BLAKE3.Digest) async throws(TurnStoreError) -> [UInt8]?
    /// Takes a bundle of types; answers whether it was new. The same bytes again change nothing.
    func publish(bundle json: [UInt8]) async throws(TurnStoreError) -> Bool
    func bundle(_ id: String) async throws(TurnStoreError) -> [UInt8]?
    /// By their ids, in the order in which they were published.
    func bundles() async throws(TurnStoreError) -> [String]
    /// The types of all bundles that can be read, and the ids of those that cannot.
    func registry() async throws(TurnStoreError) -> (types: TypeRegistry, broken: [String])

    // Sessions, leases, requests

    /// The sessions that were made last, newest first.
    func sessions(_ query: SessionQuery) async throws(TurnStoreError) -> [SessionRow]
    func session(of context: ContextID) async throws(TurnStoreError) -> SessionRow?
    /// The sessions whose display id starts with `prefix`, an exact match alone; at most `limit`.
    func sessions(withPrefix prefix: String, limit: Int) async throws(TurnStoreError) -> [SessionRow]
    /// The newest lease, in force or not; `nil` when there never was one.
    func lease(of context: ContextID) async throws(TurnStoreError) -> Lease?
    func post(_ request: NewRequest) async throws(TurnStoreError) -> OwnerRequest
    /// In the order in which they were posted.
    func requests(_ query: RequestQuery) async throws(TurnStoreError) -> [OwnerRequest]
}

/// What a store says about itself.
package struct StoreHealth: Hashable, Sendable {
    /// For people: what it is and where.
    package var name: String
    package var lastTurn: TurnID?
    package var lastContext: ContextID?

    package init(name: String, lastTurn: TurnID?, lastContext: ContextID?) {
        self.name = name
        self.lastTurn = lastTurn
        self.lastContext = lastContext
    }
}

package struct TurnQuery: Hashable, Sendable {
    package var context: ContextID
    /// Must be in the history of the context; its page ends at its parent.
    package var before: TurnID?
    /// At most `TurnLimits.pageTurnsMax`.
    package var limit: Int
    package var withPayload: Bool

    package init(context: ContextID, before: TurnID? = nil, limit: Int = 64, withPayload: Bool = true) {
        self.context = context
        self.before = before
        self.limit = limit
        self.withPayload = withPayload
    }
}

package struct TurnPage: Hashable, Sendable {
    /// As of the read: the page hangs together with it.
    package let context: TurnContext
    /// Newest first.
    package let turns: [Turn]
    /// Whether there are older turns than the last.
    package let hasMore: Bool

    package init(context: TurnContext, turns: [Turn], hasMore: Bool) {
        self.context = context
        self.turns = turns
        self.hasMore = hasMore
    }

    /// What to pass as `before` for the next page; `nil` when there is none.
    package var next: TurnID? { self.hasMore ? self.turns.last?.id : nil }
}

package struct ContextQuery: Hashable, Sendable {
    /// The last context of the page before. What moves between two pages may be listed twice or not at all.
    package var after: TurnContext?
    package var limit: Int

    package init(after: TurnContext? = nil, limit: Int = 20) {
        self.after = after
        self.limit = limit
    }
}

package struct SessionQuery: Hashable, Sendable {
    /// The last session of the page before.
    package var before: ContextID?
    package var limit: Int
    package var includesBranches: Bool
    /// Only the branches of this one, of whom it alone is the parent.
    package var branchesOf: ContextID?

    package init(before: ContextID? = nil, limit: Int = 50, includesBranches: Bool = false) {
        self.before = before
        self.limit = limit
        self.includesBranches = includesBranches
    }
}

package struct RequestQuery: Hashable, Sendable {
    package var context: ContextID
    package var after: RequestID?
    package var onlyOpen: Bool
    package var limit: Int

    package init(context: ContextID, after: RequestID? = nil, onlyOpen: Bool = true, limit: Int = 100) {
        self.context = context
        self.after = after
        self.onlyOpen = onlyOpen
        self.limit = limit
    }
}

// MARK: - In terms of the above

extension TurnStore {
    /// Makes a context: empty, or forked at a turn, at the same cost whatever its history.
    package func createContext(
        base: TurnID? = nil, key: IdempotencyKey? = nil
    ) async throws(TurnStoreError) -> AppendAnswer {
        var group = AppendGroup(to: .newContext(base: base))
        group.key = key
        return try await self.append(group)
    }

    /// Acquires, renews or releases the lease of a context; `nil` after a release.
    package func change(
        leaseOf context: ContextID, _ change: LeaseChange, fence: LeaseEpoch? = nil
    ) async throws(TurnStoreError) -> Lease? {
        var group = AppendGroup(to: context)
        group.lease = change
        group.fence = fence
        return try await self.append(group).lease
    }

    /// Says the last word about requests, as the owner.
    package func settle(
        _ settlements: [Settlement], of context: ContextID, fence: LeaseEpoch?
    ) async throws(TurnStoreError) {
        var group = AppendGroup(to: context)
        group.settlements = settlements
        group.fence = fence
        _ = try await self.append(group)
    }
}
