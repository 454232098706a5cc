import NIOHTTP1
import Testing
import TrailsCore
import TrailsServer
import TrailsWire
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10)))
struct SpoolTests {
    /// Posts `messages` as somebody whom the server has never heard of.
    private func post(
        _ messages: [SpooledPost], registers: [SpooledRegistration] = [], _ stage: Stage
    ) async throws -> [SpoolReceipt.Outcome] {
        let body = SpoolBody(messages: messages, registers: registers)
        let reply = try await stage.call("POST", "/spool", body, as: .root(level: .open))
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply.headers.first(name: RESTReply.signatureHeader) != nil, "the answer is not signed")
        let receipts = try reply.read(Page<SpoolReceipt>.self).items
        #expect(receipts.map(\.messageID) == messages.map(\.message.messageID))
        return receipts.map(\.outcome)
    }

    @Test(arguments: [SecurityLevel.open, .signed, .full])
    func `what a dead app has left is stored once, however often it is posted`(level: SecurityLevel) async throws {
        try await Stage.run(level, { $0.limits.reconnectWindow = .milliseconds(100) }) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            line.hangUp()
            try await stage.wait(for: child, under: root) { $0.status == .crashed }
            let left = [
                try child.spooled(.status, ["progress": 0.9], stage), try child.spooled(.result, ["rows": 7], stage),
            ]
            let first = try await self.post(left, stage)
            #expect(first.map(\.word) == ["stored", "stored"])
            #expect(first.map(\.receipt?.seq) == [1, 2] && first.last?.receipt?.status == .done)
            let before = try await stage.history(of: root)
            let again = try await self.post(left + left, stage)
            #expect(again.map(\.word) == ["duplicate", "duplicate", "duplicate", "duplicate"])
            #expect(again.map(\.receipt?.seq) == [1, 2, 1, 2])
            #expect(try await stage.history(of: root) == before)
            #expect(try await stage.show(child, as: root).status == .done)
        }
    }

    @Test func `a message that came by its connection is not stored again`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            for seq: Int64 in [1, 2] {
                try line.report(child, seq, .status, ["step": .integer(seq)])
                try await line.acknowledged(child.id, seq)
            }
            func left(_ seq: Int64) throws -> SpooledPost {
                try child.spooled(.status, ["step": .integer(seq)], stage, number: (1, seq))
            }
            let outcomes = try await self.post([left(1), left(2), left(3), left(5)], stage)
            #expect(outcomes.map(\.word) == ["duplicate", "duplicate", "stored", "stored"])
            #expect(outcomes.map(\.receipt?.seq) == [1, 2, 3, 5])
            // The app lives, and sends again what it thinks is lost.
            try line.report(child, 5, .status, ["step": 5])
            try await line.acknowledged(child.id, 5)
            // Under a number that others took, or that nobody would have reached, it gets the next one.
            let taken = try child.spooled(.status, ["step": "other"], stage, number: (1, 1))
            let far = try child.spooled(.status, ["step": "far"], stage, number: (1, 1 << 40))
            #expect(try await self.post([taken, far], stage).map(\.receipt?.seq) == [6, 7])
            #expect(try await stage.messages(of: child).map(\.seq) == [1, 2, 3, 5, 6, 7])
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a message is taken for its signature, and nothing else`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            _ = try await stage.line(child)
            let before = try await stage.history(of: root)
            let good = try child.spooled(.result, ["ok": true], stage).message
            let unsigned = SpooledMessage(
                appID: child.id, messageID: .fresh(), kind: .result, timestamp: .now(), payload: [:])
            let changed = SpooledMessage(
                appID: good.appID, messageID: good.messageID, kind: .error, timestamp: good.timestamp,
                payload: good.payload)
            var members = changed.members
            members["sig"] = good.members["sig"]
            let tampered = try SpooledMessage(json: .object(members))
            let foreign = try unsigned.signed(by: root.key, for: stage.key)
            let elsewhere = try unsigned.signed(by: child.key, for: SigningKey.fresh().publicKey)
            let stranger = try Member.root(level: level).spooled(.result, [:], stage).message
            let posts = [unsigned, tampered, foreign, elsewhere, stranger].map { SpooledPost(message: $0) }
            let codes = try await self.post(posts, stage).map(\.code)
            #expect(codes == [.badSignature, .badSignature, .badSignature, .badSignature, .unknownApp])
            #expect(try await stage.history(of: root) == before)

            _ = try await stage.call("POST", "/admin/revocations", RevokeBody(appID: child.id), as: root)
            #expect(try await self.post([SpooledPost(message: good)], stage).map(\.code) == [.revoked])
            #expect(try await stage.messages(of: child, as: root).isEmpty)
        }
    }

    @Test func `one that is refused does not keep the others from being stored`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            _ = try await stage.line(child)
            let large = try child.spooled(.status, .string(String(repeating: "x", count: 1 << 20)), stage)
            let posts = [try root.spooled(.result, [:], stage), large, try child.spooled(.status, [:], stage)]
            let outcomes = try await self.post(posts, stage)
            #expect(outcomes.map(\.code) == [.notAuthorized, .tooLarge, nil])
            #expect(outcomes.last?.word == "stored")
            let single = try await stage.call(
                "POST", "/spool",
                text: String(decoding: try child.spooled(.status, [:], stage).json.utf8, as: UTF8.self),
                as: root)
            #expect(try single.read(Page<SpoolReceipt>.self).items.map(\.outcome.word) == ["stored"])
        }
    }

    @Test func `what an earlier life has left does not end the one that came after`() async throws {
        try await Stage.run(.signed, { $0.limits.reconnectWindow = .milliseconds(100) }) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            let sent = try child.spooled(.result, ["first": true], stage, number: (1, 1))
            let unsent = try child.spooled(.error, ["first": false], stage)
            line.hangUp()
            try await stage.wait(for: child, under: root) { $0.status == .crashed }
            let second = try await stage.line(child)
            #expect(try await stage.show(child, as: root).incarnation == 2)
            let outcomes = try await self.post([sent, unsent], stage)
            #expect(outcomes.map(\.word) == ["stored", "stored"])
            #expect(outcomes.map(\.receipt?.isLate) == [true, true])
            #expect(try await stage.show(child, as: root).status == .connected)
            let own = try await self.post([child.spooled(.result, ["second": true], stage)], stage)
            #expect(own.map(\.receipt?.isLate) == [false])
            #expect(try await stage.show(child, as: root).status == .done)
            withExtendedLifetime(second) {}
        }
    }

    @Test(arguments: [SecurityLevel.open, .signed])
    func `an app that died before it could register is registered by its spool`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try root.child("short-lived", of: stage.key)
            let message = try child.spooled(.result, ["rows": 7], stage)
            #expect(try await self.post([message], stage).map(\.code) == [.unknownApp])
            let impostor = child.impostor()
            let stolen = try impostor.spooledRegister(stage, enrolment: nil)
            if level == .signed {
                let forged = try impostor.spooled(.result, [:], stage)
                #expect(try await self.post([forged], registers: [stolen], stage).map(\.code) == [.notAuthorized])
            }
            let register = try child.spooledRegister(stage, enrolment: child.enrolment)
            let outcomes = try await self.post([message], registers: [register], stage)
            #expect(outcomes.map(\.word) == ["stored"], "\(outcomes)")
            let view = try await stage.show(child, as: root)
            #expect(view.status == .done && view.appName == "short-lived" && view.parentID == root.id)
            #expect(try await self.post([message], registers: [register], stage).map(\.word) == ["duplicate"])
        }
    }
}

extension Member {
    func spooled(
        _ kind: MessageKind, _ payload: JSONValue, _ stage: Stage, number: (incarnation: Int64, seq: Int64)? = nil
    ) throws -> SpooledPost {
        let message = SpooledMessage(
            appID: self.id, messageID: .fresh(), kind: kind, timestamp: .now(), payload: payload)
        return SpooledPost(
            message: self.level == .open ? message : try message.signed(by: self.key, for: stage.key),
            number: number.map { SpooledPost.Number(incarnation: $0.incarnation, seq: $0.seq) })
    }

    /// The line of a spool that says how it registers.
    func spooledRegister(_ stage: Stage, enrolment: Enrolment?) throws -> SpooledRegistration {
        var frame = self.registerFrame()
        if enrolment == nil { (frame.declaration, frame.enrolSignature) = (nil, nil) }
        var members = frame.members
        members["typ"] = "register"
        if self.level > .open {
            let signature = try SigningContext(audience: stage.key).sign("register", members, with: self.key)
            members["sig"] = .string(signature.description)
        }
        return try SpooledRegistration(json: .object(members))
    }
}

extension SpoolReceipt.Outcome {
    fileprivate var word: String {
        switch self {
        case .stored: "stored"
        case .duplicate: "duplicate"
        case .refused: "refused"
        }
    }

    fileprivate var receipt: MessageReceipt? {
        switch self {
        case .stored(let receipt), .duplicate(let receipt): receipt
        case .refused: nil
        }
    }

    fileprivate var code: ErrorCode? { if case .refused(let code, _, _) = self { code } else { nil } }
}
