import Testing
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A signature` {
    static let serverKey = Sample.serverKey.publicKey

    @Test(arguments: ["app_id", "payload", "header.seq", "header.msg_type", "start_day", "unknown"])
    func `covers every member of a frame`(member: String) throws {
        let verifier = Verifier(Sample.childKey.publicKey)
        let bytes = try ClientFrame.message(Sample.message).encoded(
            by: FrameSigner(key: Sample.childKey, context: Sample.session))
        let honest = try JSONValue(parsing: bytes)
        #expect(try ClientFrame.decode(honest).isSigned(by: verifier, in: Sample.session))

        let path = member.split(separator: ".").map(String.init)[...]
        let old = path.reduce(honest) { $0[$1] ?? .null }
        let new: JSONValue =
            switch member {
            case "app_id": .string(Sample.stranger.description)
            case "header.msg_type": "Result"
            default: Spoiling.changed(old)
            }
        let forged = try ClientFrame.decode(Spoiling.setting(path, to: new, in: honest))
        #expect(!forged.isSigned(by: verifier, in: Sample.session))
    }

    @Test func `covers every frame type in both directions`() throws {
        for frame in FrameTests.clientFrames {
            let bytes = try frame.encoded(by: FrameSigner(key: Sample.childKey, context: FrameTests.context(of: frame)))
            try FrameTests.expectEveryMemberCovered(
                try JSONValue(parsing: bytes), by: Sample.childKey, in: FrameTests.context(of: frame)
            ) { json throws(FrameError) in try ClientFrame.decode(json) }
        }
        for frame in FrameTests.serverFrames {
            let bytes = try frame.encoded(by: FrameSigner(key: Sample.serverKey, context: Sample.session))
            try FrameTests.expectEveryMemberCovered(
                try JSONValue(parsing: bytes), by: Sample.serverKey, in: Sample.session
            ) { json throws(FrameError) in try ServerFrame.decode(json) }
        }
    }

    @Test func `is good for one key, one server and one session only`() throws {
        let signer = FrameSigner(key: Sample.childKey, context: Sample.session)
        let received = try ClientFrame.decode(ClientFrame.message(Sample.message).encoded(by: signer))
        let verifier = Verifier(Sample.childKey.publicKey)
        let otherNonce = Nonce(bytes: [UInt8](repeating: 1, count: 32))
        #expect(!received.isSigned(by: Verifier(Sample.strangerKey.publicKey), in: Sample.session))
        #expect(!received.isSigned(by: verifier, in: SigningContext(audience: Self.serverKey, nonce: otherNonce)))
        #expect(!received.isSigned(by: verifier, in: Sample.server))
        #expect(
            !received.isSigned(
                by: verifier, in: SigningContext(audience: Sample.strangerKey.publicKey, nonce: Sample.nonce)))
    }

    @Test func `of one session is not good in another that the frame claims to be`() throws {
        let signer = FrameSigner(key: Sample.childKey, context: Sample.session)
        let json = try JSONValue(parsing: ClientFrame.message(Sample.message).encoded(by: signer))
        let nextSession = SigningContext(
            audience: Self.serverKey, nonce: Nonce(bytes: [UInt8](repeating: 1, count: 32)))
        let otherServer = SigningContext(audience: Sample.strangerKey.publicKey, nonce: Sample.nonce)
        let verifier = Verifier(Sample.childKey.publicKey)
        let withNonce = Spoiling.setting(["nonce"], to: .string(Sample.nonce.description), in: json)
        #expect(try !ClientFrame.decode(withNonce).isSigned(by: verifier, in: nextSession))
        let withAudience = Spoiling.setting(["aud"], to: .string(Self.serverKey.description), in: json)
        #expect(try !ClientFrame.decode(withAudience).isSigned(by: verifier, in: otherServer))
    }

    @Test func `is not there when the frame is not signed`() throws {
        let received = try ClientFrame.decode(ClientFrame.message(Sample.message).encoded())
        #expect(received.signature == nil)
        #expect(!received.isSigned(by: Verifier(Sample.childKey.publicKey), in: Sample.session))
    }

    @Test func `of one type is none of another`() throws {
        let members: JSONObject = ["app_id": "x"]
        let signature = try Sample.server.sign("ping_app", members, with: Sample.childKey)
        let verifier = Verifier(Sample.childKey.publicKey)
        #expect(Sample.server.accepts(signature, on: "ping_app", members, by: verifier))
        #expect(!Sample.server.accepts(signature, on: "pong_app", members, by: verifier))
    }

    @Test func `is refused over numbers that not every reader can hold`() throws {
        var frame = Sample.message
        frame.payload = ["big": 9_007_199_254_740_993]
        let signer = FrameSigner(key: Sample.childKey, context: Sample.session)
        let error = #expect(throws: FrameError.self) { try ClientFrame.message(frame).encoded(by: signer) }
        #expect(error?.message.contains("/payload/big") == true)
        #expect(error?.message.contains("string") == true)
        #expect(try ClientFrame.decode(ClientFrame.message(frame).encoded()).frame == .message(frame))
    }
}

@Suite struct `A challenge response` {
    static let frame = ChallengeFrame(
        appID: Sample.child, nonce: Sample.nonce, serverInstance: "one", level: .signed,
        serverEphemeral: EphemeralKey(bytes: [UInt8](repeating: 8, count: 32)))
    static let proof = Self.frame.proof(childEphemeral: EphemeralKey(bytes: [UInt8](repeating: 9, count: 32)))

    @Test func `proves the key`() throws {
        let bytes = try ChallengeResponseFrame.encoded(
            Self.proof, for: Sample.serverKey.publicKey, with: Sample.childKey)
        let received = try ClientFrame.decode(bytes)
        let signature = try #require(received.signature)
        #expect(received.frame == .challengeResponse(ChallengeResponseFrame(appID: Sample.child)))
        #expect(Self.proof.isValid(signature, for: Sample.serverKey.publicKey, by: Verifier(Sample.childKey.publicKey)))
        #expect(
            !Self.proof.isValid(signature, for: Sample.serverKey.publicKey, by: Verifier(Sample.parentKey.publicKey)))
        #expect(
            !Self.proof.isValid(signature, for: Sample.parentKey.publicKey, by: Verifier(Sample.childKey.publicKey)))
    }

    @Test func `is for this app, nonce, server, level and ephemeral keys only`() throws {
        let signature = try Self.proof.sign(for: Sample.serverKey.publicKey, with: Sample.childKey)
        let other = try #require(Nonce(bytes: [UInt8](repeating: 1, count: 32)))
        let proof = Self.proof
        let make = {
            (
                app: AppID?, nonce: Nonce?, instance: String?, level: SecurityLevel?, child: EphemeralKey?,
                server: EphemeralKey?
            ) in
            ChallengeProof(
                appID: app ?? proof.appID, nonce: nonce ?? proof.nonce,
                serverInstance: instance ?? proof.serverInstance,
                level: level ?? proof.level, childEphemeral: child, serverEphemeral: server)
        }
        let (child, server) = (proof.childEphemeral, proof.serverEphemeral)
        #expect(
            make(nil, nil, nil, nil, child, server).isValid(
                signature, for: Sample.serverKey.publicKey, by: Verifier(Sample.childKey.publicKey)))
        for forged in [
            make(Sample.stranger, nil, nil, nil, child, server), make(nil, other, nil, nil, child, server),
            make(nil, nil, "two", nil, child, server), make(nil, nil, nil, .open, child, server),
            make(nil, nil, nil, nil, nil, server), make(nil, nil, nil, nil, child, nil),
            make(nil, nil, nil, nil, server, child),
        ] {
            #expect(
                !forged.isValid(signature, for: Sample.serverKey.publicKey, by: Verifier(Sample.childKey.publicKey)))
        }
    }
}

@Suite struct `A declaration` {
    static let verifier = Verifier(Sample.parentKey.publicKey)

    @Test func `is the parent's, for this server`() {
        let declaration = Sample.signedDeclaration
        #expect(declaration.isSigned(by: Self.verifier, for: Sample.serverKey.publicKey))
        #expect(!declaration.isSigned(by: Self.verifier, for: Sample.strangerKey.publicKey))
        #expect(!declaration.isSigned(by: Verifier(Sample.strangerKey.publicKey), for: Sample.serverKey.publicKey))
    }

    @Test func `is void when any member was changed, added or taken away`() throws {
        let honest = Sample.signedDeclaration.json
        #expect(try SignedDeclaration(json: honest).isSigned(by: Self.verifier, for: Sample.serverKey.publicKey))
        for name in (honest.object?.keys ?? []) + ["later"] where name != "sig" {
            for value in [
                Spoiling.changed(honest[name] ?? .null), .string(Sample.stranger.description), "open", ["x"], nil,
            ] {
                let forged = Spoiling.setting([name], to: value, in: honest)
                guard forged != honest, let read = try? SignedDeclaration(json: forged) else { continue }
                #expect(!read.isSigned(by: Self.verifier, for: Sample.serverKey.publicKey), "\(name)")
            }
        }
    }

    @Test func `that names another server is not for this one, whatever it was signed for`() throws {
        let elsewhere = Declaration(
            appID: Sample.child, parentID: Sample.parent, enrolKey: Sample.declaration.enrolKey, level: .signed,
            scheduledAt: Sample.moment, serverKey: Sample.strangerKey.publicKey)
        let signature = try Sample.server.sign(SignedDeclaration.type, elsewhere.members, with: Sample.parentKey)
        let declaration = SignedDeclaration(elsewhere, signature: signature)
        #expect(!declaration.isSigned(by: Self.verifier, for: Sample.serverKey.publicKey))
        let proof = EnrolmentProof(
            appID: Sample.child, childKey: Sample.childKey.publicKey, nonce: Sample.requestNonce,
            signature: Sample.enrolment.proof(of: Sample.childKey.publicKey, nonce: Sample.requestNonce).signature)
        #expect(!proof.isValid(under: elsewhere, for: Sample.serverKey.publicKey))
    }

    @Test func `keeps members it does not know, signed as they are`() throws {
        let members = Sample.declaration.members.adding("later", 1)
        let signature = try Sample.server.sign(SignedDeclaration.type, members, with: Sample.parentKey)
        let read = try SignedDeclaration(json: .object(members.adding("sig", .string(signature.description))))
        #expect(read.isSigned(by: Self.verifier, for: Sample.serverKey.publicKey))
        #expect(try SignedDeclaration(json: read.json) == read)
    }
}

