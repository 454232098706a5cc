import NIOCore
import Synchronization
import TrailsWire
import Vocabulary
import WebTransport

/// One that watches, and writes down what it sees.
final class Watcher: WebSocketSession {
    let inbox = Inbox<WatchFrame>()
    let endings = Inbox<WebSocketCloseReason>()
    private let connection = Mutex<WebSocketConnection?>(nil)
    private let seen = Mutex<[WatchFrame]>([])

    func opened(on connection: WebSocketConnection) { self.connection.withLock { $0 = connection } }

    func received(text: ByteBuffer) {
        guard let frame = try? WatchFrame(parsing: Array(text.readableBytesView)) else {
            preconditionFailure("the server sent a watcher \(String(buffer: text))")
        }
        self.seen.withLock { $0.append(frame) }
        self.inbox.add(frame)
    }

    func received(binary: ByteBuffer) {}
    func received(oversized: Int) {}

    func closed(_ reason: WebSocketCloseReason) {
        self.endings.add(reason)
        self.inbox.close()
    }

    var socket: WebSocketConnection { self.connection.withLock { $0! } }

    /// The events in the order they came.
    var events: [WatchFrame.Event] {
        self.seen.withLock { frames in
            frames.compactMap { if case .event(let event) = $0 { event } else { nil } }
        }
    }

    func live() async throws -> Int64 {
        try await self.inbox.next { if case .live(let id) = $0 { id } else { nil } }
    }

    func event(_ match: @escaping @Sendable (WatchFrame.Event) -> Bool) async throws -> WatchFrame.Event {
        try await self.inbox.next { frame in
            if case .event(let event) = frame, match(event) { event } else { nil }
        }
    }

    func closing() async throws -> WebSocketCloseReason { try await self.endings.next { $0 } }
}
