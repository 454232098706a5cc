import NIOCore

/// Gathers the frames of one turn of the event loop, so that they leave in one write.
///
/// It holds bytes and writes nothing itself: a write can call back into whoever owns the outbox.
struct Outbox {
    /// What goes to the system together.
    struct Batch {
        var chunks: [ByteBuffer]
        /// Payload bytes in here that `WebSocketConnection.pendingBytes` has counted.
        var counted: Int
    }

    /// From here on a payload is passed on as it is, rather than copied behind its header.
    private static let copyMax = 16 << 10
    /// The largest chunk that is gathered from small frames.
    private static let gatherMax = 64 << 10

    private let role: WebSocketRole
    private var chunks: [ByteBuffer] = []
    private var gathered = ByteBuffer()
    private var counted = 0

    init(role: WebSocketRole) {
        self.role = role
    }

    /// Puts one unfragmented frame at the end; `isCounted` says that its bytes are in `pendingBytes`.
    mutating func add(_ opcode: Opcode, _ payload: ByteBuffer, isCounted: Bool) {
        var payload = payload
        let length = payload.readableBytes
        let mask: UInt32? = self.role == .client ? .random(in: .min ... .max) : nil
        if isCounted { self.counted += length }
        let copies = mask != nil || length <= Self.copyMax
        self.gathered.reserveCapacity(minimumWritableBytes: FrameHeader.sizeMax + (copies ? length : 0))
        FrameHeader(isFinal: true, opcode: opcode, length: length, mask: mask).write(to: &self.gathered)
        if !copies {
            self.chunks.append(self.gathered)
            self.chunks.append(payload)
            self.gathered = ByteBuffer()
            return
        }
        self.gathered.append(length, from: &payload, mask: mask)
        if self.gathered.readableBytes > Self.gatherMax {
            self.chunks.append(self.gathered)
            self.gathered = ByteBuffer()
        }
    }

    /// Everything that was added since the last call; `nil` if that is nothing.
    mutating func take() -> Batch? {
        guard self.gathered.readableBytes > 0 || !self.chunks.isEmpty else { return nil }
        defer {
            self.chunks = []
            self.gathered = ByteBuffer()
            self.counted = 0
        }
        if self.gathered.readableBytes > 0 { self.chunks.append(self.gathered) }
        return Batch(chunks: self.chunks, counted: self.counted)
    }
}
