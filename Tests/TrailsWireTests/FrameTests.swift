import TestKit
import Testing
import TrailsCore
import TrailsWire
import Vocabulary

enum FrameTests {
    static let clientFrames: [ClientFrame] = [
        .register(Sample.register),
        .register(RegisterFrame(appID: Sample.root, parentID: nil, appName: "r", childKey: nil)),
        .reRegister(ReRegisterFrame(appID: Sample.child, lastSeq: 5, publicKey: Sample.childKey.publicKey)),
        .message(Sample.message),
        .message(MessageFrame(appID: Sample.child, kind: .result, timestamp: Sample.moment, seq: 2, payload: nil)),
        .controlAck(
            ControlAckFrame(appID: Sample.child, correlationID: Sample.id(8), outcome: .done, result: ["a": 1])),
        .controlAck(ControlAckFrame(appID: Sample.child, correlationID: Sample.id(8), outcome: .failed, error: "no")),
        .disconnect(DisconnectFrame(appID: Sample.child, reason: .completed)),
        .disconnect(DisconnectFrame(appID: Sample.child, reason: .other("lunch"))),
        .pingApp(PingFrame(appID: Sample.child)),
    ]

    static let serverFrames: [ServerFrame] = [
        .registered(
            RegisteredFrame(
                appID: Sample.child, status: .connected, incarnation: 1, sessionEpoch: 2, lastSeq: 3,
                have: [SeqRange(first: 5, last: 7)!, SeqRange(first: 9, last: 9)!], serverInstance: "one",
                serverEphemeral: EphemeralKey(bytes: [UInt8](repeating: 8, count: 32)))),
        .challenge(ChallengeFrame(appID: Sample.child, nonce: Sample.nonce, serverInstance: "one", level: .signed)),
        .ack(AckFrame(appID: Sample.child, seq: 9_007_199_254_740_991)),
        .ack(AckFrame(appID: Sample.child, seq: 4, isSingle: true)),
        .control(ControlFrame(Sample.command, to: Sample.child, issuer: try? Sample.issuer())),
        .error(ErrorFrame(.tooLarge, "message has 2 MiB", hint: "send less", appID: Sample.child, seq: 4)),
        .error(ErrorFrame(.badMessage, "no JSON")), .pongApp(PongFrame(appID: Sample.child)),
    ]

    /// A register is signed before there is a session, and has a nonce of its own.
    static func context(of frame: ClientFrame) -> SigningContext {
        if case .register = frame { Sample.server } else { Sample.session }
    }

    /// Changes each member in turn and expects that the signature does not hold any more.
    static func expectEveryMemberCovered<Frame: Sendable>(
        _ json: JSONValue, by key: SigningKey, in context: SigningContext,
        decode: (JSONValue) throws(FrameError) -> Received<Frame>
    ) throws {
        let verifier = Verifier(key.publicKey)
        #expect(try decode(json).isSigned(by: verifier, in: context), "\(json.text)")
        for path in Spoiling.paths(of: json) + [["stowaway"], ["aud"], ["nonce"]] where path != ["sig"] {
            for new in [
                Spoiling.changed(path.reduce(json) { $0[$1] ?? .null }), .string(Sample.stranger.description), nil,
                "done", .null,
            ] {
                let forged = Spoiling.setting(path[...], to: new, in: json)
                guard forged != json, let received = try? decode(forged) else { continue }
                #expect(!received.isSigned(by: verifier, in: context), "\(path)")
            }
        }
    }
}

@Suite struct `A frame` {
    @Test func `is read as it was written`() throws {
        for frame in FrameTests.clientFrames {
            let received = try ClientFrame.decode(frame.encoded())
            #expect(received.frame == frame)
            #expect(received.signature == nil)
            #expect(received.members["sig"]?.isNull == true)
            #expect(received.type == frame.type)
        }
        for frame in FrameTests.serverFrames {
            #expect(try ServerFrame.decode(frame.encoded()).frame == frame)
        }
    }

    @Test func `of a quick ack is as the slow way would write it`() throws {
        let ack = AckFrame(appID: Sample.child, seq: 12)
        #expect(
            try String(decoding: ServerFrame.ack(ack).encoded(), as: UTF8.self)
                == #"{"typ":"ack","app_id":"\#(Sample.child)","seq":12}"#)
        for frame in [ack, AckFrame(appID: Sample.child, seq: 0, isSingle: true)] {
            let slow = JSONValue.object(frame.members.adding("typ", "ack"))
            #expect(try JSONValue(parsing: ServerFrame.ack(frame).encoded()) == slow)
        }
    }

