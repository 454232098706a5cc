import ArgumentParser
import Foundation
import PipelineRuntime
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// `orchestra attach`: the events of a session, whoever runs it.
struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Follow a session from its beginning to its end.",
        discussion: """
            Prints the lines that "orchestra run" prints, from the record of the session: of one that another process \
            runs, of a paused one, of one that ended long ago. Ctrl-C ends the watching, and not the session.

            EXIT CODES
              As "orchestra run" would end: 0 completed or paused, 1 failed or cancelled. 1 also when nobody works on \
            the session any more and it has not ended: "orchestra resume" goes on with it.
            """)

    @Argument(help: "The session: its id, or the beginning of it.") var id: String
    @Option(help: "Tell only what comes after this turn.") var since: UInt64?
    @Flag(help: "Print one JSON object for each event, with its turn.") var json = false
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let place = HandlerPlace(workingDirectory: FileManager.default.currentDirectoryPath)
        let sessions = Sessions(
            store: try self.store.open(), kit: RunKit(handlers: HandlerRegistry(), place: place))
        let since = self.since.flatMap { TurnID(wire: $0) }
        let row = try await refusing { () async throws(SessionRefusal) in try await sessions.find(self.id) }
        var follower = try await refusing { () async throws(SessionRefusal) in
            try await SessionFollower(row, since: since, in: sessions)
        }
        let printer: any RunObserver =
            LiveScreen.isPossible
            ? LiveScreen(displayID: row.displayID)
            : EventPrinter(json: false, displayID: row.displayID) { Output.line($0) }
        while true {
            switch try await self.step(&follower) {
            case .told(let told): for event in told.events { try self.say(event, of: told.turn, printer) }
            case .quiet: break
            case .halted(let report):
                report.say(json: self.json, exitCode: report.exitCode) { Output.line($0) }
                throw ExitCode(report.exitCode)
            case .abandoned:
                throw CommandFailure.refused(
                    "nobody works on session \(row.displayID) any more",
                    hint: "run \"orchestra resume \(row.displayID)\"")
            }
        }
    }

    private func step(_ follower: inout SessionFollower) async throws -> SessionFollower.Step {
        do {
            return try await follower.next()
        } catch let refusal as SessionRefusal {
            throw CommandFailure.refused(refusal.description, hint: refusal.hint)
        }
    }

    private func say(_ event: RunEvent, of turn: TurnID, _ printer: any RunObserver) throws {
        guard self.json else { return try printer.observe(event) }
        var object = event.json
        object["turn"] = .string("\(turn)")
        Output.line(JSONValue.object(object).text)
    }
}
