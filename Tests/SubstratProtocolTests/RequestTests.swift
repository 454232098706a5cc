import SubstratProtocol
import TestKit
import Testing
import Vocabulary

@Suite struct `A request` {
    static func read(_ text: String) -> RPCRequest.Reading { RPCRequest.read(Array(text.utf8)) }

    @Test(arguments: [
        RPCRequest(id: "req-1", method: "agent.send", params: ["agent_id": "root", "message": "ёж\n\"\u{1}"]),
        RPCRequest(id: 7, method: "ping"), RPCRequest(method: ""),
        RPCRequest(id: .integer(.min), method: "a", params: ["deep": [[["x": nil]]], "n": 1.5]),
    ])
    func `is read as it was written, on one line`(request: RPCRequest) {
        let line = request.line
        #expect(line.last == UInt8(ascii: "\n") && line.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(RPCRequest.read(line.dropLast()) == .request(request))
    }

    @Test func `needs neither an id nor parameters`() {
        #expect(Self.read(#"{"method":"ping"}"#) == .request(RPCRequest(method: "ping")))
        #expect(Self.read(#" {"id":null,"method":"ping","params":{}} "#) == .request(RPCRequest(method: "ping")))
    }

    @Test(arguments: [
        (#"{"id":"a","method":"ping","params":null}"#, "params must be an object"),
        (#"{"id":"a","method":"ping","params":[1]}"#, "params must be an object"),
        (#"{"id":"a"}"#, "method is missing"), (#"{"id":"a","method":7}"#, "method must be a text"),
    ])
    func `that is wrong is refused with its id`(text: String, message: String) {
        #expect(Self.read(text) == .refusal(RPCReply("a", .error(.invalid(message)))))
    }

    @Test(arguments: [
        "null", "[]", "[{\"id\":1,\"method\":\"ping\"}]", "7", "\"ping\"", "{", "", "{}}", "\u{FEFF}{}",
        #"{"id":{},"method":"ping"}"#, #"{"id":1.5,"method":"ping"}"#, #"{"id":true,"method":"ping"}"#,
        #"{"id":1,"id":2,"method":"ping"}"#,
    ])
    func `without an id that can be made out is refused without one`(text: String) {
        guard case .refusal(let reply) = Self.read(text), case .error(let error) = reply.body else {
            Issue.record("taken: \(text)")
            return
        }
        #expect(reply.id == .null && error.code == .invalid)
    }

    @Test func `that is no UTF-8 is refused`() {
        let bytes = Array(#"{"id":1,"method":""#.utf8) + [0xFF, 0xC0] + Array(#""}"#.utf8)
        guard case .refusal(let reply) = RPCRequest.read(bytes), case .error(let error) = reply.body else {
            Issue.record("taken")
            return
        }
        #expect(error.message.contains("the request is no JSON"))
    }

    @Test func `of random bytes never stops the reader, and is never taken for a request`() {
        var dice = SplitMix64(seed: 11)
        let whole = RPCRequest(id: "x", method: "agent.send", params: ["message": "ёж"]).line.dropLast()
        for _ in 0..<20_000 {
            var bytes = Array(whole)
            if dice.chance(0.5) {
                bytes = (0..<Int.random(in: 0..<60, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
                guard case .refusal = RPCRequest.read(bytes) else {
                    Issue.record("taken: \(bytes)")
                    return
                }
            } else {
                bytes[Int.random(in: bytes.indices, using: &dice)] = .random(in: 0...255, using: &dice)
                if case .refusal(let reply) = RPCRequest.read(bytes) {
                    var line: [UInt8] = []
                    reply.write(to: &line)
                    #expect(RPCReply(line.dropLast()) == reply)
                }
            }
        }
    }
}

@Suite struct `A reply` {
    static let all: [RPCReply] = [
        RPCReply("a", .result(["x": [1, nil, "ёж\n"]])), RPCReply(1, .result(.null)), RPCReply(nil, .done),
        RPCReply(2, .chunk("")), RPCReply("b", .event(["event": "turn.start", "data": [:]])),
        RPCReply(nil, .error(RPCError(.notFound, "no agent \"x\" is known", kind: "busy", hint: "wait"))),
        RPCReply(3, .error(.unknownMethod("agent.fly"))),
    ]

    @Test(arguments: all)
    func `is read as it was written, on one line`(reply: RPCReply) {
        var line: [UInt8] = []
        reply.write(to: &line)
        #expect(line.last == UInt8(ascii: "\n") && line.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(RPCReply(line.dropLast()) == reply)
    }

    @Test func `ends an answer, or does not`() {
        #expect(Self.all.map(\.isLast) == [true, true, true, false, false, true, true])
    }

    @Test func `has the numbers that clients know`() {
        #expect(RPCError.Code.allCases.map(\.rawValue) == [1, 2, 3, 4])
        #expect(RPCError(["code": 77, "message": "m"])?.code == .fault)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"id":1}"#, #"{"id":1,"done":false}"#, #"{"id":1,"error":{"code":1}}"#,
        #"{"id":1,"chunk":7}"#, #"{"result":1}"#, #"{"id":1,"event":[]}"#,
    ])
    func `that no daemon writes is not read`(text: String) {
        #expect(RPCReply(Array(text.utf8)) == nil)
    }
}

@Suite struct `Parameters` {
    static func read(_ object: JSONObject) throws(RPCError) -> RPCParameters {
        try RPCParameters(object, of: "test", known: ["name", "text", "all", "limit", "more"])
    }

    @Test func `are read by name and kind`() throws {
        let params = try Self.read(["name": "x", "all": true, "limit": 5, "more": ["a": 1]])
        #expect(try params.text("name") == "x" && params.flag("all") && params.object("more") == ["a": 1])
        #expect(try params.count("limit", in: 1...9, or: 3) == 5)
    }

    @Test func `may be left out, or null, where they have a usual value`() throws {
        for params in [try Self.read([:]), try Self.read(["text": nil, "all": nil, "limit": nil, "more": nil])] {
            #expect(try params.optionalText("text") == nil && !params.flag("all") && params.object("more") == [:])
            #expect(try params.count("limit", in: 1...9, or: 3) == 3)
        }
    }

    @Test func `that are wrong are named`() throws {
        let bad = try Self.read(["name": 1, "text": nil, "all": "yes", "limit": 10, "more": []])
        func message(_ body: () throws(RPCError) -> Void) -> String {
            do throws(RPCError) { try body() } catch { return error.message }
            return "nothing"
        }
        #expect(message { () throws(RPCError) in _ = try bad.text("name") } == "name must be a text")
        #expect(message { () throws(RPCError) in _ = try bad.text("text") } == "text is missing")
        #expect(message { () throws(RPCError) in _ = try bad.flag("all") } == "all must be true or false")
        #expect(message { () throws(RPCError) in _ = try bad.object("more") } == "more must be an object")
        #expect(
            message { () throws(RPCError) in _ = try bad.count("limit", in: 1...9, or: 3) }
                == "limit must be a whole number from 1 to 9")
        #expect(
            message { () throws(RPCError) in _ = try Self.read(["nam": "x"]) } == "test has no parameter \"nam\"")
    }
}

@Suite struct `The place of a daemon` {
    @Test func `is the one asked for, else that of the environment, else at home`() {
        let environment = ["SUBSTRAT_ROOT": "/env", "HOME": "/home/a"]
        #expect(DaemonPlace(asked: "/asked", environment: { environment[$0] }).root == "/asked")
        #expect(DaemonPlace(asked: nil, environment: { environment[$0] }).root == "/env")
        #expect(
            DaemonPlace(asked: nil, environment: { ["HOME": "/home/a"][$0] }).socket == "/home/a/.substrat/daemon.sock")
    }

    @Test func `has a path for the socket that the system takes, or says that it has not`() {
        let short = DaemonPlace(String(repeating: "a", count: 107 - "/daemon.sock".count))
        #expect(short.hasUsableSocketPath && !DaemonPlace(short.root + "a").hasUsableSocketPath)
    }
}
