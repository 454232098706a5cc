package import Vocabulary

/// One turn of a script as its daemon sees it: which line is written next, and what a line read means.
///
/// A turn that a crash has interrupted goes on: the script starts it again, and the calls that took effect before the
/// crash are answered from the record, in their order, so that nothing is done twice. Where the script asks for
/// something else than it did, the turn cannot go on.
///
///     opening ─▶ script ─call─▶ take ─▶ carryOut ─▶ answered ─▶ script ─▶ … ─done─▶ take ─▶ finished
///                               └▶ write, from the record ─▶ script
package struct ScriptExchange: Sendable {
    package let message: String
    private var recorded: ArraySlice<ScriptCall>
    private var calls: [ScriptCall] = []
    private var pending: (id: JSONValue, tool: String, arguments: JSONValue)?
    private var hasEnded = false

    /// - Parameter recorded: The calls of this turn that took effect before a crash.
    package init(message: String, recorded: [ScriptCall] = []) {
        self.message = message
        self.recorded = recorded[...]
    }

    /// What is to be done about a line.
    package enum Step: Sendable, Hashable {
        /// To be told to the script.
        case write(JSONValue)
        /// To be carried out and given to `answered`.
        case carryOut(tool: String, arguments: JSONValue)
        /// For people; nothing else.
        case warn(String)
        case keep(state: JSONValue)
        case finished(ScriptTurn)
        /// The process must be ended: it is not known what it would say next.
        case failed(String)
        /// The script asks for something else than before the crash.
        case diverged(String)
    }
}

extension ScriptExchange {
    /// The first line of the turn.
    ///
    /// - Parameter past: What a new process must be told first; `nil` for one that has lived through it.
    package func opening(past: ScriptPast?) -> JSONValue {
        var line: JSONObject = ["type": "turn", "message": .string(self.message)]
        if let past {
            line["history"] = .array(past.turns.map(\.json))
            line["state"] = past.state
        }
        return .object(line)
    }

    package mutating func take(_ line: ScriptLine) -> Step {
        if self.hasEnded { return .failed("the script said more after the end of its turn") }
        if let pending {
            return self.fail("the script said more while \(pending.tool.quotedForPeople()) was under way")
        }
        switch line {
        case .call(let id, let tool, let arguments): return self.call(id, tool, arguments)
        case .checkpoint(let state): return .keep(state: state)
        case .unknown(let type): return .warn("the script said something of the unknown type \(type.quotedForPeople())")
        case .error(let message): return self.fail(message)
        case .done(let response):
            if let call = self.recorded.first { return self.diverge("it ended before \(call.tool.quotedForPeople())") }
            self.hasEnded = true
            return .finished(ScriptTurn(message: self.message, calls: self.calls, response: response))
        }
    }

    /// Takes what came of the call that was to be carried out: the line for the script.
    package mutating func answered(_ outcome: ScriptCall.Outcome) -> JSONValue {
        guard let (id, tool, arguments) = self.pending else { preconditionFailure("no call is under way") }
        self.pending = nil
        self.calls.append(ScriptCall(tool: tool, arguments: arguments, outcome: outcome))
        return Self.result(id, outcome)
    }

    private mutating func call(_ id: JSONValue, _ tool: String, _ arguments: JSONValue) -> Step {
        guard let call = self.recorded.first else {
            self.pending = (id, tool, arguments)
            return .carryOut(tool: tool, arguments: arguments)
        }
        guard call.tool.hasSameBytes(as: tool), call.arguments == arguments else {
            let number = self.calls.count + 1
            return self.diverge(
                "its call \(number) was \(call.tool.quotedForPeople()) and is now \(tool.quotedForPeople())"
                    + (call.tool.hasSameBytes(as: tool) ? " with other arguments" : ""))
        }
        self.recorded.removeFirst()
        self.calls.append(call)
        return .write(Self.result(id, call.outcome))
    }

    private mutating func fail(_ reason: String) -> Step {
        self.hasEnded = true
        return .failed(reason)
    }

    private mutating func diverge(_ reason: String) -> Step {
        self.hasEnded = true
        return .diverged(reason)
    }

    private static func result(_ id: JSONValue, _ outcome: ScriptCall.Outcome) -> JSONValue {
        switch outcome {
        case .result(let data): ["type": "result", "id": id, "data": data]
        case .error(let error): ["type": "result", "id": id, "error": .string(error)]
        }
    }
}

/// What a new process of a script is told of the turns before its own.
package struct ScriptPast: Sendable, Hashable {
    /// What stands for the turns before the first of `turns`; `nil` when `turns` are all.
    package private(set) var state: JSONValue?
    package private(set) var turns: [ScriptTurn] = []
    private var kept: JSONValue?

    package init() {}

    /// The script has handed over its state, which counts once its turn is finished.
    package mutating func keep(state: JSONValue) { self.kept = state }

    package mutating func finish(_ turn: ScriptTurn) {
        if let kept {
            self.state = kept
            self.turns = []
        }
        self.kept = nil
        self.turns.append(turn)
    }

    /// The turn is not to be told again; what it has handed over does not count.
    package mutating func drop() { self.kept = nil }
}
