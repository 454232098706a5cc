import HashTreeCollections
import NIOCore
import Synchronization
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary
import WebTransport

/// Tells those who watch what was committed, in the order it was.
final class WatchHub: Sendable {
    private let state = Mutex(State())

    private struct State {
        var watches: [AppID: [ObjectIdentifier: Watch]] = [:]
        var count = 0
    }

    /// Who watches what, and in whose name.
    struct Watch: Sendable {
        var root: AppID
        var scope: HistoryScope
        var watcher: AppID?
        /// Where the watcher is.
        var address: NetworkAddress?
        var socket: WatchSocket
    }

    func add(_ watch: Watch) {
        self.state.withLock { state in
            state.watches[watch.root, default: [:]][ObjectIdentifier(watch.socket)] = watch
            state.count += 1
        }
    }

    func remove(_ socket: WatchSocket, from root: AppID) {
        self.state.withLock { state in
            guard state.watches[root]?.removeValue(forKey: ObjectIdentifier(socket)) != nil else { return }
            state.count -= 1
            if state.watches[root]?.isEmpty == true { state.watches[root] = nil }
        }
    }

    var isWatched: Bool { self.state.withLock { $0.count > 0 } }

    /// Called by the writer after each commit. `targets` are the apps at the top of the cancels that have made a step:
    /// such a step is told as theirs.
    func publish(_ done: [Job.Done], tree: ProcessTree, targets: [CascadeID: AppID] = [:]) {
        guard self.isWatched else { return }
        var deliveries: [ObjectIdentifier: (socket: WatchSocket, frames: [WatchSocket.Frame])] = [:]
        for item in done {
            for (offset, event) in item.events.enumerated() {
                self.expel(event)
                let subject = event.app ?? event.cascade.flatMap { targets[$0] }
                guard let firstID = item.firstID, let app = subject, let state = tree.apps[app] else { continue }
                let sockets = self.sockets(for: app, tree)
                guard !sockets.isEmpty else { continue }
                let id = firstID + Int64(offset)
                let frame = WatchSocket.Frame(id: id, buffer: Self.frame(id, event, state))
                for socket in sockets {
                    deliveries[ObjectIdentifier(socket), default: (socket, [])].frames.append(frame)
                }
            }
        }
        for (socket, frames) in deliveries.values {
            socket.deliver(frames)
        }
    }

    /// Who may see an event of `app`: those who watch it, or something above it. What they watch is below them, and
    /// parent links do not change, so having been let in once is enough, until their key is revoked.
    private func sockets(for app: AppID, _ tree: ProcessTree) -> [WatchSocket] {
        let line = [app] + tree.ancestors(of: app)
        return self.state.withLock { state in
            line.enumerated().flatMap { distance, root in
                (state.watches[root] ?? [:]).values.filter { watch in
                    switch watch.scope {
                    case .app: distance == 0
                    case .children: distance == 1
                    case .subtree: true
                    }
                }.map(\.socket)
            }
        }
    }

    /// Who lost its key, or is where it may not be used any more, watches no more.
    private func expel(_ event: ProcessTree.Event) {
        switch event {
        case .revoked(let id, _, _, _, _), .rekeyed(let id, _, _, _, _):
            self.expel("revoked") { $0.watcher == id }
        case .bound(let id, let ranges, _, _):
            self.expel("bound elsewhere") { $0.watcher == id && !ranges.admit($0.address) }
        default: break
        }
    }

    private func expel(_ reason: String, where isMeant: (Watch) -> Bool) {
        let sockets = self.state.withLock { state in
            state.watches.values.flatMap { $0.values.filter(isMeant) }.map(\.socket)
        }
        for socket in sockets {
            socket.expel(reason)
        }
    }

    static func frame(_ id: EventID, _ event: ProcessTree.Event, _ state: AppState) -> ByteBuffer {
        var message: MessageView?
        if case .reported(let report) = event { message = MessageView(StoredReport(id: id, report: report)) }
        let frame = WatchFrame.event(
            WatchFrame.Event(
                eventID: id.number, appID: state.id, kind: event.kind,
                app: AppView(StoredApp(state: state, lastSeq: 0)),
                message: message))
        return ByteBuffer(bytes: frame.json.utf8)
    }
}

extension ProcessTree.Event {
    /// The word for what happened.
    var kind: String {
        switch self {
        case .declared: "declared"
        case .expected: "expected"
        case .registered: "registered"
        case .returned: "returned"
        case .reported: "message"
        case .changed: "status"
        case .detached: "detached"
        case .leaseExtended: "lease_extended"
        case .enrolmentConflict: "enrolment_conflict"
        case .queued: "queued"
        case .answered: "answered"
        case .cascadeStarted: "cascade_started"
        case .cascadeLevelStarted: "cascade_level_started"
        case .cascadeFinished: "cascade_finished"
        case .fenced: "fenced"
        case .revoked: "revoked"
        case .rekeyed: "rekeyed"
        case .bound: "bound"
        case .started: "started"
        }
    }
}
