import NIOCore
import Testing
import TrailsCore
import TrailsWire
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10)))
struct FrameAuthorityTests {
    /// Says `bytes` on `line`, expects `code` for it, and that nothing has changed.
    private func refuse(
        _ bytes: [UInt8], on line: Line, _ code: ErrorCode, _ stage: Stage, under root: Member, _ what: String
    ) async throws {
        let before = try await stage.history(of: root)
        line.send(bytes)
        let error = try await line.error()
        #expect(error.code == code, "\(what): \(error.message)")
        let after = try await stage.history(of: root)
        #expect(after == before, "\(what) changed something")
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a frame is believed from its app, in its session, as it was signed`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let sibling = try await stage.declared(by: root)
            let line = try await stage.line(child)
            let other = try await stage.line(sibling)
            let message = ClientFrame.message(child.message(1))

            let good = try line.bytes(of: message, key: child.key)
            var tampered = String(decoding: good, as: UTF8.self)
            tampered = tampered.replacing("0.5", with: "0.6")
            try await self.refuse(Array(tampered.utf8), on: line, .badSignature, stage, under: root, "tampered")
            let unsigned = try line.bytes(of: message, key: nil)
            try await self.refuse(unsigned, on: line, .badSignature, stage, under: root, "unsigned")
            let foreign = try line.bytes(of: message, key: sibling.key)
            try await self.refuse(foreign, on: line, .badSignature, stage, under: root, "signed by a sibling")
            try await self.refuse(good, on: other, .notAuthorized, stage, under: root, "on another's connection")
            let sessionless = try message.encoded(
                by: FrameSigner(key: child.key, context: SigningContext(audience: stage.key)))
            try await self.refuse(sessionless, on: line, .badSignature, stage, under: root, "signed for no session")

            for frame in [
                ClientFrame.disconnect(DisconnectFrame(appID: child.id, reason: .completed)),
                .controlAck(ControlAckFrame(appID: child.id, correlationID: .fresh(), outcome: .done)),
                .pingApp(PingFrame(appID: child.id)),
            ] {
                let unsigned = try line.bytes(of: frame, key: nil)
                try await self.refuse(unsigned, on: line, .badSignature, stage, under: root, "unsigned \(frame.type)")
            }
            line.send(good)
            try await line.acknowledged(child.id, 1)
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `what was signed for one session is nothing in the next`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let first = try await stage.line(child)
            let kept = try first.bytes(of: .message(child.message(1, .result)), key: child.key)
            first.hangUp()
            _ = try await first.closing()
            let second = try await stage.line()
            _ = try await second.registerAgain(child)
            try await self.refuse(kept, on: second, .badSignature, stage, under: root, "replayed")
            #expect(try await stage.messages(of: child).isEmpty)
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `every frame to a proven app is signed in its session`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line()
            try line.send(.register(child.registerFrame()), key: nil)
            let challenge = try await line.challenge(of: child.id)
            try line.answer(challenge, with: child.key)
            let context = SigningContext(audience: stage.key, nonce: challenge.nonce)
            for type in ["registered", "ack", "pong_app", "error"] {
                let received = try await line.inbox.next { heard -> Received<ServerFrame>? in
                    if case .frame(let received) = heard, received.type == type { received } else { nil }
                }
                #expect(received.isSigned(by: Verifier(stage.key), in: context), "\(received.type)")
                switch type {
                case "registered": try line.report(child, 1)
                case "ack": try line.send(.pingApp(PingFrame(appID: child.id)), key: child.key)
                default: try line.report(child, 1, .status, ["other": true])
                }
            }
        }
    }

    @Test func `an app of level full is not heard over plain sockets`() async throws {
        try await Stage.run(.signed) { stage in
            let root = Member.root(level: .full)
            let line = try await stage.line()
            try line.send(.register(root.registerFrame()), key: nil)
            #expect(try await line.error().code == .notAuthorized)
            let body = RegisterAppBody(
                appID: root.id, parentID: nil, appName: "root", childKey: root.key.publicKey, lease: .seconds(60),
                level: .full, scheduledAt: root.scheduledAt)
            #expect(try await stage.call("POST", "/apps", body, as: root).status == 403)
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a child has no lower level than its parent`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let weak = try root.child(level: .open, of: stage.key)
            #expect(try await stage.declare(weak, as: root).problem?.code == .notAuthorized)
            let line = try await stage.line()
            try line.send(.register(weak.registerFrame()), key: nil)
            #expect(try await line.error().code == .notAuthorized)
        }
    }
}
