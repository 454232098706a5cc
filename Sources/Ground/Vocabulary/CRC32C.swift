/// The checksum CRC-32C (Castagnoli; RFC 3720, appendix B.4): finds every flipped bit and torn block, stops no forger.
///
/// Fed in parts it is the same as over the whole, so a checksum can be begun in one place and ended in another.
public struct CRC32C: Hashable, Sendable {
    private var register: UInt32 = 0xFFFF_FFFF

    /// Over nothing yet.
    public init() {}

    /// Over `bytes`.
    public init(_ bytes: some Collection<UInt8>) {
        self.update(bytes)
    }

    /// The checksum over all that came so far.
    public var value: UInt32 { ~self.register }

    /// Goes on over `bytes`.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ self.update($0) }) == nil {
            Array(bytes).withUnsafeBufferPointer { self.update($0) }
        }
    }

    /// Eight bytes a step, by eight tables (M. E. Kounavis and F. L. Berry, 2005).
    private mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        var register = self.register
        Self.tables.withUnsafeBufferPointer { tables in
            var position = 0
            let raw = UnsafeRawBufferPointer(bytes)
            while position + 8 <= bytes.count {
                let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                let mixed = word ^ UInt64(register)
                register = 0
                for place in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> (8 * UInt64(place))) & 0xFF
                    register ^= tables[(7 - place) << 8 | byte]
                }
                position += 8
            }
            for byte in bytes[position...] {
                register = tables[Int(UInt8(truncatingIfNeeded: register) ^ byte)] ^ register >> 8
            }
        }
        self.register = register
    }

    /// Table `n`, of 256 entries, is for a byte that has `n` bytes after it.
    private static let tables: [UInt32] = {
        var tables = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { register, _ in register >> 1 ^ (register & 1 == 0 ? 0 : 0x82F6_3B78) }
        }
        for place in 256..<2_048 {
            let before = tables[place - 256]
            tables.append(tables[Int(before & 0xFF)] ^ before >> 8)
        }
        return tables
    }()
}
