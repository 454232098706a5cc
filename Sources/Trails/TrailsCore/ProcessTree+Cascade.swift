import HashTreeCollections
import Vocabulary

extension ProcessTree {
    func decideCancel(
        _ request: CancelRequest, by principal: Principal, at now: Timestamp
    ) throws(Refusal) -> [Event] {
        try self.authorize(principal, .cancel, request.target)
        let target = try self.known(request.target)
        guard request.isDeep || !target.facts.isPermanentRoot else { throw .permanentRoot(target.id) }
        if let running = self.cascades[request.id] {
            guard running.cascade.target == request.target else { throw .notAuthorized(principal.app, over: target.id) }
            return []
        }
        guard self.cascades.count < self.limits.cascadesMax else {
            throw .tooManyCascades(max: self.limits.cascadesMax)
        }

        let cascade = Cascade(
            id: request.id, target: target.id, isDeep: request.isDeep, reason: request.reason, payload: request.payload,
            by: principal.app,
            issuer: request.issuer, grace: (request.grace ?? self.limits.grace).wholeMilliseconds, startedAt: now,
            levels: self.members(of: request))
        var draft = Draft(self)
        draft.record(.cascadeStarted(cascade))
        draft.advance(cascade.id, at: now)
        return draft.events
    }

    /// Whom a cancel takes, deepest level first: who is live now, and who may come back. A permanent root never.
    private func members(of request: CancelRequest) -> [[AppID]] {
        let below = request.isDeep ? self.levels(under: request.target) : []
        return ([[request.target]] + below).reversed()
            .map { level in
                level.filter { id in
                    guard let state = self.apps[id], !state.facts.isPermanentRoot else { return false }
                    // Who is gone and will be told when it is back needs no telling twice.
                    guard state.status != .crashed else { return !state.controls.contains(where: \.isCancel) }
                    return !state.status.isTerminal
                }
            }
            .filter { !$0.isEmpty }
    }

    func decideEndOfGrace(of id: CascadeID, at now: Timestamp) -> [Event] {
        guard let state = self.cascades[id], let deadline = state.deadline, deadline <= now else { return [] }
        var draft = Draft(self)
        for app in state.waiting.sorted() {
            guard let straggler = draft.tree.apps[app] else { continue }
            draft.record(draft.tree.ending(of: straggler, on: .graceRanOut, cause: nil, at: now))
        }
        return draft.events
    }

    func cancelControl(for app: AppID, of id: CascadeID, at now: Timestamp) -> Control {
        let cascade = self.cascades[id]?.cascade ?? self.past[id]
        return Control(
            id: id.derived(for: app), app: app, action: Control.cancelAction, payload: cascade?.payload ?? "{}",
            scope: cascade?.isDeep == false ? .node : .subtree, issuedAt: now, expiresAt: nil, issuer: cascade?.issuer,
            cascade: id, origin: CorrelationID(high: id.high, low: id.low))
    }
}

extension Draft {
    /// Takes the cancel on as far as nobody has to be waited for: the next level, and the next, until one holds a
    /// connected app, or all are through.
    mutating func advance(_ id: CascadeID, at now: Timestamp) {
        while let state = self.tree.cascades[id], state.waiting.isEmpty {
            let next = state.level + 1
            guard next < state.cascade.levels.count else {
                self.record(.cascadeFinished(id, at: now))
                return
            }
            let deadline = now + .milliseconds(state.cascade.grace)
            self.record(.cascadeLevelStarted(id, level: next, deadline: deadline))
            for app in state.cascade.levels[next] {
                self.cancel(app, for: id, at: now)
            }
        }
    }

    private mutating func cancel(_ id: AppID, for cascade: CascadeID, at now: Timestamp) {
        guard let app = self.tree.apps[id], !app.status.isTerminal else { return }
        if app.status.isLive, app.presence != .attached {
            // Nobody listens: it is cancelled without its word.
            self.record(
                .changed(
                    ProcessTree.Change(
                        app: id, happening: .cancelUnacknowledged, status: .cancelled, cause: .unacknowledged,
                        deadline: nil, at: now)))
        } else {
            self.record(.queued(self.tree.cancelControl(for: id, of: cascade, at: now)))
        }
    }
}
