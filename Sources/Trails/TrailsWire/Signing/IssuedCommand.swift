package import Vocabulary

/// How far below its target a command goes.
package enum ControlScope: String, CaseIterable, Hashable, Sendable, WireValue {
    case node
    case subtree
}

/// A command as the one who gave it signed it (spec/trails.md §5): what the server passes on and cannot change.
package struct IssuedCommand: Hashable, Sendable {
    package static let type = "issue"

    /// The app it was given to; in a subtree the top, not each app it reaches.
    package let target: AppID
    package let scope: ControlScope
    /// Tags an app of the subtree must have.
    package let filter: JSONObject?
    package let action: String
    /// The identity the issuer gave it; for a cancel the cascade's.
    package let correlationID: CorrelationID
    package let payload: JSONValue
    package let issuedAt: Timestamp
    package let expiresAt: Timestamp

    package init(
        target: AppID, scope: ControlScope, filter: JSONObject? = nil, action: String, correlationID: CorrelationID,
        payload: JSONValue, issuedAt: Timestamp, expiresAt: Timestamp
    ) {
        self.target = target
        self.scope = scope
        self.filter = filter
        self.action = action
        self.correlationID = correlationID
        self.payload = payload
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

extension IssuedCommand {
    package func issued(
        by app: AppID, with key: SigningKey, for serverKey: PublicKey
    ) throws(FrameError) -> Issuer {
        let signature = try SigningContext(audience: serverKey).sign(Self.type, self.members, with: key)
        return Issuer(appID: app, publicKey: key.publicKey, signature: signature)
    }

    /// `filter` is always there, `null` when there is none.
    var members: JSONObject {
        .of(
            ("target", self.target), ("scope", self.scope), ("filter", self.filter ?? JSONValue.null),
            ("action", self.action), ("correlation_id", self.correlationID), ("payload", self.payload),
            ("issued_at", self.issuedAt), ("expires_at", self.expiresAt))
    }
}

/// Who gave a command, with its own signature over it.
package struct Issuer: WireRecord, WireValue {
    package let appID: AppID
    package let publicKey: PublicKey
    package let signature: Signature

    package init(appID: AppID, publicKey: PublicKey, signature: Signature) {
        self.appID = appID
        self.publicKey = publicKey
        self.signature = signature
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id()),
            publicKey: try fields.need("pub_key", .publicKey),
            signature: try fields.need("sig", .signature))
    }

    package var members: JSONObject {
        .of(("app_id", self.appID), ("pub_key", self.publicKey), ("sig", self.signature))
    }

    /// Whether this very command was signed with this issuer's key. Whose key that is, is another question.
    package func signed(_ command: IssuedCommand, for serverKey: PublicKey) -> Bool {
        SigningContext(audience: serverKey).accepts(
            self.signature, on: IssuedCommand.type, command.members, by: Verifier(self.publicKey))
    }
}
