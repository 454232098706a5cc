import ArgumentParser
import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

/// `orchestra replay`: a fork of a session, which goes on from one of its checkpoints.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Fork a session at a checkpoint and run from there.",
        discussion: "The session itself is not touched. \"orchestra status ID --detail\" lists its checkpoints.")

    @Argument(help: "The session: its id, or the beginning of it.") var id: String
    @Option(help: "The turn to fork at, a checkpoint.") var checkpoint: UInt64?
    @Option(help: "Change the context: key=value.") var set: [String] = []
    @Option(help: "Go on at this node instead of the one that the checkpoint names.") var from: String?
    @OptionGroup var options: RunOptions
    @OptionGroup var graph: GraphOptions

    func run() async throws {
        guard let checkpoint else {
            throw CommandFailure.usage(
                "say where to fork: --checkpoint TURN", hint: "orchestra status \(self.id.shownToPeople()) --detail")
        }
        var replay = ReplayOptions()
        replay.set = try Assignments.parse(self.set)
        replay.from = self.from.map { NodeID($0) }
        replay.usesStoredGraph = self.graph.storedGraph
        replay.allowsModified = self.graph.allowModified
        let options = replay
        let scene = try await GoingOn(self.id, self.options, self.graph)
        let run = try await refusing { () async throws(SessionRefusal) in
            guard let turn = TurnID(wire: checkpoint) else {
                throw .missingTurn(TurnID(checkpoint), of: scene.row.displayID)
            }
            return try await scene.sessions.replay(scene.row, at: turn, options)
        }
        Output.aside("orchestra: session \(scene.row.displayID) is forked as \(run.story.displayID)\n")
        try await scene.conductor().play(run)
    }
}
