import TestKit
import Testing
import TrailsCore
import TrailsWire
import Vocabulary

@Suite struct `TRAILS_INFO` {
    static func read(_ json: JSONValue) throws(TrailsInfoError) -> TrailsInfo {
        try TrailsInfo(text: Base64.encode(json.utf8))
    }

    static func error(_ json: JSONValue) -> TrailsInfoError? {
        do throws(TrailsInfoError) {
            _ = try Self.read(json)
            return nil
        } catch { return error }
    }

    static func with(_ name: String, _ value: JSONValue?) -> JSONValue {
        Spoiling.setting(name.split(separator: ".").map(String.init)[...], to: value, in: Sample.info.json)
    }

    @Test func `is read as it was written, unknown members too`() throws {
        let info = try TrailsInfo(text: Sample.info.text)
        #expect(info == Sample.info)
        #expect(info.others == ["later": ["a": 1]])
        #expect(info.json == Sample.info.json)
        #expect(!Sample.info.text.contains("\n"))
        #expect(
            info.enrolment?.declaration.isSigned(
                by: Verifier(Sample.parentKey.publicKey), for: Sample.serverKey.publicKey) == true)
    }

    @Test func `is read in any Base64, with white space around it`() throws {
        let bytes = Sample.info.json.utf8
        let text = Base64.encode(bytes)
        let unpadded = String(text.prefix { $0 != "=" })
        for text in [text, unpadded, Base64.encodeURL(bytes), " \t\(text)\r\n", "\n\(unpadded)\n\n"] {
            #expect(try TrailsInfo(text: text) == Sample.info)
        }
    }

    @Test func `with the least a root needs is enough`() throws {
        let info = try Self.read([
            "v": 1, "appId": .string(Sample.root.description), "parentId": nil, "appName": "r",
            "serverEp": "http://localhost:8443", "secLevel": "open", "scheduledAt": 1_772_000_000_000,
        ])
        #expect(info.startDeadline == .seconds(300))
        #expect(info.server.webSocketURL == "ws://localhost:8443/ws")
        #expect(info.serverKey == nil && info.parentID == nil && info.enrolment == nil)
    }

    @Test(arguments: [
        "", " \n", "%%%", "e30=x", "bnVsbA==", "W10=", "eyJ2Ijox", "MQ==", "//79", "eyJhIjoxLCJhIjoyfQ==",
    ])
    func `that is no object is refused`(text: String) {
        let error = #expect(throws: TrailsInfoError.self) { try TrailsInfo(text: text) }
        #expect(error?.hint.isEmpty == false)
        #expect(error?.message.hasPrefix("TRAILS_INFO") == true)
    }

    @Test func `that is wrapped is refused, and the hint says how to write it`() {
        let text = Sample.info.text
        let wrapped = text.prefix(76) + "\n" + text.dropFirst(76)
        let error = #expect(throws: TrailsInfoError.self) { try TrailsInfo(text: String(wrapped)) }
        #expect(error?.hint.contains("base64 -w0") == true)
    }

    @Test func `that is too long or too deep is refused`() {
        #expect(throws: TrailsInfoError.self) { try TrailsInfo(text: String(repeating: "A", count: 131_073)) }
        let deep = (0..<65).reduce(JSONValue.null) { inner, _ in .array([inner]) }
        #expect(Self.error(Self.with("later", deep))?.message.contains("no JSON") == true)
    }

    @Test(arguments: [
        "v", "appId", "parentId", "appName", "serverEp", "serverPubKey", "secLevel", "scheduledAt", "enroll",
        "enroll.seed",
        "enroll.sig", "enroll.declaration", "enroll.declaration.app_id", "enroll.declaration.enroll_pub",
        "originator.sub",
        "enroll.declaration.sec_level", "enroll.declaration.scheduled_at", "enroll.declaration.server_pub_key",
    ])
    func `names the field that is missing`(field: String) throws {
        let error = try #require(Self.error(Self.with(field, nil)))
        #expect(error.field == field)
        #expect(error.message.contains("\(field) is missing"))
    }

    @Test(
        arguments: [
            ("v", "1"), ("v", 1.5), ("v", 0), ("v", 2), ("mode", 1), ("mode", "bootstrap"), ("appId", 5),
            ("appId", "no"),
            ("appId", "550e8400-e29b-11d4-a716-446655440000"), ("parentId", false),
            ("parentId", "550e8400-e29b-11d4-a716-446655440000"),
            ("appName", ""), ("appName", 1), ("appName", .string(String(repeating: "n", count: 257))),
            ("serverEp", "nowhere"),
            ("serverEp", "ftp://h"), ("serverEp", 1), ("serverPubKey", "ed25519:AAAA"), ("serverPubKey", 1),
            ("secLevel", "secret"),
            ("secLevel", 1), ("scheduledAt", "now"), ("scheduledAt", -1), ("scheduledAt", 253_402_300_800_000),
            ("scheduledAt", 1.5),
            ("startDeadline", 0), ("startDeadline", -5), ("startDeadline", 2_592_001), ("startDeadline", "5"),
            ("originator", "me"),
            ("originator.groups", [1]), ("roleRefs", "ops"), ("roleRefs", [1]), ("roleRefs", [""]), ("tags", []),
            ("ancestors", [:]),
            ("ancestors", [["app_id": "x", "pub_key": "y"]]), ("traceparent", 1), ("enroll", 1),
            ("enroll.seed", "AAAA"),
            ("enroll.sig", "no"), ("enroll.declaration.start_deadline", 0), ("enroll.declaration.role_refs", 1),
            ("traceparent", .string(String(repeating: "t", count: 257))),
            ("tags", .object(["k": .string(String(repeating: "t", count: 16_384))])),
            ("roleRefs", .array(Array(repeating: "r", count: 65))),
            ("roleRefs", [.string(String(repeating: "r", count: 257))]),
            ("enroll.seed", .string(Base64.encode([UInt8](repeating: 7, count: 32)))),
        ] as [(String, JSONValue)])
    func `names the field that is wrong, and what to do`(field: String, value: JSONValue) throws {
        let error = try #require(Self.error(Self.with(field, value)), "\(field): \(value.text.prefix(60))")
        #expect(error.field?.hasPrefix(field) == true, "\(error)")
        #expect(!error.hint.isEmpty)
    }

    @Test func `names the place in a list`() {
        #expect(Self.error(Self.with("roleRefs", ["a", 1]))?.field == "roleRefs[1]")
        #expect(Self.error(Self.with("ancestors", [["app_id": "x"]]))?.field == "ancestors[0].app_id")
    }

    @Test func `of a higher version says to update`() {
        #expect(Self.error(Self.with("v", 2))?.hint == "update this program")
    }

    @Test(arguments: ["appId", "parentId"])
    func `whose declaration is of somebody else is refused`(field: String) {
        #expect(Self.error(Self.with(field, .string(Sample.stranger.description)))?.field == "enroll.declaration")
    }

    @Test func `whose declaration is of another level or server is refused`() {
        #expect(Self.error(Self.with("secLevel", "open"))?.field == "enroll.declaration")
        let key = JSONValue.string(Sample.strangerKey.publicKey.description)
        #expect(Self.error(Self.with("serverPubKey", key))?.field == "enroll.declaration")
    }

    @Test func `does not show its secret when it is printed`() {
        #expect(!"\(Sample.info)".contains(Base64.encode(Sample.enrolSeed)))
    }

    @Test(
        arguments: [
            (1_735_689_600_000, 0), (1_735_689_599_999, -1), (1_735_775_999_999, 0), (1_735_776_000_000, 1),
            (1_772_064_000_000, 421), (0, -20_089),
        ] as [(Int64, Int64)])
    func `counts days from 2025-01-01`(milliseconds: Int64, day: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).startDay == day)
    }
}
