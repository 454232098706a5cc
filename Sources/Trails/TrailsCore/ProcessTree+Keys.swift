import HashTreeCollections
import Vocabulary

extension ProcessTree {
    func decideRevocation(
        of id: AppID, reason: String, by principal: Principal, at now: Timestamp
    ) throws(Refusal) -> [Event] {
        let state = try self.known(id)
        // Who holds a key that was revoked already learns just that.
        try self.authorize(principal, .revoke, id)
        guard state.incarnation > 0 else { throw .notRegistered(id) }
        guard !state.isRevoked else { return [] }
        var draft = Draft(self)
        draft.record(.revoked(id, key: state.key, reason: reason, by: principal.app, at: now))
        if case .to(let status) = Lifecycle.step(from: state.status, on: .keyRevoked) {
            draft.record(
                .changed(
                    Change(app: id, happening: .keyRevoked, status: status, cause: .revoked, deadline: nil, at: now)))
        }
        return draft.events
    }

    func decideRekey(
        of id: AppID, to key: PublicKey, by principal: Principal, at now: Timestamp
    ) throws(Refusal) -> [Event] {
        let state = try self.known(id)
        switch principal {
        case .recovery(let owner, let recoveryKey):
            guard owner == id, state.facts.recoveryKey == recoveryKey else { throw .keyMismatch(id) }
        case .app, .administrator:
            try self.authorize(principal, .rekey, id)
        }
        guard state.incarnation > 0 else { throw .notRegistered(id) }
        guard state.key != key || state.isRevoked else { return [] }
        // A key that was revoked stays worthless.
        guard state.key != key else { throw .revoked(id) }
        return [.rekeyed(id, key: key, epoch: state.keyEpoch + 1, by: principal.app, at: now)]
    }
}
