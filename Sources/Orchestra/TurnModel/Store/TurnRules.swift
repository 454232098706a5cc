package import Vocabulary

/// What a group comes to: the same rules for every engine.
package enum TurnRules {
    package enum Decision {
        case repeated(AppendAnswer)
        case plan(AppendPlan)
    }

    /// Says what would happen, or why it must not. Changes nothing.
    package static func decide(
        _ group: AppendGroup, in store: some TurnLookups, at now: Timestamp
    ) throws(TurnStoreError) -> Decision {
        try self.checkSizes(of: group)
        if let repeated = try self.repeated(group, in: store) { return .repeated(repeated) }
        for (place, turn) in group.turns.enumerated() {
            if let claimed = turn.claimedHash, claimed != turn.hash {
                throw .refused(.hashMismatch(place: place))
            }
        }
        let next = try store.nextIDs()
        var context = try self.target(of: group, next: next.context, in: store, at: now)
        let isNew = if case .newContext = group.target { true } else { false }
        guard isNew || !group.turns.isEmpty || group.lease != nil || !group.settlements.isEmpty || group.session != nil
        else { throw .refused(.emptyGroup) }
        try self.checkRoot(of: group, in: store)
        let lease = try self.lease(after: group, of: context.id, in: store, at: now)
        try self.checkHead(of: context, group)
        var plan = AppendPlan(context: context, isNewContext: isNew)
        plan.turns = try self.nodes(of: group, from: next.turn, head: context.head, in: store)
        if let last = plan.turns.last {
            (context.head, context.headDepth, context.movedAt) = (last.node.id, last.node.depth, now)
            context.firstOwn = context.firstOwn ?? plan.turns.first?.node.id
        }
        plan.context = context
        plan.lease = lease
        plan.session = try self.session(of: group, context.id, isNew: isNew, in: store)
        plan.settled = try self.settled(by: group, of: context.id, in: store, at: now)
        plan.blobs = group.blobs
        plan.digest = group.key == nil ? nil : group.digest
        plan.at = now
        return .plan(plan)
    }

    static func checkSize(_ what: String, _ found: Int, _ max: Int) throws(TurnStoreError) {
        guard found <= max else { throw .refused(.tooLarge(what, found: found, max: max)) }
    }

    private static func checkSizes(of group: AppendGroup) throws(TurnStoreError) {
        try self.checkSize("turns of a group", group.turns.count, TurnLimits.groupTurnsMax)
        try self.checkSize("bytes of a key", group.key?.bytes.count ?? 0, TurnLimits.keyMax.bytes)
        try self.checkSize("settlements of a group", group.settlements.count, TurnLimits.settlementsMax)
        for turn in group.turns {
            try self.checkSize("bytes of a payload", turn.payload.count, TurnLimits.payloadMax.bytes)
            try self.checkSize("bytes of a type id", turn.type.id.utf8.count, TurnLimits.typeIDMax.bytes)
        }
        for blob in group.blobs {
            try self.checkSize("bytes of a blob", blob.bytes.count, TurnLimits.payloadMax.bytes)
        }
        let bytes =
            group.turns.reduce(0) { $0 + $1.payload.count } + group.blobs.reduce(0) { $0 + $1.bytes.count }
        try self.checkSize("bytes of a group", bytes, TurnLimits.groupBytesMax.bytes)
        for settlement in group.settlements {
            try self.checkSize("bytes of an answer", settlement.answer.count, TurnLimits.requestBodyMax.bytes)
        }
        try self.checkSize("bytes of a name", group.session?.name.utf8.count ?? 0, TurnLimits.textMax.bytes)
        guard case .acquire(let claim) = group.lease else { return }
        for text in [claim.owner, claim.host, claim.bootID] {
            try self.checkSize("bytes of a text of a lease", text.utf8.count, TurnLimits.textMax.bytes)
        }
    }

    private static func repeated(
        _ group: AppendGroup, in store: some TurnLookups
    ) throws(TurnStoreError) -> AppendAnswer? {
        guard let key = group.key else { return nil }
        let scope: ContextID? = if case .context(let id) = group.target { id } else { nil }
        guard let kept = try store.kept(key, in: scope) else { return nil }
        guard kept.digest == group.digest else { throw .refused(.keyReused(key)) }
        var turns: [AppendAnswer.Appended] = []
        if let first = kept.firstTurn { turns = try store.appended(from: first, count: kept.turnCount) }
        let lease = try kept.lease == nil ? nil : store.lease(of: kept.context)
        return AppendAnswer(
            context: kept.context, turns: turns, head: kept.head, headDepth: kept.headDepth,
            lease: lease.flatMap { $0.epoch == kept.lease && !$0.isReleased ? $0 : nil }, isRepeat: true)
    }

    private static func target(
        of group: AppendGroup, next: UInt64, in store: some TurnLookups, at now: Timestamp
    ) throws(TurnStoreError) -> TurnContext {
        switch group.target {
        case .context(let id):
            guard let context = try store.context(id) else { throw .refused(.unknownContext(id)) }
            return context
        case .newContext(let base):
            var depth: UInt32 = 0
            if let base {
                guard let node = try store.node(base) else { throw .refused(.unknownTurn(base)) }
                depth = node.depth
            }
            return TurnContext(
                id: ContextID(next), head: base, headDepth: depth, base: base, firstOwn: nil, createdAt: now,
                movedAt: now)
        }
    }

    private static func checkHead(of context: TurnContext, _ group: AppendGroup) throws(TurnStoreError) {
        switch group.expectedHead {
        case .any: return
        case .empty: if context.head == nil { return }
        case .turn(let turn): if context.head == turn { return }
        }
        throw .refused(.headMoved(context.id, to: context.head))
    }

    private static func session(
        of group: AppendGroup, _ context: ContextID, isNew: Bool, in store: some TurnLookups
    ) throws(TurnStoreError) -> NewSession? {
        guard let session = group.session else { return nil }
        if !isNew, try store.isSession(context) { throw .refused(.alreadyASession(context)) }
        if let other = try store.context(of: session.displayID) {
            throw .refused(.displayIDTaken(session.displayID, by: other))
        }
        if let origin = session.branchOf, try store.context(origin) == nil {
            throw .refused(.unknownContext(origin))
        }
        return session
    }

    private static func settled(
        by group: AppendGroup, of context: ContextID, in store: some TurnLookups, at now: Timestamp
    ) throws(TurnStoreError) -> [OwnerRequest] {
        var settled: [OwnerRequest] = []
        for settlement in group.settlements {
            var found = settled.first { $0.id == settlement.request }
            if found == nil { found = try store.request(settlement.request) }
            guard var request = found, request.context == context else {
                throw .refused(.unknownRequest(settlement.request, of: context))
            }
            if let answer = request.answer {
                guard answer == settlement.answer else { throw .refused(.settledOtherwise(request.id)) }
                continue
            }
            (request.answer, request.settledAt) = (settlement.answer, now)
            settled.append(request)
        }
        return settled
    }
}
