import HashTreeCollections
import Vocabulary

/// Calls that have effects outside of the logs, on folders for example.
///
///     tool.intent (call 7) ──► the effect, marked with call 7 ──► tool.call (call 7)
///
/// After a crash between them the call is repeated, by a turn that goes on or by one that begins anew. It is known by
/// its tool and arguments, and gets the number of the intent that is still open: whoever carries it out finds its own
/// mark, and neither fails because of its first try nor does it twice.
extension Draft {
    /// Puts an intent on record and answers with its number; with that of an open one, if this repeats it.
    mutating func intend(_ call: ToolCall, by agent: AgentID) throws(AgentRefusal) -> JSONValue {
        let node = try self.runnable(agent)
        let ledger = try self.ledger(agent)
        if let open = ledger.intents.first(where: { $0.tool == call.tool && $0.arguments == call.arguments }) {
            return ["call_id": .integer(Int64(open.call ?? 0)), "repeats": true]
        }
        var call = call
        let number = ledger.lastCall + 1
        call.call = number
        self.record(.toolIntended(call), in: .session(node.session))
        return ["call_id": .integer(Int64(number)), "repeats": false]
    }

    /// Records what a call came to. One that had no intent gets its number here.
    mutating func called(
        _ call: ToolCall, by agent: AgentID, _ outcome: ToolOutcome
    ) throws(AgentRefusal) -> JSONValue {
        let node = try self.runnable(agent)
        let ledger = try self.ledger(agent)
        var call = call
        call.call = call.call ?? ledger.lastCall + 1
        self.record(.toolCalled(call, outcome), in: .session(node.session))
        switch outcome {
        case .result(let answer): return answer
        case .error(let text): return ["error": .string(text)]
        }
    }
}
