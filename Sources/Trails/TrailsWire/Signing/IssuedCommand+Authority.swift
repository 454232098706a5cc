package import Vocabulary

/// An app above this one and its key, as TRAILS_INFO tells it.
package struct Ancestor: WireRecord, WireValue {
    package let appID: AppID
    package let publicKey: PublicKey

    package init(appID: AppID, publicKey: PublicKey) {
        self.appID = appID
        self.publicKey = publicKey
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(appID: try fields.need("app_id", .id()), publicKey: try fields.need("pub_key", .publicKey))
    }

    package var members: JSONObject { .of(("app_id", self.appID), ("pub_key", self.publicKey)) }
}

extension IssuedCommand {
    /// Why an app does not believe that a command is for it and from somebody above it.
    package enum Doubt: Error, Hashable, Sendable {
        /// The server names nobody who signed it.
        case noIssuer
        case badSignature
        /// The issuer is none of the app's ancestors, or not with this key.
        case notAnAncestor(AppID)
        /// It was given to some other app, or to a subtree that this app is not in.
        case notForMe(AppID)
        /// It was given to an app that is not under its issuer.
        case notUnderIssuer(AppID)
        case expired(Timestamp)
    }

    /// Lets a command pass only when an ancestor of `app` signed it, for `app` or for a subtree that holds it.
    ///
    /// `ancestors` is nearest first. An issuer may command itself, and so its own subtree.
    package func check(
        issuer: Issuer?, app: AppID, ancestors: [Ancestor], serverKey: PublicKey, now: Timestamp
    ) throws(Doubt) {
        guard let issuer else { throw .noIssuer }
        let claimed = Ancestor(appID: issuer.appID, publicKey: issuer.publicKey)
        guard let height = ancestors.firstIndex(of: claimed) else { throw .notAnAncestor(issuer.appID) }
        guard issuer.signed(self, for: serverKey) else { throw .badSignature }
        if self.target != app {
            guard self.scope == .subtree, let place = ancestors.firstIndex(where: { $0.appID == self.target }) else {
                throw .notForMe(self.target)
            }
            guard place <= height else { throw .notUnderIssuer(self.target) }
        }
        guard now < self.expiresAt else { throw .expired(self.expiresAt) }
    }
}
