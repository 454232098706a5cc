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
    @Option(help: "The turn to fork at, of an agent in a talk: you have the floor.") var turn: UInt64?
    @Option(help: "Change the context: key=value.") var set: [String] = []
    @Option(help: "Go on at this node instead of the one that the checkpoint names.") var from: String?
    @Option(help: "Go on with this pipeline.", completion: .file(extensions: ["dot", "gv"])) var dot: String?
    @OptionGroup var options: RunOptions
    @OptionGroup var graph: GraphOptions

    func validate() throws {
        guard self.checkpoint == nil || self.turn == nil else {
            throw ValidationError("--checkpoint and --turn are mutually exclusive")
        }
        guard self.dot == nil || !self.graph.storedGraph else {
            throw ValidationError("--dot and --stored-graph are mutually exclusive")
        }
    }

    func run() async throws {
        guard let number = self.checkpoint ?? self.turn else {
            throw CommandFailure.usage(
                "say where to fork: --checkpoint TURN", hint: "orchestra status \(self.id.shownToPeople()) --detail")
        }
        var replay = ReplayOptions()
        replay.set = try Assignments.parse(self.set)
        replay.from = self.from.map { NodeID($0) }
        replay.usesStoredGraph = self.graph.storedGraph
        replay.allowsModified = self.graph.allowModified
        if let dot { replay.source = try await PipelineSource(file: dot) }
        let scene = try await GoingOn(self.id, self.options, self.graph, file: replay.source?.path)
        guard let turn = TurnID(wire: number) else {
            throw CommandFailure.refused("turn 0 was not found in session \(scene.row.displayID)")
        }
        let options = replay
        try await scene.playFork { () async throws(SessionRefusal) in
            let place =
                self.turn == nil
                ? turn : try await scene.sessions.checkpoint(afterAgentTurn: turn, in: scene.row)
            return try await scene.sessions.replay(scene.row, at: place, options)
        }
    }
}
