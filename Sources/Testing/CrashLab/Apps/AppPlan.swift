package import TestKit
package import TrailsCore
package import TrailsWire
package import Vocabulary

/// An app of a run: what it is before it says a word.
package struct AppPlan: Sendable {
    package let id: AppID
    package let parent: AppID?
    package let key: SigningKey
    package let level: SecurityLevel
    /// What its parent gave it; `nil` for a root.
    package let enrolment: Enrolment?

    /// A root at level `open`, so that there can be any level under it.
    package static func root(using dice: inout SplitMix64) -> Self {
        Self(id: .random(using: &dice), parent: nil, key: .random(using: &dice), level: .open, enrolment: nil)
    }

    /// A child of this app, declared by it.
    package func child(
        _ level: SecurityLevel, serverKey: PublicKey, using dice: inout SplitMix64
    ) throws -> Self {
        let id = AppID.random(using: &dice)
        let seed = [UInt8].random(count: SigningKey.seedByteCount, using: &dice)
        guard let enrolKey = SigningKey(seed: seed) else { throw LabError("no key of \(seed.count) bytes") }
        let declaration = Declaration(
            appID: id, parentID: self.id, enrolKey: enrolKey.publicKey, level: level, scheduledAt: .now,
            serverKey: serverKey)
        return Self(
            id: id, parent: self.id, key: .random(using: &dice), level: level,
            enrolment: Enrolment(seed: seed, declaration: try declaration.signed(by: self.key)))
    }

    /// Registers a root over REST: permanent, and without a socket.
    package func registerRoot(with caller: SignedCaller) async throws {
        let body = RegisterAppBody(
            appID: self.id, parentID: nil, appName: "lab", childKey: self.key.publicKey, lease: .seconds(86_400),
            isPermanentRoot: true, level: self.level, scheduledAt: .now)
        let answer = try await caller.insist("POST", "/apps", body.json)
        guard answer.status < 300 else { throw LabError("the root cannot register: \(answer.body.text)") }
    }
}
