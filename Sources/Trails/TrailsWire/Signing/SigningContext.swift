package import Vocabulary

/// What a signature is made for: one server and, on a socket, one proven session.
///
/// What is signed are the UTF-8 bytes of the RFC 8785 form of one object (spec/trails.md §4):
///
///     typ    what kind of thing it is, so that nothing passes for something else
///     v      1
///     aud    the server's public key as text (in a REST reply the caller's)
///     nonce  the challenge of the session, where there is one
///     …      and every member of the thing itself but `sig`
package struct SigningContext: Hashable, Sendable {
    package static let version: Int64 = 1

    package let audience: PublicKey
    /// The nonce of the challenge that this app answered on this connection; `nil` before it and off sockets.
    package let nonce: Nonce?

    package init(audience: PublicKey, nonce: Nonce? = nil) {
        self.audience = audience
        self.nonce = nonce
    }
}

extension SigningContext {
    /// The bytes to sign for a thing of type `type` with these members.
    ///
    /// A member `v`, `aud` or (in a session) `nonce` that says something else than this context is refused: it would
    /// otherwise stand in for the real one, and what was signed for one session would be good in the next.
    package func bytes(_ type: String, _ members: JSONObject) throws(FrameError) -> [UInt8] {
        var signed = members.without("sig")
        try Self.set("typ", .string(type), in: &signed)
        try Self.set("v", .integer(Self.version), in: &signed)
        try Self.set("aud", self.audience.wireValue, in: &signed)
        if let nonce = self.nonce { try Self.set("nonce", nonce.wireValue, in: &signed) }
        do throws(CanonicalFormError) {
            return try JSONValue.object(signed).canonicalBytes()
        } catch {
            throw FrameError(.badMessage, error.message)
        }
    }

    package func sign(
        _ type: String, _ members: JSONObject, with key: SigningKey
    ) throws(FrameError) -> Signature {
        key.signature(over: try self.bytes(type, members))
    }

    /// Whether the holder of the verifier's key signed this, for this context.
    package func accepts(
        _ signature: Signature, on type: String, _ members: JSONObject, by verifier: Verifier
    ) -> Bool {
        guard let bytes = try? self.bytes(type, members) else { return false }
        return verifier.accepts(signature, over: bytes)
    }

    private static func set(_ name: String, _ value: JSONValue, in members: inout JSONObject) throws(FrameError) {
        if let own = members[name], own != value {
            throw FrameError(.badSignature, field: name, "is not that of this server and session")
        }
        members[name] = value
    }
}
