/// Makes a graph of statements: keeps scopes, applies defaults, flattens subgraphs (spec/orchestra.md 1.3).
struct DotGraphBuilder {
    /// What holds between two braces; a nested scope starts with a copy of the defaults.
    private struct Scope {
        var subgraph: Int?
        var nodeDefaults: DotAttributes
        var edgeDefaults: DotAttributes
    }

    private struct Subgraph {
        let parent: Int?
        var attributes: DotAttributes = []
    }

    /// Puts attributes together, and sees to it that they stay few.
    struct Merging {
        /// Where something had more attributes than may be.
        private(set) var overflow: SourceRange?
        /// Attributes set so far, for tests of the order of growth.
        private(set) var steps = 0

        mutating func merge(_ new: DotAttributes, into old: inout DotAttributes) {
            guard old.all.count <= DotAttributes.countMax else { return }
            self.steps += new.all.count
            old.merge(new)
            if old.all.count > DotAttributes.countMax { self.overflow = self.overflow ?? new.all.last?.keyRange }
        }
    }

    private struct Node {
        let id: String
        let range: SourceRange
        /// Of the first declaration, or of the first mention as long as there is none.
        var defaults: DotAttributes
        var isDeclared = false
        var explicit: DotAttributes = []
        var subgraphs: Set<Int> = []
    }

    var name = ""
    private(set) var merging = Merging()

    private var attributes: DotAttributes = []
    private var nodes: [Node] = []
    private var places: [String: Int] = [:]
    private var edges: [DotEdge] = []
    private var scopes = [Scope(subgraph: nil, nodeDefaults: [], edgeDefaults: [])]
    /// In the order in which they open, so that a number is larger than that of what is around it.
    private var subgraphs: [Subgraph] = []

    private var scope: Scope {
        get { self.scopes[self.scopes.count - 1] }
        set { self.scopes[self.scopes.count - 1] = newValue }
    }

    mutating func open() {
        self.subgraphs.append(Subgraph(parent: self.scope.subgraph))
        var inner = self.scope
        inner.subgraph = self.subgraphs.count - 1
        self.scopes.append(inner)
    }

    mutating func close() {
        if self.scopes.count > 1 { self.scopes.removeLast() }
    }

    mutating func setGraph(_ attributes: DotAttributes) {
        if let subgraph = self.scope.subgraph {
            self.merging.merge(attributes, into: &self.subgraphs[subgraph].attributes)
        } else {
            self.merging.merge(attributes, into: &self.attributes)
        }
    }

    mutating func setNodeDefaults(_ attributes: DotAttributes) {
        self.merging.merge(attributes, into: &self.scopes[self.scopes.count - 1].nodeDefaults)
    }

    mutating func setEdgeDefaults(_ attributes: DotAttributes) {
        self.merging.merge(attributes, into: &self.scopes[self.scopes.count - 1].edgeDefaults)
    }

    mutating func declare(_ id: String, _ attributes: DotAttributes, at range: SourceRange) {
        let place = self.mention(id, at: range)
        if !self.nodes[place].isDeclared {
            self.nodes[place].isDeclared = true
            self.nodes[place].defaults = self.scope.nodeDefaults
        }
        self.merging.merge(attributes, into: &self.nodes[place].explicit)
    }

    mutating func connect(
        _ from: (id: String, range: SourceRange), _ to: (id: String, range: SourceRange), _ attributes: DotAttributes
    ) {
        self.mention(from.id, at: from.range)
        self.mention(to.id, at: to.range)
        var all = self.scope.edgeDefaults
        self.merging.merge(attributes, into: &all)
        let range = SourceRange(start: from.range.start, end: to.range.end)
        self.edges.append(DotEdge(from: from.id, to: to.id, attributes: all, range: range))
    }

    @discardableResult
    private mutating func mention(_ id: String, at range: SourceRange) -> Int {
        let place = self.places[id] ?? self.nodes.count
        if place == self.nodes.count {
            self.places[id] = place
            self.nodes.append(Node(id: id, range: range, defaults: self.scope.nodeDefaults))
        }
        if let subgraph = self.scope.subgraph { self.nodes[place].subgraphs.insert(subgraph) }
        return place
    }
}

extension DotGraphBuilder {
    /// The graph of all that was said.
    func graph() -> DotGraph {
        let classes = self.subgraphs.map { $0.attributes["label"].map { Self.derivedClass($0.value.text) } ?? "" }
        let nodes = self.nodes.map { node in
            var attributes = node.defaults
            attributes.merge(node.explicit)
            return DotNode(
                id: node.id, attributes: attributes, derivedClasses: self.classes(of: node, classes),
                range: node.range)
        }
        return DotGraph(name: self.name, attributes: self.attributes, nodes: nodes, edges: self.edges)
    }

    private func classes(of node: Node, _ classes: [String]) -> [String] {
        var around: Set<Int> = []
        for subgraph in node.subgraphs {
            var next: Int? = subgraph
            while let each = next, around.insert(each).inserted { next = self.subgraphs[each].parent }
        }
        var known: Set<String> = [""]
        return around.sorted().map { classes[$0] }.filter { known.insert($0).inserted }
    }

    /// `Code Review #2` becomes `code-review-2`.
    static func derivedClass(_ label: String) -> String {
        let scalars = label.lowercased().unicodeScalars.map { $0 == " " ? "-" : $0 }
        return String(
            String.UnicodeScalarView(
                scalars.filter { $0 == "-" || ("a"..."z").contains($0) || ("0"..."9").contains($0) }))
    }
}
