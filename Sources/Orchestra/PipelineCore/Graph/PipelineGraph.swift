package import DotLanguage

/// A pipeline ready to be checked and run: typed, indexed, and total.
///
/// A value that cannot be read is listed in `problems` and replaced by its default; whether that stops a run is for the
/// checks to say. Looking up nodes and edges takes constant time.
package struct PipelineGraph: Sendable, Equatable {
    package let name: String
    package let attributes: GraphAttributes
    /// In the order of first mention.
    package private(set) var nodes: [PipelineNode]
    /// In file order.
    package let edges: [PipelineEdge]
    package let problems: [AttributeProblem]
    /// Those that start a run; a sound pipeline has one (D1, D2).
    package let starts: [NodeID]
    /// Those that end a run; a sound pipeline has one.
    package let exits: [NodeID]
    private let places: [NodeID: Int]
    private let outgoing: [NodeID: [Int]]
    private let incoming: [NodeID: [Int]]
    /// Of each parallel node that has one.
    private var fanIns: [NodeID: NodeID] = [:]

    /// Reads `graph`, in which a node named twice counts once. `registered` are the handlers there are.
    package init(_ graph: DotGraph, handlers registered: Set<HandlerType> = HandlerType.builtIn) {
        var problems: [AttributeProblem] = []
        self.name = graph.name
        self.attributes = GraphAttributes(graph.attributes, problems: &problems)
        var nodes = graph.nodes.map { PipelineNode($0, registered: registered, problems: &problems) }
        self.edges = graph.edges.enumerated().map { PipelineEdge($1, at: $0, problems: &problems) }
        self.starts = Self.role(.start, named: ["start", "Start"], in: &nodes)
        self.exits = Self.role(.exit, named: ["exit", "end"], in: &nodes)
        self.nodes = nodes
        self.places = Dictionary(nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.outgoing = Dictionary(grouping: self.edges.indices, by: { [edges] in edges[$0].from })
        self.incoming = Dictionary(grouping: self.edges.indices, by: { [edges] in edges[$0].to })
        self.problems = problems
        for node in nodes where node.handler == .parallel {
            self.fanIns[node.id] = self.nearestFanIn(of: node.id, inside: [])
        }
    }

    /// The nodes with `handler`; when there are none, those named so become ones (D2).
    private static func role(
        _ handler: HandlerType, named names: [NodeID], in nodes: inout [PipelineNode]
    ) -> [NodeID] {
        let found = nodes.filter { $0.handler == handler }.map(\.id)
        guard found.isEmpty else { return found }
        for place in nodes.indices where names.contains(nodes[place].id) && nodes[place].type.isEmpty {
            nodes[place].handler = handler
        }
        return nodes.filter { $0.handler == handler }.map(\.id)
    }
}

extension PipelineGraph {
    /// The only start, if it is the only one.
    package var start: NodeID? { self.starts.count == 1 ? self.starts[0] : nil }

    /// The only exit, if it is the only one.
    package var exit: NodeID? { self.exits.count == 1 ? self.exits[0] : nil }

    package subscript(id: NodeID) -> PipelineNode? { self.places[id].map { self.nodes[$0] } }

    /// In file order.
    package func edges(from id: NodeID) -> [PipelineEdge] { (self.outgoing[id] ?? []).map { self.edges[$0] } }

    /// In file order.
    package func edges(to id: NodeID) -> [PipelineEdge] { (self.incoming[id] ?? []).map { self.edges[$0] } }

    /// The fan-in that is reached from every branch of the parallel node `id`, the nearest to it, ties by id.
    package func fanIn(of id: NodeID) -> NodeID? { self.fanIns[id] }

    /// The graph with every node changed by `change`: how stylesheets and other transforms work. Ids stay.
    package func transformed(_ change: (inout PipelineNode) -> Void) -> Self {
        var graph = self
        for place in graph.nodes.indices {
            change(&graph.nodes[place])
        }
        return graph
    }

    /// The graph with `$goal` in every prompt replaced by the goal (spec/orchestra.md 2.1).
    package func expandingGoal() -> Self {
        self.transformed { $0.prompt = $0.prompt.replacing("$goal", with: self.attributes.goal) }
    }
}
