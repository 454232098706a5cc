import HashTreeCollections
package import Vocabulary

extension ProcessTree {
    /// Makes one recorded event true. Cannot fail; replaying a log calls nothing else.
    package mutating func apply(_ event: Event) {
        switch event {
        case .declared(let facts, _, let at, let deadline):
            var state = AppState(facts: facts, status: .scheduled, changedAt: at)
            state.deadline = deadline
            self.replace(with: state)
        case .expected(let facts, let at): self.insert(AppState(facts: facts, status: .scheduled, changedAt: at))
        case .registered(let registered): self.apply(registered)
        case .returned(let returned): self.apply(returned)
        case .reported(let report): self.apply(report)
        case .changed(let change): self.apply(change)
        case .detached(let id, let at, let lease, let until):
            self.update(id) { state in
                state.presence = .detached
                state.lease = lease
                state.deadline = until
                state.changedAt = at
            }
        case .leaseExtended(let id, let until): self.update(id) { $0.deadline = until }
        case .enrolmentConflict: break
        case .queued(let control): self.update(control.app) { $0.enqueue(control) }
        case .answered(let answer):
            guard !answer.isLate else { break }
            self.update(answer.app) { state in state.controls.removeAll { $0.id == answer.id } }
        case .cascadeStarted, .cascadeLevelStarted, .cascadeFinished, .fenced: self.applyCascade(event)
        case .revoked(let id, _, _, _, _): self.update(id) { $0.isRevoked = true }
        case .rekeyed(let id, let key, let epoch, _, _):
            self.update(id) { state in
                state.key = key
                state.keyEpoch = epoch
                state.isRevoked = false
            }
        case .bound(let id, let ranges, _, _): self.update(id) { $0.binding = ranges }
        case .started(_, let at, let until): self.applyStart(at: at, until: until)
        }
    }

    mutating func update(_ id: AppID, _ change: (inout AppState) -> Void) {
        let isThere = self.apps.update(id, change)
        precondition(isThere, "an event is about app \(id), which is not loaded")
    }

    /// A placeholder turns out to be somebody: what was queued for it is kept.
    private mutating func replace(with state: AppState) {
        var state = state
        state.controls = self.apps[state.id]?.controls ?? []
        state.cascades = self.apps[state.id]?.cascades ?? []
        self.insert(state)
    }

    private mutating func insert(_ state: consuming AppState) {
        let (id, parent) = (state.id, state.parent)
        self.apps.insert(state)
        if let parent { self.children[parent, default: []].insert(id) }
    }
}

// MARK: - Registration, return, reports

extension ProcessTree {
    private mutating func apply(_ registered: Registered) {
        if let facts = registered.facts {
            self.replace(with: AppState(facts: facts, status: .connected, changedAt: registered.at))
        }
        self.update(registered.app) { state in
            if state.incarnation != registered.incarnation {
                state.sequence = SequenceSet()
            }
            state.status = .connected
            state.before = .connected
            state.cause = nil
            state.presence = registered.presence
            state.incarnation = registered.incarnation
            state.sessionEpoch = registered.sessionEpoch
            state.key = registered.key
            state.claimedKey = registered.claimedKey
            state.process = registered.process
            state.lease = registered.lease
            state.deadline = registered.deadline
            state.registeredAt = registered.at
            state.changedAt = registered.at
            state.endedAt = nil
        }
    }

    private mutating func apply(_ returned: Returned) {
        self.update(returned.app) { state in
            let isBack = state.status != returned.status
            if isBack {
                state.status = returned.status
                state.cause = nil
                state.endedAt = nil
                state.changedAt = returned.at
            }
            if returned.sessionEpoch != state.sessionEpoch {
                state.sessionEpoch = returned.sessionEpoch
                state.presence = .attached
                state.lease = nil
                state.deadline = returned.deadline
            }
        }
    }

    private mutating func apply(_ report: Report) {
        self.update(report.app) { state in
            state.lastSeen = report.receivedAt
            if state.incarnation == report.incarnation {
                state.sequence?.insert(report.seq)
            }
        }
    }

