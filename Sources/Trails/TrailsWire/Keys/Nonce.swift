internal import Vocabulary

/// Bytes that are used once, so that what was signed is not taken for something new; Base64 on the wire.
package struct Nonce: Hashable, Sendable {
    /// What a challenge holds (spec/trails.md §4).
    package static let challengeByteCount = 32
    /// What a REST call holds.
    package static let requestByteCount = 16
    private static let byteCounts = 16...64

    package let bytes: [UInt8]

    /// Takes 16 to 64 bytes; `nil` for any other count.
    package init?(bytes: [UInt8]) {
        guard Self.byteCounts.contains(bytes.count) else { return nil }
        self.bytes = bytes
    }

    /// A nonce of a challenge.
    package static func challenge(using generator: inout some RandomNumberGenerator) -> Self {
        Self(unchecked: .random(count: Self.challengeByteCount, using: &generator))
    }

    /// A nonce of a REST call.
    package static func request(using generator: inout some RandomNumberGenerator) -> Self {
        Self(unchecked: .random(count: Self.requestByteCount, using: &generator))
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }
}

extension Nonce: LosslessStringConvertible {
    /// Reads Base64 of 16 to 64 bytes; `nil` for anything else.
    package init?(_ text: String) {
        guard let bytes = Base64.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    package var description: String { Base64.encode(self.bytes) }
}
