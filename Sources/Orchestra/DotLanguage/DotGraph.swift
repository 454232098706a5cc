/// A pipeline file as written, with the scopes of DOT resolved: defaults applied, chains split, subgraphs flattened.
///
/// Nothing is interpreted here: attributes keep the words of the file and where they stand (spec/orchestra.md 1.3).
package struct DotGraph: Sendable, Equatable {
    package var name: String
    package var attributes: DotAttributes
    /// In the order of first mention.
    package var nodes: [DotNode]
    /// In file order; a chain gives one edge per adjacent pair.
    package var edges: [DotEdge]

    package init(name: String, attributes: DotAttributes = [], nodes: [DotNode] = [], edges: [DotEdge] = []) {
        self.name = name
        self.attributes = attributes
        self.nodes = nodes
        self.edges = edges
    }
}

/// A node with all the attributes that declarations and defaults give it.
package struct DotNode: Sendable, Equatable {
    package var id: String
    package var attributes: DotAttributes
    /// Classes made from the labels of the subgraphs it is in, outermost first.
    package var derivedClasses: [String]
    /// The first mention.
    package var range: SourceRange

    package init(
        id: String, attributes: DotAttributes = [], derivedClasses: [String] = [], range: SourceRange = .none
    ) {
        self.id = id
        self.attributes = attributes
        self.derivedClasses = derivedClasses
        self.range = range
    }
}

/// An edge between two nodes; there may be several between the same two.
package struct DotEdge: Sendable, Equatable {
    package var from: String
    package var to: String
    package var attributes: DotAttributes
    /// From the one id to the other.
    package var range: SourceRange

    package init(from: String, to: String, attributes: DotAttributes = [], range: SourceRange = .none) {
        self.from = from
        self.to = to
        self.attributes = attributes
        self.range = range
    }
}
