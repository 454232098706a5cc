import Logging
import NIOCore
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

// MARK: - What the writer says

extension AppSocket {
    func receive(_ news: [News]) {
        var acks = Acks()
        for item in news {
            switch item {
            case .stored(let app, let seq, let contiguous): acks.add(app, seq: seq, contiguous: contiguous)
            case .done(let ticket, let state): self.done(ticket, state)
            case .failed(let ticket, let failure): self.failed(ticket, failure)
            case .control(let control): self.send(.control(ControlFrame(control)), for: control.app)
            case .superseded(let app):
                self.lose(app, ErrorFrame(.superseded, "a newer connection speaks for this app", appID: app))
            case .expelled(let app):
                self.lose(app, ErrorFrame(.revoked, "the key of this app was revoked or replaced", appID: app))
            case .confined(let app): self.leave(app)
            }
        }
        self.send(acks)
        self.withState { state in
            state.underWay -= news.count { $0.isAnswer }
        }
        self.slowDown()
        self.drained()
    }

    private func done(_ ticket: Ticket, _ state: AppState?) {
        guard case .register(let app, _, let proof) = ticket, let state else { return }
        let isClosed = self.withState { own in
            own.settle(app, proof)
            if own.isClosed { return true }
            own.voices[app] = Voice(session: state.sessionEpoch, proof: proof, heardAt: self.house.now())
            own.former[app] = nil
            return false
        }
        guard !isClosed else {
            // The connection ended while its register was on its way.
            self.house.submitSurely([Job(command: .dropConnection(app, session: state.sessionEpoch), reply: .none)])
            return
        }
        let sequence = state.sequence ?? SequenceSet()
        let frame = RegisteredFrame(
            appID: app, status: state.status, incarnation: Int64(state.incarnation),
            sessionEpoch: Int64(state.sessionEpoch), lastSeq: sequence.contiguous,
            have: sequence.beyond.compactMap { SeqRange(first: $0.lowerBound, last: $0.upperBound) },
            serverInstance: self.house.instance)
        self.send(.registered(frame), for: app)
        self.listen(for: app, session: state.sessionEpoch)
    }

    private func failed(_ ticket: Ticket, _ failure: Job.Failure) {
        if case .register(let app, let wish, let proof) = ticket {
            self.withState { $0.settle(app, proof) }
            if proof == nil, self.mustProve(wish, before: failure) {
                self.challenge(wish, level: self.isSecure ? .full : .signed)
                return
            }
            self.send(.error(ErrorFrame(failure, of: ticket)), signedIn: proof?.nonce)
            return
        }
        self.send(ErrorFrame(failure, of: ticket))
    }

    /// Whether a wish is challenged before it is refused. Of an app that has ended only the store knew that it must
    /// prove its key; and who wants its refusals signed needs a session to be told in.
    private func mustProve(_ wish: Wish, before failure: Job.Failure) -> Bool {
        switch failure {
        case .refused(.unproven): wish.key != nil
        case .refused: wish.wantsProof
        case .replayed, .store, .overloaded, .draining: false
        }
    }

    /// The key of the app may not be used from here any more. The whole connection ends, so that the client asks anew
    /// for each of its apps, and loses nothing that it has sent.
    private func leave(_ app: AppID) {
        let session = self.withState { $0.voices[app]?.session }
        _ = self.silence(
            app, ErrorFrame(.notAuthorized, "the key of this app may not be used from here", appID: app))
        if let session { self.house.submitSurely([Job(command: .dropConnection(app, session: session), reply: .none)]) }
        self.withState { $0.connection }?.close(code: 1008, reason: "bound elsewhere")
    }

    /// Another speaks for the app, or nobody may: this connection does no longer.
    func lose(_ app: AppID, _ error: ErrorFrame) {
        guard self.silence(app, error) else { return }
        self.withState { $0.connection }?.close(code: 1000, reason: error.code.rawValue)
    }

    /// Hears the app no more, and tells it why; `true` when no other is heard here.
    private func silence(_ app: AppID, _ error: ErrorFrame) -> Bool {
        let isLast = self.withState { state in
            state.former[app] = state.nonce(of: app)
            state.voices[app] = nil
            return state.voices.isEmpty
        }
        self.send(error)
        return isLast
    }
}

/// Acknowledgements of one batch: the highest mark of each app, and single numbers beyond a gap.
struct Acks {
    var marks: [AppID: Int64] = [:]
    var singles: [(app: AppID, seq: Int64)] = []

    mutating func add(_ app: AppID, seq: Int64, contiguous: Int64) {
        if seq > contiguous || seq < 1 {
            self.singles.append((app, seq))
        } else {
            self.marks[app] = max(self.marks[app] ?? 0, contiguous)
        }
    }
}

// MARK: - Sending

extension AppSocket {
    private func send(_ acks: Acks) {
        for (app, mark) in acks.marks {
            self.send(.ack(AckFrame(appID: app, seq: mark)), for: app)
        }
        for (app, seq) in acks.singles {
            self.send(.ack(AckFrame(appID: app, seq: seq, isSingle: true)), for: app)
        }
    }

    /// Sends a frame, signed in the app's session where it has proven its key.
    func send(_ frame: ServerFrame, for app: AppID) {
        self.send(frame, signedIn: self.withState { $0.nonce(of: app) })
    }

    func send(_ error: ErrorFrame) {
        let nonce = self.withState { state in error.appID.flatMap { state.nonce(of: $0) } }
        self.send(.error(error), signedIn: nonce)
    }

    func send(_ frame: ServerFrame, signedIn nonce: Nonce?) {
        guard let connection = self.withState({ $0.connection }) else { return }
        let signer = nonce.map {
            FrameSigner(key: self.house.key, context: SigningContext(audience: self.house.key.publicKey, nonce: $0))
        }
        do {
            connection.send(text: ByteBuffer(bytes: try frame.encoded(by: signer)))
        } catch {
            self.house.logger.error("a frame could not be written", metadata: LogKeys.frame(frame.type, error))
        }
    }
}

extension ControlFrame {
    /// The command as it was given, for one of the apps it reaches.
    init(_ control: Control) {
        let issued = control.issuer.flatMap { try? IssuedEnvelope(parsing: Array($0.utf8)) }
        self.init(
            appID: control.app, action: control.action, correlationID: control.id,
            payload: (try? JSONValue(parsing: Array(control.payload.utf8))) ?? .null,
            issuedAt: issued?.issuedAt ?? control.issuedAt,
            expiresAt: issued?.expiresAt ?? control.expiresAt ?? control.issuedAt + .seconds(24 * 3_600),
            scope: control.scope == .node ? .node : .subtree, issuer: issued?.issuer,
            target: issued.flatMap { $0.target == control.app ? nil : $0.target }, filter: issued?.filter,
            commandID: control.origin == control.id ? nil : control.origin)
    }
}
