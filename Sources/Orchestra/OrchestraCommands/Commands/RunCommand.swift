import ArgumentParser
import PipelineCore
import PipelineRuntime
import TurnModel
import Vocabulary

/// `orchestra run`: a new session of a pipeline, from its start.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a pipeline.",
        discussion: """
            Prints a line for each event. Ctrl-C pauses at the next boundary, a second one stops the current node, a \
            third ends at once; "orchestra resume" goes on in each case.
            """)

    @Argument(help: "The pipeline, a file in DOT.", completion: .file(extensions: ["dot", "gv"])) var file: String
    @Argument(help: "Values for the context: key=value.") var variables: [String] = []
    @OptionGroup var options: RunOptions

    func run() async throws {
        let variables = try Assignments.parse(self.variables)
        let file = try PipelineFile(at: self.file)
        let path = self.file.absolutePath
        let source = try await refusing { () async throws(SessionRefusal) in
            try PipelineSource(file.bytes, path: path, handlers: self.options.handlers)
        }
        file.tell(source.diagnostics)
        let store = try self.options.openStore()
        let sessions = Sessions(store: store, kit: try self.options.kit(file: path, exit: source.graph.exit))
        let run = try await refusing { () async throws(SessionRefusal) in
            try await sessions.begin(source, variables: variables)
        }
        try await Conductor(options: self.options, sessions: sessions, source: source).play(run)
    }
}
