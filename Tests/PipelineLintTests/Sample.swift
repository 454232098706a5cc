import DotLanguage
import PipelineCore
import Testing

/// What is said about `items` inside `digraph G { ... }`, which must parse.
func lint(_ items: String, extra: [LintRule] = [], sourceLocation: SourceLocation = #_sourceLocation) -> [Diagnostic] {
    let compilation = Compilation(Array("digraph G {\n\(items)\n}".utf8), path: "g.dot", rules: extra)
    #expect(compilation.graph != nil, "\(compilation.diagnostics)", sourceLocation: sourceLocation)
    return compilation.diagnostics
}

/// A pipeline about which there is nothing to say, with `items` besides.
func flow(_ items: String) -> String {
    "start [shape=Mdiamond] end [shape=Msquare] \(items)"
}

extension [Diagnostic] {
    func of(_ code: Diagnostic.Code) -> [Diagnostic] { self.filter { $0.code == code } }

    var codes: [String] { self.map(\.code.rawValue) }
}
