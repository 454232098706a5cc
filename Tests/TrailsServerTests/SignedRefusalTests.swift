import Testing
import TrailsCore
import TrailsWire
import Vocabulary

/// What an app above `open` is told when it is sent away: it believes nothing that is not signed in its session.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct SignedRefusalTests {
    /// Waits for an error about `app` on `line`, and expects it to be the server's, in the session of `app` there.
    private func expect(_ code: ErrorCode, about app: AppID, on line: Line, _ stage: Stage) async throws {
        let received = try await line.inbox.next { heard -> Received<ServerFrame>? in
            guard case .frame(let received) = heard, case .error = received.frame else { return nil }
            return received
        }
        guard case .error(let error) = received.frame else { return }
        #expect(error.code == code && error.appID == app, "\(error.message)")
        let nonce = try #require(line.session(of: app))
        let context = SigningContext(audience: stage.key, nonce: nonce)
        #expect(received.isSigned(by: Verifier(stage.key), in: context), "\(error.message)")
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `who is superseded is told so by the server itself`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let older = try await stage.line(child)
            let newer = try await stage.line()
            _ = try await newer.registerAgain(child)
            try await self.expect(.superseded, about: child.id, on: older, stage)
        }
    }

    @Test func `what a connection says after it was superseded is refused in the session it had`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let (child, other) = (try await stage.declared(by: root), try await stage.declared(by: root))
            let older = try await stage.line(child)
            _ = try await older.register(other)
            let newer = try await stage.line()
            _ = try await newer.registerAgain(child)
            try await self.expect(.superseded, about: child.id, on: older, stage)
            try older.report(child, 1)
            try await self.expect(.notAuthorized, about: child.id, on: older, stage)
        }
    }

    @Test func `whose key is revoked is told so by the server itself`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            let reply = try await stage.call("POST", "/admin/revocations", RevokeBody(appID: child.id), as: root)
            #expect(reply.status == 200, "\(reply.text)")
            try await self.expect(.revoked, about: child.id, on: line, stage)

            let again = try await stage.line()
            try again.send(.reRegister(self.wish(of: child)), key: child.key)
            try again.answer(try await again.challenge(of: child.id), with: child.key)
            try await self.expect(.revoked, about: child.id, on: again, stage)
        }
    }

    @Test func `a register that is refused after the challenge is refused in the session of that challenge`()
        async throws
    {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            _ = try await stage.line(child)
            let undeclared = Member(
                id: .fresh(), key: .fresh(), parent: root.id, name: "x", level: .signed, scheduledAt: .now())
            for (member, code) in [(child.impostor(), ErrorCode.keyMismatch), (undeclared, .notAuthorized)] {
                let line = try await stage.line()
                try line.send(.register(member.registerFrame()), key: nil)
                try line.answer(try await line.challenge(of: member.id), with: member.key)
                try await self.expect(code, about: member.id, on: line, stage)
            }
            let line = try await stage.line()
            try line.send(.register(child.registerFrame()), key: nil)
            try line.answer(try await line.challenge(of: child.id), with: .fresh())
            try await self.expect(.badSignature, about: child.id, on: line, stage)
        }
    }

    @Test func `an app that signs its return, and is not known, is told so under signature`() async throws {
        try await Stage.run { stage in
            let stranger = Member.root(level: .signed)
            let line = try await stage.line()
            try line.send(.reRegister(self.wish(of: stranger)), key: stranger.key)
            try line.answer(try await line.challenge(of: stranger.id), with: stranger.key)
            try await self.expect(.unknownApp, about: stranger.id, on: line, stage)

            // Who does not sign hears it at once: a client at `open` takes what comes first for the answer.
            let plain = try await stage.line()
            try plain.send(.reRegister(self.wish(of: stranger)), key: nil)
            #expect(try await plain.error().code == .unknownApp)
        }
    }

    @Test func `nobody registers with a key that anybody can sign with`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            var bytes = [UInt8](repeating: 0, count: 32)
            bytes[0] = 1
            let weak = try #require(PublicKey(bytes: bytes))
            var frame = child.registerFrame()
            let nonce = try #require(frame.nonce)
            frame.childKey = weak
            frame.enrolSignature = child.enrolment?.proof(of: weak, nonce: nonce).signature
            let line = try await stage.line()
            try line.send(.register(frame), key: nil)
            #expect(try await line.error().code == .badSignature)
            #expect(try await stage.show(child, as: root).status == .scheduled)
        }
    }

    private func wish(of member: Member) -> ReRegisterFrame {
        ReRegisterFrame(appID: member.id, lastSeq: 0, publicKey: member.key.publicKey)
    }
}
