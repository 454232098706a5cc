import TestKit
import Testing
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `A REST body` {
    static let enrolmentBody = EnrolmentBody(
        declaration: Sample.signedDeclaration, enrolSignature: Sample.childKey.signature(over: []), appName: "step 1",
        processInfo: ProcessFacts(pid: 1, podIP: "10.0.0.1", startTime: Sample.moment))
    static let posted = PostedMessage(
        messageID: Sample.id(5), kind: .result, timestamp: Sample.moment, payload: ["a": [1, nil]],
        correlationID: Sample.id(6), enrolment: Self.enrolmentBody)
    static let registration = RegisterAppBody(
        appID: Sample.child, parentID: Sample.parent, appName: "step 1", childKey: Sample.childKey.publicKey,
        lease: .seconds(86_400), isPermanentRoot: true, recoveryKey: Sample.rootKey.publicKey, level: .signed,
        scheduledAt: Sample.moment, tags: ["zone": "a"], roleRefs: ["ops"], processInfo: ProcessFacts(nodeName: "n"),
        declaration: Sample.signedDeclaration,
        enrolSignature: Sample.enrolment.proof(of: Sample.childKey.publicKey, nonce: Sample.requestNonce).signature)

    static var app: AppView {
        var app = AppView(
            appID: Sample.child, parentID: Sample.parent, appName: "", status: .running, presence: .attached,
            level: .signed, scheduledAt: Sample.moment, updatedAt: Sample.moment)
        app.depth = 2
        app.cause = "restart"
        app.progress = 0.25
        app.result = ["rows": 3]
        app.tags = ["zone": "a"]
        app.processInfo = ProcessFacts(pid: 4, podIP: "10.0.0.1")
        app.liveDescendants = 7
        app.message = String(repeating: "long ", count: 5_000)
        return app
    }

    static var cascade: CascadeView {
        var cascade = CascadeView(
            cascadeID: Sample.id(3), appID: Sample.root, isCascade: true, reason: "stop", state: .running,
            startedAt: Sample.moment)
        cascade.levels = 4
        cascade.forceKilled = 1
        cascade.levelDeadline = Sample.moment
        return cascade
    }

    static let message = MessageView(
        eventID: 9, appID: Sample.child, incarnation: 1, seq: 4, messageID: Sample.id(5), kind: .error,
        timestamp: Sample.moment, receivedAt: Sample.moment, payload: ["a": 1], isLate: true)

    static func roundTrip<Record: WireRecord>(_ record: Record) throws {
        #expect(try Record(parsing: record.json.utf8) == record)
        #expect(throws: FrameError.self) { try Record(json: []) }
    }

    @Test func `is read as it was written`() throws {
        try Self.roundTrip(DeclareChildBody(Sample.signedDeclaration, appName: "x", tags: ["a": 1]))
        try Self.roundTrip(Self.registration)
        try Self.roundTrip(RegisteredAppView(app: Self.app, serverInstance: "one"))
        try Self.roundTrip(PostMessagesBody(Self.posted))
        try Self.roundTrip(PostMessagesBody([Self.posted, Self.posted]))
        try Self.roundTrip(MessageReceipt(seq: 1, eventID: 2, isLate: true, status: .done))
        try Self.roundTrip(ControlBody(Sample.command, issuer: Sample.issuer(), timeToLive: .seconds(5)))
        try Self.roundTrip(RevokeBody(appID: Sample.child, reason: "lost"))
        try Self.roundTrip(DisconnectBody(reason: "completed"))
        try Self.roundTrip(
            ServerDescription(
                serverKey: Sample.serverKey.publicKey, serverInstance: "one", version: "0.1", startedAt: Sample.moment,
                now: Sample.moment))
    }

    @Test func `of an answer is read as it was written`() throws {
        try Self.roundTrip(Self.app)
        try Self.roundTrip(Self.cascade)
        try Self.roundTrip(Self.message)
        try Self.roundTrip(EventView(eventID: 1, appID: Sample.child, at: Sample.moment, event: ["a": 1]))
        try Self.roundTrip(Page(items: [Self.app], cursor: "next"))
        try Self.roundTrip(Page<AppView>(items: []))
        try Self.roundTrip(ControlView(correlationID: Sample.id(1), queued: 2))
        let answer = ControlView.Answer(appID: Sample.child, correlationID: Sample.id(1), outcome: .failed, error: "no")
        try Self.roundTrip(ControlView(correlationID: Sample.id(1), answers: [answer], pending: 0))
        try Self.roundTrip(WatchFrame.live(eventID: 4))
        try Self.roundTrip(
            WatchFrame.event(
                .init(eventID: 4, appID: Sample.child, kind: "message", app: Self.app, message: Self.message)))
    }

    @Test func `of an app has the members of the contract`() {
        let names =
            "appId parentId appName status presence level permanentRoot parentUnverified depth startDay "
            + "incarnation sessionEpoch scheduledAt registeredAt endedAt updatedAt deadline cause cancelling revoked "
            + "tags roleRefs processInfo progress note message result lastSeq liveDescendants"
        #expect(Self.app.json.object?.keys == names.split(separator: " ").map(String.init))
        #expect(Self.app.json["processInfo"] == ["pid": 4, "podIp": "10.0.0.1"])
    }

    @Test(arguments: ["appId", "parentId", "secLevel", "scheduledAt", "startDeadline", "roleRefs"])
    func `that declares a child says what the declaration says`(name: String) throws {
        let honest = DeclareChildBody(Sample.signedDeclaration, appName: "x").json
        let other: [String: JSONValue] = [
            "appId": .string(Sample.stranger.description), "parentId": .string(Sample.stranger.description),
            "secLevel": "open", "scheduledAt": 5, "startDeadline": 5, "roleRefs": ["admin"],
        ]
        let error = #expect(throws: FrameError.self) {
            try DeclareChildBody(json: Spoiling.setting([name], to: other[name], in: honest))
        }
        #expect(error?.field == name)
    }

    @Test func `that registers carries the proof of enrolment`() throws {
        let proof = Self.registration.enrolmentProof(nonce: Sample.requestNonce)
        #expect(proof?.isValid(under: Sample.declaration, for: Sample.serverKey.publicKey) == true)
        #expect(
            Self.registration.enrolmentProof(nonce: Sample.nonce)?.isValid(
                under: Sample.declaration, for: Sample.serverKey.publicKey) == false)
        let error = #expect(throws: FrameError.self) {
            try RegisterAppBody(json: Spoiling.setting(["presence"], to: "attached", in: Self.registration.json))
        }
        #expect(error?.field == "presence")
    }

    @Test func `with an issuer says when it was issued`() throws {
        let body = CancelBody(cascadeID: Sample.id(3), issuer: try Sample.issuer())
        let error = #expect(throws: FrameError.self) { try CancelBody(json: body.json) }
        #expect(error?.field == "issuer")
        #expect(CancelBody(cascadeID: Sample.id(3)).command(to: Sample.child, cascade: true) == nil)
    }

    @Test func `with too many messages is refused`() {
        let many = JSONValue.array(Array(repeating: Self.posted.json, count: 1_001))
        #expect(throws: FrameError.self) { try PostMessagesBody(json: ["messages": many]) }
    }

    @Test func `with members of the wrong type is refused by name, and never crashes`() {
        let bodies: [(JSONValue, (JSONValue) -> FrameError?)] = [
            (Self.registration.json, { json in FrameError.of { try RegisterAppBody(json: json) } }),
            (Self.posted.json, { json in FrameError.of { try PostedMessage(json: json) } }),
            (Self.app.json, { json in FrameError.of { try AppView(json: json) } }),
            (Self.cascade.json, { json in FrameError.of { try CascadeView(json: json) } }),
            (Self.message.json, { json in FrameError.of { try MessageView(json: json) } }),
        ]
        let opaque: Set<String> = ["payload", "tags", "result"]
        for (json, read) in bodies {
            for path in Spoiling.paths(of: json) where !path.contains(where: opaque.contains) {
                let old = path.reduce(json) { $0[$1] ?? .null }
                for new: JSONValue in [true, 1, "x", [1], ["a": 1]] where !new.isNull && !old.isNull {
                    guard let error = read(Spoiling.setting(path[...], to: new, in: json)) else { continue }
                    #expect(error.field?.hasPrefix(path.joined(separator: ".")) == true, "\(path)")
                }
            }
        }
    }
}

