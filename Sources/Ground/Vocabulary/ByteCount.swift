/// A number of bytes, never negative.
public struct ByteCount: Hashable, Sendable {
    /// Never negative.
    public let bytes: Int

    /// `bytes` must not be negative.
    public init(_ bytes: Int) {
        precondition(bytes >= 0, "byte count \(bytes) is negative")
        self.bytes = bytes
    }
}

extension ByteCount {
    /// Nothing at all, as of an empty file.
    public static let zero = Self(0)

    /// Single bytes, written like the units below.
    public static func bytes(_ count: Int) -> Self { Self(count) }
    /// 1,024 bytes each.
    public static func kibibytes(_ count: Int) -> Self { Self(count << 10) }
    /// 1,024 KiB each.
    public static func mebibytes(_ count: Int) -> Self { Self(count << 20) }
    /// 1,024 MiB each.
    public static func gibibytes(_ count: Int) -> Self { Self(count << 30) }

    /// Both together; a sum over `Int.max` stops the program.
    public static func + (left: Self, right: Self) -> Self { Self(left.bytes + right.bytes) }
    /// Adds in place; a sum over `Int.max` stops the program.
    public static func += (left: inout Self, right: Self) { left = left + right }
}

extension ByteCount: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
}

extension ByteCount: CustomStringConvertible {
    /// `512 B`, `64 KiB`, `1.5 MiB`: in the largest unit that fits, to the nearest tenth.
    public var description: String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var unit = max(0, (Int.bitWidth - 1 - self.bytes.leadingZeroBitCount) / 10)
        var tenths = Self.tenths(of: UInt64(self.bytes), unit: unit)
        if tenths == 10_240 { (unit, tenths) = (unit + 1, 10) }  // 1023.97 KiB is 1 MiB
        return "\(tenths / 10)\(tenths % 10 == 0 ? "" : ".\(tenths % 10)") \(units[unit])"
    }

    private static func tenths(of bytes: UInt64, unit: Int) -> UInt64 {
        let size = UInt64(1) << UInt64(10 * unit)
        let (whole, rest) = bytes.quotientAndRemainder(dividingBy: size)
        return whole * 10 + (rest * 10 + size / 2) / size
    }
}
