internal import Vocabulary

/// An Ed25519 signature (RFC 8032): sixty-four bytes, written `ed25519:BASE64`.
package struct Signature: Hashable, Sendable {
    package static let byteCount = 64
    private static let prefix = "ed25519:"

    package let bytes: [UInt8]

    /// Takes sixty-four bytes; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }
}

extension Signature: LosslessStringConvertible {
    /// Reads `ed25519:` and Base64 of sixty-four bytes; `nil` for anything else.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let bytes = Base64.decode(String(text.dropFirst(Self.prefix.count))) else {
            return nil
        }
        self.init(bytes: bytes)
    }

    package var description: String { Self.prefix + Base64.encode(self.bytes) }
}
