import DotLanguage
import PipelineCore
import Vocabulary

/// A graph in short: nodes `id: key=value, …` and edges `a -> b: key=value, …`, one a line; `graph: key=value, …` for
/// the graph itself. Ids `S` and `E` are start and exit without being said. A value may not hold a comma.
func sketch(_ text: String) -> PipelineGraph {
    PipelineGraph(dotSketch(text))
}

func dotSketch(_ text: String) -> DotGraph {
    var graph = DotGraph(name: "test")
    for line in text.split(separator: "\n").map({ $0.trimmed }) where !line.isEmpty {
        let (head, attributes) = parts(of: line)
        let ends = head.split(separator: ">").map { $0.filter { $0 != "-" }.trimmed }
        if head == "graph" {
            graph.attributes.merge(attributes)
        } else if ends.count > 1 {
            ends.forEach { mention($0, in: &graph) }
            for (from, to) in zip(ends, ends.dropFirst()) {
                graph.edges.append(DotEdge(from: from, to: to, attributes: attributes))
            }
        } else {
            mention(head, in: &graph)
            let place = graph.nodes.firstIndex { $0.id == head }!
            graph.nodes[place].attributes.merge(attributes)
        }
    }
    return graph
}

private func mention(_ id: String, in graph: inout DotGraph) {
    guard !graph.nodes.contains(where: { $0.id == id }) else { return }
    var node = DotNode(id: id)
    if id == "S" { node.attributes.set(DotAttribute(key: "shape", value: .string("Mdiamond"))) }
    if id == "E" { node.attributes.set(DotAttribute(key: "shape", value: .string("Msquare"))) }
    graph.nodes.append(node)
}

private func parts(of line: String) -> (head: String, attributes: DotAttributes) {
    let pieces = line.split(separator: ":", maxSplits: 1).map(String.init)
    var attributes = DotAttributes()
    if pieces.count == 2 {
        for pair in pieces[1].split(separator: ",") {
            let sides = pair.split(separator: "=", maxSplits: 1).map { $0.trimmed }
            attributes.set(DotAttribute(key: sides[0], value: .string(sides.count == 2 ? sides[1] : "")))
        }
    }
    return (pieces[0].trimmed, attributes)
}
