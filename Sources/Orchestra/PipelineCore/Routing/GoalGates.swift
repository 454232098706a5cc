/// Whether the goal gates let a run end (spec/orchestra.md 2.7).
package enum GoalGates: Sendable, Equatable {
    case met
    /// Go back to `target`, since `gates` are unmet.
    case unmet(gates: [NodeID], target: NodeID?)

    /// Judges the visited nodes, each with its last status, in the order of their first visits.
    package init(of graph: PipelineGraph, visited: [(node: NodeID, status: StageStatus)]) {
        let unmet = visited.filter { graph[$0.node]?.isGoalGate == true && !$0.status.isGood }.map(\.node)
        if unmet.isEmpty {
            self = .met
        } else {
            self = .unmet(gates: unmet, target: Self.target(of: unmet, in: graph))
        }
    }

    /// The first target that there is: of the gates in order, then of the graph.
    private static func target(of gates: [NodeID], in graph: PipelineGraph) -> NodeID? {
        let own = gates.flatMap { [graph[$0]?.retryTarget, graph[$0]?.fallbackRetryTarget] }
        let common = [graph.attributes.retryTarget, graph.attributes.fallbackRetryTarget]
        return (own + common).compactMap { $0 }.first { graph[$0] != nil }
    }
}
