import TrailsCore
import TrailsWire
import Vocabulary

/// One app on the client's connection.
///
///     away --(socket opens)--> asking --registered--> ready --(goodbye)--> left
///       ^                       |  ^                    |
///       |<----(socket ends)-----+--+--------------------+
///                               |  | retry
///                               v  |
///                             waiting            any --(refused for good)--> ended
struct Lane: Sendable {
    enum Phase: Hashable {
        case away
        /// A register or re_register is on its way.
        case asking
        /// It was not taken, and is tried again on this connection.
        case waiting
        case ready
        /// It has said goodbye on this connection.
        case left(at: Timestamp)
        case ended(LaneEnd)
    }

    /// A cancel: who waits for the answer, and whether the hook has returned.
    struct Cancel {
        var waiting: [(id: CorrelationID, ackID: CorrelationID)]
        var answer: CommandAnswer?
        var until: Timestamp
    }

    struct Farewell {
        let reason: DisconnectReason
        /// It may take as long as it takes.
        var isPatient = false
        /// Whether it leaves although not all is acknowledged.
        var isOverdue = false
    }

    let identity: ClientIdentity
    let verifier: Verifier?
    var phase = Phase.away
    /// The server knows the app: `re_register` is enough.
    var isRegistered: Bool
    var incarnation: Int64 = 0
    /// Everything up to here is acknowledged.
    var lastSeq: Int64 = 0
    /// That of the session, above `open`.
    var nonce: Nonce?
    var outbox = Outbox()
    var commands = CommandLog()
    var actions: Set<String> = []
    /// The app had time to say which actions it knows.
    var isSettled = false
    var cancel: Cancel?
    var farewell: Farewell?
    /// Since when another holds the app.
    var takenSince: Timestamp?
    var backoff = Backoff()

    init(_ identity: ClientIdentity) {
        self.identity = identity
        self.verifier = identity.serverKey.map { Verifier($0) }
        self.isRegistered = identity.registration == nil
    }
}

extension Lane {
    var app: AppID { self.identity.appID }

    var isOver: Bool {
        switch self.phase {
        case .left, .ended: true
        case .away, .asking, .waiting, .ready: false
        }
    }

    /// Whether frames are signed. Also at `open`, where the server asked for a proof all the same.
    var isSigned: Bool { self.identity.level > .open || self.nonce != nil }

    /// Signs for the session; `nil` when nothing is signed.
    var signer: FrameSigner? {
        guard self.isSigned, let audience = self.identity.serverKey else { return nil }
        return FrameSigner(key: self.identity.key, context: SigningContext(audience: audience, nonce: self.nonce))
    }

    /// Whether the pinned server said this in the session of now.
    func isProven(_ received: Received<ServerFrame>) -> Bool {
        guard self.isSigned else { return true }
        guard let verifier = self.verifier, let nonce = self.nonce else { return false }
        return received.isSigned(by: verifier, in: SigningContext(audience: verifier.publicKey, nonce: nonce))
    }

    /// Whether the pinned server made this challenge.
    func isProven(_ received: Received<ServerFrame>, _ challenge: ChallengeFrame) -> Bool {
        guard let verifier = self.verifier else { return false }
        let context = SigningContext(audience: verifier.publicKey, nonce: challenge.nonce)
        return received.isSigned(by: verifier, in: context)
    }

    /// What it sends to be let in.
    func registrationFrame() -> ClientFrame {
        if !self.isRegistered, let frame = self.identity.registration { return .register(frame) }
        return .reRegister(
            ReRegisterFrame(appID: self.app, lastSeq: self.lastSeq, publicKey: self.identity.key.publicKey))
    }
}
