import HashTreeCollections
import Vocabulary

extension ProcessTree {
    func decideDisconnect(
        of id: AppID, session: Int?, signer: PublicKey?, _ reason: DisconnectReason, at now: Timestamp
    ) throws(Refusal) -> [Event] {
        let state = try self.known(id)
        guard state.incarnation > 0 else { throw .notRegistered(id) }
        try self.checkSigner(signer, of: state)
        try self.checkSession(session, of: state)
        if state.isFenced || reason == .cancelled {
            return state.facts.isPermanentRoot
                ? [] : self.ending(of: state, on: .cancelAcknowledged, cause: nil, at: now)
        }
        switch reason {
        case .completed:
            guard !state.facts.isPermanentRoot else { throw .permanentRoot(id) }
            return self.ending(of: state, on: .leftCompleted, cause: nil, at: now)
        case .detached:
            guard state.status.isInTouch else { return [] }
            let lease = state.lease ?? self.limits.lease
            return [.detached(id, at: now, lease: lease, until: now + lease)]
        case .cancelled, .other:
            return session.map { self.decideDrop(of: id, session: $0, at: now) } ?? []
        }
    }

    func decideDrop(of id: AppID, session: Int, at now: Timestamp) -> [Event] {
        guard let state = self.apps[id], state.sessionEpoch == session, state.presence == .attached,
            case .to(let status) = Lifecycle.step(from: state.status, on: .connectionDropped)
        else { return [] }
        return [
            .changed(
                Change(
                    app: id, happening: .connectionDropped, status: status, cause: .connectionDrop,
                    deadline: now + self.limits.reconnectWindow, at: now))
        ]
    }

    func decideMissedKeepalive(of id: AppID, session: Int, at now: Timestamp) -> [Event] {
        guard let state = self.apps[id], state.sessionEpoch == session, state.presence == .attached else { return [] }
        return self.ending(of: state, on: .keepaliveMissed, cause: .heartbeatTimeout, at: now)
    }

    /// What `happening` makes of `state`, and how the cancels that wait for it go on.
    func ending(
        of state: AppState, on happening: Lifecycle.Happening, cause: Cause?, deadline: Timestamp? = nil,
        at now: Timestamp
    ) -> [Event] {
        guard case .to(let status) = Lifecycle.step(from: state.status, on: happening) else { return [] }
        var draft = Draft(self)
        draft.record(
            .changed(
                Change(app: state.id, happening: happening, status: status, cause: cause, deadline: deadline, at: now)))
        for cascade in state.cascades {
            draft.advance(cascade, at: now)
        }
        return draft.events
    }
}

// MARK: - Alarms

extension ProcessTree {
    func decideWake(_ alarm: Alarm, at now: Timestamp) -> [Event] {
        switch alarm {
        case .app(let id): self.decideDeadline(of: id, at: now)
        case .cascade(let id): self.decideEndOfGrace(of: id, at: now)
        case .control(let app, let id): self.decideExpiry(of: id, for: app, at: now)
        }
    }

    private func decideDeadline(of id: AppID, at now: Timestamp) -> [Event] {
        guard let state = self.apps[id], let deadline = state.deadline, deadline <= now else { return [] }
        switch state.status {
        case .scheduled:
            return self.ending(of: state, on: .startDeadlinePassed, cause: .neverStarted, at: now)
        case .reconnecting where state.cause == .restart:
            return self.ending(of: state, on: .restartWindowPassed, cause: .restart, at: now)
        case .reconnecting:
            return self.ending(of: state, on: .reconnectWindowPassed, cause: .connectionDrop, at: now)
        case .connected, .running:
            guard state.isFenced, state.presence == .attached else { return self.decideEndOfLease(of: state, at: now) }
            return self.ending(of: state, on: .graceRanOut, cause: nil, at: now)
        default:
            return []
        }
    }

    /// A report of any descendant is a sign of life as well.
    private func decideEndOfLease(of state: AppState, at now: Timestamp) -> [Event] {
        guard state.presence == .detached, let lease = state.lease else { return [] }
        let heard = ([[state.id]] + self.levels(under: state.id)).joined()
            .compactMap { self.apps[$0]?.lastSeen }.max()
        if let heard, heard + lease > now {
            return [.leaseExtended(state.id, until: heard + lease)]
        }
        return self.ending(of: state, on: .leaseEnded, cause: .leaseEnded, at: now)
    }
}
