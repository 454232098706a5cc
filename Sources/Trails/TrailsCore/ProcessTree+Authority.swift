import HashTreeCollections
package import Vocabulary

/// How a principal stands to an app.
package enum Standing: Hashable, Sendable {
    case administrator
    /// It is the app.
    case itself
    /// An ancestor, so many levels above.
    case ancestor(Int)
    /// No relation that gives it any right: sibling, descendant, stranger.
    case stranger
}

/// What somebody may want to do with an app.
package enum Right: CaseIterable, Hashable, Sendable {
    /// See it, its messages and its events.
    case read
    /// Send it a command.
    case command
    /// End it.
    case cancel
    /// Say that it has a child.
    case declareChild
    /// Make its key worthless.
    case revoke
    /// Give it another key.
    case rekey
}

extension ProcessTree {
    /// How `principal` stands to `app`, keys aside.
    package func standing(of principal: Principal, to app: AppID) -> Standing {
        guard let caller = principal.app else { return .administrator }
        if caller == app { return .itself }
        guard let distance = self.ancestors(of: app).firstIndex(of: caller) else { return .stranger }
        return .ancestor(distance + 1)
    }

    /// The one answer to who may do what (spec/trails.md §1: the parent link is the authority).
    package static func may(_ standing: Standing, _ right: Right) -> Bool {
        switch (standing, right) {
        case (.ancestor, _): true
        case (.itself, .read), (.itself, .cancel), (.itself, .declareChild), (.itself, .revoke): true
        case (.itself, .command), (.itself, .rekey): false
        case (.administrator, .declareChild): false
        case (.administrator, _): true
        case (.stranger, _): false
        }
    }

    /// Passes when `principal` holds the key it names and may do `right` to `app`.
    package func authorize(_ principal: Principal, _ right: Right, _ app: AppID) throws(Refusal) {
        try self.prove(principal)
        guard Self.may(self.standing(of: principal, to: app), right) else {
            throw .notAuthorized(principal.app, over: app)
        }
    }

    /// Passes when the key is the one the principal has now.
    package func prove(_ principal: Principal) throws(Refusal) {
        guard case .app(let id, let key) = principal else {
            if case .recovery(let id, _) = principal { throw .notAuthorized(id, over: id) }
            return
        }
        let state = try self.known(id)
        guard !state.isRevoked || state.key != key else { throw .revoked(id) }
        guard state.key == key else { throw .keyMismatch(id) }
    }

    /// Passes when a report or an answer of `state` is as well signed as its level asks.
    func checkSigner(_ signer: PublicKey?, of state: AppState) throws(Refusal) {
        guard !state.isRevoked else { throw .revoked(state.id) }
        guard let signer else {
            guard state.facts.level == .open else { throw .unproven(state.id) }
            return
        }
        guard signer == state.key || signer == state.claimedKey else { throw .keyMismatch(state.id) }
    }

    /// Passes when the connection that `session` names is the newest of the app; REST names none.
    func checkSession(_ session: Int?, of state: AppState) throws(Refusal) {
        guard let session else { return }
        guard session == state.sessionEpoch else { throw .superseded(state.id) }
    }
}
