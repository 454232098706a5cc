extension MsgpackValue {
    /// The one form in which we write it: shortest integers and lengths, keys of maps in the order of their bytes (so
    /// field tags ascend). One map with a key twice is a bug and stops the program.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        self.encode(into: &bytes)
        return bytes
    }

    private func encode(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(0xC0)
        case .bool(let value): bytes.append(value ? 0xC3 : 0xC2)
        case .unsigned(let value): Self.encode(value, into: &bytes)
        case .negative(let value): Self.encode(negative: value, into: &bytes)
        case .double(let value): Self.append(0xCB, value.bitPattern, size: 8, to: &bytes)
        case .string(let text): Self.encode(text, into: &bytes)
        case .bytes(let value):
            Self.encodeLength(value.count, small: nil, codes: (0xC4, 0xC5, 0xC6), into: &bytes)
            bytes += value
        case .array(let elements):
            Self.encodeLength(elements.count, small: (0x90, 15), codes: (nil, 0xDC, 0xDD), into: &bytes)
            for element in elements { element.encode(into: &bytes) }
        case .map(let members): Self.encode(members, into: &bytes)
        case .extended(let type, let value): Self.encode(extended: type, value, into: &bytes)
        }
    }

    private static func append(_ code: UInt8, _ value: UInt64, size: Int, to bytes: inout [UInt8]) {
        bytes.append(code)
        for place in (0..<size).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(place)))) }
    }

    private static func encode(_ value: UInt64, into bytes: inout [UInt8]) {
        switch value {
        case 0...0x7F: bytes.append(UInt8(value))
        case ...0xFF: self.append(0xCC, value, size: 1, to: &bytes)
        case ...0xFFFF: self.append(0xCD, value, size: 2, to: &bytes)
        case ...0xFFFF_FFFF: self.append(0xCE, value, size: 4, to: &bytes)
        default: self.append(0xCF, value, size: 8, to: &bytes)
        }
    }

    private static func encode(negative value: Int64, into bytes: inout [UInt8]) {
        let bits = UInt64(bitPattern: value)
        switch value {
        case 0...: self.encode(bits, into: &bytes)
        case (-32)...: bytes.append(UInt8(truncatingIfNeeded: bits))
        case Int64(Int8.min)...: self.append(0xD0, bits, size: 1, to: &bytes)
        case Int64(Int16.min)...: self.append(0xD1, bits, size: 2, to: &bytes)
        case Int64(Int32.min)...: self.append(0xD2, bits, size: 4, to: &bytes)
        default: self.append(0xD3, bits, size: 8, to: &bytes)
        }
    }

    private static func encode(_ text: String, into bytes: inout [UInt8]) {
        self.encodeLength(text.utf8.count, small: (0xA0, 31), codes: (0xD9, 0xDA, 0xDB), into: &bytes)
        bytes += text.utf8
    }

    private static func encode(extended type: Int8, _ value: [UInt8], into bytes: inout [UInt8]) {
        if let place = [1, 2, 4, 8, 16].firstIndex(of: value.count) {
            bytes.append(0xD4 + UInt8(place))
        } else {
            self.encodeLength(value.count, small: nil, codes: (0xC7, 0xC8, 0xC9), into: &bytes)
        }
        bytes.append(UInt8(bitPattern: type))
        bytes += value
    }

    private static func encode(_ members: [Member], into bytes: inout [UInt8]) {
        self.encodeLength(members.count, small: (0x80, 15), codes: (nil, 0xDE, 0xDF), into: &bytes)
        for member in self.isInOrder(members) ? members : self.inOrder(members) {
            member.key.encode(into: &bytes)
            member.value.encode(into: &bytes)
        }
    }

    private static func inOrder(_ members: [Member]) -> [Member] {
        // Texts, of which there may be many, are moved about without their values.
        let texts = members.compactMap(\.key.string)
        let sorted =
            texts.count == members.count
            ? zip(texts, members.indices).sorted { self.precedes($0.0, $1.0) }.map { members[$0.1] }
            : members.sorted { $0.key.precedes($1.key) }
        precondition(self.isInOrder(sorted), "a map with a key twice: \(sorted.map(\.key))")
        return sorted
    }

    /// Whether the keys ascend, none of them twice.
    private static func isInOrder(_ members: [Member]) -> Bool {
        members.indices.dropFirst().allSatisfy { members[$0 - 1].key.precedes(members[$0].key) }
    }

    /// Whether the bytes of this key come before those of `other`. Among numbers that is their order, and among texts
    /// the shorter comes first, so these need not be encoded to be compared.
    private func precedes(_ other: Self) -> Bool {
        switch (self, other) {
        case (.unsigned(let left), .unsigned(let right)): left < right
        case (.string(let left), .string(let right)): Self.precedes(left, right)
        default: self.encoded().lexicographicallyPrecedes(other.encoded())
        }
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.utf8, right.utf8)
        guard left.count == right.count else { return left.count < right.count }
        let isBefore = left.withContiguousStorageIfAvailable { left in
            right.withContiguousStorageIfAvailable { left.lexicographicallyPrecedes($0) }
        }
        return (isBefore ?? nil) ?? left.lexicographicallyPrecedes(right)
    }

    /// A length: inside the first byte up to a limit, else in one byte (where there is such a form), two or four.
    private static func encodeLength(
        _ count: Int, small: (base: UInt8, max: Int)?, codes: (one: UInt8?, two: UInt8, four: UInt8),
        into bytes: inout [UInt8]
    ) {
        if let small, count <= small.max {
            bytes.append(small.base | UInt8(count))
        } else if let one = codes.one, count <= 0xFF {
            self.append(one, UInt64(count), size: 1, to: &bytes)
        } else if count <= 0xFFFF {
            self.append(codes.two, UInt64(count), size: 2, to: &bytes)
        } else {
            precondition(count <= 0xFFFF_FFFF, "\(count) is more than a length of MessagePack can say")
            self.append(codes.four, UInt64(count), size: 4, to: &bytes)
        }
    }
}
