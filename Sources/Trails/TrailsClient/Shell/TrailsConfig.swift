public import TrailsCore
public import TrailsWire
public import Vocabulary

/// Which app a client speaks for, where, and with what key.
///
/// Made from what a parent handed over (`init(info:)`), by a parent for its child (`TrailsClient.createChild`), or for
/// a new root (`init(appName:server:)`). It holds a secret; printing it does not show that.
public struct TrailsConfig: Sendable {
    /// What TRAILS_INFO holds.
    public var info: TrailsInfo
    /// Whether only commands that an ancestor has signed are obeyed, whatever the server says
    /// (`TRAILS_REQUIRE_ISSUER=1`).
    public var requiresIssuer = false
    /// Where reports are kept until the server has them (`TRAILS_SPOOL`), to be posted by `trails spool flush` when
    /// this process dies before that. `nil`: only in memory.
    public var spoolDirectory: String?
    /// A PEM file with the certificate authority of a server behind `wss` (`TRAILS_CA`); `nil`: those of the system.
    public var certificateAuthority: String?
    /// The app's own key.
    package var key: SigningKey

    /// Speaks as the app that `info` describes, with a new key.
    public init(info: TrailsInfo) {
        var dice = SystemRandomNumberGenerator()
        self.init(info: info, key: .random(using: &dice))
    }

    /// Describes a new root of a tree, with a new identity.
    ///
    /// Above `open` the server's key is learned at the first connection unless `serverKey` gives it.
    public init(
        appName: String, server: ServerEndpoint, serverKey: PublicKey? = nil, level: SecurityLevel = .signed
    ) {
        var dice = SystemRandomNumberGenerator()
        let info = TrailsInfo(
            appID: .random(using: &dice), parentID: nil, appName: appName, server: server, serverKey: serverKey,
            level: level, scheduledAt: .now())
        self.init(info: info, key: .random(using: &dice))
    }

    package init(info: TrailsInfo, key: SigningKey) {
        self.info = info
        self.key = key
    }

    /// The environment for a process that is to be this app: `TRAILS_INFO`, a secret.
    public var environment: [String: String] { [TrailsInfo.variable: self.info.text] }
}

extension TrailsConfig {
    /// Takes the settings that stand beside TRAILS_INFO in an environment.
    package mutating func take(_ environment: [String: String]) {
        self.requiresIssuer = environment["TRAILS_REQUIRE_ISSUER"] == "1"
        self.spoolDirectory = environment["TRAILS_SPOOL"].flatMap { $0.isEmpty ? nil : $0 }
        self.certificateAuthority = environment["TRAILS_CA"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What the client speaks with. Without a `nonce` it only comes back to a server that knows it.
    package func identity(process: ProcessFacts?, nonce: Nonce?) -> ClientIdentity {
        let info = self.info
        let startDay = Int64(info.scheduledAt.startDay)
        let registration = nonce.map { nonce in
            let proof = info.enrolment?.proof(of: self.key.publicKey, nonce: nonce)
            return RegisterFrame(
                appID: info.appID, parentID: info.parentID, appName: info.appName, childKey: self.key.publicKey,
                startDay: startDay, level: info.level, scheduledAt: info.scheduledAt, processInfo: process,
                roleRefs: info.roleRefs, tags: info.tags, declaration: info.enrolment?.declaration,
                enrolSignature: proof?.signature, nonce: nonce)
        }
        return ClientIdentity(
            appID: info.appID, key: self.key, level: info.level, serverKey: info.serverKey, ancestors: info.ancestors,
            requiresIssuer: self.requiresIssuer, registration: registration, startDay: startDay)
    }
}
