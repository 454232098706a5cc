package import Vocabulary

extension RESTSignature {
    package static let callerHeader = "X-Trails-App"
    package static let publicKeyHeader = "X-Trails-PubKey"
    package static let timestampHeader = "X-Trails-Timestamp"
    package static let nonceHeader = "X-Trails-Nonce"
    package static let signatureHeader = "X-Trails-Sig"

    /// The headers to send.
    package var headers: [(name: String, value: String)] {
        [
            (Self.callerHeader, self.caller.description), (Self.publicKeyHeader, self.publicKey.description),
            (Self.timestampHeader, String(self.timestamp.milliseconds)), (Self.nonceHeader, self.nonce.description),
            (Self.signatureHeader, self.signature.description),
        ]
    }

    /// Reads the headers of a call; `value` looks one up by name, without regard to case.
    package init(headers value: (String) -> String?) throws(FrameError) {
        self.caller = try Self.header(Self.callerHeader, "a UUID or \"admin\"", value) { RESTCaller($0) }
        self.publicKey = try Self.header(Self.publicKeyHeader, "a public key ed25519:BASE64", value) { PublicKey($0) }
        self.timestamp = try Self.header(Self.timestampHeader, "milliseconds since 1970", value, parse: Self.moment)
        self.nonce = try Self.header(Self.nonceHeader, "Base64 of 16 to 64 bytes", value) { Nonce($0) }
        self.signature = try Self.header(Self.signatureHeader, "a signature ed25519:BASE64", value) { Signature($0) }
    }

    private static func header<Value>(
        _ name: String, _ kind: String, _ value: (String) -> String?, parse: (String) -> Value?
    ) throws(FrameError) -> Value {
        guard let text = value(name) else {
            throw FrameError(
                .badSignature, field: name, "is missing", hint: "sign the call: every call but GET /server is signed")
        }
        guard let parsed = parse(text) else { throw FrameError(.badSignature, field: name, "is not \(kind)") }
        return parsed
    }

    private static func moment(_ text: String) -> Timestamp? {
        guard
            !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let milliseconds = Int64(text), milliseconds <= WireLimits.momentMax
        else { return nil }
        return Timestamp(milliseconds: milliseconds)
    }
}

extension RESTSignature {
    /// How far the clocks of caller and server may be apart.
    package static let window = Duration.seconds(300)

    /// Refuses a call signed too long ago, too far ahead, or before the server started: nonces from before its start
    /// may be forgotten, so the caller signs again.
    package func checkFreshness(now: Timestamp, serverStartedAt: Timestamp) throws(FrameError) {
        let age = now.since(self.timestamp)
        guard age <= Self.window, age >= .zero - Self.window else {
            throw FrameError(
                .stale, "call signed at \(self.timestamp.milliseconds), server time is \(now.milliseconds)",
                hint: "set the clock right, then sign again")
        }
        guard self.timestamp >= serverStartedAt else {
            throw FrameError(.stale, "call signed before the server started", hint: "sign again")
        }
    }
}

/// The server's signature on its answer to a signed call.
///
/// Over `{typ: reply, v, aud: the caller's key, nonce: the call's, status, body_sha256}`.
package struct RESTReply: Hashable, Sendable {
    package static let type = "reply"
    package static let signatureHeader = "X-Trails-Server-Sig"

    package let status: Int
    package let bodyHash: BodyHash

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.bodyHash = BodyHash(of: body)
    }

    package func sign(to caller: PublicKey, nonce: Nonce, with serverKey: SigningKey) throws(FrameError) -> Signature {
        try SigningContext(audience: caller, nonce: nonce).sign(Self.type, self.members, with: serverKey)
    }

    package func isValid(_ signature: Signature, to caller: PublicKey, nonce: Nonce, by server: Verifier) -> Bool {
        SigningContext(audience: caller, nonce: nonce).accepts(signature, on: Self.type, self.members, by: server)
    }

    var members: JSONObject { .of(("status", self.status), ("body_sha256", self.bodyHash.description)) }
}
