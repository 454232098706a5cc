import Foundation
import SubstratScript
import Vocabulary

/// An agent in Swift, for tests and benchmarks: it answers `TOTAL PID`, where TOTAL counts the letters of all messages.
///
///     say TEXT      sends TEXT to the operator, and pokes an agent that is not there
///     stray         sends another text when it lives through the turn again
///     tools COUNT   calls a tool so many times
///     fail          fails the turn
@main
struct ScriptWorker {
    static func main() {
        var total = 0
        ScriptAgent.run { turn in
            let words = turn.message.split(separator: " ", maxSplits: 1).map(String.init)
            total += turn.message.count
            let rest = words.dropFirst().first ?? ""
            var answer = "\(total) \(ProcessInfo.processInfo.processIdentifier)"
            switch words.first {
            case "say":
                try turn.call("send_message", ["recipient": "USER", "text": .string(rest)])
                do {
                    try turn.call("poke", ["agent_name": "nobody"])
                } catch let error as ToolError {
                    answer += " \(error)"
                }
            case "stray":
                let text = turn.isReplay ? "another" : "one"
                try turn.call("send_message", ["recipient": "USER", "text": .string(text)])
            case "tools":
                for _ in 0..<(Int(rest) ?? 0) { try turn.call("list_children") }
            case "fail": throw Failure()
            default: break
            }
            return answer
        }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description = "it was told to fail"
    }
}
