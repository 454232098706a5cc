import DotLanguage

/// Starts, exits, and that everything lies between them.
extension LintRule {
    static let startNode = LintRule { subject in
        only(subject.graph.starts, .startNode, "start", "Mdiamond", in: subject.graph)
    }

    static let terminalNode = LintRule { subject in
        only(subject.graph.exits, .terminalNode, "exit", "Msquare", in: subject.graph)
    }

    private static func only(
        _ nodes: [NodeID], _ code: Diagnostic.Code, _ role: String, _ shape: String, in graph: PipelineGraph
    ) -> [Diagnostic] {
        guard nodes.count != 1 else { return [] }
        guard nodes.count > 1 else {
            return [Diagnostic(code, "the pipeline has no \(role) node", hint: "add \(role) [shape=\(shape)]")]
        }
        let names = nodes.map(\.text).joined(separator: ", ")
        return [
            Diagnostic(
                code, "the pipeline has \(nodes.count) \(role) nodes: \(names)", range: graph[nodes[1]]?.range,
                subject: .node(nodes[1].text), hint: "keep one node with shape=\(shape)")
        ]
    }

    static let edgeTargetExists = LintRule { subject in
        subject.graph.edges.flatMap { edge in
            [edge.from, edge.to].filter { subject.graph[$0] == nil }.map { end in
                edge.diagnostic(
                    .edgeTargetExists, "the edge \(edge.from) -> \(edge.to) names \(end), which is no node", .error,
                    hint: "add a node \(end)")
            }
        }
    }

    /// Without a start nothing is reachable, and `start_node` says so.
    static let reachability = LintRule { subject in
        guard !subject.graph.starts.isEmpty else { return [] }
        return subject.graph.nodes.filter { !subject.reachable.contains($0.id) }.sorted { $0.id < $1.id }.map { node in
            node.diagnostic(
                .reachability, "\(node.id) cannot be reached from the start", .error,
                hint: "add an edge to \(node.id), or remove it")
        }
    }

    static let startNoIncoming = LintRule { subject in
        subject.graph.starts.flatMap { subject.graph.edges(to: $0) }.map { edge in
            edge.diagnostic(
                .startNoIncoming, "an edge leads into the start node \(edge.to)", .error,
                hint: "let it lead to the node behind \(edge.to)")
        }
    }

    static let exitNoOutgoing = LintRule { subject in
        subject.graph.exits.flatMap { subject.graph.edges(from: $0) }.map { edge in
            edge.diagnostic(
                .exitNoOutgoing, "an edge leads out of the exit node \(edge.from)", .error,
                hint: "remove it, or let it start at the node before \(edge.from)")
        }
    }

    /// Branches that never meet again; the witness is one that goes its own way.
    static let fanInMissing = LintRule { subject in
        let graph = subject.graph
        return graph.nodes.filter { $0.handler == .parallel && graph.fanIn(of: $0.id) == nil }.map { node in
            let branches = graph.edges(from: node.id).map(\.to).filter { graph[$0] != nil }
            let isFanIn = { (id: NodeID) in graph[id]?.handler == .fanIn }
            let isEnd = { (id: NodeID) in graph.edges(from: id).isEmpty }
            let stray = branches.first { !isFanIn($0) && subject.path(from: $0, to: isFanIn) == nil }
            let end = (stray ?? branches.first).map {
                isEnd($0) ? [$0.text] : subject.path(from: $0, to: isEnd) ?? [$0.text]
            }
            let what = branches.isEmpty ? "has no branches" : "has branches that meet at no common fan-in"
            return node.diagnostic(
                .fanInMissing, "the parallel node \(node.id) \(what)", .error,
                hint: "lead every branch to one node with shape=tripleoctagon", witness: [node.id.text] + (end ?? []))
        }
    }
}
