import TrailsCore
import TrailsWire
import Vocabulary

// MARK: - Commands

extension ClientCore {
    mutating func take(_ frame: ControlFrame, at now: Timestamp) {
        guard let lane = self.lanes[frame.appID], lane.phase == .ready else { return }
        if let doubt = lane.doubt(about: frame, at: now) {
            self.emit(.warn("a command for app \(lane.app.short) is not believed: \(doubt)"))
            let refusal = CommandAnswer(.failed, error: "not believed: \(doubt)")
            return self.acknowledge(frame.correlationID, refusal, of: lane)
        }
        let id = lane.identity(of: frame)
        switch lane.commands.standing(of: id) {
        case .answered(let answer) where frame.action == CancelBody.action && answer.outcome == .done:
            self.cancel(frame, id, of: lane, at: now)
        case .answered(let answer): self.acknowledge(frame.correlationID, answer, of: lane)
        case .underWay: break
        case .new where frame.action == CancelBody.action && (lane.knowsCancel || lane.isSettled):
            self.cancel(frame, id, of: lane, at: now)
        case .new:
            // One that finds no room was not answered, so the server brings it again.
            self.change(lane.app) { _ = $0.commands.add(CommandLog.Waiting(id: id, frame: frame, since: now)) }
        }
    }

    /// Starts the next command; one that nobody knows is answered so when the app had time to say what it knows.
    mutating func startCommand(of app: AppID, at now: Timestamp) {
        while let lane = self.lanes[app], !lane.isOver {
            self.takeCancelFirst(of: app, at: now)
            let next = self.lanes[app]!.commands.start { lane.isSettled || lane.actions.contains($0.frame.action) }
            guard let next else { return }
            guard lane.actions.contains(next.frame.action) else {
                let answer = CommandAnswer(.unknownAction)
                self.change(app) { $0.commands.answer(next.id, answer) }
                self.acknowledge(next.frame.correlationID, answer, of: lane)
                continue
            }
            return self.emit(
                .run(CommandCall(appID: app, id: next.id, action: next.frame.action, payload: next.frame.payload)))
        }
    }

    /// A cancel that came before its hook overtakes what waits.
    private mutating func takeCancelFirst(of app: AppID, at now: Timestamp) {
        guard let lane = self.lanes[app], lane.knowsCancel || lane.isSettled else { return }
        for waiting in self.lanes[app]!.commands.takeAll(CancelBody.action) {
            self.cancel(waiting.frame, waiting.id, of: self.lanes[app]!, at: now)
        }
    }

    /// The app has answered.
    mutating func answer(_ answer: CommandAnswer, to id: CorrelationID, of app: AppID, at now: Timestamp) {
        guard let lane = self.lanes[app] else { return }
        if lane.cancel?.waiting.contains(where: { $0.id == id }) == true {
            return self.cancelled(app, answer)
        }
        guard let running = lane.commands.running, running.id == id else { return }
        self.change(app) { $0.commands.answer(id, answer) }
        self.acknowledge(running.frame.correlationID, answer, of: lane)
    }

    /// Sends an answer, if there is a session; else the server asks again, and is told then.
    private mutating func acknowledge(_ id: CorrelationID, _ answer: CommandAnswer, of lane: Lane) {
        guard lane.phase == .ready, case .open = self.socket else { return }
        self.emit(.send([self.encode(answer, to: id, of: lane)]))
    }

    private func encode(_ answer: CommandAnswer, to id: CorrelationID, of lane: Lane) -> [UInt8] {
        let frame = ControlAckFrame(
            appID: lane.app, correlationID: id, outcome: answer.outcome, result: answer.result, error: answer.error)
        if let bytes = try? ClientFrame.controlAck(frame).encoded(by: lane.signer), bytes.count <= Self.frameMax {
            return bytes
        }
        var short = frame
        short.result = Self.note("the result is too long, or has no canonical form")
        do throws(FrameError) {
            return try ClientFrame.controlAck(short).encoded(by: lane.signer)
        } catch {
            preconditionFailure("a control_ack cannot be signed: \(error)")
        }
    }
}

// MARK: - Cancel

extension ClientCore {
    /// A cancel: the hook runs once, whoever else cancels; without a hook the app cannot obey and says so.
    private mutating func cancel(_ frame: ControlFrame, _ id: CorrelationID, of lane: Lane, at now: Timestamp) {
        let app = lane.app
        guard lane.knowsCancel else {
            let answer = CommandAnswer(.unknownAction, error: "the app has no cancel hook")
            self.change(app) { $0.commands.answer(id, answer) }
            return self.acknowledge(frame.correlationID, answer, of: lane)
        }
        if lane.cancel != nil {
            self.change(app) { lane in
                lane.cancel!.waiting.removeAll { $0.ackID == frame.correlationID }
                lane.cancel!.waiting.append((id, frame.correlationID))
            }
            return
        }
        let call = CancelCall(frame, id: id)
        let until = now + (call.grace ?? Self.graceDefault)
        self.change(app) { $0.cancel = Lane.Cancel(waiting: [(id, frame.correlationID)], until: until) }
        self.emit(.cancel(call))
    }

