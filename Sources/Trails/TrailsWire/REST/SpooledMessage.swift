package import TrailsCore
package import Vocabulary

/// A report on disk, signed by its app: what `trails spool flush` posts when the app is dead. The signature is its
/// authority, so no key need be kept beside it.
package struct SpooledMessage: WireRecord {
    package static let type = "spooled"

    package let appID: AppID
    package let messageID: MessageID
    package let kind: MessageKind
    package let timestamp: Timestamp
    package let payload: JSONValue
    package let correlationID: CorrelationID?
    /// `nil` at `open`.
    package private(set) var signature: Signature?

    package init(
        appID: AppID, messageID: MessageID, kind: MessageKind, timestamp: Timestamp, payload: JSONValue,
        correlationID: CorrelationID? = nil
    ) {
        self.appID = appID
        self.messageID = messageID
        self.kind = kind
        self.timestamp = timestamp
        self.payload = payload
        self.correlationID = correlationID
    }

    package init(reading fields: FieldReader) throws(FrameError) {
        self.init(
            appID: try fields.need("app_id", .id4()),
            messageID: try fields.need("message_id", .id()),
            kind: try fields.need("msg_type", .word(MessageKind.self)),
            timestamp: try fields.need("timestamp", .moment),
            payload: fields.object["payload"] ?? .null,
            correlationID: try fields.find("correlation_id", .id()))
        self.signature = try fields.find("sig", .signature)
    }

    package var members: JSONObject {
        var members = self.signedMembers
        members["sig"] = self.signature?.wireValue
        return members
    }

    private var signedMembers: JSONObject {
        .of(
            ("app_id", self.appID), ("message_id", self.messageID), ("msg_type", self.kind),
            ("timestamp", self.timestamp), ("payload", self.payload), ("correlation_id", self.correlationID))
    }
}

extension SpooledMessage {
    package func signed(by key: SigningKey, for serverKey: PublicKey) throws(FrameError) -> Self {
        var signed = self
        signed.signature = try SigningContext(audience: serverKey).sign(Self.type, self.signedMembers, with: key)
        return signed
    }

    /// Whether the app, whose key the verifier's is, reported this to this server.
    package func isSigned(by verifier: Verifier, for serverKey: PublicKey) -> Bool {
        guard let signature = self.signature else { return false }
        return SigningContext(audience: serverKey)
            .accepts(signature, on: Self.type, self.signedMembers, by: verifier)
    }
}
