import ArgumentParser
import Foundation
import PipelineRuntime
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// `orchestra diff`: two sessions side by side.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two sessions, or a fork with its origin.",
        discussion: """
            Says in one line what they have in common, then each node that ended otherwise, with what differs in the \
            context, in prompts and in responses. Durations are not compared. "<" is a node that only the first \
            session has, ">" one that only the second has, "!" one that both have.

            EXIT CODES
              As diff(1): 0 the same, 1 different, 2 trouble.
            """)

    @Argument(help: "A session; alone, a fork.") var left: String
    @Argument(help: "The session to compare it with.") var right: String?
    @Flag(help: "Print one JSON object.") var json = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let report: DiffReport
        do {
            report = try await self.compare()
        } catch let failure as CommandFailure {
            throw CommandFailure.usage(failure.message, hint: failure.hint)
        }
        Output.line(self.json ? JSONValue.object(report.json).text : report.text)
        throw ExitCode(report.isSame ? 0 : 1)
    }

    private func compare() async throws -> DiffReport {
        let place = HandlerPlace(workingDirectory: FileManager.default.currentDirectoryPath)
        let sessions = Sessions(
            store: try self.store.open(), kit: RunKit(handlers: HandlerRegistry(), place: place))
        return try await refusing { () async throws(SessionRefusal) in
            let (left, right) = try await self.rows(in: sessions)
            let comparison = try await sessions.compare(left, right)
            var texts: [TurnID: (prompt: String?, response: String?)] = [:]
            for pair in comparison.pairs where !pair.hasSameTexts {
                guard let left = pair.left, let right = pair.right else { continue }
                for step in [left, right] { texts[step.turn] = try await sessions.texts(of: step) }
            }
            return DiffReport(
                left: try sessions.summary(of: left), right: try sessions.summary(of: right), comparison: comparison,
                texts: texts)
        }
    }

    /// A fork alone is compared with its origin, which comes first.
    private func rows(in sessions: Sessions) async throws(SessionRefusal) -> (SessionRow, SessionRow) {
        let first = try await sessions.find(self.left)
        if let right { return (first, try await sessions.find(right)) }
        guard let origin = try await sessions.story(of: first).origin else { throw .noFork(first.displayID) }
        return (try await sessions.find("\(origin.context)"), first)
    }
}
