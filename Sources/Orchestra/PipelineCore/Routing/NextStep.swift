/// Where a run goes after a node ended.
package enum NextStep: Sendable, Equatable {
    case follow(EdgeChoice)
    /// Without an edge: from a parallel node to its fan-in.
    case jump(NodeID)
    /// To a retry target; it counts against `max_reroutes`.
    case reroute(NodeID)
    /// The node has no outgoing edge at all, and ended well.
    case end
    case fail(RunFailure)
}

/// Why a run failed.
package struct RunFailure: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case node = "node_failed"
        case noEligibleEdge = "no_eligible_edge"
        case goalGate = "goal_gate_unsatisfied"
        case rerouteLimit = "reroute_limit"
        case stepLimit = "step_limit"
        case unknownNode = "unknown_node"
    }

    package let kind: Kind
    package let reason: String

    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}

extension PipelineGraph {
    /// The way on from `node` after `outcome` (spec/orchestra.md 2.3, 2.6, D5, D6).
    package func nextStep(from node: PipelineNode, after outcome: Outcome, by selection: EdgeSelection) -> NextStep {
        if let choice = selection.conditional() { return .follow(choice) }
        if outcome.status == .fail {
            let targets = [node.retryTarget, node.fallbackRetryTarget].compactMap { $0 }
            if let target = targets.first(where: { self[$0] != nil }) { return .reroute(target) }
            // The edges of a gate are choices of a person, who made none.
            if node.handler != .human, let choice = selection.unconditional(for: outcome) { return .follow(choice) }
            return .fail(RunFailure(.node, "node \(node.id) failed: \(outcome.failureReason)"))
        }
        if let choice = selection.unconditional(for: outcome) { return .follow(choice) }
        if self.edges(from: node.id).isEmpty { return .end }
        return .fail(
            RunFailure(
                .noEligibleEdge, "no eligible edge leaves node \(node.id) after \(outcome.status.lowercase)"))
    }
}
