import NIOCore

/// Turns the bytes of a WebSocket into messages, however the bytes and the messages are cut.
///
/// A value without I/O. It keeps no more than the message it is putting together and, of a message over
/// `messageMax`, only the count.
///
///             header complete            payload complete
///     header ───────────────► payload ───────────────────► header
///                                │ and FIN, or a control frame
///                                ▼
///                              event
struct MessageReader {
    enum Event: Equatable {
        case text(ByteBuffer)
        case binary(ByteBuffer)
        case oversized(Int)
        case ping(ByteBuffer)
        case pong
        case close(code: UInt16?, reason: String)
    }

    /// A data message of which not all fragments have come.
    private struct Message {
        var isText: Bool
        var body = ByteBuffer()
        var size = 0
        var fragments = 0
        var isOversized = false
    }

    /// A frame of which not all payload has come.
    private struct Frame {
        var header: FrameHeader
        var taken = 0
    }

    private let role: WebSocketRole
    private let limits: WebSocketLimits
    /// The front of a header that has not all come; at most 13 bytes.
    private var partialHeader = ByteBuffer()
    private var frame: Frame?
    private var message: Message?
    private var control = ByteBuffer()

    init(role: WebSocketRole, limits: WebSocketLimits) {
        self.role = role
        self.limits = limits
    }

    /// Takes bytes from the front of `bytes` up to the end of the next event; `nil` when they do not reach so far.
    ///
    /// After a throw the reader knows no longer where frames begin, and must not be asked again.
    mutating func next(from bytes: inout ByteBuffer) throws(ProtocolViolation) -> Event? {
        while true {
            if self.frame == nil {
                guard let header = try self.readHeader(from: &bytes) else { return nil }
                try self.begin(header)
                self.frame = Frame(header: header)
            }
            guard let header = self.takePayload(from: &bytes) else { return nil }
            self.frame = nil
            if header.opcode.isControl { return try self.finishControl(header.opcode) }
            if header.isFinal, let message = self.message.take() { return try Self.finish(message) }
        }
    }

    private mutating func readHeader(from bytes: inout ByteBuffer) throws(ProtocolViolation) -> FrameHeader? {
        if self.partialHeader.readableBytes == 0 {
            if let header = try FrameHeader.read(from: &bytes) { return header }
            if bytes.readableBytes > 0 { self.partialHeader.writeBuffer(&bytes) }
            return nil
        }
        while let byte = bytes.readInteger(as: UInt8.self) {
            self.partialHeader.writeInteger(byte)
            if let header = try FrameHeader.read(from: &self.partialHeader) {
                self.partialHeader = ByteBuffer()
                return header
            }
        }
        return nil
    }

    /// Checks what a header says against what came before, and makes room for its payload.
    private mutating func begin(_ header: FrameHeader) throws(ProtocolViolation) {
        switch self.role {
        case .server where header.mask == nil: throw .protocolError("a client's frame is not masked")
        case .client where header.mask != nil: throw .protocolError("a server's frame is masked")
        default: break
        }
        switch (header.opcode, self.message) {
        case (.continuation, nil): throw .protocolError("a continuation continues nothing")
        case (.text, _?), (.binary, _?): throw .protocolError("a message begins inside another")
        case (.text, nil), (.binary, nil): self.message = Message(isText: header.opcode == .text)
        default: break
        }
        if header.opcode.isControl {
            self.control = ByteBuffer()
        } else {
            try self.grow(by: header.length)
        }
    }

    /// Counts a fragment of `length` bytes in, or refuses it.
    private mutating func grow(by length: Int) throws(ProtocolViolation) {
        guard var message = self.message.take() else { return }
        message.fragments += 1
        guard message.fragments <= self.limits.fragmentsMax else {
            throw .tooManyFragments("a message has over \(self.limits.fragmentsMax) fragments")
        }
        guard length <= self.limits.frameWall - message.size else {
            throw .tooBig("a message is over \(self.limits.frameWall) bytes")
        }
        message.size += length
        if message.size > self.limits.messageMax {
            message.isOversized = true
            message.body = ByteBuffer()
        }
        self.message = message
    }

    /// Takes what is there of the frame's payload; the frame's header once all of it is taken.
    private mutating func takePayload(from bytes: inout ByteBuffer) -> FrameHeader? {
        guard var frame = self.frame.take() else { return nil }
        let count = min(frame.header.length - frame.taken, bytes.readableBytes)
        if count > 0 {
            if frame.header.opcode.isControl {
                self.control.append(count, from: &bytes, mask: frame.header.mask, offset: frame.taken)
            } else if self.message?.isOversized == true {
                bytes.moveReaderIndex(forwardBy: count)
            } else {
                self.message?.body.append(count, from: &bytes, mask: frame.header.mask, offset: frame.taken)
            }
            frame.taken += count
        }
        self.frame = frame
        return frame.taken == frame.header.length ? frame.header : nil
    }

    private static func finish(_ message: Message) throws(ProtocolViolation) -> Event {
        if message.isOversized { return .oversized(message.size) }
        guard message.isText else { return .binary(message.body) }
        guard message.body.isValidUTF8 else { throw .notUTF8("a text message is not UTF-8") }
        return .text(message.body)
    }

    private mutating func finishControl(_ opcode: Opcode) throws(ProtocolViolation) -> Event {
        let payload = self.control
        self.control = ByteBuffer()
        switch opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong
        default: return try Self.readClose(payload)
        }
    }

    private static func readClose(_ payload: ByteBuffer) throws(ProtocolViolation) -> Event {
        var payload = payload
        guard payload.readableBytes > 0 else { return .close(code: nil, reason: "") }
        guard let code = payload.readInteger(as: UInt16.self) else {
            throw .protocolError("a close frame has one byte")
        }
        guard CloseCode.isValid(code) else { throw .protocolError("close code \(code) must not be sent") }
        guard payload.isValidUTF8 else { throw .notUTF8("a close frame's reason is not UTF-8") }
        return .close(code: code, reason: String(buffer: payload))
    }
}

/// The numbers that close frames carry (RFC 6455, 7.4).
enum CloseCode {
    static let goingAway: UInt16 = 1001

    /// Whether `code` may stand in a close frame.
    static func isValid(_ code: UInt16) -> Bool {
        switch code {
        case 1004, 1005, 1006, 1015: false
        case 1000...1014, 3000...4999: true
        default: false
        }
    }
}
