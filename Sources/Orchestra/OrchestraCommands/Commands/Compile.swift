import ArgumentParser
import DotLanguage
import PipelineCore
import PipelineSettings
import Vocabulary

/// `orchestra compile`: says all that is wrong with a pipeline, and what it is.
struct Compile: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a pipeline without running it.",
        discussion: """
            Says what is wrong on standard error, each with its place, and what the pipeline is on standard output. \
            Warnings show a path through the pipeline that leads to the trouble. Ends with 1 if there is any error.
            """)

    @Argument(help: "The pipeline, a file in DOT.", completion: .file(extensions: ["dot", "gv"])) var file: String
    @OptionGroup var config: ConfigOptions
    @Flag(help: "Print one JSON object, diagnostics included.") var json = false
    @Flag(help: "Print the pipeline as DOT, subgraphs and defaults resolved.") var dot = false

    func validate() throws {
        if self.json, self.dot { throw ValidationError("--json and --dot are mutually exclusive") }
    }

    func run() throws {
        let file = try PipelineFile(at: self.file)
        let folder = self.file.absolutePath.parentFolder
        let library = PromptLibrary(try self.config.settings(near: folder), pipeline: folder)
        let compilation = Compilation(file.bytes, path: self.file, rules: [library.rule])
        let report = CompilationReport(path: self.file, compilation: compilation)
        if self.json {
            Output.line(report.json.prettyText)
        } else {
            file.tell(compilation.diagnostics)
            if self.dot {
                if let source = compilation.source { Output.bytes(Array(source.text.utf8)) }
            } else if let summary = report.summary {
                Output.line(summary)
            }
        }
        if !compilation.isSound { throw ExitCode(1) }
    }
}
