import TrailsCore
import TrailsWire
package import Vocabulary

/// What a client of trailsd does next: one socket, and the apps that it speaks for on it (spec/trails.md §4, §5).
///
/// A value without clock, dice and I/O. Whoever owns it tells it what happened, with the time and a chance in 0..<1,
/// and does what it answers, in order. How each refusal of the server is met:
///
///     superseded, revoked, bad_signature       the app is given up; what it still had stays in the spool
///     not_authorized (registering)
///     cancelling (registering)                 the same, and the cancel hook is told
///     key_mismatch (registering)               tried for `takenMax`, as the earlier process may just have died; then
///                                              given up. On a return: given up, the key was replaced
///     unknown_app, conflict (returning)        registers anew; an app that cannot is given up
///     stale, replayed (registering)            signs again after a pause
///     conflict (message)                       the number is taken by a message of REST: it gets a new one
///     too_large (message)                      its payload is replaced by a note, so that its number is used
///     bad_message, cancelling, not_authorized  the message is refused for ever, with a warning
///     store_unavailable, server_draining,      the socket is closed and opened again after a pause; nothing is lost
///     rate_limited, queue_full, and the rest
///
/// Above `open` a refusal that the server did not sign is not believed for good: it costs a long pause.
package struct ClientCore: Sendable {
    /// How long a registration may take.
    package static let registrationMax = Duration.seconds(15)
    /// How long the app may take to say which actions it knows, before one is answered `unknown_action`.
    package static let settlingMax = Duration.seconds(1)
    /// How long another may hold the app before it is given up.
    package static let takenMax = Duration.seconds(300)
    /// How long a goodbye waits for acknowledgements.
    package static let farewellMax = Duration.seconds(5)
    /// How old a goodbye is before the end of the socket no longer casts doubt on it.
    package static let doubtMax = Duration.seconds(10)
    /// What a cancel gives when it says nothing.
    package static let graceDefault = Duration.seconds(30)
    /// Bytes of a frame that the server takes by default.
    package static let frameMax = 1 << 20
    /// How deep a payload may be nested, so that the frame around it can be read.
    package static let payloadDepthMax = 60
    static let noncesMax = 1_024

    enum Socket: Hashable {
        case idle
        case connecting
        case open(isWritable: Bool)
        case closing
        /// Until the timer `reconnect`.
        case waiting
    }

    var socket = Socket.idle
    var backoff = Backoff()
    var openedAt: Timestamp?
    var lanes: [AppID: Lane] = [:]
    /// The apps in the order in which they came.
    var order: [AppID] = []
    var ordinal: Int64 = 0
    var flushes: [(id: Int, upTo: Int64)] = []
    /// Challenges that were answered: whoever brings one again plays an old session back.
    var nonces: Set<Nonce> = []
    var isFinished = false
    /// Somebody whom we need not believe told us to go: the next attempt is a late one.
    var isSentAway = false
    var outputs: [ClientOutput] = []
    /// Messages that went to nobody, of an app that is over.
    var isWarnedOfLate = false

    package init() {}
}

extension ClientCore {
    /// Takes what happened, in order, and says what to do.
    package mutating func handle(
        _ inputs: some Sequence<ClientInput>, at now: Timestamp, chance: Double
    ) -> [ClientOutput] {
        for input in inputs { self.take(input, at: now, chance: chance) }
        self.settle(at: now)
        defer { self.outputs = [] }
        return self.outputs
    }

    package mutating func handle(_ input: ClientInput, at now: Timestamp, chance: Double) -> [ClientOutput] {
        self.handle(CollectionOfOne(input), at: now, chance: chance)
    }

    private mutating func take(_ input: ClientInput, at now: Timestamp, chance: Double) {
        switch input {
        case .adopt(let identity): self.adopt(identity, at: now)
        case .report(let app, let message): self.report(message, of: app)
        case .learn(let app, let action): self.lanes[app]?.actions.insert(action)
        case .answered(let app, let id, let answer): self.answer(answer, to: id, of: app, at: now)
        case .leave(let app, let reason, let isPatient): self.leave(app, reason, isPatient: isPatient)
        case .hurry: for app in self.order where self.lanes[app]?.farewell?.isPatient == true { self.hurry(app) }
        case .flush(let id): self.flushes.append((id, self.ordinal))
        case .opened: self.opened(at: now)
        case .lost(let why, let isPolite): self.lost(why, isPolite: isPolite, at: now, chance: chance)
        case .writable(let isWritable):
            if case .open = self.socket { self.socket = .open(isWritable: isWritable) }
        case .received(let bytes): self.receive(bytes, at: now, chance: chance)
        case .tick(let timer): self.tick(timer, at: now)
        }
    }

    private mutating func tick(_ timer: ClientTimer, at now: Timestamp) {
        switch timer {
        case .reconnect: if self.socket == .waiting { self.connect() }
        case .registration:
            guard self.lanes.values.contains(where: { $0.phase == .asking }) else { return }
            self.emit(.warn("the server did not answer a registration in time"))
            self.closeSocket()
        case .retry(let app): if self.lanes[app]?.phase == .waiting { self.ask(app) }
        case .settled(let app): self.lanes[app]?.isSettled = true
        case .farewell(let app): self.lanes[app]?.farewell?.isOverdue = true
        }
    }

