import Crypto
package import Vocabulary

/// The private half of an Ed25519 key pair (RFC 8032): thirty-two bytes that are wiped when the last copy goes.
///
/// It never prints itself; `secretText` says openly what it does.
package struct PrivateSeed: Sendable, Equatable {
    private static let prefix = "ed25519:"

    // SymmetricKey: the store of swift-crypto that wipes its bytes and compares in constant time.
    private let key: SymmetricKey
    package let publicKey: PublicKey

    /// Takes thirty-two bytes; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard let signer = try? Curve25519.Signing.PrivateKey(rawRepresentation: Array(bytes)),
            let publicKey = PublicKey(bytes: signer.publicKey.rawRepresentation)
        else { return nil }
        self.key = SymmetricKey(data: signer.rawRepresentation)
        self.publicKey = publicKey
    }

    /// Reads `ed25519:BASE64`; `nil` for anything else.
    package init?(secretText text: String) {
        guard text.hasPrefix(Self.prefix), let bytes = Base64.decode(String(text.dropFirst(Self.prefix.count)))
        else { return nil }
        self.init(bytes: bytes)
    }

    /// Makes a new key from the system's randomness.
    package static func random() -> Self {
        let signer = Curve25519.Signing.PrivateKey()
        guard let seed = Self(bytes: signer.rawRepresentation) else {
            preconditionFailure("a new Ed25519 key of \(signer.rawRepresentation.count) bytes")
        }
        return seed
    }

    /// The bytes, for signing and for sealing; a copy that nobody wipes.
    package var bytes: [UInt8] { self.key.withUnsafeBytes { Array($0) } }

    /// `ed25519:BASE64`, for a private file or the memory of a shell, and for nothing else.
    package var secretText: String { Self.prefix + Base64.encode(self.bytes) }

    package static func == (left: Self, right: Self) -> Bool { left.key == right.key }
}

extension PrivateSeed: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "ed25519:(private)" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