@Suite struct `A problem` {
    @Test func `has the members of RFC 9457 and the code`() throws {
        let problem = Problem(.notAuthorized, "node a is not an ancestor of node b", hint: "see who is")
        #expect(
            problem.json == [
                "type": "https://cairn.invalid/errors/not_authorized", "title": "not authorized", "status": 403,
                "detail": "node a is not an ancestor of node b", "code": "not_authorized", "hint": "see who is",
            ])
        #expect(try Problem(parsing: problem.json.utf8) == problem)
        #expect(Problem(FrameError(.badMessage, field: "a.b", "is missing")).detail == "a.b is missing")
    }

    @Test(arguments: [
        (ErrorCode.badSignature, 401), (.stale, 401), (.revoked, 401), (.keyMismatch, 401), (.notAuthorized, 403),
        (.cancelling, 409), (.unknownApp, 404), (.conflict, 409), (.tooLarge, 413), (.queueFull, 429),
        (.storeUnavailable, 503), (.serverDraining, 503),
    ])
    func `has the status of its code`(code: ErrorCode, status: Int) {
        #expect(code.httpStatus == status)
    }

    @Test func `of each code is a word of the protocol`() {
        let words =
            "bad_message unknown_app not_authorized cancelling key_mismatch bad_signature revoked replayed stale "
            + "conflict superseded too_large rate_limited queue_full store_unavailable unsupported_version "
            + "server_draining"
        #expect(ErrorCode.allCases.map(\.rawValue) == words.split(separator: " ").map(String.init))
    }
}
