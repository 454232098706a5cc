import NIOCore
import Synchronization
import WebTransport

/// What came on a watch socket and was not read yet. When much waits, the socket is not read either.
final class WatchInbox: WebSocketSession {
    /// Frames that wait before the socket is paused; it goes on when a quarter of them is left.
    static let waitingMax = 1_024

    private struct State {
        var waiting: [ByteBuffer] = []
        var isPaused = false
        var ending: String?
        var hasGap = false
        var reader: CheckedContinuation<ByteBuffer?, Never>?
        var connection: WebSocketConnection?
    }

    private let state = Mutex(State())

    /// Why there is nothing more.
    var ending: String { self.state.withLock { $0.ending ?? "the watch was given up" } }

    /// Whether something came that was too long to be told.
    var hasGap: Bool { self.state.withLock { $0.hasGap } }

    /// The next frame; `nil` when the connection has ended or the task was cancelled. For one reader.
    func next() async -> ByteBuffer? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (answer, resumed): (ByteBuffer??, WebSocketConnection?) = self.state.withLock { state in
                    if Task.isCancelled { return (.some(nil), nil) }
                    guard !state.waiting.isEmpty else {
                        if state.ending != nil { return (.some(nil), nil) }
                        state.reader = continuation
                        return (nil, nil)
                    }
                    let frame = state.waiting.removeFirst()
                    guard state.isPaused, state.waiting.count <= Self.waitingMax / 4 else { return (frame, nil) }
                    state.isPaused = false
                    return (frame, state.connection)
                }
                resumed?.resumeReading()
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            self.state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }?.resume(returning: nil)
        }
    }

    func opened(on connection: WebSocketConnection) {
        self.state.withLock { $0.connection = connection }
    }

    func received(text: ByteBuffer) {
        let (reader, paused): (CheckedContinuation<ByteBuffer?, Never>?, WebSocketConnection?) =
            self.state.withLock { state in
                if let reader = state.reader {
                    state.reader = nil
                    return (reader, nil)
                }
                state.waiting.append(text)
                guard !state.isPaused, state.waiting.count >= Self.waitingMax else { return (nil, nil) }
                state.isPaused = true
                return (nil, state.connection)
            }
        paused?.pauseReading()
        reader?.resume(returning: text)
    }

    func received(binary: ByteBuffer) {}

    /// An event over the limit is no loss: the watch begins anew, and the apps are read again.
    func received(oversized: Int) {
        let connection = self.state.withLock { state in
            state.hasGap = true
            return state.connection
        }
        connection?.close(code: 1009, reason: "event over the limit")
    }

    func closed(_ reason: WebSocketCloseReason) {
        self.state.withLock { state in
            state.ending = Self.words(reason)
            state.connection = nil
            defer { state.reader = nil }
            return state.reader
        }?.resume(returning: nil)
    }

    private static func words(_ reason: WebSocketCloseReason) -> String {
        switch reason {
        case .peer(let code, let text):
            "it ended the watch" + (text.isEmpty ? code.map { " (\($0))" } ?? "" : ": \(text)")
        case .local: "the watch was given up"
        case .violation(_, let message): "the watch broke: \(message)"
        case .unresponsive: "it has not answered for minutes"
        case .dropped(let cause): "the watch broke off" + (cause.map { ": \($0)" } ?? "")
        }
    }
}
