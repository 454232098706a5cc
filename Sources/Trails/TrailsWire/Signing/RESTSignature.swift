package import Vocabulary

/// The parts of a REST call that are signed.
package struct RESTCall: Hashable, Sendable {
    package let method: String
    /// The Host header as sent.
    package let host: String
    /// With `?query`, exactly as sent.
    package let path: String
    package let bodyHash: BodyHash

    package init(method: String, host: String, path: String, body: [UInt8]) {
        self.method = method
        self.host = host
        self.path = path
        self.bodyHash = BodyHash(of: body)
    }
}

/// Who makes a REST call: an app, or the holder of the admin key.
package enum RESTCaller: Hashable, Sendable {
    case app(AppID)
    case admin
}

extension RESTCaller: LosslessStringConvertible {
    package init?(_ text: String) {
        guard text != "admin" else {
            self = .admin
            return
        }
        guard let app = AppID(text) else { return nil }
        self = .app(app)
    }

    package var description: String {
        switch self {
        case .app(let app): app.description
        case .admin: "admin"
        }
    }
}

/// The five X-Trails headers of a REST call (spec/trails.md §9).
///
/// Signed is `{typ: rest, v, aud, method, host, path, timestamp, nonce, body_sha256}`. The caller's name is not in
/// it: who verifies looks the key up by the name and compares it with `publicKey`.
package struct RESTSignature: Hashable, Sendable {
    package static let type = "rest"

    package let caller: RESTCaller
    package let publicKey: PublicKey
    package let timestamp: Timestamp
    package let nonce: Nonce
    package let signature: Signature

    package init(
        of call: RESTCall, by caller: RESTCaller, with key: SigningKey, for serverKey: PublicKey,
        at timestamp: Timestamp, nonce: Nonce
    ) throws(FrameError) {
        self.caller = caller
        self.publicKey = key.publicKey
        self.timestamp = timestamp
        self.nonce = nonce
        self.signature = try SigningContext(audience: serverKey)
            .sign(Self.type, Self.members(call, timestamp, nonce), with: key)
    }
}

extension RESTSignature {
    /// Whether the holder of the verifier's key made this very call, to this server.
    ///
    /// The verifier is that of the key on record for the caller; a first register is checked with `publicKey`.
    package func isValid(for call: RESTCall, to serverKey: PublicKey, by verifier: Verifier) -> Bool {
        guard verifier.publicKey == self.publicKey else { return false }
        return SigningContext(audience: serverKey).accepts(
            self.signature, on: Self.type, Self.members(call, self.timestamp, self.nonce), by: verifier)
    }

    static func members(_ call: RESTCall, _ timestamp: Timestamp, _ nonce: Nonce) -> JSONObject {
        .of(
            ("method", call.method), ("host", call.host), ("path", call.path), ("timestamp", timestamp),
            ("nonce", nonce), ("body_sha256", call.bodyHash.description))
    }
}