    mutating func emit(_ output: ClientOutput) { self.outputs.append(output) }

    /// Changes a lane in place.
    mutating func change(_ app: AppID, _ change: (inout Lane) -> Void) {
        guard self.lanes[app] != nil else { return }
        change(&self.lanes[app]!)
    }
}

extension ClientCore {
    /// Whether nothing waits for the server.
    package var isAllAcknowledged: Bool { self.lanes.values.allSatisfy(\.outbox.isEmpty) }
}

extension ClientCore {
    /// How many apps it remembers, those that left a moment ago among them.
    package var appCount: Int { self.lanes.count }
}

// MARK: - What follows from what was taken

extension ClientCore {
    private mutating func settle(at now: Timestamp) {
        for app in self.order {
            self.startCommand(of: app, at: now)
            self.sendMessages(of: app)
            self.sayGoodbye(of: app, at: now)
        }
        self.answerFlushes()
        self.finishIfOver()
    }

    private mutating func answerFlushes() {
        guard !self.flushes.isEmpty else { return }
        guard self.lanes.values.allSatisfy({ $0.isOver || $0.incarnation > 0 }) else { return }
        let open = self.lanes.values.filter { !$0.isOver }.compactMap(\.outbox.firstOrdinal).min()
        let abandoned = self.lanes.values.filter(\.isOver).compactMap(\.outbox.firstOrdinal).min()
        for flush in self.flushes where (open ?? .max) > flush.upTo {
            self.emit(.flushed(flush.id, isAll: (abandoned ?? .max) > flush.upTo))
        }
        self.flushes.removeAll { (open ?? .max) > $0.upTo }
    }

    private mutating func finishIfOver() {
        guard !self.order.isEmpty, self.lanes.values.allSatisfy(\.isOver), !self.isFinished else { return }
        switch self.socket {
        case .open, .connecting: self.closeSocket()
        case .closing: break
        case .idle, .waiting:
            self.emit(.drop(.reconnect))
            self.socket = .idle
            self.isFinished = true
            self.emit(.finished)
        }
    }
}

// MARK: - The app

extension ClientCore {
    private mutating func adopt(_ identity: ClientIdentity, at now: Timestamp) {
        self.sweep(at: now)
        guard self.lanes[identity.appID] == nil else { return }
        self.lanes[identity.appID] = Lane(identity)
        self.order.append(identity.appID)
        self.isFinished = false
        self.emit(.schedule(.settled(identity.appID), after: Self.settlingMax))
        switch self.socket {
        case .idle: self.connect()
        case .open: self.ask(identity.appID)
        case .connecting, .closing, .waiting: break
        }
    }

    private mutating func report(_ message: Message, of app: AppID) {
        guard let lane = self.lanes[app] else { return }
        guard !lane.isOver, lane.farewell == nil else {
            if !self.isWarnedOfLate { self.emit(.warn("app \(app.short) is over: what it reports now goes nowhere")) }
            self.isWarnedOfLate = true
            return
        }
        self.ordinal += 1
        let ordinal = self.ordinal
        self.emit(.spool(.accepted(app, message)))
        if let gone = self.lanes[app]!.outbox.accept(message, ordinal: ordinal) {
            self.emit(.spool(.dropped(app, gone.id)))
        }
    }

    private mutating func leave(_ app: AppID, _ reason: DisconnectReason, isPatient: Bool) {
        guard let lane = self.lanes[app], !lane.isOver else { return }
        guard lane.farewell == nil else {
            if lane.farewell?.isPatient == true, !isPatient { self.hurry(app) }
            return
        }
        guard lane.incarnation > 0 || lane.isRegistered || !lane.outbox.isEmpty else {
            // Nobody has ever heard of it: there is nobody to say goodbye to.
            return self.end(app, .left(reason))
        }
        self.change(app) { $0.farewell = Lane.Farewell(reason: reason, isPatient: true) }
        if !isPatient { self.hurry(app) }
    }

    private mutating func hurry(_ app: AppID) {
        self.change(app) { $0.farewell?.isPatient = false }
        self.emit(.schedule(.farewell(app), after: Self.farewellMax))
    }

    /// Forgets who said goodbye so long ago that nothing can come of it, so that a client may speak for many apps one
    /// after the other.
    private mutating func sweep(at now: Timestamp) {
        let gone = self.order.filter { app in
            guard let lane = self.lanes[app], lane.outbox.isEmpty else { return false }
            switch lane.phase {
            case .left(let at): return now.since(at) >= Self.doubtMax
            case .ended(.left): return true
            case .away, .asking, .waiting, .ready, .ended: return false
            }
        }
        guard !gone.isEmpty else { return }
        for app in gone {
            self.lanes[app] = nil
            for timer in [ClientTimer.retry(app), .settled(app), .farewell(app)] { self.emit(.drop(timer)) }
        }
        let forgotten = Set(gone)
        self.order.removeAll { forgotten.contains($0) }
    }

    /// The client speaks for the app no longer.
    mutating func end(_ app: AppID, _ end: LaneEnd) {
        self.change(app) { $0.phase = .ended(end) }
        for timer in [ClientTimer.retry(app), .settled(app), .farewell(app)] { self.emit(.drop(timer)) }
        self.emit(.ended(app, end))
    }
}
