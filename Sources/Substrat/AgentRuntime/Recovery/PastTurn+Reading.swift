import AgentCore
import EventLog

extension PastTurn {
    /// The turns of a log that ended well, in order. Those that failed or were cut off are left out, but for the calls
    /// of one that was gone on with.
    static func read(_ records: [LogRecord]) -> [PastTurn] {
        var turns: [PastTurn] = []
        var current: PastTurn?
        var carried: [PastCall] = []
        for record in records {
            switch record.entry.event {
            case .turnStarted(let start):
                let goesOn = start.attempt > 1
                current = PastTurn(
                    number: start.turn ?? turns.count + 1, prompt: start.prompt, calls: goesOn ? carried : [],
                    response: "")
                carried = []
            case .toolCalled(let call, let outcome):
                current?.calls.append(PastCall(tool: call.tool, arguments: call.arguments, outcome: outcome))
            case .turnCompleted(_, let response, _):
                if var turn = current {
                    turn.response = response
                    turns.append(turn)
                }
                current = nil
            case .turnFailed: current = nil
            case .turnInterrupted(_, let continues):
                carried = continues ? current?.calls ?? [] : []
                current = nil
            default: break
            }
        }
        return turns
    }
}
