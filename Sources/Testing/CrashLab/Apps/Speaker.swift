package import TrailsCore
package import TrailsWire
package import Vocabulary

/// One app's side of the protocol, and a book of what it was promised.
///
/// It does not trust the server: whatever comes is checked against the book, and what does not fit is a complaint.
/// Messages are numbered, and say their number, so that what is stored can be told to be what was sent.
package struct Speaker: Sendable {
    package let plan: AppPlan
    private let serverKey: PublicKey
    private let server: Verifier
    private var stage = Stage.away
    private var wasRegistered = false
    private var epoch: Int64 = 0

    /// Messages sent so far; the numbers are 1 to this.
    package private(set) var sent: Int64 = 0
    /// Numbers the server has acknowledged.
    package private(set) var acknowledged: Set<Int64> = []
    private var waiting: Set<Int64> = []
    /// How often each command was delivered.
    package private(set) var deliveries: [CorrelationID: Int64] = [:]
    /// Set once the server says so.
    package private(set) var status: AppStatus?
    package private(set) var complaints: [String] = []

    private enum Stage {
        case away
        /// Has asked to be let in; the challenge's nonce once there is one.
        case asking(Nonce?)
        /// Is let in; the nonce of the session above level `open`.
        case speaking(Nonce?)
    }

    /// A command that came, and which of its deliveries.
    package struct Delivery: Hashable, Sendable {
        package let command: CorrelationID
        package let action: String
        package let number: Int64
    }

    /// How many messages may wait for their acknowledgement.
    private static let waitingMax = 16

    package init(_ plan: AppPlan, serverKey: PublicKey) {
        self.plan = plan
        self.serverKey = serverKey
        self.server = Verifier(serverKey)
    }

    package var id: AppID { self.plan.id }
    package var isSpeaking: Bool { if case .speaking = self.stage { true } else { false } }
    /// Whether nothing it sent is without an acknowledgement.
    package var isSettled: Bool { self.isSpeaking && self.waiting.isEmpty }

    /// What message `number` says.
    package static func payload(_ number: Int64) -> JSONValue { ["n": .integer(number)] }
}

// MARK: - What it says

extension Speaker {
    /// The first word on a new connection.
    package mutating func connected() -> [UInt8] {
        self.stage = .asking(nil)
        if self.wasRegistered {
            return self.bytes(
                .reRegister(
                    ReRegisterFrame(
                        appID: self.id, lastSeq: self.acknowledged.max() ?? 0, publicKey: self.plan.key.publicKey)))
        }
        var frame = RegisterFrame(
            appID: self.id, parentID: self.plan.parent, appName: "lab-\(self.id.short)",
            childKey: self.plan.key.publicKey, level: self.plan.level, declaration: self.plan.enrolment?.declaration)
        if let enrolment = self.plan.enrolment {
            var dice = SystemRandomNumberGenerator()
            let nonce = Nonce.challenge(using: &dice)
            frame.nonce = nonce
            frame.enrolSignature = enrolment.proof(of: self.plan.key.publicKey, nonce: nonce).signature
        }
        return self.bytes(.register(frame))
    }

    package mutating func disconnected() { self.stage = .away }

    /// The next message; `nil` while it may not speak, or too many wait.
    package mutating func report() -> [UInt8]? {
        guard self.isSpeaking, self.waiting.count < Self.waitingMax else { return nil }
        self.sent += 1
        self.waiting.insert(self.sent)
        return self.message(self.sent)
    }

    /// The answer to a delivery; `nil` while it may not speak: the server will deliver again.
    package func answer(_ delivery: Delivery) -> [UInt8]? {
        guard self.isSpeaking else { return nil }
        return self.bytes(
            .controlAck(
                ControlAckFrame(
                    appID: self.id, correlationID: delivery.command, outcome: .done,
                    result: ["delivery": .integer(delivery.number)])))
    }

    private func message(_ number: Int64) -> [UInt8] {
        self.bytes(
            .message(
                MessageFrame(
                    appID: self.id, kind: .status, timestamp: .now, seq: number, payload: Self.payload(number))))
    }

