internal import Crypto
internal import FoundationEssentials
package import Vocabulary

/// A public key made ready to check signatures: keep one for as long as the key is in use.
package struct Verifier: Sendable {
    package let publicKey: PublicKey
    private let key: Curve25519.Signing.PublicKey
    private let isOfSmallOrder: Bool

    /// Takes any thirty-two bytes; what is not a point of the curve, or one of small order, verifies nothing.
    package init(_ publicKey: PublicKey) {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey.bytes) else {
            preconditionFailure("Ed25519 refused thirty-two bytes: \(publicKey)")
        }
        self.publicKey = publicKey
        self.key = key
        self.isOfSmallOrder = publicKey.isOfSmallOrder
    }

    /// Whether the holder of the private key signed exactly `message`.
    package func accepts(_ signature: Signature, over message: [UInt8]) -> Bool {
        !self.isOfSmallOrder && self.key.isValidSignature(signature.bytes, for: message)
    }
}

extension PublicKey {
    /// Whether the holder of the private key signed exactly `message`; for many checks make a `Verifier`.
    package func verify(_ signature: Signature, over message: [UInt8]) -> Bool {
        Verifier(self).accepts(signature, over: message)
    }
}
