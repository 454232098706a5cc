import HashTreeCollections
import NIOCore
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

// MARK: - What the app says

extension AppSocket {
    func take(_ received: Received<ClientFrame>) throws(FrameError) {
        switch received.frame {
        case .register(let frame): self.takeWish(.register(frame))
        case .reRegister(let frame): self.takeWish(.again(frame, isSigned: received.signature != nil))
        case .challengeResponse(let frame): self.takeProof(frame, signature: received.signature)
        case .message(let frame): try self.take(frame, received)
        case .controlAck(let frame): try self.take(frame, received)
        case .disconnect(let frame):
            let (session, signer) = try self.voice(of: received)
            self.add(
                .disconnect(frame.appID, session: session, signer: signer, frame.reason), .disconnect(frame.appID))
        case .pingApp(let frame):
            _ = try self.voice(of: received)
            self.send(.pongApp(PongFrame(appID: frame.appID)), for: frame.appID)
        }
    }

    private func take(_ frame: MessageFrame, _ received: Received<ClientFrame>) throws(FrameError) {
        let (session, signer) = try self.voice(of: received)
        self.add(
            .report(
                IncomingReport(
                    app: frame.appID, session: session, signer: signer, kind: frame.kind, seq: frame.seq,
                    timestamp: frame.timestamp, correlation: frame.correlationID?.description,
                    payload: frame.payload.sortedText())),
            .message(frame.appID, seq: frame.seq))
    }

    private func take(_ frame: ControlAckFrame, _ received: Received<ClientFrame>) throws(FrameError) {
        let (session, signer) = try self.voice(of: received)
        let answer = ControlAnswer(
            id: frame.correlationID, app: frame.appID, outcome: frame.outcome, result: frame.result?.sortedText(),
            error: frame.error, at: self.house.now())
        self.add(
            .acknowledge(answer, session: session, signer: signer, wasAnswered: false),
            .answer(frame.appID, frame.correlationID))
    }

    /// Who speaks: the session of an app on this connection and the key that signed, or why nobody is believed.
    private func voice(of received: Received<ClientFrame>) throws(FrameError) -> (session: Int, signer: PublicKey?) {
        let app = received.frame.appID
        let now = self.house.now()
        let voice = self.withState { state in
            state.voices[app]?.heardAt = now
            return state.voices[app]
        }
        guard let voice else {
            throw FrameError(
                .notAuthorized, field: "app_id", "is not registered on this connection",
                hint: "send register or re_register first, and wait for registered")
        }
        guard let proof = voice.proof else { return (voice.session, nil) }
        let context = SigningContext(audience: self.house.key.publicKey, nonce: proof.nonce)
        guard received.isSigned(by: proof.verifier, in: context) else {
            throw FrameError(.badSignature, field: "sig", "is not that of app \(app.short) in this session")
        }
        return (voice.session, proof.verifier.publicKey)
    }

    func add(_ command: ProcessTree.Command, _ ticket: Ticket) {
        self.withState { $0.jobs.append(Job(command: command, reply: .socket(self, ticket))) }
    }
}

// MARK: - Register and re_register

extension AppSocket {
    private func takeWish(_ wish: Wish) {
        guard let level = self.level(of: wish) else {
            // It is not among the live: the store knows its level, and whether it must prove its key.
            self.submit(wish, nil)
            return
        }
        if level == .full, !self.isSecure {
            self.send(ErrorFrame(.notAuthorized, "level full needs wss", appID: wish.app))
        } else if level == .encrypted {
            self.send(
                ErrorFrame(.unsupportedVersion, "this server does not speak level encrypted yet", appID: wish.app))
        } else if level == .open, !self.house.isOpenAllowed {
            self.send(
                ErrorFrame(
                    .notAuthorized, "level open is not allowed here",
                    hint: "use signed, or start trailsd with --allow-open",
                    appID: wish.app))
        } else if level == .open {
            self.submit(wish, nil)
        } else {
            self.challenge(wish, level: level)
        }
    }

