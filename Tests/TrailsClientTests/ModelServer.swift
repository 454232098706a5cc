import TestKit
import TrailsCore
import TrailsWire
import Vocabulary

/// As much of a trailsd as a client sees: bytes in, bytes out, and what is stored.
struct ModelServer {
    struct Stored: Hashable {
        let incarnation: Int64
        let seq: Int64
        let kind: MessageKind
        let payload: JSONValue
    }

    struct App {
        var key: PublicKey?
        var incarnation: Int64 = 1
        var epoch: Int64 = 0
        var numbers = SequenceSet()
        var pending: [ControlFrame] = []
        var answers: [ControlAckFrame] = []
        var goodbyes: [DisconnectReason] = []
        /// A refusal for its next messages, by seq.
        var refusals: [Int64: ErrorCode] = [:]
    }

    /// One connection.
    struct Session {
        /// The nonce of each app that is proven; `nil` at `open`.
        var voices: [AppID: Nonce?] = [:]
        var challenges: [AppID: (frame: ChallengeFrame, wish: ClientFrame)] = [:]
    }

    let key: SigningKey
    let level: SecurityLevel
    var dice: SplitMix64
    var apps: [AppID: App] = [:]
    /// Everything stored, in the order of its commits.
    var log: [AppID: [Stored]] = [:]
    /// What the next registrations are answered with.
    var refusals: [ErrorCode] = []
    var signsRefusals = true
    /// Frames of the client that were not what they should be.
    var complaints: [String] = []
    /// Every frame that came, by its word.
    var heard: [String] = []

    init(seed: UInt64 = 1, level: SecurityLevel = .open) {
        self.dice = SplitMix64(seed: seed)
        self.key = .random(using: &self.dice)
        self.level = level
    }
}

extension ModelServer {
    mutating func receive(_ bytes: [UInt8], on session: inout Session) -> [[UInt8]] {
        let received: Received<ClientFrame>
        do throws(FrameError) {
            received = try ClientFrame.decode(bytes)
        } catch {
            self.complaints.append("unreadable: \(error)")
            return []
        }
        self.heard.append(received.type)
        switch received.frame {
        case .register, .reRegister: return self.ask(received.frame, &session)
        case .challengeResponse(let frame): return self.prove(frame, received.signature, &session)
        default: break
        }
        let app = received.frame.appID
        guard let nonce = session.voices[app] else {
            self.complaints.append("\(received.type) of an app that is not registered")
            return []
        }
        guard self.isRight(received, nonce) else {
            self.complaints.append("\(received.type) is not signed")
            return []
        }
        switch received.frame {
        case .message(let frame): return self.store(frame, nonce)
        case .controlAck(let frame):
            self.apps[app]!.pending.removeAll { $0.correlationID == frame.correlationID }
            self.apps[app]!.answers.append(frame)
        case .disconnect(let frame): self.apps[app]!.goodbyes.append(frame.reason)
        default: break
        }
        return []
    }

    private func isRight(_ received: Received<ClientFrame>, _ nonce: Nonce?) -> Bool {
        guard let nonce else { return received.signature == nil }
        guard let key = self.apps[received.frame.appID]?.key else { return false }
        return received.isSigned(by: Verifier(key), in: SigningContext(audience: self.key.publicKey, nonce: nonce))
    }

    // MARK: Registration

    private mutating func ask(_ wish: ClientFrame, _ session: inout Session) -> [[UInt8]] {
        let app = wish.appID
        guard self.level > .open else {
            return self.admit(wish, nonce: nil, &session)
        }
        let frame = ChallengeFrame(
            appID: app, nonce: .challenge(using: &self.dice), serverInstance: "model", level: self.level)
        session.challenges[app] = (frame, wish)
        return [self.encode(.challenge(frame), frame.nonce)]
    }