@Suite struct `An enrolment` {
    static let serverKey = Sample.serverKey.publicKey

    @Test func `proves that the meant child chose its key`() {
        let proof = Sample.enrolment.proof(of: Sample.childKey.publicKey, nonce: Sample.requestNonce)
        #expect(proof.isValid(under: Sample.declaration, for: Self.serverKey))
        #expect(!proof.isValid(under: Sample.declaration, for: Sample.strangerKey.publicKey))
        for forged in [
            EnrolmentProof(
                appID: Sample.stranger, childKey: proof.childKey, nonce: proof.nonce, signature: proof.signature),
            EnrolmentProof(
                appID: proof.appID, childKey: Sample.strangerKey.publicKey, nonce: proof.nonce,
                signature: proof.signature),
            EnrolmentProof(
                appID: proof.appID, childKey: proof.childKey, nonce: Sample.nonce, signature: proof.signature),
            EnrolmentProof(
                appID: proof.appID, childKey: proof.childKey, nonce: proof.nonce,
                signature: Sample.childKey.signature(over: [])),
        ] { #expect(!forged.isValid(under: Sample.declaration, for: Self.serverKey)) }
    }

    @Test func `is under one declaration only`() {
        let proof = Sample.enrolment.proof(of: Sample.childKey.publicKey, nonce: Sample.requestNonce)
        let other = Declaration(
            appID: Sample.child, parentID: Sample.parent, enrolKey: Sample.strangerKey.publicKey, level: .signed,
            scheduledAt: Sample.moment, serverKey: Self.serverKey)
        #expect(!proof.isValid(under: other, for: Self.serverKey))
    }

    @Test func `of one app is none of another with the same enrolment key`() throws {
        let enrolKey = try #require(SigningKey(seed: Sample.enrolSeed))
        let other = Declaration(
            appID: Sample.stranger, parentID: Sample.parent, enrolKey: enrolKey.publicKey, level: .signed,
            scheduledAt: Sample.moment, serverKey: Self.serverKey)
        let enrolment = try #require(
            Enrolment(seed: Sample.enrolSeed, declaration: other.signed(by: Sample.parentKey)))
        let proof = enrolment.proof(of: Sample.childKey.publicKey, nonce: Sample.requestNonce)
        #expect(proof.isValid(under: other, for: Self.serverKey))
        #expect(!proof.isValid(under: Sample.declaration, for: Self.serverKey))
    }

