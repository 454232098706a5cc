import Crypto
import FoundationEssentials
package import TrailsWire
import Vocabulary

/// What gives a root back to its owner who has lost its file: twenty random bytes, to be written on paper.
///
///     K7QX-2MRT-9C0W-…   eight groups of four, Crockford's base 32: no I, L, O or U
package struct RecoveryCode: Hashable, Sendable {
    private static let byteCount = 20
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    private let bytes: [UInt8]

    package static func random() -> Self {
        var dice = SystemRandomNumberGenerator()
        return Self(bytes: .random(count: Self.byteCount, using: &dice))
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads a code as people type it: any case, hyphens and spaces anywhere, O for 0, I and L for 1.
    package init?(_ text: String) {
        var digits: [UInt8] = []
        for character in text.uppercased() where !character.isWhitespace && character != "-" {
            let meant: Character = character == "O" ? "0" : character == "I" || character == "L" ? "1" : character
            guard let digit = Self.alphabet.firstIndex(of: meant) else { return nil }
            digits.append(UInt8(digit))
        }
        guard digits.count == Self.byteCount / 5 * 8 else { return nil }
        self.bytes = stride(from: 0, to: digits.count, by: 8).flatMap { start in
            let group = digits[start..<start + 8].reduce(UInt64(0)) { $0 << 5 | UInt64($1) }
            return (0..<5).map { UInt8(truncatingIfNeeded: group >> (32 - 8 * UInt64($0))) }
        }
    }

    /// The code itself: a secret, to be shown once.
    package var secretText: String {
        let digits = stride(from: 0, to: self.bytes.count, by: 5).flatMap { start in
            let group = self.bytes[start..<start + 5].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return (0..<8).map { Self.alphabet[Int(group >> (35 - 5 * UInt64($0)) & 0x1F)] }
        }
        return stride(from: 0, to: digits.count, by: 4).map { String(digits[$0..<$0 + 4]) }.joined(separator: "-")
    }

    /// The key that signs a re-key.
    package var key: SigningKey {
        let seed = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: self.bytes), info: Array("trails-recovery".utf8),
            outputByteCount: SigningKey.seedByteCount
        ).withUnsafeBytes { Array($0) }
        guard let key = SigningKey(seed: seed) else { preconditionFailure("HKDF gave \(seed.count) bytes") }
        return key
    }
}

extension RecoveryCode: CustomStringConvertible, CustomReflectable {
    package var description: String { "RecoveryCode(not shown)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
