import Vocabulary

/// What the rules must know of a store, as of the moment in which nobody else can change it.
package protocol TurnLookups {
    func node(_ turn: TurnID) throws(TurnStoreError) -> TurnNode?
    func context(_ id: ContextID) throws(TurnStoreError) -> TurnContext?
    /// A key of a context, or of those that make contexts.
    func kept(_ key: IdempotencyKey, in context: ContextID?) throws(TurnStoreError) -> KeptKey?
    /// `count` turns from `first` on, which one group appended.
    func appended(from first: TurnID, count: Int) throws(TurnStoreError) -> [AppendAnswer.Appended]
    func lease(of context: ContextID) throws(TurnStoreError) -> Lease?
    func isSession(_ context: ContextID) throws(TurnStoreError) -> Bool
    func context(of displayID: DisplayID) throws(TurnStoreError) -> ContextID?
    func request(_ id: RequestID) throws(TurnStoreError) -> OwnerRequest?
    /// The ids that are given next.
    func nextIDs() throws(TurnStoreError) -> (turn: UInt64, context: UInt64)
}

extension TurnLookups {
    /// The ancestor of `turn` (itself included) at `depth`, in a number of steps that grows as the logarithm of its
    /// depth.
    package func ancestor(of turn: TurnNode, atDepth depth: UInt32) throws(TurnStoreError) -> TurnNode? {
        guard depth <= turn.depth else { return nil }
        var node = turn
        while node.depth > depth {
            let jump = try self.known(node.jump)
            if jump.depth >= depth {
                node = jump
            } else if let parent = node.parent {
                node = try self.known(parent)
            }
        }
        return node
    }

    /// Whether `turn` is on the way from `head` to its root.
    package func isTurn(_ turn: TurnNode, onWayFrom head: TurnNode) throws(TurnStoreError) -> Bool {
        try self.ancestor(of: head, atDepth: turn.depth)?.id == turn.id
    }

    /// A turn that another one names.
    package func known(_ turn: TurnID) throws(TurnStoreError) -> TurnNode {
        guard let node = try self.node(turn) else {
            throw .failed(TurnFault(.corrupt, "turn \(turn) is missing", hint: "go back to a backup"))
        }
        return node
    }

    /// Checks that `request` may be posted; `known` is the request that has its key.
    package func judge(
        _ request: NewRequest, known: OwnerRequest?, openCount: Int
    ) throws(TurnStoreError) -> OwnerRequest? {
        guard try self.context(request.context) != nil else { throw .refused(.unknownContext(request.context)) }
        try TurnRules.checkSize("bytes of a key", request.key.bytes.count, TurnLimits.keyMax.bytes)
        try TurnRules.checkSize("bytes of a kind", request.kind.utf8.count, TurnLimits.requestKindMax.bytes)
        try TurnRules.checkSize("bytes of a request", request.body.count, TurnLimits.requestBodyMax.bytes)
        if let known {
            guard known.kind == request.kind, known.body == request.body else {
                throw .refused(.keyReused(request.key))
            }
            return known
        }
        try TurnRules.checkSize("open requests", openCount + 1, TurnLimits.openRequestsMax)
        return nil
    }
}
