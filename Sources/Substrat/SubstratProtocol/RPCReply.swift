package import Vocabulary

/// One line of an answer.
///
///     {"id": …, "result": …}        all of it
///     {"id": …, "error": {…}}       the end of it
///     {"id": …, "chunk": "…"}       a part of a stream of text; more will come
///     {"id": …, "event": {…}}       a part of a stream of events; more will come
///     {"id": …, "done": true}       the end of a stream
package struct RPCReply: Hashable, Sendable {
    package enum Body: Hashable, Sendable {
        case result(JSONValue)
        case error(RPCError)
        case chunk(String)
        case event(JSONObject)
        case done
    }

    /// That of the request; `null` where it could not be made out.
    package let id: JSONValue
    package let body: Body

    package init(_ id: JSONValue, _ body: Body) {
        self.id = id
        self.body = body
    }

    /// Whether nothing more comes for the same request.
    package var isLast: Bool {
        switch self.body {
        case .result, .error, .done: true
        case .chunk, .event: false
        }
    }
}

extension RPCReply {
    /// Appends the line, with its end.
    package func write(to bytes: inout [UInt8]) {
        var object: JSONObject = ["id": self.id]
        switch self.body {
        case .result(let value): object["result"] = value
        case .error(let error): object["error"] = .object(error.json)
        case .chunk(let text): object["chunk"] = .string(text)
        case .event(let event): object["event"] = .object(event)
        case .done: object["done"] = true
        }
        JSONValue.object(object).write(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Reads a line of a daemon; `nil` for what no daemon says.
    package init?(_ frame: [UInt8]) {
        guard let json = try? JSONValue(parsing: frame, limits: RPCRequest.limits), let object = json.object,
            let id = object["id"]
        else { return nil }
        self.id = id
        if let error = object["error"] {
            guard let error = RPCError(error) else { return nil }
            self.body = .error(error)
        } else if let result = object["result"] {
            self.body = .result(result)
        } else if let text = object["chunk"]?.string {
            self.body = .chunk(text)
        } else if let event = object["event"]?.object {
            self.body = .event(event)
        } else if object["done"]?.bool == true {
            self.body = .done
        } else {
            return nil
        }
    }
}
