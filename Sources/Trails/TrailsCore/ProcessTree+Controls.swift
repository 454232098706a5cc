import HashTreeCollections
import Vocabulary

extension ProcessTree {
    func decideControl(
        _ request: ControlRequest, by principal: Principal, at now: Timestamp
    ) throws(Refusal) -> [Event] {
        try self.authorize(principal, .command, request.target)
        let target = try self.known(request.target)
        if self.isQueued(request, under: target) { return [] }
        switch request.scope {
        case .node:
            guard !target.controls.contains(where: { $0.id == request.id }) else { return [] }
            try self.checkTarget(target)
            return [.queued(self.control(request, for: target.id, at: now))]
        case .subtree:
            let reached = ([target.id] + self.levels(under: target.id).joined())
                .filter { request.only?.contains($0) ?? true }
                .compactMap { self.apps[$0] }
                .filter { $0.status.isLive && $0.presence == .attached }
                .filter { state in !state.controls.contains { $0.origin == request.id } }
            for state in reached {
                try self.checkTarget(state)
            }
            return reached.map { .queued(self.control(request, for: $0.id, at: now)) }
        }
    }

    /// Whether the same request was recorded before and waits for an answer: a repeat changes nothing.
    private func isQueued(_ request: ControlRequest, under target: AppState) -> Bool {
        if target.controls.contains(where: { $0.origin == request.id }) { return true }
        guard request.scope == .subtree else { return false }
        return self.levels(under: target.id).joined().contains { id in
            self.apps[id]?.controls.contains { $0.origin == request.id } == true
        }
    }

    private func checkTarget(_ state: AppState) throws(Refusal) {
        guard !state.status.isTerminal else { throw .notLive(state.id, state.status) }
        guard state.presence != .detached else { throw .detachedTarget(state.id) }
        guard state.controls.count < self.limits.controlsMax else {
            throw .queueFull(state.id, max: self.limits.controlsMax)
        }
    }

    private func control(_ request: ControlRequest, for app: AppID, at now: Timestamp) -> Control {
        let timeToLive = request.timeToLive ?? self.limits.controlTimeToLive
        return Control(
            id: app == request.target ? request.id : request.id.derived(for: app), app: app, action: request.action,
            payload: request.payload, scope: request.scope, issuedAt: request.issuedAt, expiresAt: now + timeToLive,
            issuer: request.issuer, origin: request.id)
    }

    func decideAnswer(
        _ answer: ControlAnswer, session: Int?, signer: PublicKey?, wasAnswered: Bool, at now: Timestamp
    ) throws(Refusal) -> [Event] {
        let state = try self.known(answer.app)
        try self.checkSigner(signer, of: state)
        try self.checkSession(session, of: state)
        guard let control = state.controls.first(where: { $0.id == answer.id }) else {
            guard wasAnswered else { throw .unknownControl(answer.id) }
            return [.answered(answer.asLate(at: now))]
        }
        var draft = Draft(self)
        draft.record(.answered(answer.asCounting(at: now)))
        if control.isCancel, answer.outcome == .done, !state.facts.isPermanentRoot {
            draft.record(draft.tree.ending(of: state, on: .cancelAcknowledged, cause: nil, at: now))
        }
        return draft.events
    }

    func decideExpiry(of id: CorrelationID, for app: AppID, at now: Timestamp) -> [Event] {
        guard let control = self.apps[app]?.controls.first(where: { $0.id == id }), let expiresAt = control.expiresAt,
            expiresAt <= now
        else { return [] }
        return [.answered(ControlAnswer(id: id, app: app, outcome: .expired, at: now))]
    }
}

extension ControlAnswer {
    func asLate(at now: Timestamp) -> ControlAnswer { self.received(at: now, isLate: true) }

    func asCounting(at now: Timestamp) -> ControlAnswer { self.received(at: now, isLate: false) }

    private func received(at now: Timestamp, isLate: Bool) -> ControlAnswer {
        ControlAnswer(
            id: self.id, app: self.app, outcome: self.outcome, result: self.result, error: self.error, at: now,
            isLate: isLate)
    }
}

extension Identifier {
    /// The identifier of the copy of this for `app`: always the same for the same two.
    func derived<Copy>(for app: AppID) -> Identifier<Copy> {
        Identifier<Copy>(high: self.high ^ app.high, low: self.low ^ app.low)
    }
}
