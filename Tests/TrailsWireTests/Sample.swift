import TrailsCore
import TrailsWire
import Vocabulary

/// One family of apps with fixed keys, for all tests and vectors here.
enum Sample {
    static let serverKey = Self.key(1)
    static let rootKey = Self.key(2)
    static let parentKey = Self.key(3)
    static let childKey = Self.key(4)
    static let strangerKey = Self.key(5)
    static let enrolSeed = [UInt8](repeating: 6, count: 32)

    static let root: AppID = Self.id(1)
    static let parent: AppID = Self.id(2)
    static let child: AppID = Self.id(3)
    static let stranger: AppID = Self.id(4)

    static let moment = Timestamp(milliseconds: 1_772_000_000_123)
    static let nonce = Nonce(bytes: Array(0..<32))!
    static let requestNonce = Nonce(bytes: Array(100..<116))!
    static let server = SigningContext(audience: Self.serverKey.publicKey)
    static let session = SigningContext(audience: Self.serverKey.publicKey, nonce: Self.nonce)

    static func key(_ byte: UInt8) -> SigningKey { SigningKey(seed: [UInt8](repeating: byte, count: 32))! }

    static func id<Name>(_ number: UInt64) -> Identifier<Name> {
        Identifier(high: 0x1111_2222_3333_4444, low: 0x8000_0000_0000_0000 | number)
    }

    static let declaration = Declaration(
        appID: Self.child, parentID: Self.parent, enrolKey: SigningKey(seed: Self.enrolSeed)!.publicKey,
        level: .signed, roleRefs: ["ops"], startDeadline: .seconds(60), scheduledAt: Self.moment,
        serverKey: Self.serverKey.publicKey)

    static let signedDeclaration = SignedDeclaration(
        Self.declaration,
        signature: (try? Self.server.sign(SignedDeclaration.type, Self.declaration.members, with: Self.parentKey))!)

    static let enrolment = Enrolment(seed: Self.enrolSeed, declaration: Self.signedDeclaration)!

    static let ancestors = [
        Ancestor(appID: Self.parent, publicKey: Self.parentKey.publicKey),
        Ancestor(appID: Self.root, publicKey: Self.rootKey.publicKey),
    ]

    static let info = TrailsInfo(
        appID: Self.child, parentID: Self.parent, appName: "step 1", server: Self.endpoint,
        serverKey: Self.serverKey.publicKey, level: .signed, scheduledAt: Self.moment, startDeadline: .seconds(60),
        originator: Originator(subject: "ada", groups: ["ops"]), roleRefs: ["ops"], tags: ["zone": "a"],
        enrolment: Self.enrolment, ancestors: Self.ancestors,
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", others: ["later": ["a": 1]])

    static let endpoint = (try? ServerEndpoint("wss://trails.example.com:8443/ws"))!

    static let register = RegisterFrame(
        appID: Self.child, parentID: Self.parent, appName: "step 1", childKey: Self.childKey.publicKey,
        startDay: Int64(Self.moment.startDay), level: .signed, scheduledAt: Self.moment,
        processInfo: ProcessFacts(
            pid: 7, ppid: 1, uid: 1000, gid: 1000, user: "ada", hostname: "host", nodeName: "node", podIP: "10.0.0.1",
            namespace: "default", startTime: Self.moment, executable: "/bin/step"),
        roleRefs: ["ops"], tags: ["zone": "a"], capabilities: ["cancel"], declaration: Self.signedDeclaration,
        enrolSignature: Self.enrolment.proof(of: Self.childKey.publicKey, nonce: Self.requestNonce).signature,
        nonce: Self.requestNonce, childEphemeral: EphemeralKey(bytes: [UInt8](repeating: 9, count: 32)))

    static let message = MessageFrame(
        appID: Self.child, startDay: 421, kind: .status, timestamp: Self.moment, seq: 1, correlationID: Self.id(77),
        payload: ["progress": 0.5, "note": "half of it: ½ \u{1F600}", "n": [1, 2, nil, true]])

    static let command = IssuedCommand(
        target: Self.parent, scope: .subtree, filter: ["zone": "a"], action: "pause", correlationID: Self.id(88),
        payload: ["until": 5], issuedAt: Self.moment, expiresAt: Self.moment + .seconds(60))

    static func issuer(_ command: IssuedCommand = Self.command) throws -> Issuer {
        try command.issued(by: Self.root, with: Self.rootKey, for: Self.serverKey.publicKey)
    }

    static let call = RESTCall(
        method: "POST", host: "trails.example.com:8443", path: "/api/v1/apps?limit=1", body: Array("{}".utf8))

    static func restSignature(at timestamp: Timestamp = Self.moment) throws -> RESTSignature {
        try RESTSignature(
            of: Self.call, by: .app(Self.child), with: Self.childKey, for: Self.serverKey.publicKey, at: timestamp,
            nonce: Self.requestNonce)
    }
}