    @Test func `may say type for typ, and hold members we do not know`() throws {
        let json = try JSONValue(parsing: ClientFrame.message(Sample.message).encoded())
        let renamed = Spoiling.setting(["typ"], to: nil, in: Spoiling.setting(["type"], to: "message", in: json))
        let frame = try ClientFrame.decode(Spoiling.setting(["header", "later"], to: ["a": 1], in: renamed)).frame
        #expect(frame == .message(Sample.message))
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{}", #"{"typ":1}"#, #"{"typ":"nope"}"#, #"{"typ":"message"}"#,
        #"{"typ":"ack","typ":"ack"}"#,
        #"{"typ":"register"}"#, "\u{FEFF}{}", #"{"typ":"ping_app","app_id":"\ud800"}"#,
        #"{"typ":"ping_app","app_id":NaN}"#,
    ])
    func `that is none is a bad message`(text: String) {
        let client = #expect(throws: FrameError.self) { try ClientFrame.decode(Array(text.utf8)) }
        let server = #expect(throws: FrameError.self) { try ServerFrame.decode(Array(text.utf8)) }
        #expect(client?.code == .badMessage && server?.code == .badMessage)
    }

    @Test func `of another version is refused with its own code`() throws {
        let json: JSONValue = ["typ": "ping_app", "app_id": .string(Sample.child.description)]
        #expect(try ClientFrame.decode(Spoiling.setting(["v"], to: 1, in: json)).frame.appID == Sample.child)
        let error = #expect(throws: FrameError.self) {
            try ClientFrame.decode(Spoiling.setting(["v"], to: 2, in: json))
        }
        #expect(error?.code == .unsupportedVersion)
    }

    @Test func `that is too deep or too long is refused`() throws {
        var frame = Sample.message
        frame.payload = (0..<64).reduce(JSONValue.null) { inner, _ in .array([inner]) }
        let bytes = try ClientFrame.message(frame).encoded()
        #expect(throws: FrameError.self) { try ClientFrame.decode(bytes) }
        let long = #expect(throws: FrameError.self) {
            try ClientFrame.decode(bytes, limits: JSONLimits(bytes: ByteCount(100)))
        }
        #expect(long?.code == .tooLarge)
    }

    @Test func `from a plain third-party client is read`() throws {
        let register = try ClientFrame.decode(
            Array(
                #"""
                {"type":"register","app_id":"\#(Sample.child)","parent_id":null,"app_name":"py",
                "child_pub_key":"ed25519:not a key",
                "process_info":{"pid":1,"hostname":"h"},"role_refs":[],"sig":null}
                """#.utf8))
        guard case .register(let frame) = register.frame else { throw FrameError(.badMessage, "no register") }
        #expect(frame.childKey == nil && frame.parentID == nil && register.signature == nil)
        for key: JSONValue in [nil, 5, "", "ed25519:AAAA", .object([:])] {
            let json = Spoiling.setting(["child_pub_key"], to: key, in: .object(register.members))
            #expect(try ClientFrame.decode(json).frame == register.frame)
        }
        let back = try ClientFrame.decode(
            Array(#"{"type":"re_register","app_id":"\#(Sample.child)","last_seq":0,"sig":null}"#.utf8))
        #expect(back.frame == .reRegister(ReRegisterFrame(appID: Sample.child, lastSeq: 0, publicKey: nil)))
    }

    @Test func `with a signature that is none has its own code`() {
        for sig: JSONValue in ["", "no", 5, "ed25519:AAAA", [:]] {
            let json: JSONValue = ["typ": "ping_app", "app_id": .string(Sample.child.description), "sig": sig]
            let error = #expect(throws: FrameError.self) { try ClientFrame.decode(json) }
            #expect(error?.code == .badSignature)
            #expect(error?.field == "sig")
        }
    }
}

@Suite struct `Each member of a frame` {
    /// Members that may be missing, or hold anything.
    static let optional: Set<String> = [
        "parent_id", "child_pub_key", "start_day", "sec_level", "scheduled_at", "process_info", "role_refs", "tags",
        "capabilities", "declaration", "enroll_sig", "nonce", "child_ephemeral", "pub_key", "last_seq", "sig",
        "correlation_id",
        "result", "error", "have", "server_ephemeral", "issuer", "target", "filter", "command_id", "single", "hint",
        "start_deadline",
        "pid", "ppid", "uid", "gid", "user", "hostname", "node_name", "pod_ip", "namespace", "start_time", "executable",
        "payload",
    ]
    static let opaque: Set<String> = ["payload", "result", "child_pub_key", "pub_key", "tags", "filter"]

    @Test func `that is needed is missed by name`() throws {
        try self.forEachMember { decode, json, path in
            guard let name = path.last, !Self.optional.contains(name) else { return }
            if path.contains(where: Self.opaque.contains) || json["typ"] == "error" && ["app_id", "seq"].contains(name)
            {
                return
            }
            let error = decode(Spoiling.setting(path[...], to: nil, in: json))
            #expect(error?.field == path.joined(separator: "."), "\(path)")
        }
    }

    @Test func `that has the wrong type is refused by name`() throws {
        try self.forEachMember { decode, json, path in
            if path.contains(where: Self.opaque.contains) { return }
            let old = path.reduce(json) { $0[$1] ?? .null }
            for new in Spoiling.values where !new.isNull && !Self.isFit(new, instead: old, path) {
                let error = decode(Spoiling.setting(path[...], to: new, in: json))
                let field = try #require(error?.field, "\(path) took \(new.text.prefix(40))")
                #expect(field.hasPrefix(path.joined(separator: ".")), "\(path): \(field)")
            }
        }
    }

    /// Whether `new` is as good as `old` there.
    private static func isFit(_ new: JSONValue, instead old: JSONValue, _ path: [String]) -> Bool {
        switch (old, new) {
        case (.array, .array(let elements)): elements.isEmpty
        case (.object, .object): path.last == "process_info"
        case (.integer, .integer(let value)):
            value == -1 && ["start_day", "pid", "ppid", "uid", "gid"].contains(path.last)
        case (.string, .string(let text)):
            [
                "user", "hostname", "node_name", "pod_ip", "namespace", "executable", "app_name",
                "reason", "error", "message", "hint", "action", "server_instance",
            ].contains(path.last) && text.utf8.count < 200
        case (.bool, .bool): true
        default: false
        }
    }

    /// Calls `body` with every member of every frame, and a way to see why a frame is refused.
    private func forEachMember(
        _ body: (_ decode: (JSONValue) -> FrameError?, _ json: JSONValue, _ path: [String]) throws -> Void
    ) throws {
        for frame in FrameTests.clientFrames {
            let json = try JSONValue(parsing: frame.encoded())
            for path in Spoiling.paths(of: json) where path[0] != "typ" && path[0] != "sig" {
                try body({ json in FrameError.of { try ClientFrame.decode(json) } }, json, path)
            }
        }
        for frame in FrameTests.serverFrames {
            let json = try JSONValue(parsing: frame.encoded())
            for path in Spoiling.paths(of: json) where path[0] != "typ" {
                try body({ json in FrameError.of { try ServerFrame.decode(json) } }, json, path)
            }
        }
    }
}

extension FrameError {
    static func of(_ body: () throws -> Any) -> Self? {
        do {
            _ = try body()
            return nil
        } catch { return error as? FrameError }
    }
}

@Suite struct `Random bytes` {
    @Test func `crash nothing`() throws {
        let frames =
            try FrameTests.clientFrames.map { try $0.encoded() } + FrameTests.serverFrames.map { try $0.encoded() }
        var dice = SplitMix64(seed: 20_260_221)
        for _ in 0..<4_000 {
            let bytes = Self.spoilt(dice.pick(frames), &dice)
            _ = try? ClientFrame.decode(bytes)
            _ = try? ServerFrame.decode(bytes)
            _ = try? TrailsInfo(text: Base64.encode(bytes))
            _ = try? TrailsInfo(text: String(decoding: bytes, as: UTF8.self))
        }
        let info = Sample.info.json.utf8
        for _ in 0..<2_000 {
            _ = try? TrailsInfo(text: Base64.encode(Self.spoilt(info, &dice)))
            _ = try? ServerEndpoint("ws://" + String(decoding: [UInt8].random(count: 12, using: &dice), as: UTF8.self))
        }
    }

    private static func spoilt(_ bytes: [UInt8], _ dice: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &dice) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &dice)
            switch Int.random(in: 0...4, using: &dice) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &dice)
            case 1: bytes.removeSubrange(place...)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(dice.pick(Array(#"{}[]",:0e-\"#.utf8)), at: place)
            default: bytes = .random(count: place % 64, using: &dice)
            }
        }
        return bytes
    }
}
