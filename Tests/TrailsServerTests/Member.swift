import TrailsCore
import TrailsWire
import Vocabulary

/// An app of a test: its address, its key, and what makes it the child of its parent.
struct Member: Sendable {
    let id: AppID
    var key: SigningKey
    var parent: AppID?
    var name: String
    var level: SecurityLevel
    var scheduledAt: Timestamp
    /// What its parent gave it; `nil` for a root and for an app that nobody declared.
    var enrolment: Enrolment?

    static func root(_ name: String = "root", level: SecurityLevel) -> Member {
        Member(id: .fresh(), key: .fresh(), parent: nil, name: name, level: level, scheduledAt: .now())
    }

    /// A child with a declaration by `signer`, who should be this app or above it.
    func child(
        _ name: String = "child", level: SecurityLevel? = nil, of server: PublicKey, signer: SigningKey? = nil,
        startDeadline: Duration = .seconds(300)
    ) throws -> Member {
        let id = AppID.fresh()
        let enrolKey = SigningKey.fresh()
        let level = level ?? self.level
        let scheduledAt = Timestamp.now()
        let declaration = try Declaration(
            appID: id, parentID: self.id, enrolKey: enrolKey.publicKey, level: level, startDeadline: startDeadline,
            scheduledAt: scheduledAt, serverKey: server
        ).signed(by: signer ?? self.key)
        return Member(
            id: id, key: .fresh(), parent: self.id, name: name, level: level, scheduledAt: scheduledAt,
            enrolment: Enrolment(seed: enrolKey.seed, declaration: declaration))
    }

    /// The same app as another process would be it, with a key of its own.
    func impostor() -> Member {
        var other = self
        other.key = .fresh()
        return other
    }

    func registerFrame() -> RegisterFrame {
        let nonce = Nonce.fresh()
        return RegisterFrame(
            appID: self.id, parentID: self.parent, appName: self.name, childKey: self.key.publicKey,
            level: self.level, scheduledAt: self.scheduledAt, declaration: self.enrolment?.declaration,
            enrolSignature: self.enrolment?.proof(of: self.key.publicKey, nonce: nonce).signature, nonce: nonce)
    }

    func message(
        _ seq: Int64, _ kind: MessageKind = .status, _ payload: JSONValue = ["progress": 0.5]
    ) -> MessageFrame {
        MessageFrame(appID: self.id, kind: kind, timestamp: .now(), seq: seq, payload: payload)
    }
}

extension Identifier {
    static func fresh() -> Self {
        var dice = SystemRandomNumberGenerator()
        return .random(using: &dice)
    }
}

extension SigningKey {
    static func fresh() -> Self {
        var dice = SystemRandomNumberGenerator()
        return .random(using: &dice)
    }
}

extension Nonce {
    static func fresh() -> Self {
        var dice = SystemRandomNumberGenerator()
        return .request(using: &dice)
    }
}