    /// The level of a known app, else the one it asks for; `nil` when only the store can tell.
    private func level(of wish: Wish) -> SecurityLevel? {
        if let known = self.house.tree().apps[wish.app], known.facts.origin != .placeholder { return known.facts.level }
        switch wish {
        case .register(let frame): return frame.declaration?.declaration.level ?? frame.level ?? .open
        case .again: return nil
        }
    }

    func challenge(_ wish: Wish, level: SecurityLevel) {
        guard let key = wish.key else {
            self.send(ErrorFrame(.badSignature, "above level open an app needs a key", appID: wish.app))
            return
        }
        let frame = ChallengeFrame(
            appID: wish.app, nonce: self.house.challengeNonce(), serverInstance: self.house.instance, level: level)
        let timeout = self.eventLoop.scheduleTask(in: .seconds(10)) {
            let isLate = self.withState { state in
                guard let challenge = state.challenges[wish.app], !challenge.isMet else { return false }
                state.challenges[wish.app] = nil
                return true
            }
            guard isLate else { return }
            let error = ErrorFrame(.stale, "the challenge was not answered in time", appID: wish.app)
            self.send(.error(error), signedIn: frame.nonce)
        }
        let challenge = Challenge(wish: wish, frame: frame, verifier: Verifier(key), timeout: timeout)
        self.withState { state in
            state.challenges.updateValue(challenge, forKey: wish.app)?.timeout.cancel()
        }
        self.send(.challenge(frame), signedIn: frame.nonce)
    }

    private func takeProof(_ frame: ChallengeResponseFrame, signature: Signature?) {
        let challenge = self.withState { state in
            state.challenges[frame.appID]?.timeout.cancel()
            let challenge = state.challenges[frame.appID]
            state.challenges[frame.appID]?.isMet = true
            return challenge
        }
        guard let challenge, !challenge.isMet else {
            self.send(ErrorFrame(.stale, "no challenge waits for this answer", appID: frame.appID))
            return
        }
        guard let signature,
            challenge.frame.proof().isValid(signature, for: self.house.key.publicKey, by: challenge.verifier)
        else {
            self.withState { $0.challenges[frame.appID] = nil }
            let error = ErrorFrame(
                .badSignature, "the challenge was not signed with the app's key", appID: frame.appID)
            self.send(.error(error), signedIn: challenge.frame.nonce)
            return
        }
        self.submit(challenge.wish, challenge)
    }

    private func submit(_ wish: Wish, _ challenge: Challenge?) {
        let proof = challenge.map { Proof(verifier: $0.verifier, nonce: $0.frame.nonce) }
        let ticket = Ticket.register(wish.app, wish, proof)
        let peer = self.withState { $0.connection?.peerAddress?.ipAddress }
        let origin = Job.Origin(app: wish.app, address: peer.flatMap { NetworkAddress($0) })
        switch wish {
        case .register(let frame):
            let facts = Enrolling.facts(of: frame, now: self.house.now())
            var registration = Registration(
                facts: facts, key: frame.childKey, isProven: proof != nil, presence: .attached,
                process: frame.processInfo?.json.sortedText())
            var job = Job(command: .register(registration), reply: .socket(self, ticket))
            job.origin = origin
            if let proven = frame.enrolmentProof {
                let check = Enrolling(key: self.house.key.publicKey)
                registration.enrolment = check.enrolment(frame.declaration, proven, facts, in: self.house.tree())
                job.declaration = frame.declaration
                job.command = .register(registration)
            }
            self.withState { $0.jobs.append(job) }
        case .again(let frame, _):
            var job = Job(
                command: .reregister(frame.appID, key: frame.publicKey, isProven: proof != nil),
                reply: .socket(self, ticket))
            job.origin = origin
            self.withState { [job] in $0.jobs.append(job) }
        }
    }
}