    @Test func `needs the seed of its declaration`() {
        #expect(Enrolment(seed: [UInt8](repeating: 9, count: 32), declaration: Sample.signedDeclaration) == nil)
        #expect(Enrolment(seed: [1], declaration: Sample.signedDeclaration) == nil)
        #expect(Sample.enrolment.derivedKey() == .derived(fromEnrolmentSeed: Sample.enrolSeed, app: Sample.child))
    }

    @Test func `comes out of a register frame and a body`() throws {
        #expect(Sample.register.enrolmentProof?.isValid(under: Sample.declaration, for: Self.serverKey) == true)
        var frame = Sample.register
        frame.nonce = nil
        #expect(frame.enrolmentProof == nil)
    }
}

@Suite struct `A command of an ancestor` {
    static func doubt(
        _ command: IssuedCommand = Sample.command, issuer: Issuer?, app: AppID = Sample.child,
        ancestors: [Ancestor] = Sample.ancestors, now: Timestamp = Sample.moment
    ) -> IssuedCommand.Doubt? {
        do throws(IssuedCommand.Doubt) {
            try command.check(
                issuer: issuer, app: app, ancestors: ancestors, serverKey: Sample.serverKey.publicKey, now: now)
            return nil
        } catch { return error }
    }

    static func command(target: AppID, scope: ControlScope) -> IssuedCommand {
        IssuedCommand(
            target: target, scope: scope, action: "pause", correlationID: Sample.id(88), payload: nil,
            issuedAt: Sample.moment, expiresAt: Sample.moment + .seconds(60))
    }

