import SQLiteStorage
import TurnModel
import Vocabulary

extension Rows {
    /// Carries out a group, or refuses it and writes nothing.
    func append(_ group: AppendGroup) throws(TurnStoreError) -> AppendAnswer {
        switch try TurnRules.decide(group, in: self, at: self.now) {
        case .repeated(let answer): return answer
        case .plan(let plan):
            try self.write(plan, key: group.key)
            return plan.answer
        }
    }

    private func write(_ plan: AppendPlan, key: IdempotencyKey?) throws(TurnStoreError) {
        for blob in plan.blobs { _ = try self.keep(blob.bytes, hash: blob.hash) }
        for planned in plan.turns { try self.write(planned, in: plan.context.id) }
        try self.write(plan.context, isNew: plan.isNewContext, hasMoved: !plan.turns.isEmpty)
        if let lease = plan.lease { try self.write(lease) }
        if let session = plan.session {
            try self.run(
                "INSERT INTO sessions VALUES (?, ?, ?, ?)", plan.context.id, session.displayID, session.name,
                session.branchOf)
        }
        for request in plan.settled {
            try self.run(
                "UPDATE requests SET settled_at = ?, answer = ? WHERE request_id = ?", request.settledAt,
                request.answer, request.id)
        }
        if let key, let kept = plan.kept {
            try self.run(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                plan.isNewContext ? ContextID(0) : plan.context.id, key.bytes, kept.digest, kept.context,
                kept.firstTurn, kept.turnCount, kept.head, kept.headDepth, kept.lease, self.now)
        }
    }

    private func write(_ planned: AppendPlan.PlannedTurn, in context: ContextID) throws(TurnStoreError) {
        let (node, turn) = (planned.node, planned.turn)
        let blob = try self.keep(turn.payload, hash: turn.hash).id
        try self.run(
            "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", node.id, node.parent, node.depth, node.jump,
            context, turn.type.id, turn.type.version, turn.encoding.number, turn.compression.rawValue, blob, self.now)
    }

    private func write(_ context: TurnContext, isNew: Bool, hasMoved: Bool) throws(TurnStoreError) {
        if isNew {
            try self.run(
                "INSERT INTO contexts VALUES (?, ?, ?, ?, ?, ?, ?)", context.id, context.head, context.headDepth,
                context.base, context.firstOwn, context.createdAt, context.movedAt)
        } else if hasMoved {
            try self.run(
                "UPDATE contexts SET head = ?, head_depth = ?, first_own = ?, moved_at = ? WHERE context_id = ?",
                context.head, context.headDepth, context.firstOwn, context.movedAt, context.id)
        }
    }

    private func write(_ lease: Lease) throws(TurnStoreError) {
        try self.run(
            "INSERT OR REPLACE INTO leases (\(Self.leaseColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", lease.context,
            lease.epoch, lease.owner, lease.host, lease.pid, lease.bootID, lease.startTime, lease.acquiredAt,
            lease.expiresAt, lease.isReleased)
    }
}

// MARK: - Blobs, requests, bundles

extension Rows {
    /// The row of these bytes. One that is there is believed only when it holds just them.
    func keep(_ bytes: [UInt8], hash: BLAKE3.Digest) throws(TurnStoreError) -> (id: Int64, isNew: Bool) {
        let made = try self.first(
            "INSERT INTO blobs (hash, length, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING blob_id", hash,
            bytes.count, bytes, read: Self.integer)
        if let made { return (made, true) }
        let known = try self.first("SELECT blob_id, bytes = ? FROM blobs WHERE hash = ?", bytes, hash) {
            row throws(StorageError) in (id: try row.next(Int64.self), isWhole: try row.next(Bool.self))
        }
        guard let known else { throw .failed(TurnFault(.unavailable, "a blob got no number")) }
        if !known.isWhole {
            try self.run("UPDATE blobs SET bytes = ?, length = ? WHERE blob_id = ?", bytes, bytes.count, known.id)
        }
        return (known.id, false)
    }

    func post(_ request: NewRequest) throws(TurnStoreError) -> OwnerRequest {
        let known = try self.first(
            "SELECT \(Self.requestColumns) FROM requests WHERE context_id = ? AND key = ?", request.context,
            request.key.bytes, read: Self.readRequest)
        let open = try self.first(
            "SELECT count(*) FROM requests WHERE context_id = ? AND settled_at IS NULL", request.context,
            read: Self.integer)
        if let same = try self.judge(request, known: known, openCount: Int(open ?? 0)) { return same }
        let made = try self.first(
            """
            INSERT INTO requests (context_id, key, kind, body, posted_at) VALUES (?, ?, ?, ?, ?)
            RETURNING \(Self.requestColumns)
            """,
            request.context, request.key.bytes, request.kind, request.body, self.now, read: Self.readRequest)
        guard let made else { throw .failed(TurnFault(.unavailable, "a request got no number")) }
        return made
    }

    func publish(_ bundle: TypeBundle, _ json: [UInt8]) throws(TurnStoreError) -> Bool {
        if let known = try self.bundle(bundle.id) {
            guard known == json else { throw .refused(.bundleTaken(bundle.id)) }
            return false
        }
        var registry = try self.registry().types
        do throws(BundleError) {
            try registry.add(bundle)
        } catch {
            throw .refused(.badBundle(error.description))
        }
        try self.run(
            "INSERT INTO bundles (bundle_id, bytes, published_at) VALUES (?, ?, ?)", bundle.id, json, self.now)
        return true
    }

    func bundle(_ id: String) throws(TurnStoreError) -> [UInt8]? {
        try self.first("SELECT bytes FROM bundles WHERE bundle_id = ?", id) { row throws(StorageError) in
            try row.next([UInt8].self)
        }
    }

    func bundles() throws(TurnStoreError) -> [String] {
        try self.all("SELECT bundle_id FROM bundles ORDER BY number") { row throws(StorageError) in
            try row.next(String.self)
        }
    }

    func registry() throws(TurnStoreError) -> (types: TypeRegistry, broken: [String]) {
        let bundles = try self.all("SELECT bundle_id, bytes FROM bundles ORDER BY number") {
            row throws(StorageError) in (id: try row.next(String.self), json: try row.next([UInt8].self))
        }
        var registry = TypeRegistry()
        var broken: [String] = []
        for (id, json) in bundles {
            do throws(BundleError) {
                try registry.add(TypeBundle(parsing: json))
            } catch {
                broken.append(id)
            }
        }
        return (registry, broken)
    }
}
