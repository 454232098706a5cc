import TrailsCore
package import TrailsWire
import Vocabulary

/// Where a run stands in a tree of TRAILS, before it has said a word.
package enum Standing: Sendable {
    /// This process was given TRAILS_INFO, and nobody speaks for that app yet: the run is it.
    case app(TrailsInfo)
    /// The run becomes a child of somebody whose key is at hand.
    case child(of: Parent)

    /// Somebody who may declare children: all that a declaration needs, without a word to the server.
    package struct Parent: Sendable {
        let appID: AppID
        let key: SigningKey
        let server: ServerEndpoint
        let serverKey: PublicKey
        let level: SecurityLevel
        /// Nearest first.
        var ancestors: [Ancestor] = []
        var originator: Originator?
        var roleRefs: [String] = []
    }
}

/// Why no run can be an app here, for people.
package struct StandingProblem: Error, Sendable {
    package let message: String
    package let hint: String?
}

extension Standing.Parent {
    /// The app that `info` describes, by the key that everybody with this `info` has.
    init(_ info: TrailsInfo) throws(StandingProblem) {
        guard let enrolment = info.enrolment else { throw .notEnrolled }
        self.init(
            appID: info.appID, key: enrolment.derivedKey(), server: info.server,
            serverKey: info.serverKey ?? enrolment.declaration.declaration.serverKey, level: info.level,
            ancestors: info.ancestors, originator: info.originator, roleRefs: info.roleRefs)
    }

    /// What a child is given. Whoever knows `secret` and the child's name for itself makes the same child again: after
    /// a crash it is the same app.
    func child(_ name: String, from secret: ChildSecret, tags: JSONObject, at now: Timestamp) -> TrailsInfo {
        guard let enrolKey = SigningKey(seed: secret.seed) else {
            preconditionFailure("a seed of \(secret.seed.count) bytes is no key")
        }
        let declaration = Declaration(
            appID: secret.appID, parentID: self.appID, enrolKey: enrolKey.publicKey, level: self.level,
            roleRefs: self.roleRefs, scheduledAt: now, serverKey: self.serverKey)
        guard let signed = try? declaration.signed(by: self.key),
            let enrolment = Enrolment(seed: enrolKey.seed, declaration: signed)
        else { preconditionFailure("the declaration of \(declaration.appID) has no canonical form") }
        return TrailsInfo(
            appID: declaration.appID, parentID: self.appID, appName: name, server: self.server,
            serverKey: self.serverKey, level: self.level, scheduledAt: now, originator: self.originator,
            roleRefs: self.roleRefs, tags: tags, enrolment: enrolment,
            ancestors: [Ancestor(appID: self.appID, publicKey: self.key.publicKey)] + self.ancestors)
    }
}

/// What the identity of a child is made of.
struct ChildSecret: Sendable {
    let seed: [UInt8]

    /// A new one, from dice that nobody can predict.
    static func random() -> Self {
        var dice = SystemRandomNumberGenerator()
        return Self(seed: (0..<4).flatMap { _ in withUnsafeBytes(of: dice.next() as UInt64) { Array($0) } })
    }

    /// The one of the part that is called `name`: the same each time, and known only to who knows this one.
    func part(_ name: String) -> Self { Self(seed: self.hash("node \(name)")) }

    var appID: AppID {
        let bytes = self.hash("id")
        guard let id = AppID(bytes: bytes.prefix(16)) else { preconditionFailure("\(bytes.count) bytes are no id") }
        // The bits that say which kind of UUID it is (RFC 9562).
        return AppID(
            high: id.high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000, low: id.low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    private func hash(_ word: String) -> [UInt8] {
        BLAKE3.hash(Array("cairn pipeline apps v1\n".utf8) + self.seed + Array(word.utf8)).bytes
    }
}

extension StandingProblem {
    static let notEnrolled = Self(
        message: "TRAILS_INFO holds no enrolment, so this process has no key of its own",
        hint: "make it with \"trails child-info\"")
}
