package import DotLanguage
package import PipelineCore
package import Vocabulary

/// A pipeline that can be run: its text, where that came from, and its graph with all transforms applied.
package struct PipelineSource: Sendable {
    package let bytes: [UInt8]
    /// Absolute; empty when the text came from nowhere.
    package let path: String
    package private(set) var graph: PipelineGraph
    /// The prompt layers that are in the graph.
    package private(set) var prompts = PromptBook()
    /// Warnings and remarks.
    package let diagnostics: [Diagnostic]
    /// What the file is known by (spec/orchestra.md 3.7).
    package let hash: BLAKE3.Digest

    /// Parses, transforms and checks, the same way for every command.
    package init(_ bytes: [UInt8], path: String, handlers: HandlerRegistry) throws(SessionRefusal) {
        let compilation = Compilation(bytes, path: path, handlers: handlers.types)
        guard compilation.isSound, let graph = compilation.graph else {
            throw .unsound(path, compilation.diagnostics)
        }
        self.bytes = bytes
        self.path = path
        self.graph = graph
        self.diagnostics = compilation.diagnostics
        self.hash = BLAKE3.hash(bytes)
    }

    /// The same with the layers of `book`.
    func prompted(by book: PromptBook) throws(SessionRefusal) -> Self {
        guard !book.isEmpty else { return self }
        var source = self
        do throws(TemplateError) {
            source.graph = try self.graph.prompted(by: book)
        } catch {
            throw .damaged(nil, "a prompt layer cannot be read: \(error)")
        }
        source.prompts = book
        return source
    }
}
