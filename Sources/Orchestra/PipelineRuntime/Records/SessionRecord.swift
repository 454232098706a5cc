import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

/// What a restart needs of a session: its checkpoints from the newest snapshot on, and the turns behind the last.
///
/// ```
/// …  snapshot  delta  delta  started  asked  <- head
///    `---- checkpoints ----' `-- behind --'
/// ```
struct SessionRecord: Sendable {
    /// Oldest first.
    var checkpoints: [CheckpointTurn] = []
    /// Oldest first.
    var behind: [PipelineTurn] = []
    /// Of the newest checkpoint.
    var lastCheckpoint: TurnID?
    /// What was read up to.
    var head: TurnID?

    /// Reads back from `head`, in pages, until there is enough.
    ///
    /// - Parameter own: Read no turn of another context: where a session begins anew, as a branch does.
    init(
        of context: ContextID, in store: any TurnStore, own: Bool, patience: Patience? = nil
    ) async throws(SessionRefusal) {
        try await self.read(context, before: nil, from: store, own: own, patience)
    }

    /// Reads back from the checkpoint `turn`, which is in the history of `context`.
    init(
        at turn: TurnID, of context: ContextID, in store: any TurnStore
    ) async throws(SessionRefusal) {
        let newest = try await asking { () async throws(TurnStoreError) in
            try await store.turn(turn, withPayload: true)
        }
        if try self.take(newest) {
            self.turnAround()
            return
        }
        try await self.read(context, before: turn, from: store, own: false, nil)
    }

    private mutating func read(
        _ context: ContextID, before: TurnID?, from store: any TurnStore, own: Bool, _ patience: Patience?
    ) async throws(SessionRefusal) {
        var query = TurnQuery(context: context, before: before, limit: 48)
        while true {
            let asked = query
            let page = try await asking(patience) { () async throws(TurnStoreError) in try await store.turns(asked) }
            for turn in page.turns {
                if own, turn.context != context { return self.turnAround() }
                if try self.take(turn) { return self.turnAround() }
            }
            guard let next = page.next else { return self.turnAround() }
            query.before = next
            // What lies between two checkpoints, as all that an agent said, is of no use here.
            guard let base = self.checkpoints.last?.base, base.number < next.number else { continue }
            let turn = try await asking(patience) { () async throws(TurnStoreError) in
                try await store.turn(base, withPayload: true)
            }
            if try self.take(turn) { return self.turnAround() }
            query.before = base
        }
    }

    /// Takes one turn, newest first; answers whether there is enough.
    private mutating func take(_ turn: Turn) throws(SessionRefusal) -> Bool {
        if self.head == nil { self.head = turn.id }
        let isSkipped = self.lastCheckpoint != nil && turn.type.id != CheckpointTurn.typeID
        guard !isSkipped, let payload = turn.payload else { return false }
        let value: PipelineTurn
        do throws(TurnDecodingError) {
            value = try PipelineTurn(decoding: payload, type: turn.type)
        } catch {
            throw .damaged(turn.id, error.description)
        }
        guard case .checkpoint(let checkpoint) = value else {
            self.behind.append(value)
            return false
        }
        if self.lastCheckpoint == nil { self.lastCheckpoint = turn.id }
        self.checkpoints.append(checkpoint)
        return checkpoint.isSnapshot
    }

    private mutating func turnAround() {
        self.checkpoints.reverse()
        self.behind.reverse()
    }
}

extension SessionRecord {
    /// The checkpoints as a run adds them up.
    func chain(in graph: PipelineGraph) throws(SessionRefusal) -> [RunCheckpoint] {
        guard self.checkpoints.first?.isSnapshot ?? true else {
            throw .damaged(self.lastCheckpoint, "the checkpoints before it go back to none that is whole")
        }
        var chain: [RunCheckpoint] = []
        for turn in self.checkpoints {
            guard let checkpoint = RunCheckpoint(turn, in: graph) else {
                throw .damaged(self.lastCheckpoint, "a checkpoint holds what no run writes")
            }
            chain.append(checkpoint)
        }
        return chain
    }

    /// Makes `run`, which has not begun, what it was when the record ended.
    func restore(_ run: inout PipelineRun) throws(SessionRefusal) {
        var reader = RecordReader(graph: run.graph, settings: run.settings)
        let chain = try self.chain(in: run.graph)
        run.restore(checkpoints: chain, events: self.behind.compactMap { reader.event(of: $0) })
    }
}
