import HashTreeCollections
import Vocabulary

extension ProcessTree {
    func decideDeclaration(
        of facts: AppFacts, startDeadline: Duration, by principal: Principal, at now: Timestamp
    ) throws(Refusal) -> [Event] {
        guard let parent = facts.parent else { throw .notAuthorized(principal.app, over: facts.id) }
        try self.authorize(principal, .declareChild, parent)
        if let existing = self.apps[facts.id], existing.facts.origin != .placeholder {
            guard existing.facts.declaresTheSame(as: facts) else { throw .declaredDifferently(facts.id) }
            return []
        }
        try self.checkPlace(of: facts)
        let state = try self.known(parent)
        guard !state.isRevoked else { throw .revoked(parent) }
        guard state.status.isLive else { throw .notLive(parent, state.status) }
        return [.declared(facts.known(as: .declared), by: principal.app, at: now, deadline: now + startDeadline)]
    }

    func decideWithdrawal(of id: AppID, by principal: Principal, at now: Timestamp) throws(Refusal) -> [Event] {
        try self.authorize(principal, .cancel, id)
        let state = try self.known(id)
        guard case .to(let status) = Lifecycle.step(from: state.status, on: .withdrawn) else {
            throw .notScheduled(id, state.status)
        }
        return [
            .changed(Change(app: id, happening: .withdrawn, status: status, cause: .withdrawn, deadline: nil, at: now))
        ]
    }

    /// Checks that `facts` fit under their parent: level, depth, number of children, no cancel above.
    func checkPlace(of facts: AppFacts) throws(Refusal) {
        if let fence = self.fence(over: facts.id) { throw .cancelling(facts.id, under: fence.id) }
        guard let parent = facts.parent else { return }
        guard parent != facts.id else { throw .cyclic(facts.id) }
        if let fence = self.fence(over: parent) { throw .cancelling(facts.id, under: fence.id) }
        let above = self.ancestors(of: parent)
        guard !above.contains(facts.id) else { throw .cyclic(facts.id) }
        // What was known as a parent only brings a subtree along.
        let height = self.levels(under: facts.id).count
        guard above.count + 1 + height < self.limits.depthMax else {
            throw .tooDeep(facts.id, max: self.limits.depthMax)
        }
        guard let state = self.apps[parent] else { return }
        guard facts.level >= state.facts.level else { throw .levelTooLow(facts.id, atLeast: state.facts.level) }
        guard self.children[parent]?.count ?? 0 < self.limits.childrenMax else {
            throw .tooManyChildren(parent, max: self.limits.childrenMax)
        }
    }
}

// MARK: - Register

extension ProcessTree {
    func decideRegistration(_ wish: Registration, at now: Timestamp) throws(Refusal) -> [Event] {
        let id = wish.facts.id
        guard let existing = self.apps[id], existing.facts.origin != .placeholder else {
            return try self.decideFirstRegistration(wish, at: now)
        }
        guard !existing.isRevoked else { throw .revoked(id) }
        if let fence = self.fence(over: id) { throw .cancelling(id, under: fence.id) }
        guard existing.facts.level == .open || (wish.isProven && wish.key != nil) else { throw .unproven(id) }
        // First, so that a stranger without enrolment leaves no record.
        try self.checkEnrolment(of: wish, for: existing)
        if self.isTaken(existing, from: wish) {
            return [.enrolmentConflict(id, key: wish.key, at: now)]
        }
        if self.isRepeat(wish, of: existing), existing.process == wish.process {
            return self.renewal(of: existing, at: now)
        }
        let incarnation = existing.incarnation + (self.isSameLife(wish, of: existing) ? 0 : 1)
        let key = self.commandingKey(wish, for: existing)
        let session = existing.sessionEpoch + 1
        return [self.registered(wish, facts: nil, key: key, incarnation: incarnation, session: session, at: now)]
    }

    /// Whether the process that asks is the one that holds the app, and not one that was started anew.
    private func isSameLife(_ wish: Registration, of existing: AppState) -> Bool {
        if self.isRepeat(wish, of: existing) { return true }
        return existing.incarnation > 0 && wish.key == existing.key && existing.status.isLive
            && existing.presence == .attached && wish.presence == .attached && existing.sequence?.isEmpty == true
    }

    /// The key that may command what is below the app.
    ///
    /// At `open` anyone who knows its identifier may report as an app. A key that came in that way proves nothing, so
    /// it does not replace the one that was there: it is kept beside it, to come back with (`claimedKey`).
    private func commandingKey(_ wish: Registration, for existing: AppState) -> PublicKey? {
        guard existing.incarnation > 0, wish.enrolment == nil else { return wish.key }
        return existing.key
    }

    /// The first word of an app that nobody declared to the server before.
    private func decideFirstRegistration(_ wish: Registration, at now: Timestamp) throws(Refusal) -> [Event] {
        let facts = wish.facts
        guard facts.level == .open || (wish.isProven && wish.key != nil) else { throw .unproven(facts.id) }
        try self.checkPlace(of: facts)
        var events: [Event] = []
        var origin = AppFacts.Origin.root
        if let parent = facts.parent {
            let isDeclared = try self.isDeclared(wish, under: parent)
            guard isDeclared || facts.level == .open else { throw .notEnrolled(facts.id) }
            origin = isDeclared ? .declared : .unverified
            if self.apps[parent] == nil {
                events.append(.expected(Self.placeholder(parent, for: facts), at: now))
            }
        }
        let known = facts.known(as: origin)
        events.append(self.registered(wish, facts: known, key: wish.key, incarnation: 1, session: 1, at: now))
        return events
    }

