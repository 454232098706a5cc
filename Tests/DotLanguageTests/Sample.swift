import DotLanguage
import Testing

/// The graph of `items` inside `digraph G { ... }`, which must be sound.
func graph(_ items: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> DotGraph {
    let (graph, diagnostics) = DotFile.parse("digraph G {\n\(items)\n}", path: "g.dot")
    #expect(diagnostics == [], sourceLocation: sourceLocation)
    return try #require(graph, sourceLocation: sourceLocation)
}

extension DotGraph {
    func node(_ id: String) throws -> DotNode { try #require(self.nodes.first { $0.id == id }) }

    /// `a->b`, in order.
    var arrows: [String] { self.edges.map { "\($0.from)->\($0.to)" } }
}

extension DotAttributes {
    /// Keys and texts.
    var texts: [String: String] {
        Dictionary(self.all.map { ($0.key, $0.value.text) }, uniquingKeysWith: { first, _ in first })
    }
}
