import NIOCore
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary
import WebTransport

/// One watcher, `/api/v1/watch`: what it missed from the store, then what happens, without gap or repeat.
///
/// It is told of live events from the moment it is open; those that come while the store is read wait here, and those
/// the store had already are left out.
final class WatchSocket: WebSocketSession {
    /// A frame and its place in the order of events.
    struct Frame: Sendable {
        var id: EventID
        var buffer: ByteBuffer
    }

    /// Frames that may wait while the store is read; with more the watcher is closed, and comes back with `since`.
    private static let waitingMax = 100_000
    /// Bytes that a reader may be behind.
    private static let behindMax = 16 << 20

    /// Bytes of the past that may be under way before more is read.
    private static let catchUpMax = 1 << 20

    private let watch: (root: AppID, scope: HistoryScope, watcher: AppID?, address: NetworkAddress?)
    private let hub: WatchHub
    private let metrics: ServerMetrics
    /// Reads what was missed, in pages; `nil` when it is asked for nothing but the future.
    private let catchUp: @Sendable (WatchSocket) -> Bool
    private let box = LoopBox(State())

    private struct State {
        var connection: WebSocketConnection?
        /// `nil` once it is live.
        var waiting: [Frame]? = []
        var last = EventID(0)
        /// The reading of the store goes on when the peer has taken what was sent, or has gone (`false`).
        var room: CheckedContinuation<Bool, Never>?
    }

    init(
        root: AppID, scope: HistoryScope, watcher: AppID?, at address: NetworkAddress?, hub: WatchHub,
        metrics: ServerMetrics, catchUp: @escaping @Sendable (WatchSocket) -> Bool
    ) {
        self.watch = (root, scope, watcher, address)
        self.hub = hub
        self.metrics = metrics
        self.catchUp = catchUp
    }

    func opened(on connection: WebSocketConnection) {
        self.box.bind(to: connection.eventLoop)
        self.box.withValue { $0.connection = connection }
        self.metrics.watchers.add(1)
        self.hub.add(
            WatchHub.Watch(
                root: self.watch.root, scope: self.watch.scope, watcher: self.watch.watcher,
                address: self.watch.address, socket: self))
        if !self.catchUp(self) { connection.close(code: 1013, reason: "too many are catching up") }
    }

    func received(text: ByteBuffer) {}
    func received(binary: ByteBuffer) {}
    func received(oversized: Int) {}

    func writabilityChanged(isWritable: Bool) {
        if isWritable { self.goOn(true) }
    }

    private func goOn(_ isOpen: Bool) {
        let room = self.box.withValue { state in
            defer { state.room = nil }
            return state.room
        }
        room?.resume(returning: isOpen)
    }

    func closed(_ reason: WebSocketCloseReason) {
        self.box.withValue { $0.connection = nil }
        self.goOn(false)
        self.metrics.watchers.add(-1)
        self.hub.remove(self, from: self.watch.root)
    }
}

extension WatchSocket {
    /// What was missed, in order; any thread. Returns when there is room for more, `false` when nobody is there.
    func missed(_ frames: [Frame]) async -> Bool {
        await withCheckedContinuation { continuation in
            self.box.eventLoop.execute {
                let connection = self.box.withValue { state in
                    state.last = frames.last?.id ?? state.last
                    return state.connection
                }
                guard let connection else {
                    continuation.resume(returning: false)
                    return
                }
                connection.send(texts: frames.map(\.buffer))
                // Nobody says that there is room again where there is room already.
                if connection.pendingBytes < Self.catchUpMax || connection.isWritable {
                    continuation.resume(returning: true)
                } else {
                    self.box.withValue { $0.room = continuation }
                }
            }
        }
    }

    /// All up to `event` has been told; any thread.
    func becomeLive(at event: EventID) {
        self.box.eventLoop.execute {
            let (connection, waiting) = self.box.withValue { state in
                let last = max(state.last, event)
                let waiting = (state.waiting ?? []).filter { $0.id > last }
                state.waiting = nil
                state.last = waiting.last?.id ?? last
                return (state.connection, waiting)
            }
            let live = ByteBuffer(bytes: WatchFrame.live(eventID: event.number).json.utf8)
            connection?.send(texts: [live] + waiting.map(\.buffer))
        }
    }

    func fail(_ reason: String) {
        self.box.eventLoop.execute {
            self.box.withValue { $0.connection }?.close(code: 1011, reason: reason)
        }
    }

    /// What was just committed; called by the writer.
    func deliver(_ frames: [Frame]) {
        self.box.eventLoop.execute {
            let (connection, isOverfull, now) = self.box.withValue { state -> (WebSocketConnection?, Bool, [Frame]) in
                guard state.waiting != nil else {
                    state.last = frames.last?.id ?? state.last
                    return (state.connection, false, frames)
                }
                state.waiting?.append(contentsOf: frames)
                return (state.connection, state.waiting!.count > Self.waitingMax, [])
            }
            guard let connection else { return }
            if isOverfull || connection.pendingBytes > Self.behindMax {
                connection.close(code: 1013, reason: "too slow: go on with since")
            } else if !now.isEmpty {
                connection.send(texts: now.map(\.buffer))
            }
        }
    }

    /// Its key is worth nothing any more, or nothing here; any thread.
    func expel(_ reason: String) {
        self.box.eventLoop.execute {
            self.box.withValue { $0.connection }?.close(code: 1008, reason: reason)
        }
    }
}
