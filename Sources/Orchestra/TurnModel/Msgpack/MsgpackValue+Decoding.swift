extension MsgpackValue {
    /// Reads the one value that `bytes` are.
    package init(decoding bytes: some Collection<UInt8>, limits: MsgpackLimits = MsgpackLimits()) throws(MsgpackError) {
        self = try Self.decode(bytes, limits: limits, takesTail: false)
    }

    /// Reads the value that `bytes` start with.
    package init(decodingStartOf bytes: some Collection<UInt8>) throws(MsgpackError) {
        self = try Self.decode(bytes, limits: MsgpackLimits(), takesTail: true)
    }

    private static func decode(
        _ bytes: some Collection<UInt8>, limits: MsgpackLimits, takesTail: Bool
    ) throws(MsgpackError) -> MsgpackValue {
        func read(_ buffer: UnsafeBufferPointer<UInt8>) -> Result<MsgpackValue, MsgpackError> {
            Result { () throws(MsgpackError) in
                var reader = MsgpackReader(bytes: buffer, limits: limits)
                let value = try reader.value(depth: 0)
                guard takesTail || reader.position == buffer.count else { throw reader.error(.trailingBytes) }
                return value
            }
        }
        let result = bytes.withContiguousStorageIfAvailable(read) ?? Array(bytes).withUnsafeBufferPointer(read)
        return try result.get()
    }
}

/// Reads from left to right; no length is believed before the bytes are there.
private struct MsgpackReader {
    let bytes: UnsafeBufferPointer<UInt8>
    let limits: MsgpackLimits
    var position = 0
    var count = 0

    init(bytes: UnsafeBufferPointer<UInt8>, limits: MsgpackLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    func error(_ code: MsgpackError.Code) -> MsgpackError { MsgpackError(code: code, offset: self.position) }

    mutating func value(depth: Int) throws(MsgpackError) -> MsgpackValue {
        self.count += 1
        guard self.count <= self.limits.values else { throw self.error(.tooMany) }
        let byte = UInt8(try self.number(1))
        switch byte {
        case 0x00...0x7F: return .unsigned(UInt64(byte))
        case 0x80...0x8F: return try self.map(Int(byte & 0x0F), depth: depth)
        case 0x90...0x9F: return try self.array(Int(byte & 0x0F), depth: depth)
        case 0xA0...0xBF: return try self.string(Int(byte & 0x1F))
        case 0xC0: return .null
        case 0xC2, 0xC3: return .bool(byte == 0xC3)
        case 0xC4...0xC6: return .bytes(Array(try self.take(try self.length(1 << (byte - 0xC4)))))
        case 0xC7...0xC9: return try self.extended(try self.length(1 << (byte - 0xC7)))
        case 0xCA: return .double(Double(Float(bitPattern: UInt32(try self.number(4)))))
        case 0xCB: return .double(Double(bitPattern: try self.number(8)))
        case 0xCC...0xCF: return .unsigned(try self.number(1 << (byte - 0xCC)))
        case 0xD0...0xD3: return .integer(try self.signed(1 << (byte - 0xD0)))
        case 0xD4...0xD8: return try self.extended(1 << (byte - 0xD4))
        case 0xD9...0xDB: return try self.string(try self.length(1 << (byte - 0xD9)))
        case 0xDC, 0xDD: return try self.array(try self.length(2 << (byte - 0xDC)), depth: depth)
        case 0xDE, 0xDF: return try self.map(try self.length(2 << (byte - 0xDE)), depth: depth)
        case 0xE0...0xFF: return .negative(Int64(Int8(bitPattern: byte)))
        default:
            self.position -= 1
            throw self.error(.unknownByte)
        }
    }

    private mutating func take(_ count: Int) throws(MsgpackError) -> UnsafeBufferPointer<UInt8> {
        guard count <= self.bytes.count - self.position else { throw self.error(.unexpectedEnd) }
        defer { self.position += count }
        return UnsafeBufferPointer(rebasing: self.bytes[self.position..<self.position + count])
    }

    private mutating func number(_ size: Int) throws(MsgpackError) -> UInt64 {
        try self.take(size).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func signed(_ size: Int) throws(MsgpackError) -> Int64 {
        let shift = UInt64(64 - 8 * size)
        return Int64(bitPattern: try self.number(size) << shift) >> shift
    }

    /// At most 32 bits, so it fits.
    private mutating func length(_ size: Int) throws(MsgpackError) -> Int { Int(try self.number(size)) }

    private mutating func string(_ count: Int) throws(MsgpackError) -> MsgpackValue {
        let start = self.position
        guard let text = String(validating: try self.take(count), as: UTF8.self) else {
            throw MsgpackError(code: .invalidUTF8, offset: start)
        }
        return .string(text)
    }

    private mutating func extended(_ count: Int) throws(MsgpackError) -> MsgpackValue {
        let type = Int8(bitPattern: UInt8(try self.number(1)))
        return .extended(type, Array(try self.take(count)))
    }

    /// Checks the depth of what is inside, and that `count` values can still come.
    private func checkRoom(for count: Int, depth: Int) throws(MsgpackError) {
        guard depth < self.limits.depth else { throw self.error(.tooDeep) }
        guard count <= self.bytes.count - self.position else { throw self.error(.unexpectedEnd) }
        guard count <= self.limits.values - self.count else { throw self.error(.tooMany) }
    }

    private mutating func array(_ count: Int, depth: Int) throws(MsgpackError) -> MsgpackValue {
        try self.checkRoom(for: count, depth: depth)
        var elements: [MsgpackValue] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try self.value(depth: depth + 1)) }
        return .array(elements)
    }

    private mutating func map(_ count: Int, depth: Int) throws(MsgpackError) -> MsgpackValue {
        try self.checkRoom(for: 2 * count, depth: depth)
        var members: [MsgpackValue.Member] = []
        members.reserveCapacity(count)
        var seen: Set<[UInt8]> = []
        for _ in 0..<count {
            let start = self.position
            let key = try self.value(depth: depth + 1)
            guard seen.insert(key.encoded()).inserted else {
                throw MsgpackError(code: .duplicateKey, offset: start)
            }
            members.append(MsgpackValue.Member(key, try self.value(depth: depth + 1)))
        }
        return .map(members)
    }
}
