package import DotLanguage

/// A graph under inspection: what several rules want to know about it, worked out once.
package struct LintGraph: Sendable {
    package let graph: PipelineGraph
    /// Nodes that a run can come to, over edges and retry targets.
    package let reachable: Set<NodeID>
    /// For each of them the node before it on a shortest way from the start.
    private let previous: [NodeID: NodeID]
    /// For each node, where a run may go from it.
    private let successors: [NodeID: [NodeID]]

    package init(_ graph: PipelineGraph) {
        self.graph = graph
        self.successors = Dictionary(
            graph.nodes.map { ($0.id, Self.successors(of: $0, in: graph)) }, uniquingKeysWith: { first, _ in first })
        let (order, previous) = Self.walk(from: graph.starts, self.successors)
        self.reachable = Set(order)
        self.previous = previous
    }

    /// Targets of edges, retry targets, and for exits the retry targets of the graph.
    private static func successors(of node: PipelineNode, in graph: PipelineGraph) -> [NodeID] {
        var targets = graph.edges(from: node.id).map(\.to)
        targets += [node.retryTarget, node.fallbackRetryTarget].compactMap(\.self)
        if node.handler == .exit {
            targets += [graph.attributes.retryTarget, graph.attributes.fallbackRetryTarget].compactMap(\.self)
            targets += graph.nodes.filter(\.isGoalGate).flatMap { [$0.retryTarget, $0.fallbackRetryTarget] }
                .compactMap(\.self)
        }
        return targets.filter { graph[$0] != nil }
    }

    /// All that is reached, the nearest first, and from where.
    private static func walk(
        from starts: [NodeID], _ successors: [NodeID: [NodeID]]
    ) -> (order: [NodeID], previous: [NodeID: NodeID]) {
        var seen: Set<NodeID> = []
        var previous: [NodeID: NodeID] = [:]
        var queue = starts.filter { seen.insert($0).inserted }
        var next = 0
        while next < queue.count {
            let here = queue[next]
            next += 1
            for target in successors[here] ?? [] where seen.insert(target).inserted {
                previous[target] = here
                queue.append(target)
            }
        }
        return (queue, previous)
    }
}

extension LintGraph {
    /// A shortest way from the start to `node`, both included; only `node` when there is none.
    package func path(to node: NodeID) -> [String] {
        var path = [node]
        while let before = self.previous[path[path.count - 1]] { path.append(before) }
        return path.reversed().map(\.text)
    }

    /// A shortest way from `start` to `goal` by one step at least, both included.
    package func path(from start: NodeID, to goal: (NodeID) -> Bool) -> [String]? {
        let (order, previous) = Self.walk(from: self.successors[start] ?? [], self.successors)
        guard let end = order.first(where: goal) else { return nil }
        var path = [end]
        while let before = previous[path[path.count - 1]] { path.append(before) }
        return [start.text] + path.reversed().map(\.text)
    }

    /// All that can be run after one of `nodes`.
    package func after(_ nodes: [NodeID]) -> Set<NodeID> {
        Set(Self.walk(from: nodes.flatMap { self.successors[$0] ?? [] }, self.successors).order)
    }
}

extension PipelineNode {
    /// Something to say about this node, at the value of `key` if it has one.
    package func diagnostic(
        _ code: Diagnostic.Code, _ message: String, _ severity: Diagnostic.Severity, key: String? = nil, hint: String,
        witness: [String] = []
    ) -> Diagnostic {
        Diagnostic(
            code, message, severity: severity, range: key.flatMap { self.attributes[$0]?.valueRange } ?? self.range,
            subject: .node(self.id.text), token: key.flatMap { self.attributes[$0]?.value.text }, hint: hint,
            witness: witness)
    }
}

extension PipelineEdge {
    func diagnostic(
        _ code: Diagnostic.Code, _ message: String, _ severity: Diagnostic.Severity, key: String? = nil, hint: String,
        witness: [String] = []
    ) -> Diagnostic {
        Diagnostic(
            code, message, severity: severity, range: key.flatMap { self.attributes[$0]?.valueRange } ?? self.range,
            subject: .edge(from: self.from.text, to: self.to.text),
            token: key.flatMap { self.attributes[$0]?.value.text }, hint: hint, witness: witness)
    }
}
