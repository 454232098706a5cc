import AgentCore
import AgentProtocols
import Testing
import Vocabulary

/// How models, and clients of the Model Context Protocol, see tools.
struct ToolTests {
    @Test(arguments: AgentTool.allCases)
    func `every tool and every argument is described`(tool: AgentTool) throws {
        #expect(tool.summary.hasSuffix("."))
        let properties = try #require(tool.schema["properties"]?.object)
        #expect(properties.keys == tool.parameters.map(\.name))
        for (name, schema) in properties {
            #expect(schema["description"]?.string?.isEmpty == false, "\(name)")
        }
        let needed = tool.parameters.filter(\.isNeeded).map { JSONValue.string($0.name) }
        #expect(tool.schema["required"] == (needed.isEmpty ? nil : .array(needed)))
    }

    @Test
    func `a schema says of what kind each argument is`() {
        #expect(
            AgentTool.remindMe.schema["properties"]?["timeout"]
                == [
                    "type": "number", "exclusiveMinimum": 0, "description": "In so many seconds after this turn.",
                ])
        #expect(
            AgentTool.checkInbox.schema["properties"]?["kind"]?["enum"]
                == ["request", "response", "notification", "error"])
        #expect(AgentTool.listChildren.schema == ["type": "object", "properties": [:]])
    }
}

struct ToolServerTests {
    private let server = ToolServer()

    private func reply(_ line: String) -> String? {
        guard case .reply(let reply) = self.server.take(line.utf8) else { return nil }
        return reply.text
    }

    @Test(arguments: [
        ("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"),
        ("1999-01-01", "2025-06-18"),
    ])
    func `a client is told its own version of the protocol when it is known`(asked: String, told: String) {
        let line = #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(asked)"}}"#
        let info = #"{"name":"substrat-tools","version":"0.1.0"}"#
        let result = #"{"protocolVersion":"\#(told)","capabilities":{"tools":{}},"serverInfo":\#(info)}"#
        #expect(self.reply(line) == #"{"jsonrpc":"2.0","id":0,"result":\#(result)}"#)
    }

    @Test(arguments: ["", "{", "nonsense", #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#])
    func `notifications, and what is no JSON, are not answered`(line: String) {
        #expect(self.server.take(line.utf8) == .nothing)
    }

    @Test(arguments: [
        ("[1]", "null", -32_600), (#"{"id":1,"method":"ping"}"#, "1", -32_600),
        (#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "null", -32_600),
        (#"{"jsonrpc":"2.0","id":"x","method":"pong"}"#, "\"x\"", -32_601),
        (#"{"jsonrpc":"2.0","id":2,"method":"tools/call"}"#, "2", -32_602),
        (#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"rm"}}"#, "2", -32_602),
        (#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"poke","arguments":{}}}"#, "2", -32_602),
    ])
    func `what cannot be done is refused by its code`(line: String, id: String, code: Int) throws {
        let reply = try #require(self.reply(line))
        #expect(reply.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"message":"#), "\(reply)")
    }

    @Test
    func `a call is handed out, and answered by its id`() throws {
        let line =
            #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"poke","arguments":{"agent_name":"a"}}}"#
        guard case .call(let id, let tool, let arguments) = self.server.take(line.utf8) else {
            Issue.record("not a call")
            return
        }
        #expect(tool == .poke)
        #expect(arguments == ["agent_name": "a"])
        #expect(
            self.server.answer(id, .result(["status": "poked"])).text
                == #"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"{\"status\":\"poked\"}"}]}}"#)
        #expect(self.server.answer(id, .result(["error": "no"]))["result"]?["isError"] == true)
        #expect(
            self.server.answer(id, .unreached("the daemon is gone")).text
                == #"{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"the daemon is gone"}}"#)
    }

    @Test
    func `the list holds every tool with its schema`() throws {
        let list = try JSONValue(parsing: try #require(self.reply(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)))
        let tools = try #require(list["result"]?["tools"]?.array)
        #expect(tools.compactMap { $0["name"]?.string } == AgentTool.allCases.map(\.rawValue))
        #expect(
            tools.allSatisfy { $0["inputSchema"]?["type"] == "object" && $0["description"]?.string?.isEmpty == false })
    }
}
