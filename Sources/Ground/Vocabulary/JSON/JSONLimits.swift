/// How much JSON a reader is willing to take.
public struct JSONLimits: Hashable, Sendable {
    /// How deep arrays and objects may be nested, if nothing else is said; `[[]]` is two deep.
    public static let depthMax = 64
    /// How long a document may be, if nothing else is said: the wall of the frame decoder.
    public static let bytesMax = ByteCount.mebibytes(16)
    /// The deepest `depth` that may be asked for: every level costs stack, most of it in debug builds.
    public static let depthCeiling = 128

    /// Of the whole document.
    public let bytes: ByteCount
    /// How deep arrays and objects may be nested; `[[]]` is two deep.
    public let depth: Int

    /// `depth` must be in `0...depthCeiling`; 0 allows a number or a string only.
    public init(bytes: ByteCount = Self.bytesMax, depth: Int = Self.depthMax) {
        precondition((0...Self.depthCeiling).contains(depth), "JSON depth \(depth) is not in 0...\(Self.depthCeiling)")
        self.bytes = bytes
        self.depth = depth
    }
}
