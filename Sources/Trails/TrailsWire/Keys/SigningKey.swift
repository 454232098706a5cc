internal import Crypto
internal import FoundationEssentials
package import Vocabulary

/// An Ed25519 private key (RFC 8032), held as its seed of thirty-two bytes.
///
/// Printing one shows its public key only; the seed comes out by name, through `seed` or `secretText`.
package struct SigningKey: Sendable {
    package static let seedByteCount = 32
    private static let prefix = "ed25519:"

    package let publicKey: PublicKey
    private let key: Curve25519.Signing.PrivateKey

    /// Takes thirty-two bytes; `nil` for any other count.
    package init?(seed: some Collection<UInt8>) {
        guard
            seed.count == Self.seedByteCount,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: Array(seed)),
            let publicKey = PublicKey(bytes: Array(key.publicKey.rawRepresentation))
        else { return nil }
        self.key = key
        self.publicKey = publicKey
    }

    /// Reads `ed25519:` and Base64 of the seed; `nil` for anything else.
    package init?(secretText text: String) {
        guard text.hasPrefix(Self.prefix), let seed = Base64.decode(String(text.dropFirst(Self.prefix.count))) else {
            return nil
        }
        self.init(seed: seed)
    }
}

extension SigningKey {
    /// Makes a key from 256 bits of `generator`, which must be one that nobody can predict.
    package static func random(using generator: inout some RandomNumberGenerator) -> Self {
        let seed = [UInt8].random(count: Self.seedByteCount, using: &generator)
        guard let key = Self(seed: seed) else { preconditionFailure("a seed of \(seed.count) bytes is no key") }
        return key
    }

    /// The private key itself.
    package var seed: [UInt8] { Array(self.key.rawRepresentation) }

    /// The private key itself as text, `ed25519:BASE64`: what a context file and TRAILS_PRIVATE_KEY hold.
    package var secretText: String { Self.prefix + Base64.encode(self.seed) }

    /// Signs `message`. The same key and message always give the same signature.
    package func signature(over message: [UInt8]) -> Signature {
        guard
            let bytes = try? self.key.signature(for: message),
            let signature = Signature(bytes: bytes)
        else { preconditionFailure("Ed25519 did not sign \(message.count) bytes") }
        return signature
    }

    /// The key of an app whose process holds nothing but TRAILS_INFO, the same at each start (spec/trails.md §2).
    ///
    /// HKDF-SHA256 (RFC 5869): the enrolment seed is the secret, the sixteen bytes of the app's UUID in network
    /// order are the salt, `trails-cli` is the info.
    package static func derived(fromEnrolmentSeed seed: [UInt8], app: AppID) -> Self {
        let bytes = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: seed), salt: app.bytes, info: Array("trails-cli".utf8),
            outputByteCount: Self.seedByteCount
        ).withUnsafeBytes { Array($0) }
        guard let key = Self(seed: bytes) else { preconditionFailure("HKDF gave \(bytes.count) bytes") }
        return key
    }
}

extension SigningKey: Equatable {
    package static func == (left: Self, right: Self) -> Bool { left.publicKey == right.publicKey }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SigningKey(of \(self.publicKey), private part not shown)" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: ["publicKey": self.publicKey]) }
}

extension [UInt8] {
    /// `count` bytes of `generator`.
    package static func random(count: Int, using generator: inout some RandomNumberGenerator) -> Self {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
