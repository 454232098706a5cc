package import Vocabulary

/// A finished turn of a script: what it was told, what it asked for, what it answered.
package struct ScriptTurn: Sendable, Hashable {
    package let message: String
    package let calls: [ScriptCall]
    package let response: String

    package init(message: String, calls: [ScriptCall], response: String) {
        self.message = message
        self.calls = calls
        self.response = response
    }
}

/// A tool that a script called, and what came of it.
package struct ScriptCall: Sendable, Hashable {
    package let tool: String
    package let arguments: JSONValue
    package let outcome: Outcome

    package enum Outcome: Sendable, Hashable {
        case result(JSONValue)
        case error(String)
    }

    package init(tool: String, arguments: JSONValue, outcome: Outcome) {
        self.tool = tool
        self.arguments = arguments
        self.outcome = outcome
    }
}

// MARK: - As a script reads it

extension ScriptTurn {
    package var json: JSONValue {
        [
            "message": .string(self.message), "calls": .array(self.calls.map(\.json)),
            "response": .string(self.response),
        ]
    }
}

extension ScriptCall {
    package var json: JSONValue {
        var call: JSONObject = ["tool": .string(self.tool), "args": self.arguments]
        switch self.outcome {
        case .result(let result): call["result"] = result
        case .error(let error): call["error"] = .string(error)
        }
        return .object(call)
    }
}
