internal import Vocabulary

/// The public half of an X25519 key that lives as long as one connection (spec/trails.md §9), written `x25519:BASE64`.
package struct EphemeralKey: Hashable, Sendable {
    package static let byteCount = 32
    private static let prefix = "x25519:"

    package let bytes: [UInt8]

    /// Takes thirty-two bytes; `nil` for any other count.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}

extension EphemeralKey: LosslessStringConvertible {
    /// Reads `x25519:` and Base64 of thirty-two bytes; `nil` for anything else.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let bytes = Base64.decode(String(text.dropFirst(Self.prefix.count))) else {
            return nil
        }
        self.init(bytes: bytes)
    }

    package var description: String { Self.prefix + Base64.encode(self.bytes) }
}
