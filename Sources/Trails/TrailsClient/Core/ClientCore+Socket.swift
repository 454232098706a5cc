import TrailsCore
import TrailsWire
import Vocabulary

// MARK: - The socket

extension ClientCore {
    mutating func connect() {
        self.socket = .connecting
        self.emit(.connect)
    }

    /// Closes the socket; `lost` follows, and then the way back.
    mutating func closeSocket() {
        guard self.socket != .closing else { return }
        self.socket = .closing
        self.emit(.close)
    }

    mutating func opened(at now: Timestamp) {
        guard self.socket == .connecting else { return }
        self.socket = .open(isWritable: true)
        self.openedAt = now
        for app in self.order where !self.lanes[app]!.isOver { self.ask(app) }
    }

    mutating func lost(_ why: String, isPolite: Bool, at now: Timestamp, chance: Double) {
        for app in self.order { self.comeHome(app, isPolite: isPolite, at: now) }
        self.emit(.drop(.registration))
        self.openedAt = nil
        guard self.lanes.values.contains(where: { !$0.isOver }) else {
            self.socket = .idle
            return
        }
        self.socket = .waiting
        if self.backoff.attempts == 0 { self.emit(.warn("no connection to the server: \(why)")) }
        let delay = self.backoff.next(at: now, chance: chance)
        self.emit(.schedule(.reconnect, after: self.isSentAway ? Backoff.slow(chance: chance) : delay))
        self.isSentAway = false
    }

    private mutating func comeHome(_ app: AppID, isPolite: Bool, at now: Timestamp) {
        var mustRepeat = false
        self.change(app) { lane in
            lane.nonce = nil
            lane.outbox.connectionLost()
            switch lane.phase {
            case .asking, .ready, .waiting: lane.phase = .away
            case .left(let at):
                // A goodbye that the server may not have read is said again.
                if !isPolite, now.since(at) < Self.doubtMax {
                    lane.phase = .away
                    mustRepeat = true
                }
            case .away, .ended: break
            }
        }
        self.emit(.drop(.retry(app)))
        if mustRepeat { self.emit(.schedule(.farewell(app), after: Self.farewellMax)) }
        guard case .left = self.lanes[app]!.phase, let farewell = self.lanes[app]!.farewell else { return }
        self.end(app, .left(farewell.reason))
    }
}

// MARK: - Registration

extension ClientCore {
    /// Asks the server to let the app in.
    mutating func ask(_ app: AppID) {
        guard let lane = self.lanes[app] else { return }
        self.change(app) {
            $0.phase = .asking
            $0.nonce = nil
        }
        let signer = lane.identity.level == .open ? nil : FrameSigner(lane.identity)
        self.send([(lane.registrationFrame(), signer)])
        self.emit(.schedule(.registration, after: Self.registrationMax))
    }

    /// Tries again on this connection, later.
    mutating func askLater(_ app: AppID, after delay: Duration) {
        self.change(app) { $0.phase = .waiting }
        self.emit(.schedule(.retry(app), after: delay))
    }

    mutating func take(_ frame: ChallengeFrame, _ received: Received<ServerFrame>) {
        guard let lane = self.lanes[frame.appID], lane.phase == .asking else { return }
        guard let serverKey = lane.identity.serverKey, lane.isProven(received, frame) else {
            return self.distrust("a challenge that the known server has not signed")
        }
        guard frame.level >= lane.identity.level else {
            return self.distrust("a challenge for level \(frame.level.rawValue), below \(lane.identity.level.rawValue)")
        }
        guard self.nonces.insert(frame.nonce).inserted else { return self.distrust("a challenge that was used before") }
        if self.nonces.count > Self.noncesMax { self.nonces = [frame.nonce] }
        self.change(frame.appID) { $0.nonce = frame.nonce }
        do throws(FrameError) {
            let bytes = try ChallengeResponseFrame.encoded(frame.proof(), for: serverKey, with: lane.identity.key)
            self.emit(.send([bytes]))
        } catch {
            preconditionFailure("a challenge response has no canonical form: \(error)")
        }
    }

    private mutating func distrust(_ what: String) {
        self.emit(.warn("the server sent \(what): closing"))
        self.closeSocket()
    }

    mutating func take(_ frame: RegisteredFrame, at now: Timestamp) {
        guard let lane = self.lanes[frame.appID], lane.phase == .asking else { return }
        var stored: [Message] = []
        self.change(frame.appID) { lane in
            lane.phase = .ready
            lane.isRegistered = true
            lane.takenSince = nil
            lane.backoff.succeed()
            if lane.incarnation != 0, lane.incarnation != frame.incarnation {
                lane.outbox.renumberAll(from: frame.lastSeq + 1)
            }
            lane.incarnation = frame.incarnation
            lane.lastSeq = frame.lastSeq
            stored = lane.outbox.acknowledge(upTo: frame.lastSeq)
            for range in frame.have { stored += lane.outbox.acknowledge(range.first...range.last) }
            lane.outbox.advance(past: max(frame.lastSeq, frame.have.map(\.last).max() ?? 0))
        }
        if lane.outbox.sent.isEmpty || !stored.isEmpty { self.backoff.succeed() }
        self.note(stored, of: frame.appID)
        if !self.lanes.values.contains(where: { $0.phase == .asking }) { self.emit(.drop(.registration)) }
    }
}

extension FrameSigner {
    /// Signs what comes before a session.
    init?(_ identity: ClientIdentity) {
        guard let audience = identity.serverKey else { return nil }
        self.init(key: identity.key, context: SigningContext(audience: audience))
    }
}

// MARK: - Sending

extension ClientCore {
    /// Sends frames that cannot fail to have a canonical form: they hold nothing of the app's.
    mutating func send(_ frames: [(frame: ClientFrame, signer: FrameSigner?)]) {
        self.emit(
            .send(
                frames.map { frame, signer in
                    do throws(FrameError) {
                        return try frame.encoded(by: signer)
                    } catch {
                        preconditionFailure("a \(frame.type) frame cannot be signed: \(error)")
                    }
                }))
    }
}
