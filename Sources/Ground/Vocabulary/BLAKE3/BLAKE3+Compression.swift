extension BLAKE3 {
    /// Where in the tree a block is.
    struct Flags: OptionSet {
        let rawValue: UInt32

        static let chunkStart = Self(rawValue: 1)
        static let chunkEnd = Self(rawValue: 2)
        static let parent = Self(rawValue: 4)
        static let root = Self(rawValue: 8)
    }

    /// The chaining value that every chunk and every parent starts from.
    static let start = Words(
        0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19)

    /// The first half of what the compression function yields for a block of 64 bytes.
    static func compress(
        _ value: Words, _ block: UnsafeRawBufferPointer, number: UInt64, length: UInt32, flags: Flags
    ) -> Words {
        var message = Message(block)
        var state = State(value, number: number, length: length, flags: flags.rawValue)
        for _ in 0..<6 {
            state.mix(message)
            message.permute()
        }
        state.mix(message)
        return state.firstHalf
    }
}

/// The sixteen words of a block. Named one by one, since an array would be checked and counted at each use.
private struct Message {
    var m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15: UInt32

    @inline(__always)
    init(_ block: UnsafeRawBufferPointer) {
        @inline(__always)
        func word(_ place: Int) -> UInt32 {
            UInt32(littleEndian: block.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self))
        }
        (self.m0, self.m1, self.m2, self.m3) = (word(0), word(1), word(2), word(3))
        (self.m4, self.m5, self.m6, self.m7) = (word(4), word(5), word(6), word(7))
        (self.m8, self.m9, self.m10, self.m11) = (word(8), word(9), word(10), word(11))
        (self.m12, self.m13, self.m14, self.m15) = (word(12), word(13), word(14), word(15))
    }

    @inline(__always)
    mutating func permute() {
        let old = self
        (self.m0, self.m1, self.m2, self.m3) = (old.m2, old.m6, old.m3, old.m10)
        (self.m4, self.m5, self.m6, self.m7) = (old.m7, old.m0, old.m4, old.m13)
        (self.m8, self.m9, self.m10, self.m11) = (old.m1, old.m11, old.m12, old.m5)
        (self.m12, self.m13, self.m14, self.m15) = (old.m9, old.m14, old.m15, old.m8)
    }
}

/// Four rows of four words.
private struct State {
    var a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3: UInt32

    @inline(__always)
    init(_ value: BLAKE3.Words, number: UInt64, length: UInt32, flags: UInt32) {
        (self.a0, self.a1, self.a2, self.a3) = (value[0], value[1], value[2], value[3])
        (self.b0, self.b1, self.b2, self.b3) = (value[4], value[5], value[6], value[7])
        (self.c0, self.c1, self.c2, self.c3) = (0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A)
        (self.d0, self.d1) = (UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32))
        (self.d2, self.d3) = (length, flags)
    }

    /// One round: the columns, then the diagonals.
    @inline(__always)
    mutating func mix(_ m: Message) {
        Self.quarter(&self.a0, &self.b0, &self.c0, &self.d0, m.m0, m.m1)
        Self.quarter(&self.a1, &self.b1, &self.c1, &self.d1, m.m2, m.m3)
        Self.quarter(&self.a2, &self.b2, &self.c2, &self.d2, m.m4, m.m5)
        Self.quarter(&self.a3, &self.b3, &self.c3, &self.d3, m.m6, m.m7)
        Self.quarter(&self.a0, &self.b1, &self.c2, &self.d3, m.m8, m.m9)
        Self.quarter(&self.a1, &self.b2, &self.c3, &self.d0, m.m10, m.m11)
        Self.quarter(&self.a2, &self.b3, &self.c0, &self.d1, m.m12, m.m13)
        Self.quarter(&self.a3, &self.b0, &self.c1, &self.d2, m.m14, m.m15)
    }

    @inline(__always)
    private static func quarter(
        _ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32, _ x: UInt32, _ y: UInt32
    ) {
        a = a &+ b &+ x
        d = self.rotate(d ^ a, 16)
        c = c &+ d
        b = self.rotate(b ^ c, 12)
        a = a &+ b &+ y
        d = self.rotate(d ^ a, 8)
        c = c &+ d
        b = self.rotate(b ^ c, 7)
    }

    @inline(__always)
    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word &>> count | word &<< (32 &- count) }

    @inline(__always)
    var firstHalf: BLAKE3.Words {
        BLAKE3.Words(
            self.a0 ^ self.c0, self.a1 ^ self.c1, self.a2 ^ self.c2, self.a3 ^ self.c3, self.b0 ^ self.d0,
            self.b1 ^ self.d1, self.b2 ^ self.d2, self.b3 ^ self.d3)
    }
}
