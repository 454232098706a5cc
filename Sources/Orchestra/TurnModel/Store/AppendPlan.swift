package import Vocabulary

/// What an engine is to write, all of it or nothing.
package struct AppendPlan {
    package struct PlannedTurn {
        package let node: TurnNode
        package let turn: NewTurn
    }

    /// As it is to be afterwards.
    package internal(set) var context: TurnContext
    package let isNewContext: Bool
    package internal(set) var turns: [PlannedTurn] = []
    /// `nil` when it stays as it is.
    package internal(set) var lease: Lease?
    package internal(set) var session: NewSession?
    package internal(set) var settled: [OwnerRequest] = []
    package internal(set) var blobs: [NewBlob] = []
    /// Of the group, when it has a key.
    package internal(set) var digest: BLAKE3.Digest?
    package internal(set) var at = Timestamp(milliseconds: 0)

    init(context: TurnContext, isNewContext: Bool) {
        self.context = context
        self.isNewContext = isNewContext
    }

    package var answer: AppendAnswer {
        AppendAnswer(
            context: self.context.id,
            turns: self.turns.map { .init(id: $0.node.id, depth: $0.node.depth, hash: $0.turn.hash) },
            head: self.context.head, headDepth: self.context.headDepth,
            lease: self.lease.flatMap { $0.isReleased ? nil : $0 }, isRepeat: false)
    }

    /// What to keep under the group's key.
    package var kept: KeptKey? {
        self.digest.map { digest in
            KeptKey(
                digest: digest, context: self.context.id, firstTurn: self.turns.first?.node.id,
                turnCount: self.turns.count, head: self.context.head, headDepth: self.context.headDepth,
                lease: self.lease?.epoch)
        }
    }
}

extension TurnRules {
    /// Gives the turns of a group their places.
    static func nodes(
        of group: AppendGroup, from first: UInt64, head: TurnID?, in store: some TurnLookups
    ) throws(TurnStoreError) -> [AppendPlan.PlannedTurn] {
        var parent: TurnNode?
        switch group.parent {
        case .head: parent = try head.map { head throws(TurnStoreError) in try store.known(head) }
        case .turn(let turn):
            parent = try store.node(turn)
            if parent == nil { throw .refused(.unknownTurn(turn)) }
        }
        var planned: [AppendPlan.PlannedTurn] = []
        for (place, turn) in group.turns.enumerated() {
            let node = try self.node(TurnID(first + UInt64(place)), under: parent, planned, in: store)
            planned.append(AppendPlan.PlannedTurn(node: node, turn: turn))
            parent = node
        }
        return planned
    }

    /// The jump is as far as the parent's two jumps together when these are of one length, else one step.
    private static func node(
        _ id: TurnID, under parent: TurnNode?, _ planned: [AppendPlan.PlannedTurn], in store: some TurnLookups
    ) throws(TurnStoreError) -> TurnNode {
        guard let parent else { return TurnNode(id: id, parent: nil, depth: 0, jump: id) }
        func find(_ turn: TurnID) throws(TurnStoreError) -> TurnNode {
            if let first = planned.first?.node.id, turn >= first {
                return planned[Int(turn.number - first.number)].node
            }
            return try store.known(turn)
        }
        let near = try find(parent.jump)
        let far = try find(near.jump)
        let isEven = parent.depth - near.depth == near.depth - far.depth
        return TurnNode(id: id, parent: parent.id, depth: parent.depth + 1, jump: isEven ? far.id : parent.id)
    }
}
