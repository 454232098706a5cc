import NIOCore
import Synchronization
import Testing
import WebTransport

/// A session that writes down what it hears, and does what the test says.
final class Recorder: WebSocketSession {
    enum Event: Sendable, Equatable {
        case opened
        case text(String)
        case binary([UInt8])
        case oversized(Int)
        case writable(Bool)
        case closed(WebSocketCloseReason)
    }

    typealias Answer = @Sendable (WebSocketConnection, Event) -> Void

    let events = Watched<[Event]>([])
    let drains = Watched(0)
    private let answer: Answer
    private let held = Mutex<WebSocketConnection?>(nil)

    init(_ answer: @escaping Answer = { _, _ in }) {
        self.answer = answer
    }

    static func echo() -> Recorder {
        Recorder { connection, event in
            switch event {
            case .text(let text): connection.send(text: ByteBuffer(string: text))
            case .binary(let bytes): connection.send(binary: ByteBuffer(bytes: bytes))
            case .oversized(let size): connection.send(text: ByteBuffer(string: "too_large \(size)"))
            default: break
            }
        }
    }

    func opened(on connection: WebSocketConnection) {
        self.held.withLock { $0 = connection }
        self.note(.opened)
    }

    func received(text: ByteBuffer) { self.note(.text(String(buffer: text))) }
    func received(binary: ByteBuffer) { self.note(.binary(Array(binary.readableBytesView))) }
    func received(oversized: Int) { self.note(.oversized(oversized)) }
    func drained() { self.drains.change { $0 += 1 } }
    func writabilityChanged(isWritable: Bool) { self.note(.writable(isWritable)) }

    func closed(_ reason: WebSocketCloseReason) {
        self.note(.closed(reason))
        self.held.withLock { $0 = nil }
    }

    private func note(_ event: Event) {
        self.events.change { $0.append(event) }
        if let connection = self.held.withLock({ $0 }) { self.answer(connection, event) }
    }

    var texts: [String] { self.events.value.texts }

    var connection: WebSocketConnection {
        get async throws {
            await self.events.wait { $0.contains(.opened) }
            return try #require(self.held.withLock { $0 })
        }
    }

    /// Waits for `count` text messages, or the end.
    func texts(_ count: Int) async -> [String] {
        await self.events.wait { $0.texts.count >= count || $0.closing != nil }.texts
    }

    /// Waits for the end, and says what it was.
    func closing() async -> WebSocketCloseReason? {
        await self.events.wait { $0.closing != nil }.closing
    }
}

extension [Recorder.Event] {
    var texts: [String] {
        self.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    var closing: WebSocketCloseReason? {
        self.lazy.compactMap { if case .closed(let reason) = $0 { reason } else { nil } }.first
    }
}
