import NIOCore

/// Which end of the connection we are: a client masks what it sends, a server does not.
enum WebSocketRole {
    case server
    case client
}

/// The kinds of frame there are (RFC 6455, 11.8).
enum Opcode: UInt8 {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { self.rawValue & 0x8 != 0 }
}

/// The peer did what RFC 6455 forbids; `code` is what it is told.
struct ProtocolViolation: Error, Equatable {
    let code: UInt16
    let message: String

    static func protocolError(_ message: String) -> Self { Self(code: 1002, message: message) }
    static func notUTF8(_ message: String) -> Self { Self(code: 1007, message: message) }
    static func tooManyFragments(_ message: String) -> Self { Self(code: 1008, message: message) }
    static func tooBig(_ message: String) -> Self { Self(code: 1009, message: message) }
}

/// The first bytes of a frame (RFC 6455, 5.2):
///
///     byte 0   FIN | RSV1-3 | opcode (4 bits)
///     byte 1   MASK | length (7 bits); 126: two bytes of length follow, 127: eight
///              mask key (4 bytes), if MASK
struct FrameHeader: Equatable {
    var isFinal: Bool
    var opcode: Opcode
    var length: Int
    /// The key as its four bytes lie in memory.
    var mask: UInt32?

    /// The longest header there is.
    static let sizeMax = 14
}

extension FrameHeader {
    /// Takes a header from the front of `bytes`; `nil`, and `bytes` as they were, when it is not all there.
    static func read(from bytes: inout ByteBuffer) throws(ProtocolViolation) -> FrameHeader? {
        let start = bytes.readerIndex
        guard let (first, second) = bytes.readMultipleIntegers(as: (UInt8, UInt8).self) else { return nil }
        guard first & 0x70 == 0 else { throw .protocolError("a reserved bit is set") }
        guard let opcode = Opcode(rawValue: first & 0x0F) else {
            throw .protocolError("opcode \(first & 0x0F) is not defined")
        }
        let isFinal = first & 0x80 != 0
        if opcode.isControl {
            guard isFinal else { throw .protocolError("a control frame is fragmented") }
            guard second & 0x7F <= 125 else { throw .protocolError("a control frame is over 125 bytes") }
        }
        guard let length = try Self.readLength(second & 0x7F, from: &bytes) else {
            bytes.moveReaderIndex(to: start)
            return nil
        }
        guard second & 0x80 != 0 else {
            return FrameHeader(isFinal: isFinal, opcode: opcode, length: length, mask: nil)
        }
        guard let mask = bytes.readInteger(endianness: .host, as: UInt32.self) else {
            bytes.moveReaderIndex(to: start)
            return nil
        }
        return FrameHeader(isFinal: isFinal, opcode: opcode, length: length, mask: mask)
    }

    private static func readLength(_ short: UInt8, from bytes: inout ByteBuffer) throws(ProtocolViolation) -> Int? {
        switch short {
        case 126:
            guard let length = bytes.readInteger(as: UInt16.self) else { return nil }
            guard length > 125 else { throw .protocolError("a length takes more bytes than it needs") }
            return Int(length)
        case 127:
            guard let length = bytes.readInteger(as: UInt64.self) else { return nil }
            guard length > UInt16.max else { throw .protocolError("a length takes more bytes than it needs") }
            guard length <= UInt64(Int.max) else { throw .protocolError("a length has its highest bit set") }
            return Int(length)
        default:
            return Int(short)
        }
    }

    /// Puts the header at the end of `bytes`.
    func write(to bytes: inout ByteBuffer) {
        bytes.writeInteger((self.isFinal ? 0x80 : 0) | self.opcode.rawValue)
        let maskBit: UInt8 = self.mask == nil ? 0 : 0x80
        switch self.length {
        case ...125:
            bytes.writeInteger(maskBit | UInt8(self.length))
        case ...Int(UInt16.max):
            bytes.writeInteger(maskBit | 126)
            bytes.writeInteger(UInt16(self.length))
        default:
            bytes.writeInteger(maskBit | 127)
            bytes.writeInteger(UInt64(self.length))
        }
        if let mask = self.mask { bytes.writeInteger(mask, endianness: .host) }
    }
}

extension ByteBuffer {
    /// Appends `count` bytes from the front of `source`, masked or unmasked with `mask` (the same thing).
    ///
    /// `offset` is how many bytes of the frame's payload went before, so that a payload can come in pieces.
    mutating func append(_ count: Int, from source: inout ByteBuffer, mask: UInt32?, offset: Int = 0) {
        guard let mask, mask != 0 else {
            source.readWithUnsafeReadableBytes { bytes in
                self.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                return count
            }
            return
        }
        let key = mask.rotatedForPayload(at: offset)
        source.readWithUnsafeReadableBytes { bytes in
            self.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
                bytes.copy(count, to: target, mask: key)
                return count
            }
            return count
        }
    }
}

extension UInt32 {
    /// The key as it applies from the payload's byte `offset` on.
    fileprivate func rotatedForPayload(at offset: Int) -> UInt32 {
        let shift = UInt32(offset & 3) * 8
        guard shift != 0 else { return self }
        let key = UInt32(littleEndian: self)
        return UInt32(littleEndian: key >> shift | key << (32 - shift))
    }
}

extension UnsafeRawBufferPointer {
    /// Copies the first `count` bytes to `target`, eight at a time, each XORed with the mask.
    fileprivate func copy(_ count: Int, to target: UnsafeMutableRawBufferPointer, mask: UInt32) {
        let wide = UInt64(mask) << 32 | UInt64(mask)
        var position = 0
        while position + 8 <= count {
            let word = self.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            target.storeBytes(of: word ^ wide, toByteOffset: position, as: UInt64.self)
            position += 8
        }
        Swift.withUnsafeBytes(of: mask) { key in
            while position < count {
                target[position] = self[position] ^ key[position & 3]
                position += 1
            }
        }
    }
}
