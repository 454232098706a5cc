import Testing
import TrailsCore
import TrailsWire
import Vocabulary

/// What other languages test themselves with; `REWRITE=1 swift test --filter VectorTests` writes the files again.
@Suite struct `VectorTests: the vectors of the wire` {
    private static let keys: JSONValue = [
        "server": .string(Sample.serverKey.secretText), "root": .string(Sample.rootKey.secretText),
        "parent": .string(Sample.parentKey.secretText), "child": .string(Sample.childKey.secretText),
        "enrolSeed": .string(Base64.encode(Sample.enrolSeed)),
    ]

    /// One signed thing: its type and members, the text that is signed, who signs, and the signature.
    private static func entry(
        _ type: String, _ members: JSONObject, _ signer: String, _ key: SigningKey, _ context: SigningContext
    ) throws -> JSONValue {
        let canonical = try context.bytes(type, members)
        var entry: JSONObject = [
            "typ": .string(type), "signer": .string(signer), "aud": .string(context.audience.description),
            "members": .object(members), "canonical": .string(String(decoding: canonical, as: UTF8.self)),
            "sig": .string(key.signature(over: canonical).description),
        ]
        if let nonce = context.nonce { entry["nonce"] = .string(nonce.description) }
        return .object(entry)
    }

    @Test func `hold TRAILS_INFO`() throws {
        let info = Sample.info
        let derived = Sample.enrolment.derivedKey()
        try VectorFile("trails_info").expect([
            "keys": Self.keys, "json": info.json, "text": .string(info.text),
            "endpoint": [
                "webSocketURL": .string(info.server.webSocketURL), "restBase": .string(info.server.restBase),
                "hostHeader": .string(info.server.hostHeader),
            ],
            "derivedKey": ["secret": .string(derived.secretText), "public": .string(derived.publicKey.description)],
            "startDay": .integer(Int64(info.scheduledAt.startDay)),
        ])
    }

    @Test func `hold every frame, signed`() throws {
        let client = try FrameTests.clientFrames.map { frame in
            try Self.entry(frame.type, frame.body.members, "child", Sample.childKey, FrameTests.context(of: frame))
        }
        let server = try FrameTests.serverFrames.map { frame in
            try Self.entry(frame.type, frame.body.members, "server", Sample.serverKey, Sample.session)
        }
        try VectorFile("frames").expect(["keys": Self.keys, "client": .array(client), "server": .array(server)])
    }

    @Test func `hold declaration, enrolment, challenge and issuer`() throws {
        let enrolKey = try #require(SigningKey(seed: Sample.enrolSeed))
        let proof = Sample.enrolment.proof(of: Sample.childKey.publicKey, nonce: Sample.requestNonce)
        let enroll: JSONObject = [
            "app_id": .string(proof.appID.description), "child_pub_key": .string(proof.childKey.description),
            "nonce": .string(proof.nonce.description),
        ]
        let challenge: JSONObject = [
            "app_id": .string(Sample.child.description), "nonce": .string(Sample.nonce.description),
            "server_instance": "one",
            "sec_level": "signed",
        ]
        let command = Sample.command
        let issue: JSONObject = [
            "target": .string(command.target.description), "scope": "subtree", "filter": ["zone": "a"],
            "action": "pause",
            "correlation_id": .string(command.correlationID.description), "payload": command.payload,
            "issued_at": .integer(command.issuedAt.milliseconds),
            "expires_at": .integer(command.expiresAt.milliseconds),
        ]
        let entries = [
            try Self.entry("declare", Sample.declaration.members, "parent", Sample.parentKey, Sample.server),
            try Self.entry("enroll", enroll, "enrolSeed", enrolKey, Sample.server),
            try Self.entry("challenge_response", challenge, "child", Sample.childKey, Sample.session),
            try Self.entry("issue", issue, "root", Sample.rootKey, Sample.server),
        ]
        let framed = ChallengeFrame(appID: Sample.child, nonce: Sample.nonce, serverInstance: "one", level: .signed)
        let signatures = [
            Sample.signedDeclaration.signature, proof.signature,
            try framed.proof().sign(for: Sample.serverKey.publicKey, with: Sample.childKey),
            try Sample.issuer().signature,
        ]
        #expect(entries.map { $0["sig"]?.string } == signatures.map(\.description))
        try VectorFile("proofs").expect(["keys": Self.keys, "proofs": .array(entries)])
    }

    @Test func `hold a REST call and its answer`() throws {
        let signature = try Sample.restSignature()
        let call = Sample.call
        let bodyHash = JSONValue.string(call.bodyHash.description)
        let members: JSONObject = [
            "method": .string(call.method), "host": .string(call.host), "path": .string(call.path),
            "timestamp": .integer(Sample.moment.milliseconds), "nonce": .string(Sample.requestNonce.description),
            "body_sha256": bodyHash,
        ]
        let toCaller = SigningContext(audience: Sample.childKey.publicKey, nonce: Sample.requestNonce)
        let entries = [
            try Self.entry("rest", members, "child", Sample.childKey, Sample.server),
            try Self.entry("reply", ["status": 200, "body_sha256": bodyHash], "server", Sample.serverKey, toCaller),
        ]
        let reply = try RESTReply(status: 200, body: Array("{}".utf8))
            .sign(to: Sample.childKey.publicKey, nonce: Sample.requestNonce, with: Sample.serverKey)
        #expect(entries[0]["sig"]?.string == signature.signature.description)
        #expect(entries[1]["sig"]?.string == reply.description)
        let headers = signature.headers.reduce(into: JSONObject()) { $0[$1.name] = .string($1.value) }
        try VectorFile("rest").expect([
            "keys": Self.keys, "body": "{}", "headers": .object(headers), "signed": .array(entries),
        ])
    }
}