    private mutating func apply(_ change: Change) {
        self.update(change.app) { state in
            state.status = change.status
            state.cause = change.cause
            state.deadline = change.deadline
            state.changedAt = change.at
            if change.status.isInTouch { state.before = change.status }
            state.endedAt = change.status.isEnded ? change.at : nil
            // One that was given up hears of the cancel should it come back; one that answered does not.
            if change.status.isTerminal, change.status != .forceKilled { state.controls.removeAll { $0.isCancel } }
        }
        guard change.status.isEnded, let cascades = self.apps[change.app]?.cascades else { return }
        for cascade in cascades where self.cascades[cascade] != nil {
            self.cascades[cascade]!.waiting.remove(change.app)
        }
    }

    /// Who was connected is reconnecting; every deadline is at `until` or later.
    private mutating func applyStart(at: Timestamp, until: Timestamp) {
        self.apps.replaceAll { state in
            guard state.status.isLive else { return nil }
            var state = state
            state.restart(at: at, until: until)
            return state
        }
        for id in self.cascades.keys {
            self.cascades[id]!.deadline = self.cascades[id]!.deadline.map { max($0, until) }
        }
    }
}

extension AppState {
    /// What a start of the server makes of a live app.
    package mutating func restart(at: Timestamp, until: Timestamp) {
        if self.presence == .attached, self.status != .lostContact {
            self.status = .reconnecting
            self.cause = .restart
            self.changedAt = at
            self.deadline = until
        } else if let deadline = self.deadline {
            self.deadline = max(deadline, until)
        }
    }

    /// Cancel goes first; otherwise first come, first served.
    fileprivate mutating func enqueue(_ control: Control) {
        guard control.isCancel else {
            self.controls.append(control)
            return
        }
        let place = self.controls.firstIndex { !$0.isCancel } ?? self.controls.endIndex
        self.controls.insert(control, at: place)
    }
}

// MARK: - Cancels

extension ProcessTree {
    private mutating func applyCascade(_ event: Event) {
        switch event {
        case .cascadeStarted(let cascade):
            self.cascades[cascade.id] = CascadeState(cascade)
            for id in cascade.levels.joined() {
                self.update(id) { $0.cascades.append(cascade.id) }
            }
        case .cascadeLevelStarted(let id, let level, let deadline):
            guard let cascade = self.cascades[id]?.cascade else { return }
            self.cascades[id]!.level = level
            self.cascades[id]!.deadline = deadline
            self.cascades[id]!.waiting = TreeSet(cascade.levels[level].filter { self.apps[$0]?.status.isLive == true })
        case .cascadeFinished(let id, _): self.cascades[id] = nil
        case .fenced(let app, let cascade): self.update(app) { $0.cascades.append(cascade) }
        default: break
        }
    }
}

// MARK: - The working set

extension ProcessTree {
    /// Adds what the store knows of an app.
    package mutating func load(_ state: consuming AppState) {
        self.insert(state)
    }

    /// Adds what the store knows of a cancel that is not finished. Its apps are added before it.
    package mutating func load(_ cascade: CascadeState) {
        var state = cascade
        if cascade.cascade.levels.indices.contains(cascade.level) {
            state.waiting = TreeSet(
                cascade.cascade.levels[cascade.level].filter { self.apps[$0]?.status.isLive == true })
        }
        self.cascades[state.cascade.id] = state
    }

    /// Adds what the store knows of a cancel that is finished, before an app returns that may not have heard of it.
    package mutating func load(past cascade: Cascade) { self.past[cascade.id] = cascade }

    /// Forgets the finished cancels; the store keeps them.
    package mutating func forgetPast() { self.past = [:] }

    /// Adds what the store knows of the numbers of an app's present incarnation.
    package mutating func load(_ sequence: SequenceSet, of id: AppID) {
        self.update(id) { $0.sequence = sequence }
    }

    /// Forgets an app that has ended and has nobody below it in the working set; the store keeps it.
    package mutating func forget(_ id: AppID) {
        guard let state = self.apps[id], state.status.isEnded, self.children[id]?.isEmpty ?? true else { return }
        self.apps[id] = nil
        self.children[id] = nil
        if let parent = state.parent {
            self.children[parent]?.remove(id)
        }
    }
}
