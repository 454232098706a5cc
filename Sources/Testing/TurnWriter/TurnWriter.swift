import Foundation
import GRDBSQLite
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// Appends groups to a store and says each once it is safe, until it is killed; or measures.
///
///     turn-writer write FILE NAME [COUNT]    one context of its own, and one that all writers share
///     turn-writer bench FILE                 rates and times, against the bare database
@main
struct TurnWriter {
    static func main() async throws {
        let arguments = CommandLine.arguments
        switch arguments.count > 2 ? arguments[1] : "" {
        case "write" where arguments.count > 3:
            let count = arguments.count > 4 ? UInt64(arguments[4]) ?? 0 : .max
            try await Self.write(to: arguments[2], as: arguments[3], count: count)
        case "bench": try await Bench(path: arguments[2]).run()
        default:
            FileHandle.standardError.write(Data("usage: turn-writer write FILE NAME [COUNT] | bench FILE\n".utf8))
            exit(64)
        }
    }

    /// Each group is one turn to the writer's own context and, in turns, one to the first context, which all share.
    /// A line is `CONTEXT TURN TEXT`, once the turn is safe.
    private static func write(to path: String, as name: String, count: UInt64) async throws {
        let store = try SQLiteTurnStore.open(path)
        guard let common = IdempotencyKey("common"), let own = IdempotencyKey(name) else { exit(64) }
        let shared = try await store.createContext(key: common).context
        let mine = try await store.createContext(key: own).context
        for number in 0..<count {
            let context = number.isMultiple(of: 2) ? mine : shared
            let text = "\(name).\(number)"
            var group = AppendGroup(
                to: context, [NewTurn(type: TurnType("test.Line", version: 1), payload: Array(text.utf8))])
            group.key = IdempotencyKey(text)
            if context == mine {
                group.expectedHead = try await store.context(mine).head.map { .turn($0) } ?? .empty
            }
            let answer = try await store.append(group)
            guard let turn = answer.turns.first else { exit(70) }
            FileHandle.standardOutput.write(Data("\(answer.context) \(turn.id) \(text)\n".utf8))
        }
        store.close()
    }
}
