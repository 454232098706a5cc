import TrailsCore
import TrailsWire
import Vocabulary

// MARK: - Frames of the server

extension ClientCore {
    mutating func receive(_ bytes: [UInt8], at now: Timestamp, chance: Double) {
        guard case .open = self.socket else { return }
        let received: Received<ServerFrame>
        do throws(FrameError) {
            received = try ServerFrame.decode(bytes)
        } catch {
            return self.emit(.warn("the server sent what cannot be read: \(error.message)"))
        }
        if case .challenge(let frame) = received.frame { return self.take(frame, received) }
        let lane = received.frame.appID.flatMap { self.lanes[$0] }
        let isProven = lane?.isProven(received) ?? false
        if case .error(let frame) = received.frame {
            return self.take(frame, isProven: isProven, at: now, chance: chance)
        }
        guard let lane else { return }
        guard isProven else {
            return self.emit(.warn("a \(received.type) for app \(lane.app.short) is not signed in this session"))
        }
        switch received.frame {
        case .registered(let frame): self.take(frame, at: now)
        case .ack(let frame): self.take(frame)
        case .control(let frame): self.take(frame, at: now)
        case .challenge, .error, .pongApp: break
        }
    }
}

// MARK: - Refusals

extension ClientCore {
    private mutating func take(_ error: ErrorFrame, isProven: Bool, at now: Timestamp, chance: Double) {
        let whose = error.appID.map { " app \($0.short)" } ?? ""
        // A number that another process of the app has used is nobody's concern: the message gets a new one.
        if error.code != .conflict || error.seq == nil {
            self.emit(.warn("the server refuses\(whose): \(error.code.rawValue): \(error.message)"))
        }
        guard let app = error.appID, let lane = self.lanes[app] else { return self.takeNameless(error) }
        switch lane.phase {
        case .asking: self.refuseRegistration(of: lane, error, isProven: isProven, at: now, chance: chance)
        case .ready, .left: self.refuse(of: lane, error, isProven: isProven, chance: chance)
        case .away, .waiting, .ended: break
        }
    }

    /// A refusal that names no app: of something that could not be read.
    private mutating func takeNameless(_ error: ErrorFrame) {
        switch error.code {
        case .tooLarge:
            // Whose it was is not said: the longest message in flight, where that can be believed.
            let open = self.lanes.values.filter { $0.identity.level == .open && $0.phase == .ready }
            let longest = open.flatMap { lane in lane.outbox.sent.map { (lane.app, $0) } }
                .max { $0.1.message.payload.utf8.count < $1.1.message.payload.utf8.count }
            guard let (app, entry) = longest, let seq = entry.seq else { return }
            self.change(app) { $0.outbox.replacePayload(of: seq, with: Self.note(error.message)) }
        case .badMessage, .notAuthorized: break
        default: self.closeSocket()
        }
    }

    private mutating func refuseRegistration(
        of lane: Lane, _ error: ErrorFrame, isProven: Bool, at now: Timestamp, chance: Double
    ) {
        let app = lane.app
        guard isProven else { return self.askLater(app, after: self.pause(app, error, at: now, chance: chance)) }
        switch error.code {
        case .unknownApp where lane.isRegistered, .conflict where lane.isRegistered:
            guard lane.identity.registration != nil else { return self.end(app, .refused(error.code)) }
            self.change(app) {
                $0.isRegistered = false
                $0.lastSeq = 0
            }
            self.ask(app)
        case .keyMismatch where !lane.isRegistered:
            self.change(app) { $0.takenSince = $0.takenSince ?? now }
            let since = lane.takenSince ?? now
            guard now.since(since) < Self.takenMax else { return self.end(app, .refused(error.code)) }
            self.askLater(app, after: self.pause(app, error, at: now, chance: chance))
        case .cancelling:
            let call = CancelCall(
                appID: app, id: nil, reason: error.message, initiatedBy: nil, grace: nil, target: nil)
            if lane.knowsCancel { self.emit(.cancel(call)) }
            self.end(app, .refused(error.code))
        case .revoked, .superseded, .keyMismatch, .notAuthorized, .badSignature, .badMessage, .unsupportedVersion,
            .tooLarge, .unknownApp, .conflict:
            self.end(app, .refused(error.code))
        case .stale, .replayed, .rateLimited, .queueFull, .storeUnavailable, .serverDraining:
            self.askLater(app, after: self.pause(app, error, at: now, chance: chance))
        }
    }

    /// How long to wait before the app asks again.
    private mutating func pause(
        _ app: AppID, _ error: ErrorFrame, at now: Timestamp, chance: Double
    ) -> Duration {
        guard error.code.isTemporary || error.code == .replayed || error.code == .unknownApp else {
            return Backoff.slow(chance: chance)
        }
        return self.lanes[app]!.backoff.next(at: now, chance: chance)
    }

    private mutating func refuse(of lane: Lane, _ error: ErrorFrame, isProven: Bool, chance: Double) {
        let app = lane.app
        guard isProven else {
            // It costs a long pause, and nothing else.
            guard error.code == .superseded || error.code == .revoked else { return }
            self.isSentAway = true
            return self.closeSocket()
        }
        switch (error.code, error.seq) {
        case (.superseded, _), (.revoked, _), (.keyMismatch, _): self.end(app, .refused(error.code))
        case (.conflict, let seq?):
            let renumbered = self.lanes[app]!.outbox.renumber(seq)
            if renumbered != nil { self.change(app) { $0.outbox.advance(past: seq) } }
        case (.tooLarge, let seq?), (.badMessage, let seq?), (.cancelling, let seq?), (.notAuthorized, let seq?):
            self.note(self.lanes[app]!.outbox.acknowledge(seq...seq), of: app)
        case (.badMessage, nil), (.unknownApp, nil), (.conflict, nil), (.tooLarge, nil), (.notAuthorized, nil),
            (.cancelling, nil):
            break  // An answer to a command, or a goodbye, that changes nothing any more.
        default: self.closeSocket()
        }
    }
}
