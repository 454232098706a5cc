import Vocabulary

extension DotGraph {
    /// The graph as a pipeline file, in a form that Graphviz reads too: keys with dots, and values that Graphviz would
    /// not take as they are, stand in quotes.
    ///
    /// Read again it is the same graph, except that some values are strings then, and that places are others.
    package var text: String {
        var lines: [String] = []
        lines += self.attributes.all.map { "\(Self.key($0.key))=\(Self.value($0.value))" }
        lines += self.nodes.map { $0.id + Self.block($0.attributes) }
        lines += self.edges.map { "\($0.from) -> \($0.to)" + Self.block($0.attributes) }
        lines += self.classBlocks
        return "digraph \(self.name) {\n" + lines.map { "    \($0);\n" }.joined() + "}\n"
    }

    /// Subgraphs that give nodes their derived classes again, nodes with the same ones together.
    private var classBlocks: [String] {
        var members: [[String]: [String]] = [:]
        var order: [[String]] = []
        for node in self.nodes where !node.derivedClasses.isEmpty {
            if members[node.derivedClasses] == nil { order.append(node.derivedClasses) }
            members[node.derivedClasses, default: []].append(node.id)
        }
        return order.flatMap { classes in
            classes.map { name in
                let nodes = (members[classes] ?? []).map { " \($0);" }.joined()
                return "subgraph { label=\(Self.quoted(name));\(nodes) }"
            }
        }
    }

    private static func block(_ attributes: DotAttributes) -> String {
        guard !attributes.all.isEmpty else { return "" }
        return " [" + attributes.all.map { "\(self.key($0.key))=\(self.value($0.value))" }.joined(separator: ", ") + "]"
    }

    private static func key(_ key: String) -> String {
        let isPlain = self.isIdentifier(key) && Keyword(rawValue: key) == nil
        return isPlain ? key : self.quoted(key)
    }

    private static func value(_ value: DotValue) -> String {
        switch value {
        case .integer, .boolean: value.text
        case .float(_, let text): text
        case .bare(let text) where self.isIdentifier(text) && Keyword(rawValue: text.lowercased()) == nil: text
        case .bare, .string, .duration: self.quoted(value.text)
        }
    }

    private static func isIdentifier(_ text: String) -> Bool {
        text.utf8.first?.isWordStart == true && text.utf8.allSatisfy(\.isWordPart)
    }

    /// Only the escapes that mean the same to Graphviz; other control characters stand for themselves.
    private static func quoted(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { scalars.append("\\") }
            scalars.append(contentsOf: scalar == "\n" ? "\\n".unicodeScalars : String(scalar).unicodeScalars)
        }
        return "\"" + String(scalars) + "\""
    }
}

extension DotGraph {
    /// Without places, and with every value as the text that it stands for: equal when two files mean the same.
    package var meaning: DotGraph {
        var graph = self
        graph.attributes = graph.attributes.meaning
        for place in graph.nodes.indices {
            graph.nodes[place].attributes = graph.nodes[place].attributes.meaning
            graph.nodes[place].range = .none
        }
        for place in graph.edges.indices {
            graph.edges[place].attributes = graph.edges[place].attributes.meaning
            graph.edges[place].range = .none
        }
        return graph
    }
}

extension DotAttributes {
    fileprivate var meaning: DotAttributes {
        self.all.reduce(into: []) { $0.set(DotAttribute(key: $1.key, value: .string($1.value.text))) }
    }
}
