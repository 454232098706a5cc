package import Vocabulary

/// `POST /apps/{id}/rekey`: an app gets a new key.
package struct RekeyBody: WireRecord {
    package static let proofType = "rekey"

    package var publicKey: PublicKey
    /// The new key's own signature over `{typ: rekey, v, aud, app_id, pub_key}`: somebody holds it.
    package var proof: Signature?

    package init(publicKey: PublicKey, proof: Signature? = nil) {
        self.publicKey = publicKey
        self.proof = proof
    }

    /// The body that gives `app` the key `key`, with proof.
    package init(app: AppID, key: SigningKey, for serverKey: PublicKey) throws(FrameError) {
        self.publicKey = key.publicKey
        self.proof = try SigningContext(audience: serverKey)
            .sign(Self.proofType, Self.proven(app, key.publicKey), with: key)
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(publicKey: try fields.need("pubKey", .publicKey), proof: try fields.find("proof", .signature))
    }

    package var members: JSONObject { .of(("pubKey", self.publicKey), ("proof", self.proof)) }

    /// Whether the new key's holder agreed to be the key of `app`, on this server.
    package func isProven(for app: AppID, on serverKey: PublicKey) -> Bool {
        guard let proof = self.proof else { return false }
        return SigningContext(audience: serverKey).accepts(
            proof, on: Self.proofType, Self.proven(app, self.publicKey), by: Verifier(self.publicKey))
    }

    private static func proven(_ app: AppID, _ key: PublicKey) -> JSONObject {
        .of(("app_id", app), ("pub_key", key))
    }
}