    private func bytes(_ frame: ClientFrame) -> [UInt8] {
        var signer: FrameSigner?
        if case .speaking(let nonce?) = self.stage {
            signer = FrameSigner(
                key: self.plan.key, context: SigningContext(audience: self.serverKey, nonce: nonce))
        }
        guard let bytes = try? frame.encoded(by: signer) else {
            preconditionFailure("a frame \(frame.type) of \(self.id) has no canonical form")
        }
        return bytes
    }
}

// MARK: - What it hears

extension Speaker {
    /// What follows from a frame: frames to send, and a command to answer.
    package struct Reaction: Sendable {
        package var frames: [[UInt8]] = []
        package var delivery: Delivery?
        /// The connection is of no use.
        package var hangsUp = false
    }

    package mutating func hear(_ received: Received<ServerFrame>) -> Reaction {
        self.checkSignature(of: received)
        switch received.frame {
        case .challenge(let frame): return self.take(frame)
        case .registered(let frame): return self.take(frame)
        case .ack(let frame): self.take(frame)
        case .control(let frame):
            let number = self.deliveries[frame.correlationID, default: 0] + 1
            self.deliveries[frame.correlationID] = number
            return Reaction(
                delivery: Delivery(command: frame.correlationID, action: frame.action, number: number))
        case .error(let frame): return self.take(frame)
        case .pongApp: break
        }
        return Reaction()
    }

    private mutating func checkSignature(of received: Received<ServerFrame>) {
        let nonce: Nonce?
        switch (received.frame, self.stage) {
        case (.challenge(let frame), _): nonce = frame.nonce
        case (_, .asking(let known)), (_, .speaking(let known)): nonce = known
        case (_, .away): nonce = nil
        }
        guard let nonce else { return }
        let context = SigningContext(audience: self.serverKey, nonce: nonce)
        if !received.isSigned(by: self.server, in: context) {
            self.complain("a frame \(received.type) is not signed by the server")
        }
    }

    private mutating func take(_ frame: ChallengeFrame) -> Reaction {
        self.stage = .asking(frame.nonce)
        guard
            let bytes = try? ChallengeResponseFrame.encoded(frame.proof(), for: self.serverKey, with: self.plan.key)
        else { return Reaction(hangsUp: true) }
        return Reaction(frames: [bytes])
    }

    private mutating func take(_ frame: RegisteredFrame) -> Reaction {
        guard case .asking(let nonce) = self.stage else {
            self.complain("registered, and nobody asked")
            return Reaction(hangsUp: true)
        }
        self.stage = .speaking(nonce)
        self.wasRegistered = true
        self.status = frame.status
        if self.plan.level > .open, nonce == nil { self.complain("was let in without a proof of its key") }
        if frame.incarnation != 1 { self.complain("came back as incarnation \(frame.incarnation)") }
        if frame.sessionEpoch <= self.epoch {
            self.complain("session epoch \(frame.sessionEpoch) after \(self.epoch)")
        }
        self.epoch = frame.sessionEpoch
        let isKept = { (number: Int64) in
            number <= frame.lastSeq || frame.have.contains { ($0.first...$0.last).contains(number) }
        }
        let lost = self.acknowledged.filter { !isKept($0) }
        if !lost.isEmpty { self.complain("acknowledged and forgotten: \(lost.sorted())") }
        if frame.lastSeq > self.sent { self.complain("has message \(frame.lastSeq) of \(self.sent) that were sent") }
        // Also what it may well have: it must tell a repeat from something new.
        return Reaction(frames: self.waiting.sorted().map(self.message))
    }

    private mutating func take(_ frame: AckFrame) {
        let numbers = frame.isSingle ? [frame.seq] : self.waiting.filter { $0 <= frame.seq }
        if frame.seq > self.sent { self.complain("message \(frame.seq) is acknowledged and was never sent") }
        self.acknowledged.formUnion(numbers)
        self.waiting.subtract(numbers)
    }

    private mutating func take(_ frame: ErrorFrame) -> Reaction {
        if !frame.code.isTemporary { self.complain("error \(frame.code.rawValue): \(frame.message)") }
        if case .asking = self.stage { return Reaction(hangsUp: true) }
        return Reaction()
    }

    mutating func complain(_ text: String) {
        guard self.complaints.count < 10 else { return }
        self.complaints.append("app \(self.id.short) (\(self.plan.level.rawValue)): \(text)")
    }
}