    @Test func `is believed`() throws {
        #expect(Self.doubt(issuer: try Sample.issuer()) == nil)
        for (target, scope) in [(Sample.child, ControlScope.node), (Sample.child, .subtree), (Sample.root, .subtree)] {
            let command = Self.command(target: target, scope: scope)
            #expect(Self.doubt(command, issuer: try Sample.issuer(command)) == nil)
        }
    }

    @Test func `is not believed when anything in it was changed`() throws {
        let honest = Sample.command
        let issuer = try Sample.issuer()
        let frame = ControlFrame(honest, to: Sample.child, issuer: issuer)
        #expect(frame.command == honest)
        #expect(Self.doubt(frame.command, issuer: frame.issuer) == nil)
        let later = Sample.moment + .seconds(1_000)
        let changes: [(inout ControlFrame) -> Void] = [
            { $0.action = "cancel" }, { $0.payload = ["until": 6] },
            {
                $0.scope = .node; $0.target = nil
            },
            { $0.filter = nil }, { $0.filter = ["zone": "b"] }, { $0.target = Sample.root }, { $0.target = nil },
            { $0.correlationID = Sample.id(89) }, { $0.commandID = Sample.id(89) }, { $0.issuedAt = later },
            { $0.expiresAt = later },
        ]
        for (place, change) in changes.enumerated() {
            var forged = frame
            change(&forged)
            #expect(Self.doubt(forged.command, issuer: forged.issuer) == .badSignature, "change \(place)")
        }
    }

    @Test func `may have another identity for each app, and keeps its own`() throws {
        let frame = ControlFrame(
            Sample.command, to: Sample.child, issuer: try Sample.issuer(), correlationID: Sample.id(5))
        #expect(frame.correlationID == Sample.id(5))
        #expect(frame.command == Sample.command)
        #expect(try ServerFrame.decode(ServerFrame.control(frame).encoded()).frame == .control(frame))
    }

    @Test func `is not believed without an issuer, or from a stranger`() throws {
        #expect(Self.doubt(issuer: nil) == .noIssuer)
        let server = Sample.serverKey.publicKey
        let stranger = try Sample.command.issued(by: Sample.stranger, with: Sample.strangerKey, for: server)
        #expect(Self.doubt(issuer: stranger) == .notAnAncestor(Sample.stranger))
        let impostor = try Sample.command.issued(by: Sample.root, with: Sample.strangerKey, for: server)
        #expect(Self.doubt(issuer: impostor) == .notAnAncestor(Sample.root))
        let elsewhere = try Sample.command.issued(
            by: Sample.root, with: Sample.rootKey, for: Sample.strangerKey.publicKey)
        #expect(Self.doubt(issuer: elsewhere) == .badSignature)
    }

    @Test func `is not believed when it was for another app`() throws {
        let server = Sample.serverKey.publicKey
        for scope in ControlScope.allCases {
            let command = Self.command(target: Sample.stranger, scope: scope)
            #expect(Self.doubt(command, issuer: try Sample.issuer(command)) == .notForMe(Sample.stranger))
        }
        let node = Self.command(target: Sample.parent, scope: .node)
        #expect(Self.doubt(node, issuer: try Sample.issuer(node)) == .notForMe(Sample.parent))
        let upward = Self.command(target: Sample.root, scope: .subtree)
        let parent = try upward.issued(by: Sample.parent, with: Sample.parentKey, for: server)
        #expect(Self.doubt(upward, issuer: parent) == .notUnderIssuer(Sample.root))
    }

    @Test func `is not believed after its time`() throws {
        let end = Sample.command.expiresAt
        #expect(Self.doubt(issuer: try Sample.issuer(), now: end) == .expired(end))
        #expect(Self.doubt(issuer: try Sample.issuer(), now: end - .milliseconds(1)) == nil)
    }

    @Test func `to cancel carries reason and grace`() throws {
        var body = CancelBody(
            cascadeID: Sample.id(9), reason: "stop", grace: .seconds(5), issuedAt: Sample.moment,
            expiresAt: Sample.moment + .seconds(60))
        let command = try #require(body.command(to: Sample.parent, cascade: true))
        body.issuer = try Sample.issuer(command)
        let read = try CancelBody(json: body.json)
        #expect(read == body)
        #expect(command.payload == ["reason": "stop", "grace": 5])
        let readCommand = try #require(read.command(to: Sample.parent, cascade: true))
        #expect(Self.doubt(readCommand, issuer: read.issuer) == nil)
        let alone = try #require(read.command(to: Sample.parent, cascade: false))
        #expect(Self.doubt(alone, issuer: read.issuer) != nil)
    }
}
