extension BLAKE3 {
    /// Thirty-two bytes that name what they are the hash of.
    public struct Digest: Hashable, Sendable {
        /// How long every digest is.
        public static let byteCount = 32

        private let words: SIMD4<UInt64>

        init(words: SIMD8<UInt32>) {
            self.words = withUnsafeBytes(of: words) { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
        }

        /// Takes thirty-two bytes; `nil` for any other count.
        public init?(bytes: some Collection<UInt8>) {
            guard bytes.count == Self.byteCount else { return nil }
            var words = SIMD4<UInt64>()
            withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
            self.words = words
        }

        /// In the order in which they are printed.
        public var bytes: [UInt8] { withUnsafeBytes(of: self.words) { Array($0) } }
    }
}

extension BLAKE3.Digest: LosslessStringConvertible {
    /// Reads 64 hex digits of either case; `nil` for anything else.
    public init?(_ text: String) {
        guard let bytes = Hex.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// 64 hex digits, lower case, as `b3sum` prints them.
    public var description: String { Hex.encode(self.bytes) }
}
