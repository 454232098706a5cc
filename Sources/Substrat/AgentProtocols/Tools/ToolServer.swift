package import AgentCore
package import Vocabulary

/// One agent's side of the Model Context Protocol: what its lines ask, and what is answered (Substrat spec, 1.17).
///
/// JSON-RPC 2.0 over standard input and output, one object a line. Calls are carried out by somebody else: `take`
/// hands them out, checked, and `answer` writes what came of them; they may be answered in any order.
package struct ToolServer: Sendable {
    /// The newest first: what a client is told whose version is none of them.
    package static let protocolVersions = ["2025-06-18", "2025-03-26", "2024-11-05"]
    package static let name = "substrat-tools"
    package static let version = "0.1.0"

    private let tools: [AgentTool]

    package init(tools: [AgentTool] = AgentTool.allCases) {
        self.tools = tools
    }

    /// What is to be done about a line.
    package enum Step: Sendable, Hashable {
        /// It was a notification, or nothing that could be answered.
        case nothing
        /// A line to write.
        case reply(JSONValue)
        /// A call to carry out.
        case call(RequestID, tool: AgentTool, arguments: JSONValue)
    }

    /// What a request is known by: text, or a number.
    package struct RequestID: Sendable, Hashable {
        fileprivate let json: JSONValue

        fileprivate init?(_ json: JSONValue?) {
            switch json {
            case .string, .integer, .double: self.json = json!
            default: return nil
            }
        }
    }

    /// What came of a call.
    package enum Outcome: Sendable, Hashable {
        /// What the tool returned; an object with `error` is an error of the tool.
        case result(JSONValue)
        /// The tool was never asked: why.
        case unreached(String)
    }
}

extension ToolServer {
    /// Reads one line, without its end. What is no JSON is skipped.
    package func take(_ line: some Collection<UInt8>) -> Step {
        guard let request = try? JSONValue(parsing: line) else { return .nothing }
        guard let object = request.object else {
            return .reply(Self.failure(.null, -32_600, "one request is one object"))
        }
        guard let id = RequestID(object["id"]) else {
            let isOdd = object["id"] != nil
            return isOdd ? .reply(Self.failure(.null, -32_600, "an id is text or a number")) : .nothing
        }
        guard object["jsonrpc"] == "2.0", let method = object["method"]?.string else {
            return .reply(Self.failure(id.json, -32_600, "no method, or not JSON-RPC 2.0"))
        }
        switch method {
        case "initialize": return .reply(Self.success(id, self.greeting(object["params"])))
        case "ping": return .reply(Self.success(id, [:]))
        case "tools/list": return .reply(Self.success(id, ["tools": .array(self.tools.map(Self.listed))]))
        case "tools/call": return self.call(id, object["params"])
        default: return .reply(Self.failure(id.json, -32_601, "no method \(method.quotedForPeople())"))
        }
    }

    /// The line that answers a call.
    package func answer(_ id: RequestID, _ outcome: Outcome) -> JSONValue {
        switch outcome {
        case .unreached(let why): return Self.failure(id.json, -32_603, why)
        case .result(let result):
            var answer: JSONObject = ["content": [["type": "text", "text": .string(result.text)]]]
            if result["error"] != nil { answer["isError"] = true }
            return Self.success(id, .object(answer))
        }
    }

    private func greeting(_ parameters: JSONValue?) -> JSONValue {
        let wanted = parameters?["protocolVersion"]?.string ?? ""
        let version = Self.protocolVersions.first(where: wanted.hasSameBytes(as:)) ?? Self.protocolVersions[0]
        return [
            "protocolVersion": .string(version), "capabilities": ["tools": [:]],
            "serverInfo": ["name": .string(Self.name), "version": .string(Self.version)],
        ]
    }

    private func call(_ id: RequestID, _ parameters: JSONValue?) -> Step {
        guard let name = parameters?["name"]?.string else {
            return .reply(Self.failure(id.json, -32_602, "\"params\" has no \"name\""))
        }
        guard let tool = AgentTool(rawValue: name), self.tools.contains(tool) else {
            return .reply(Self.failure(id.json, -32_602, "there is no tool \(name.quotedForPeople())"))
        }
        let arguments = parameters?["arguments"] ?? [:]
        do throws(AgentRefusal) {
            try tool.check(arguments)
        } catch {
            return .reply(Self.failure(id.json, -32_602, error.description))
        }
        return .call(id, tool: tool, arguments: arguments)
    }

    private static func listed(_ tool: AgentTool) -> JSONValue {
        ["name": .string(tool.rawValue), "description": .string(tool.summary), "inputSchema": tool.schema]
    }

    private static func success(_ id: RequestID, _ result: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": id.json, "result": result]
    }

    private static func failure(_ id: JSONValue, _ code: Int64, _ message: String) -> JSONValue {
        ["jsonrpc": "2.0", "id": id, "error": ["code": .integer(code), "message": .string(message)]]
    }
}
