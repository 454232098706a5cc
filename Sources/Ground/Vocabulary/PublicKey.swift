/// An Ed25519 public key (RFC 8032) as an identity: thirty-two bytes, not checked to be a point of the curve.
public struct PublicKey: Hashable, Sendable {
    /// How long every Ed25519 key is.
    public static let byteCount = 32
    private static let prefix = "ed25519:"

    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Takes thirty-two bytes as RFC 8032 orders them; `nil` for any other count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
        self.words = words
    }

    /// In the order of RFC 8032.
    public var bytes: [UInt8] { withUnsafeBytes(of: self.words) { Array($0) } }

    public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    public func hash(into hasher: inout Hasher) {
        withUnsafeBytes(of: self.words) { hasher.combine(bytes: $0) }
    }
}

extension PublicKey: LosslessStringConvertible {
    /// Reads `ed25519:` and Base64, of either alphabet and padded or not; `nil` for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        guard let bytes = Base64.decode(String(text.dropFirst(Self.prefix.count))) else { return nil }
        self.init(bytes: bytes)
    }

    /// `ed25519:` and Base64, standard alphabet, padded.
    public var description: String { Self.prefix + Base64.encode(self.bytes) }

    /// The first eight characters of the Base64, for lists that people read; it proves nothing.
    public var shortFingerprint: String { String(Base64.encode(self.bytes).prefix(8)) }
}
