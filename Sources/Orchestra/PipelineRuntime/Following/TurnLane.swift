import PipelineTurns
import TurnModel
import Vocabulary

/// Reads the history of one context forwards, in pages; what was read is not read again.
struct TurnLane {
    let context: ContextID
    /// Of the next turn to read.
    private(set) var depth: UInt32
    /// Read, and not taken yet; oldest first.
    private(set) var waiting: ArraySlice<Turn> = []
    /// Everything up to here was read.
    private(set) var horizon: TurnID?

    /// Turns in one page.
    static let pageMax: UInt32 = 64

    /// Begins at the first turn of the context's own; with `since`, where what comes after it can be understood from.
    init(of context: ContextID, since: TurnID?, in store: any TurnStore) async throws(TurnStoreError) {
        self.context = context
        self.depth = 0
        let found = try await store.context(context)
        if let base = found.base { self.depth = try await store.turn(base, withPayload: false).depth + 1 }
        if let since { self.depth = try await Self.start(of: found, after: since, from: self.depth, in: store) }
    }

    init(of context: ContextID, from depth: UInt32) {
        self.context = context
        self.depth = depth
    }

    /// The oldest turn that waits.
    var first: Turn? { self.waiting.first }

    mutating func take() -> Turn? { self.waiting.popFirst() }

    /// Reads the next page, up to `horizon`, when nothing waits.
    mutating func fill(from store: any TurnStore, upTo horizon: TurnID) async throws(TurnStoreError) {
        guard self.waiting.isEmpty, self.horizon.map({ $0 < horizon }) ?? true else { return }
        let context = try await store.context(self.context)
        guard let head = context.head, context.headDepth >= self.depth else {
            self.horizon = horizon
            return
        }
        let last = min(self.depth + Self.pageMax - 1, context.headDepth)
        let end = last == context.headDepth ? head : try await store.ancestor(of: head, atDepth: last) ?? head
        let page = try await Self.turns(from: self.depth, to: end, of: self.context, in: store)
        let known = page.prefix { $0.id <= horizon }
        if known.count < page.count || last == context.headDepth { self.horizon = horizon }
        self.depth += UInt32(known.count)
        self.waiting = known
    }

    /// Oldest first.
    private static func turns(
        from depth: UInt32, to end: TurnID, of context: ContextID, in store: any TurnStore
    ) async throws(TurnStoreError) -> [Turn] {
        var turns = [try await store.turn(end, withPayload: true)]
        while let oldest = turns.last, oldest.depth > depth {
            let query = TurnQuery(context: context, before: oldest.id, limit: Int(oldest.depth - depth))
            turns += try await store.turns(query).turns
        }
        return turns.reversed()
    }

    /// The depth of the last checkpoint that `since` has behind it; else where the context begins.
    ///
    /// Ids grow along a chain, so the place of `since` is found by halving; from there back to the checkpoint it is the
    /// turns of one node.
    private static func start(
        of context: TurnContext, after since: TurnID, from first: UInt32, in store: any TurnStore
    ) async throws(TurnStoreError) -> UInt32 {
        guard let head = context.head, context.headDepth >= first else { return first }
        var (low, high) = (first, context.headDepth + 1)
        while low < high {
            let middle = low + (high - low) / 2
            let id = try await store.ancestor(of: head, atDepth: middle)
            if let id, id > since { high = middle } else { low = middle + 1 }
        }
        while low > first {
            low -= 1
            guard let id = try await store.ancestor(of: head, atDepth: low) else { break }
            if try await store.turn(id, withPayload: false).type.id == CheckpointTurn.typeID { break }
        }
        return low
    }
}