    private mutating func cancelled(_ app: AppID, _ answer: CommandAnswer) {
        self.change(app) { lane in
            lane.cancel?.answer = answer
            for (id, _) in lane.cancel?.waiting ?? [] { lane.commands.answer(id, answer) }
        }
        guard answer.outcome == .done else {
            // It goes on, and says why.
            guard let lane = self.lanes[app], let cancel = lane.cancel else { return }
            for (_, ackID) in cancel.waiting { self.acknowledge(ackID, answer, of: lane) }
            self.change(app) { $0.cancel = nil }
            return
        }
        self.change(app) { $0.farewell = Lane.Farewell(reason: .cancelled) }
        self.emit(.schedule(.farewell(app), after: Self.farewellMax))
    }

    /// Leaves when all is acknowledged, or there is no time left: the answers to the cancel and the goodbye in one
    /// write.
    mutating func sayGoodbye(of app: AppID, at now: Timestamp) {
        guard let lane = self.lanes[app], !lane.isOver, let farewell = lane.farewell else { return }
        guard lane.phase == .ready, case .open = self.socket else {
            // Nobody is there to hear a goodbye: when its time is over it is left unsaid.
            if farewell.isOverdue { self.end(app, .left(farewell.reason)) }
            return
        }
        guard lane.outbox.isEmpty || farewell.isOverdue else { return }
        let answers = lane.cancel.flatMap { cancel in
            cancel.answer.map { answer in cancel.waiting.map { self.encode(answer, to: $0.ackID, of: lane) } }
        }
        let goodbye = ClientFrame.disconnect(DisconnectFrame(appID: app, reason: farewell.reason))
        do throws(FrameError) {
            self.emit(.send((answers ?? []) + [try goodbye.encoded(by: lane.signer)]))
        } catch {
            preconditionFailure("a disconnect cannot be signed: \(error)")
        }
        self.change(app) { $0.phase = .left(at: now) }
        self.emit(.drop(.farewell(app)))
    }
}

extension CancelCall {
    fileprivate init(_ frame: ControlFrame, id: CorrelationID) {
        let payload = frame.payload
        let seconds = payload["grace_remaining"]?.integer ?? payload["grace"]?.integer
        self.init(
            appID: frame.appID, id: id, reason: payload["reason"]?.string,
            initiatedBy: frame.issuer?.appID ?? payload["initiated_by"]?.string.flatMap { AppID($0) },
            grace: seconds.map { .seconds($0) }, target: frame.command.target)
    }
}

// MARK: - Belief

extension Lane {
    var knowsCancel: Bool { self.actions.contains(CancelBody.action) }

    /// A server that is not believed may call one command by many names, but not its issuer's.
    fileprivate func identity(of frame: ControlFrame) -> CorrelationID {
        self.identity.requiresIssuer ? frame.command.correlationID : frame.correlationID
    }

    /// Why the command is not obeyed; `nil` when it is.
    ///
    /// A signature that is there is checked in any case. Where only issuers are believed, a command needs one of an
    /// ancestor that counts now; elsewhere the server may know of grants and keys that this app does not, and its
    /// clock is the one that counts.
    fileprivate func doubt(about frame: ControlFrame, at now: Timestamp) -> String? {
        guard self.identity.requiresIssuer || !self.identity.ancestors.isEmpty else { return nil }
        guard let serverKey = self.identity.serverKey else {
            return self.identity.requiresIssuer ? "the server's key is not known" : nil
        }
        do throws(IssuedCommand.Doubt) {
            try frame.command.check(
                issuer: frame.issuer, app: self.app, ancestors: self.identity.ancestors, serverKey: serverKey, now: now)
            return nil
        } catch {
            switch error {
            case .noIssuer, .notAnAncestor, .expired:
                guard self.identity.requiresIssuer else { return nil }
            case .badSignature, .notForMe, .notUnderIssuer: break
            }
            return error.words
        }
    }
}

extension IssuedCommand.Doubt {
    fileprivate var words: String {
        switch self {
        case .noIssuer: "nobody signed it"
        case .badSignature: "its issuer's signature is not good"
        case .notAnAncestor(let app): "app \(app.short) is no ancestor with that key"
        case .notForMe(let app): "it was given to app \(app.short)"
        case .notUnderIssuer(let app): "app \(app.short) is not under its issuer"
        case .expired(let moment): "it expired at \(moment.milliseconds)"
        }
    }
}
