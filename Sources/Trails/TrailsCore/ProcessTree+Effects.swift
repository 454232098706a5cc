import HashTreeCollections
import Vocabulary

extension ProcessTree {
    /// What the world must be told once `event` is safe on disk. May be carried out twice.
    package func effects(of event: Event) -> [Effect] {
        switch event {
        case .declared(let facts, _, _, let deadline): [.wake(.app(facts.id), at: deadline)]
        case .registered(let registered):
            self.binding(of: registered.app, session: registered.sessionEpoch)
                + (registered.deadline.map { [.wake(.app(registered.app), at: $0)] } ?? [])
        case .returned(let returned):
            self.binding(of: returned.app, session: returned.sessionEpoch)
                + (returned.deadline.map { [.wake(.app(returned.app), at: $0)] } ?? [])
        case .changed(let change): change.deadline.map { [.wake(.app(change.app), at: $0)] } ?? []
        case .detached(let id, _, _, let until), .leaseExtended(let id, let until): [.wake(.app(id), at: until)]
        case .queued(let control):
            [.deliver(control)] + (control.alarm.map { [$0] } ?? [])
        case .cascadeLevelStarted(let id, _, let deadline): [.wake(.cascade(id), at: deadline)]
        case .revoked(let id, _, _, _, _), .rekeyed(let id, _, _, _, _): [.expel(id)]
        case .bound(let id, _, _, _): [.confine(id)]
        case .started: self.alarms
        case .expected, .reported, .enrolmentConflict, .answered, .cascadeStarted, .cascadeFinished, .fenced: []
        }
    }

    /// The new connection of an app, and what waits for it.
    private func binding(of id: AppID, session: Int) -> [Effect] {
        guard let state = self.apps[id] else { return [] }
        return [.bind(id, session: session)] + state.controls.map(Effect.deliver)
    }

    /// Everything that has a time, for who begins with a tree that was loaded.
    package var alarms: [Effect] {
        var alarms: [Effect] = []
        alarms.reserveCapacity(self.apps.count)
        self.apps.forEach { state in
            if let deadline = state.deadline, state.status.isLive { alarms.append(.wake(.app(state.id), at: deadline)) }
            for control in state.controls {
                if let alarm = control.alarm { alarms.append(alarm) }
            }
        }
        for (id, state) in self.cascades {
            if let deadline = state.deadline { alarms.append(.wake(.cascade(id), at: deadline)) }
        }
        return alarms
    }
}

extension Control {
    /// Wakes whoever must say that it has expired; a cancel never does.
    package var alarm: Effect? { self.expiresAt.map { .wake(.control(self.app, self.id), at: $0) } }
}
