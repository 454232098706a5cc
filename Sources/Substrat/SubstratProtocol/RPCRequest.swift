package import Vocabulary

/// One request: a line of JSON on the socket of the daemon.
///
///     {"id": "req-1", "method": "agent.send", "params": {"agent_id": "root", "message": "hello"}}
///
/// `id` is a text or a whole number, comes back with every line of the answer, and may be left out. So may `params`.
package struct RPCRequest: Hashable, Sendable {
    package let id: JSONValue
    package let method: String
    package let params: JSONObject

    package init(id: JSONValue = .null, method: String, params: JSONObject = [:]) {
        self.id = id
        self.method = method
        self.params = params
    }

    /// How much of a request is read; as much as a frame may have.
    static let limits = JSONLimits(bytes: FrameSplitter.frameMax)
}

extension RPCRequest {
    /// What a frame turned out to be.
    package enum Reading: Hashable, Sendable {
        case request(RPCRequest)
        /// No request; this is the answer to it.
        case refusal(RPCReply)
    }

    /// Reads one frame. The answer to one that is no request has its id where that can be made out.
    package static func read(_ frame: [UInt8]) -> Reading {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue(parsing: frame, limits: Self.limits)
        } catch {
            return .refusal(RPCReply(.null, .error(.invalid("the request is no JSON: \(error.message)"))))
        }
        guard let object = json.object else {
            return .refusal(RPCReply(.null, .error(.invalid("a request is a JSON object"))))
        }
        let id = object["id"] ?? .null
        guard id.isNull || id.string != nil || id.isInteger else {
            return .refusal(RPCReply(.null, .error(.invalid("the id of a request is a text or a whole number"))))
        }
        func refusal(_ message: String) -> Reading { .refusal(RPCReply(id, .error(.invalid(message)))) }
        guard let method = object["method"] else { return refusal("method is missing") }
        guard let name = method.string else { return refusal("method must be a text") }
        guard let params = (object["params"] ?? [:]).object else { return refusal("params must be an object") }
        return .request(RPCRequest(id: id, method: name, params: params))
    }

    /// The line that says it, with its end.
    package var line: [UInt8] {
        let object: JSONObject = ["id": self.id, "method": .string(self.method), "params": .object(self.params)]
        return JSONValue.object(object).utf8 + [UInt8(ascii: "\n")]
    }
}

extension JSONValue {
    /// Written without fraction and exponent.
    fileprivate var isInteger: Bool {
        if case .integer = self { true } else { false }
    }
}
