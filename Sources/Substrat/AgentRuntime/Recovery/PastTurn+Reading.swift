import AgentCore
import EventLog

extension PastTurn {
    /// The turns of a log that ended well, in order. Those that failed or were cut off are left out, but for the calls
    /// of one that was gone on with.
    static func read(_ records: [LogRecord]) -> [PastTurn] {
        var turns: [PastTurn] = []
        var open: PastTurn?
        var carried: [PastCall] = []
        for record in records {
            switch record.entry.event {
            case .turnStarted(let start):
                let goesOn = start.attempt > 1
                open = PastTurn(
                    number: start.turn ?? turns.count + 1, prompt: start.prompt, calls: goesOn ? carried : [],
                    response: "")
                carried = []
            case .toolCalled(let call, let outcome):
                open?.calls.append(PastCall(tool: call.tool, arguments: call.arguments, outcome: outcome))
            case .turnCompleted(_, let response):
                if var turn = open {
                    turn.response = response
                    turns.append(turn)
                }
                open = nil
            case .turnFailed: open = nil
            case .turnInterrupted(_, let continues):
                carried = continues ? open?.calls ?? [] : []
                open = nil
            default: break
            }
        }
        return turns
    }
}
