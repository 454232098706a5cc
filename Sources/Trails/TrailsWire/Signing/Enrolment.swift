package import Vocabulary

/// What a parent hands to the child it declared: the seed of the enrolment key, and the declaration (`enroll` in
/// TRAILS_INFO). Who holds it can register as the child, once.
package struct Enrolment: Hashable, Sendable {
    package static let signatureType = "enroll"

    /// Thirty-two bytes. A secret.
    package let seed: [UInt8]
    package let declaration: SignedDeclaration
    private let key: SigningKey

    /// `nil` when `seed` is not that of the declaration's `enroll_pub`.
    package init?(seed: [UInt8], declaration: SignedDeclaration) {
        guard let key = SigningKey(seed: seed), key.publicKey == declaration.declaration.enrolKey else { return nil }
        self.seed = seed
        self.declaration = declaration
        self.key = key
    }
}

extension Enrolment {
    /// The app key of a child that keeps nothing between its starts.
    package func derivedKey() -> SigningKey {
        .derived(fromEnrolmentSeed: self.seed, app: self.declaration.declaration.appID)
    }

    /// Proves that the declared child chose `childKey`. `nonce` is that of the register frame or the REST call.
    package func proof(of childKey: PublicKey, nonce: Nonce) -> EnrolmentProof {
        let declaration = self.declaration.declaration
        return EnrolmentProof(
            appID: declaration.appID, childKey: childKey, nonce: nonce, serverKey: declaration.serverKey,
            signedBy: self.key)
    }
}

extension Enrolment: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "Enrolment(of \(self.declaration.declaration.appID), seed not shown)" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: ["app": self.declaration.declaration.appID]) }
}

extension SigningKey: Hashable {
    package func hash(into hasher: inout Hasher) { hasher.combine(self.publicKey) }
}

/// `enroll_sig` and what it is over: `{typ: enroll, v, aud, app_id, child_pub_key, nonce}`.
package struct EnrolmentProof: Hashable, Sendable {
    package let appID: AppID
    package let childKey: PublicKey
    package let nonce: Nonce
    package let signature: Signature

    package init(appID: AppID, childKey: PublicKey, nonce: Nonce, signature: Signature) {
        self.appID = appID
        self.childKey = childKey
        self.nonce = nonce
        self.signature = signature
    }

    init(appID: AppID, childKey: PublicKey, nonce: Nonce, serverKey: PublicKey, signedBy key: SigningKey) {
        let members = Self.members(appID, childKey, nonce)
        guard
            let signature = try? SigningContext(audience: serverKey)
                .sign(Enrolment.signatureType, members, with: key)
        else { preconditionFailure("an enrolment of \(appID) has no canonical form") }
        self.init(appID: appID, childKey: childKey, nonce: nonce, signature: signature)
    }

    /// Whether the child that `declaration` means chose this key, for this server.
    ///
    /// That the declaration is the parent's is another question: `SignedDeclaration.isSigned(by:for:)`.
    package func isValid(under declaration: Declaration, for serverKey: PublicKey) -> Bool {
        guard declaration.appID == self.appID, declaration.serverKey == serverKey else { return false }
        return SigningContext(audience: serverKey).accepts(
            self.signature, on: Enrolment.signatureType, Self.members(self.appID, self.childKey, self.nonce),
            by: Verifier(declaration.enrolKey))
    }

    private static func members(_ appID: AppID, _ childKey: PublicKey, _ nonce: Nonce) -> JSONObject {
        .of(("app_id", appID), ("child_pub_key", childKey), ("nonce", nonce))
    }
}
