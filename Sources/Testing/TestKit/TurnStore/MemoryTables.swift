import TurnModel
import Vocabulary

/// What `MemoryTurnStore` holds.
struct MemoryTables {
    struct ScopedKey: Hashable {
        let context: ContextID?
        let key: IdempotencyKey
    }

    var now = Timestamp(milliseconds: 0)
    /// By their ids, from 1.
    var turns: [Turn] = []
    /// By their ids, from 1.
    var contexts: [TurnContext] = []
    var keys: [ScopedKey: KeptKey] = [:]
    var blobs: [BLAKE3.Digest: [UInt8]] = [:]
    var bundles: [(id: String, json: [UInt8])] = []
    var types = TypeRegistry()
    var leases: [ContextID: Lease] = [:]
    var sessions: [ContextID: NewSession] = [:]
    /// By their ids, from 1.
    var requests: [OwnerRequest] = []
    var requestKeys: [ScopedKey: RequestID] = [:]
}

extension MemoryTables: TurnLookups {
    func node(_ turn: TurnID) -> TurnNode? {
        turn.number <= UInt64(self.turns.count) ? self.turns[Int(turn.number) - 1].node : nil
    }

    func context(_ id: ContextID) -> TurnContext? {
        (1...UInt64(max(1, self.contexts.count))).contains(id.number) && !self.contexts.isEmpty
            ? self.contexts[Int(id.number) - 1] : nil
    }

    func kept(_ key: IdempotencyKey, in context: ContextID?) -> KeptKey? {
        self.keys[ScopedKey(context: context, key: key)]
    }

    func appended(from first: TurnID, count: Int) -> [AppendAnswer.Appended] {
        self.turns[(Int(first.number) - 1)...].prefix(count).map { .init(id: $0.id, depth: $0.depth, hash: $0.hash) }
    }

    func lease(of context: ContextID) -> Lease? { self.leases[context] }

    func isSession(_ context: ContextID) -> Bool { self.sessions[context] != nil }

    func context(of displayID: DisplayID) -> ContextID? {
        self.sessions.first { $0.value.displayID == displayID }?.key
    }

    func request(_ id: RequestID) -> OwnerRequest? { self.requests.first { $0.id == id } }

    func nextIDs() -> (turn: UInt64, context: UInt64) {
        (UInt64(self.turns.count) + 1, UInt64(self.contexts.count) + 1)
    }
}

extension MemoryTables {
    mutating func append(_ group: AppendGroup) throws(TurnStoreError) -> AppendAnswer {
        switch try TurnRules.decide(group, in: self, at: self.now) {
        case .repeated(let answer): return answer
        case .plan(let plan):
            self.apply(plan, key: group.key)
            return plan.answer
        }
    }

    private mutating func apply(_ plan: AppendPlan, key: IdempotencyKey?) {
        for blob in plan.blobs { self.blobs[blob.hash] = blob.bytes }
        for planned in plan.turns {
            self.blobs[planned.turn.hash] = planned.turn.payload
            self.turns.append(
                Turn(
                    node: planned.node, context: plan.context.id, type: planned.turn.type,
                    encoding: planned.turn.encoding, compression: planned.turn.compression, hash: planned.turn.hash,
                    length: ByteCount(planned.turn.payload.count), createdAt: self.now, payload: nil))
        }
        if plan.isNewContext {
            self.contexts.append(plan.context)
        } else {
            self.contexts[Int(plan.context.id.number) - 1] = plan.context
        }
        if let lease = plan.lease { self.leases[plan.context.id] = lease }
        if let session = plan.session { self.sessions[plan.context.id] = session }
        for request in plan.settled { self.requests[Int(request.id.number) - 1] = request }
        if let key, let kept = plan.kept {
            self.keys[ScopedKey(context: plan.isNewContext ? nil : plan.context.id, key: key)] = kept
        }
    }

    mutating func post(_ request: NewRequest) throws(TurnStoreError) -> OwnerRequest {
        let key = ScopedKey(context: request.context, key: request.key)
        let open = self.requests.count { $0.context == request.context && $0.answer == nil }
        let known = self.requestKeys[key].flatMap(self.request)
        if let same = try self.judge(request, known: known, openCount: open) { return same }
        let made = OwnerRequest(
            id: RequestID(UInt64(self.requests.count) + 1), context: request.context, kind: request.kind,
            body: request.body, postedAt: self.now, settledAt: nil, answer: nil)
        self.requests.append(made)
        self.requestKeys[key] = made.id
        return made
    }

    func existing(_ id: ContextID) throws(TurnStoreError) -> TurnContext {
        guard let context = self.context(id) else { throw .refused(.unknownContext(id)) }
        return context
    }

    func turn(_ id: TurnID, payloadMax: Int) -> Turn? {
        guard self.node(id) != nil else { return nil }
        let turn = self.turns[Int(id.number) - 1]
        return Turn(
            node: turn.node, context: turn.context, type: turn.type, encoding: turn.encoding,
            compression: turn.compression, hash: turn.hash, length: turn.length, createdAt: turn.createdAt,
            payload: turn.length.bytes <= payloadMax ? self.blobs[turn.hash] : nil)
    }

    func page(_ query: TurnQuery) throws(TurnStoreError) -> TurnPage {
        let context = try self.existing(query.context)
        var next = context.head
        if let before = query.before {
            guard let node = self.node(before) else { throw .refused(.unknownTurn(before)) }
            guard let head = context.head, try self.isTurn(node, onWayFrom: self.known(head)) else {
                throw .refused(.notInChain(before, of: context.id))
            }
            next = node.parent
        }
        var turns: [Turn] = []
        while turns.count < min(query.limit, TurnLimits.pageTurnsMax), let id = next,
            let turn = self.turn(id, payloadMax: query.withPayload ? .max : -1)
        {
            turns.append(turn)
            next = turn.parent
        }
        return TurnPage(context: context, turns: turns, hasMore: next != nil)
    }

    func row(_ id: ContextID) -> SessionRow? {
        guard let session = self.sessions[id], let context = self.context(id) else { return nil }
        let size = TurnLimits.sessionPayloadMax.bytes
        return SessionRow(
            displayID: session.displayID, name: session.name, branchOf: session.branchOf, context: context,
            firstOwn: context.firstOwn.flatMap { self.turn($0, payloadMax: size) },
            head: context.head.flatMap { self.turn($0, payloadMax: size) }, lease: self.leases[id],
            openRequests: self.requests.filter { $0.context == id && $0.answer == nil }.map(\.kind))
    }
}
