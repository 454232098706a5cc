import AgentProtocols
import Testing
import Vocabulary

/// A turn of a script, line by line.
struct ScriptTests {
    private static func call(_ id: Int64, _ tool: String, _ text: String = "x") -> ScriptLine {
        .call(id: .integer(id), tool: tool, arguments: ["text": .string(text)])
    }

    private static func recorded(_ tool: String, _ text: String = "x", _ result: JSONValue = "r") -> ScriptCall {
        ScriptCall(tool: tool, arguments: ["text": .string(text)], outcome: .result(result))
    }

    @Test(arguments: [
        (#"{"type":"call","id":1,"tool":"t","args":{"a":1}}"#, ScriptLine.call(id: 1, tool: "t", arguments: ["a": 1])),
        (#"{"type":"call","id":"x","tool":"t"}"#, .call(id: "x", tool: "t", arguments: [:])),
        (#"{"type":"done","response":"r"}"#, .done(response: "r")),
        (#"{"type":"error","message":"m"}"#, .error(message: "m")),
        (#"{"type":"checkpoint","state":null}"#, .checkpoint(state: nil)),
        (#"{"type":"dance"}"#, .unknown(type: "dance")),
    ])
    func `each kind of line is read`(line: String, read: ScriptLine) throws {
        #expect(try ScriptLine(parsing: line.utf8) == read)
    }

    @Test(arguments: [
        ("hello", "a line is not JSON"), ("[]", "a line is not an object"), ("{}", "a line has no \"type\""),
        (#"{"type":"call","tool":"t"}"#, "\"call\" has no \"id\""),
        (#"{"type":"call","id":1}"#, "\"call\" has no text \"tool\""),
        (#"{"type":"done"}"#, "\"done\" has no text \"response\""),
        (#"{"type":"checkpoint"}"#, "\"checkpoint\" has no \"state\""),
    ])
    func `a wrong line says what is wrong with it`(line: String, complaint: String) {
        #expect { try ScriptLine(parsing: line.utf8) } throws: { "\($0)".hasPrefix(complaint) }
    }

    @Test
    func `W-24: a line may be longer than 64 KiB`() throws {
        let response = String(repeating: "a", count: 1_000_000)
        let line = #"{"type":"done","response":"\#(response)"}"#
        #expect(try ScriptLine(parsing: line.utf8) == .done(response: response))
    }

    @Test
    func `a turn is its calls in order and its response`() {
        var exchange = ScriptExchange(message: "go")
        #expect(exchange.opening(past: nil).text == #"{"type":"turn","message":"go"}"#)
        #expect(exchange.take(Self.call(1, "a")) == .carryOut(tool: "a", arguments: ["text": "x"]))
        #expect(exchange.answered(.result(5)).text == #"{"type":"result","id":1,"data":5}"#)
        #expect(exchange.take(.unknown(type: "hum")) == .warn("the script said something of the unknown type \"hum\""))
        #expect(exchange.take(Self.call(2, "b")) == .carryOut(tool: "b", arguments: ["text": "x"]))
        #expect(exchange.answered(.error("no")).text == #"{"type":"result","id":2,"error":"no"}"#)
        let turn = ScriptTurn(
            message: "go",
            calls: [
                Self.recorded("a", "x", 5), ScriptCall(tool: "b", arguments: ["text": "x"], outcome: .error("no")),
            ],
            response: "ok")
        #expect(exchange.take(.done(response: "ok")) == .finished(turn))
        let calls = #"[{"tool":"a","args":{"text":"x"},"result":5},{"tool":"b","args":{"text":"x"},"error":"no"}]"#
        #expect(turn.json.text == #"{"message":"go","calls":\#(calls),"response":"ok"}"#)
        guard case .failed = exchange.take(.done(response: "again")) else {
            Issue.record("a turn ends once")
            return
        }
    }

    @Test
    func `a turn that was cut off goes on without doing anything twice`() {
        var exchange = ScriptExchange(
            message: "go", recorded: [Self.recorded("a", "x", 1), Self.recorded("b", "y", 2)])
        #expect(exchange.take(Self.call(10, "a")) == .write(["type": "result", "id": 10, "data": 1]))
        #expect(exchange.take(Self.call(11, "b", "y")) == .write(["type": "result", "id": 11, "data": 2]))
        #expect(exchange.take(Self.call(12, "c")) == .carryOut(tool: "c", arguments: ["text": "x"]))
        _ = exchange.answered(.result(3))
        guard case .finished(let turn) = exchange.take(.done(response: "end")) else {
            Issue.record("not finished")
            return
        }
        #expect(turn.calls.map(\.tool) == ["a", "b", "c"])
    }

    @Test(arguments: [
        (ScriptTests.call(1, "z"), "its call 1 was \"a\" and is now \"z\""),
        (ScriptTests.call(1, "a", "other"), "its call 1 was \"a\" and is now \"a\" with other arguments"),
        (.done(response: "early"), "it ended before \"a\""),
    ])
    func `a script that asks for something else cannot go on`(line: ScriptLine, reason: String) {
        var exchange = ScriptExchange(message: "go", recorded: [Self.recorded("a")])
        #expect(exchange.take(line) == .diverged(reason))
    }

    @Test
    func `one call at a time`() {
        var exchange = ScriptExchange(message: "go")
        _ = exchange.take(Self.call(1, "a"))
        #expect(exchange.take(Self.call(2, "b")) == .failed("the script said more while \"a\" was under way"))
    }

    @Test
    func `a new process is told the past, and an empty message is a message`() {
        var past = ScriptPast()
        past.finish(ScriptTurn(message: "1", calls: [], response: "one"))
        let opening = ScriptExchange(message: "").opening(past: past)
        #expect(
            opening.text == #"{"type":"turn","message":"","history":[{"message":"1","calls":[],"response":"one"}]}"#)
    }

    @Test
    func `a state stands for the turns before its own, once that is finished`() {
        var past = ScriptPast()
        let turns = (1...3).map { ScriptTurn(message: "\($0)", calls: [], response: "") }
        past.finish(turns[0])
        past.keep(state: ["n": 1])
        past.drop()
        past.finish(turns[1])
        #expect(past.turns.count == 2 && past.state == nil)
        past.keep(state: ["n": 2])
        past.finish(turns[2])
        #expect(past.turns == [turns[2]] && past.state == ["n": 2])
    }
}
