package import NIOCore
import Synchronization

/// One open WebSocket, as its owner holds it: to send, to close, to slow down.
///
/// Every call may come from any thread. Calls of one caller keep their order; what is sent after the end is dropped
/// without a word, as it would be had it been sent a moment earlier. Holding a connection keeps no socket open.
package final class WebSocketConnection: Sendable {
    /// Tells this connection from all others of the process.
    package let id: UInt64
    package let eventLoop: any EventLoop
    /// Where the peer is; `nil` for a socket that has no address.
    package let peerAddress: SocketAddress?

    /// What does the work; emptied when the channel is gone, so that a connection that is kept keeps nothing else.
    private let handler: NIOLoopBoundBox<WebSocketHandler?>
    private let pending = Atomic<Int>(0)
    private let isEnded = Atomic<Bool>(false)

    private static let lastID = Atomic<UInt64>(0)

    /// Must be called on the event loop of `channel`.
    init(channel: any Channel, handler: WebSocketHandler) {
        self.id = Self.lastID.add(1, ordering: .relaxed).newValue
        self.eventLoop = channel.eventLoop
        self.peerAddress = channel.remoteAddress
        self.handler = NIOLoopBoundBox(handler, eventLoop: channel.eventLoop)
    }

    /// Bytes that were sent and that the system has not taken yet: what a peer that reads too slowly costs us.
    package var pendingBytes: Int {
        self.isEnded.load(ordering: .relaxed) ? 0 : self.pending.load(ordering: .relaxed)
    }

    /// Whether the system takes more for now: where it does not, `writabilityChanged` follows. On the event loop only.
    ///
    /// It may take more already while `pendingBytes` still counts a batch of which a little is left.
    package var isWritable: Bool { self.handler.value?.isWritable ?? false }

    /// Sends one text message. The bytes must be UTF-8.
    package func send(text: ByteBuffer) {
        self.send(.text, CollectionOfOne(text))
    }

    /// Sends text messages in this order, with one hop to the event loop and one flush.
    package func send(texts: [ByteBuffer]) {
        self.send(.text, texts)
    }

    /// Sends one binary message.
    package func send(binary: ByteBuffer) {
        self.send(.binary, CollectionOfOne(binary))
    }

    /// Sends text messages on many connections, with one hop for each event loop, whatever the number of connections.
    package static func send(_ batches: [(WebSocketConnection, [ByteBuffer])]) {
        let loops = Dictionary(grouping: batches) { ObjectIdentifier($0.0.eventLoop) }
        for batches in loops.values {
            for (connection, texts) in batches { connection.count(texts) }
            batches[0].0.onEventLoop {
                for (connection, texts) in batches { connection.handler.value?.send(.text, texts) }
            }
        }
    }

    /// Closes politely: sends a close frame, waits for the peer's, drops the connection when it takes too long.
    ///
    /// Messages of the peer that are still under way are thrown away. `code` must be one that may be sent (1000, 1001,
    /// 1002, 1003, 1007-1014, 3000-4999); a reason over 123 bytes is cut.
    package func close(code: UInt16, reason: String) {
        precondition(CloseCode.isValid(code), "close code \(code) must not be sent")
        self.onEventLoop { self.handler.value?.close(code: code, reason: reason) }
    }

    /// Stops the deliveries, and the reading, until `resumeReading`: the peer then feels it in its own sending.
    ///
    /// What the peer sent before it left is delivered nevertheless, just before `closed`.
    package func pauseReading() {
        self.onEventLoop { self.handler.value?.pauseReading() }
    }

    /// Delivers what was held back, and reads on.
    package func resumeReading() {
        self.onEventLoop { self.handler.value?.resumeReading() }
    }

    private func send(_ opcode: Opcode, _ payloads: some Collection<ByteBuffer> & Sendable) {
        self.count(payloads)
        self.onEventLoop { self.handler.value?.send(opcode, payloads) }
    }

    private func count(_ payloads: some Collection<ByteBuffer>) {
        let size = payloads.reduce(0) { $0 + $1.readableBytes }
        self.pending.add(size, ordering: .relaxed)
    }

    /// Takes off `pendingBytes` what the system has taken, or what will never be sent.
    func discount(_ size: Int) {
        self.pending.subtract(size, ordering: .relaxed)
    }

    /// Lets go of the channel. On the event loop only.
    func end() {
        self.isEnded.store(true, ordering: .relaxed)
        self.handler.value = nil
    }

    private func onEventLoop(_ work: @escaping @Sendable () -> Void) {
        guard !self.isEnded.load(ordering: .relaxed) else { return }
        if self.eventLoop.inEventLoop {
            work()
        } else {
            self.eventLoop.execute(work)
        }
    }
}

extension WebSocketConnection: CustomStringConvertible {
    package var description: String { "websocket \(self.id)" }
}