    /// Whether the declaration it brings is signed by its parent or an ancestor of it, with a key that counts now.
    private func isDeclared(_ wish: Registration, under parent: AppID) throws(Refusal) -> Bool {
        guard let enrolment = wish.enrolment, let key = enrolment.declaredBy,
            enrolment.enrolmentKey == wish.facts.enrolmentKey
        else { return false }
        guard
            let signer = ([parent] + self.ancestors(of: parent)).lazy.compactMap({ self.apps[$0] })
                .first(where: { $0.key == key })
        else { return false }
        guard !signer.isRevoked else { throw .revoked(signer.id) }
        return true
    }

    /// Whether another than the wisher holds the app now.
    private func isTaken(_ existing: AppState, from wish: Registration) -> Bool {
        guard existing.incarnation > 0, existing.status.isInTouch else { return false }
        guard let key = wish.key else { return existing.key != nil }
        return key != existing.key && key != existing.claimedKey
    }

    /// Whether the detached holder only says again what it has said.
    private func isRepeat(_ wish: Registration, of existing: AppState) -> Bool {
        wish.presence == .detached && existing.presence == .detached && existing.status.isInTouch
            && existing.incarnation > 0 && wish.key == existing.key && wish.key != nil
    }

    /// Above `open` a known app registers with the key it had, or proves that it is the child that was declared.
    private func checkEnrolment(of wish: Registration, for existing: AppState) throws(Refusal) {
        let id = existing.id
        if existing.key == wish.key, wish.isProven || existing.facts.level == .open { return }
        // Nobody declares a root: only its key says who it is.
        guard existing.parent != nil else { throw .keyMismatch(id) }
        if let enrolment = wish.enrolment {
            // A key that was replaced must not come back by what it first came with.
            guard existing.keyEpoch == 0, enrolment.enrolmentKey == existing.facts.enrolmentKey else {
                throw .notEnrolled(id)
            }
            return
        }
        guard existing.facts.level == .open else { throw .notEnrolled(id) }
    }

    private func registered(
        _ wish: Registration, facts: AppFacts?, key: PublicKey?, incarnation: Int, session: Int, at now: Timestamp
    ) -> Event {
        let lease = wish.presence == .detached ? wish.lease ?? self.limits.lease : nil
        return .registered(
            Registered(
                app: wish.facts.id, facts: facts, key: key, claimedKey: wish.key == key ? nil : wish.key,
                incarnation: incarnation, sessionEpoch: session,
                presence: wish.presence, process: wish.process, lease: lease, deadline: lease.map { now + $0 }, at: now)
        )
    }

    /// What is known of an app that was only named as the parent of `child`.
    private static func placeholder(_ id: AppID, for child: AppFacts) -> AppFacts {
        AppFacts(
            id: id, parent: nil, name: "", level: .open, scheduledAt: child.scheduledAt, startDay: child.startDay,
            origin: .placeholder)
    }
}

// MARK: - Return

extension ProcessTree {
    func decideReturn(
        of id: AppID, key: PublicKey?, isProven: Bool, at now: Timestamp
    ) throws(Refusal) -> [Event] {
        let state = try self.known(id)
        guard state.incarnation > 0 else { throw .notRegistered(id) }
        guard !state.isRevoked else { throw .revoked(id) }
        let isOpen = state.facts.level == .open
        guard state.key == key || (isOpen && (state.key == nil || state.claimedKey == key)) else {
            throw .keyMismatch(id)
        }
        guard state.facts.level == .open || (isProven && key != nil) else { throw .unproven(id) }
        let status: AppStatus =
            switch Lifecycle.step(from: state.status, on: .reregistered) {
            case .restored: state.before
            case .to(let status): status
            case .unchanged, .refused: state.status
            }
        let missed = status.isLive && !state.isFenced ? self.missedCancel(of: state) : nil
        let isPassed = status.isLive && (missed != nil || self.isPassed(state))
        var events: [Event] = [
            .returned(
                Returned(
                    app: id, sessionEpoch: state.sessionEpoch + 1, status: status, gapSince: state.changedAt,
                    deadline: isPassed ? self.endOfGrace(for: state, at: now) : nil, at: now))
        ]
        if let missed {
            events += [.fenced(id, by: missed), .queued(self.cancelControl(for: id, of: missed, at: now))]
        }
        return events
    }

    /// The cancel of a subtree that came when an app of it was away, and not in the working set; it hears of it as soon
    /// as it is back. Who registered after the cancel (as below a permanent root) was not meant.
    private func missedCancel(of state: AppState) -> CascadeID? {
        guard !self.cascades.isEmpty || !self.past.isEmpty, let since = state.registeredAt else { return nil }
        let above = Set(self.ancestors(of: state.id))
        return (self.cascades.values.map(\.cascade) + self.past.values)
            .filter { $0.isDeep && above.contains($0.target) && since < $0.startedAt }
            .max { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }?.id
    }

    /// Whether the cancels that reached the app wait for it no more: it was out of reach when its level had its turn.
    private func isPassed(_ state: AppState) -> Bool {
        state.isFenced
            && state.cascades.compactMap { self.cascades[$0] }.allSatisfy { running in
                let level = running.cascade.levels.firstIndex { $0.contains(state.id) } ?? 0
                return level <= running.level && !running.waiting.contains(state.id)
            }
    }

    /// How long it has to answer now; coming back again does not make that longer.
    private func endOfGrace(for state: AppState, at now: Timestamp) -> Timestamp {
        let given = state.isConnected ? state.deadline : nil
        return given ?? now + self.limits.grace
    }
}
