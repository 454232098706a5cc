import ArgumentParser
import DotLanguage
import Foundation
import Vocabulary

/// `orchestra graph`: a pipeline as DOT that Graphviz reads, or drawn by it.
struct GraphCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Print or draw a pipeline.",
        discussion: "What Graphviz would not read, such as keys with dots, is put into quotes before.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case dot, svg, png
    }

    @Argument(help: "The pipeline, a file in DOT.", completion: .file(extensions: ["dot", "gv"])) var file: String
    @Option(help: "dot, svg or png; the last two need Graphviz.") var format = Format.dot
    @Option(name: .shortAndLong, help: "Write to this file.", completion: .file()) var output: String?

    func run() async throws {
        let file = try PipelineFile(at: self.file)
        let (graph, diagnostics) = DotFile.parse(file.bytes, path: self.file)
        file.tell(diagnostics)
        guard let graph else { throw ExitCode(1) }
        if self.format == .png, self.output == nil, Output.isTerminal {
            throw CommandFailure.refused("a terminal does not show png", hint: "write it to a file: --output flow.png")
        }
        switch self.format {
        case .dot: try self.write(Array(graph.text.utf8))
        case .svg, .png: try self.write(try await Graphviz.draw(graph.text, as: self.format.rawValue))
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