    private mutating func prove(
        _ frame: ChallengeResponseFrame, _ signature: Signature?, _ session: inout Session
    ) -> [[UInt8]] {
        guard let (challenge, wish) = session.challenges.removeValue(forKey: frame.appID) else { return [] }
        let key =
            switch wish {
            case .register(let frame): frame.childKey
            case .reRegister(let frame): frame.publicKey
            default: PublicKey?.none
            }
        guard let key, let signature,
            challenge.proof().isValid(signature, for: self.key.publicKey, by: Verifier(key))
        else {
            self.complaints.append("the challenge was not met")
            return []
        }
        return self.admit(wish, nonce: challenge.nonce, &session)
    }

    private mutating func admit(_ wish: ClientFrame, nonce: Nonce?, _ session: inout Session) -> [[UInt8]] {
        let id = wish.appID
        if !self.refusals.isEmpty {
            return [self.refuse(self.refusals.removeFirst(), id, nonce: self.signsRefusals ? nonce : nil)]
        }
        switch wish {
        case .register(let frame):
            if self.apps[id]?.numbers.isEmpty == false { self.apps[id]!.incarnation += 1 }
            self.apps[id] = self.apps[id] ?? App()
            self.apps[id]!.key = frame.childKey
            if self.apps[id]!.numbers.isEmpty == false { self.apps[id]!.numbers = SequenceSet() }
        default:
            guard self.apps[id] != nil else { return [self.refuse(.unknownApp, id, nonce: nonce)] }
        }
        self.apps[id]!.epoch += 1
        session.voices[id] = .some(nonce)
        let app = self.apps[id]!
        let registered = RegisteredFrame(
            appID: id, status: .connected, incarnation: app.incarnation, sessionEpoch: app.epoch,
            lastSeq: app.numbers.contiguous,
            have: app.numbers.beyond.compactMap { SeqRange(first: $0.lowerBound, last: $0.upperBound) },
            serverInstance: "model")
        return [self.encode(.registered(registered), nonce)] + app.pending.map { self.encode(.control($0), nonce) }
    }

    // MARK: Messages

    private mutating func store(_ frame: MessageFrame, _ nonce: Nonce?) -> [[UInt8]] {
        let id = frame.appID
        if let code = self.apps[id]!.refusals.removeValue(forKey: frame.seq) {
            return [self.refuse(code, id, seq: frame.seq, nonce: nonce)]
        }
        let stored = Stored(
            incarnation: self.apps[id]!.incarnation, seq: frame.seq, kind: frame.kind, payload: frame.payload)
        if self.apps[id]!.numbers.contains(frame.seq) {
            let old = self.log[id]!.first { $0.seq == frame.seq && $0.incarnation == stored.incarnation }
            if old != stored { return [self.refuse(.conflict, id, seq: frame.seq, nonce: nonce)] }
        } else {
            self.apps[id]!.numbers.insert(frame.seq)
            self.log[id, default: []].append(stored)
        }
        let mark = self.apps[id]!.numbers.contiguous
        let isSingle = frame.seq > mark
        return [self.encode(.ack(AckFrame(appID: id, seq: isSingle ? frame.seq : mark, isSingle: isSingle)), nonce)]
    }

    // MARK: Saying

    func refuse(_ code: ErrorCode, _ app: AppID, seq: Int64? = nil, nonce: Nonce?) -> [UInt8] {
        self.encode(.error(ErrorFrame(code, "no", appID: app, seq: seq)), nonce)
    }

    func encode(_ frame: ServerFrame, _ nonce: Nonce?, key: SigningKey? = nil) -> [UInt8] {
        let signer = nonce.map {
            FrameSigner(key: key ?? self.key, context: SigningContext(audience: self.key.publicKey, nonce: $0))
        }
        guard let bytes = try? frame.encoded(by: signer) else { preconditionFailure("cannot encode \(frame.type)") }
        return bytes
    }

    /// Queues a command, and the frame that brings it when the app is connected.
    mutating func command(_ frame: ControlFrame, on session: Session) -> [[UInt8]] {
        self.apps[frame.appID]?.pending.append(frame)
        guard let nonce = session.voices[frame.appID] else { return [] }
        return [self.encode(.control(frame), nonce)]
    }
}
