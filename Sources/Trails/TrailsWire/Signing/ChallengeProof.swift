package import TrailsCore
package import Vocabulary

/// What an app signs to prove on a connection that it holds its key (spec/trails.md §4).
///
///     {typ: challenge_response, v, aud, app_id, nonce, server_instance, sec_level,
///      child_ephemeral?, server_ephemeral?}
package struct ChallengeProof: Hashable, Sendable {
    package let appID: AppID
    package let nonce: Nonce
    package let serverInstance: String
    package let level: SecurityLevel
    package let childEphemeral: EphemeralKey?
    package let serverEphemeral: EphemeralKey?

    package init(
        appID: AppID, nonce: Nonce, serverInstance: String, level: SecurityLevel,
        childEphemeral: EphemeralKey? = nil, serverEphemeral: EphemeralKey? = nil
    ) {
        self.appID = appID
        self.nonce = nonce
        self.serverInstance = serverInstance
        self.level = level
        self.childEphemeral = childEphemeral
        self.serverEphemeral = serverEphemeral
    }
}

extension ChallengeProof {
    package func sign(for serverKey: PublicKey, with key: SigningKey) throws(FrameError) -> Signature {
        try self.context(serverKey).sign(ChallengeResponseFrame.type, self.members, with: key)
    }

    package func isValid(_ signature: Signature, for serverKey: PublicKey, by verifier: Verifier) -> Bool {
        self.context(serverKey).accepts(signature, on: ChallengeResponseFrame.type, self.members, by: verifier)
    }

    private func context(_ serverKey: PublicKey) -> SigningContext {
        SigningContext(audience: serverKey, nonce: self.nonce)
    }

    var members: JSONObject {
        .of(
            ("app_id", self.appID), ("nonce", self.nonce), ("server_instance", self.serverInstance),
            ("sec_level", self.level), ("child_ephemeral", self.childEphemeral),
            ("server_ephemeral", self.serverEphemeral))
    }
}
