import ArgumentParser
import DotLanguage
import Foundation
import PipelineRuntime
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// `orchestra graph`: a pipeline as DOT that Graphviz reads, or drawn by it; of a session, with what came of its nodes.
struct GraphCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Print or draw a pipeline.",
        discussion: """
            What Graphviz would not read, such as keys with dots, is put into quotes before.

            Of a session, nodes are green (success), yellow (partial success), red (failed), grey (skipped) or blue \
            (at work, or next); nodes of parallel branches as the newest branch left them.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case dot, svg, png
    }

    @Argument(help: "The pipeline, a file in DOT, or a session.", completion: .file(extensions: ["dot", "gv"]))
    var file: String
    @Option(help: "dot, svg or png; the last two need Graphviz.") var format = Format.dot
    @Option(name: .shortAndLong, help: "Write to this file.", completion: .file()) var output: String?
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let isFile = FileManager.default.fileExists(atPath: self.file) || self.file.contains { "./".contains($0) }
        let text = isFile ? try self.textOfFile() : try await self.textOfSession()
        if self.format == .png, self.output == nil, Output.isTerminal {
            throw CommandFailure.refused("a terminal does not show png", hint: "write it to a file: --output flow.png")
        }
        switch self.format {
        case .dot: try self.write(Array(text.utf8))
        case .svg, .png: try self.write(try await Graphviz.draw(text, as: self.format.rawValue))
        }
    }

    private func textOfFile() throws -> String {
        let file = try PipelineFile(at: self.file)
        let (graph, diagnostics) = DotFile.parse(file.bytes, path: self.file)
        file.tell(diagnostics)
        guard let graph else { throw ExitCode(1) }
        return graph.text
    }

    private func textOfSession() async throws -> String {
        let place = HandlerPlace(workingDirectory: FileManager.default.currentDirectoryPath)
        let sessions = Sessions(
            store: try self.store.open(), kit: RunKit(handlers: HandlerRegistry(), place: place))
        return try await refusing { () async throws(SessionRefusal) in
            let row = try await sessions.find(self.file)
            guard let text = try await sessions.drawing(of: row) else { throw .missingSource(row.displayID) }
            return text
        }
    }

    private func write(_ bytes: [UInt8]) throws {
        guard let output else { return Output.bytes(bytes) }
        do {
            try Data(bytes).write(to: URL(filePath: output), options: .atomic)
        } catch {
            throw CommandFailure.refused("\(output.shownToPeople()) cannot be written", hint: "may you write there?")
        }
    }
}
