import Vocabulary

/// Where a run goes after a node, and on what grounds.
package struct EdgeChoice: Sendable, Equatable {
    package let edge: PipelineEdge
    package let reason: Reason

    /// The steps of spec/orchestra.md 2.3.
    package enum Reason: Sendable, Equatable {
        case condition
        case preferredLabel
        case suggestion
        case weight
    }
}

/// The edges of one node as its outcome sees them (spec/orchestra.md 2.3).
///
/// Conditional edges are followed only when their condition is true, and the others only by label, suggestion or
/// weight: no step falls back on an edge whose condition is false (D4).
package struct EdgeSelection: Sendable {
    /// Whose `max_visits` leaves room for another visit, in file order.
    package let eligible: [PipelineEdge]
    private let subject: ConditionSubject

    package init(_ edges: [PipelineEdge], of subject: ConditionSubject, visits: (NodeID) -> Int) {
        self.eligible = edges.filter { edge in edge.maxVisits.map { visits(edge.to) < $0 } ?? true }
        self.subject = subject
    }

    /// The edge to follow for `outcome`, if there is one.
    package func choose(for outcome: Outcome) -> EdgeChoice? {
        self.conditional() ?? self.unconditional(for: outcome)
    }

    /// Step 1: of the edges whose condition is true, the heaviest.
    package func conditional() -> EdgeChoice? {
        Self.heaviest(self.eligible.filter { $0.condition.isTrue(of: self.subject) })
            .map { EdgeChoice(edge: $0, reason: .condition) }
    }

    /// Steps 2 to 5.
    package func unconditional(for outcome: Outcome) -> EdgeChoice? {
        let edges = self.eligible.filter { !$0.isConditional }
        let wanted = Accelerator.normalized(outcome.preferredLabel)
        if !wanted.isEmpty, let edge = edges.first(where: { Accelerator.normalized($0.label) == wanted }) {
            return EdgeChoice(edge: edge, reason: .preferredLabel)
        }
        for id in outcome.suggestedNextIDs {
            if let edge = edges.first(where: { $0.to == id }) { return EdgeChoice(edge: edge, reason: .suggestion) }
        }
        return Self.heaviest(edges).map { EdgeChoice(edge: $0, reason: .weight) }
    }

    /// By weight, then the smallest target, then file order.
    private static func heaviest(_ edges: [PipelineEdge]) -> PipelineEdge? {
        edges.min { left, right in
            if left.weight != right.weight { return left.weight > right.weight }
            if left.to != right.to { return left.to < right.to }
            return left.index < right.index
        }
    }

    /// What a person should know about conditions that cannot be read.
    package var warnings: [String] {
        self.eligible.compactMap { edge in
            guard case .malformed(let text, let error) = edge.condition else { return nil }
            return
                "edge \(edge.from) -> \(edge.to): condition \(text.quotedForPeople()) counts as false: \(error.message)"
        }
    }
}

extension EdgeCondition {
    fileprivate func isTrue(of subject: ConditionSubject) -> Bool {
        switch self {
        case .parsed(let condition): condition.isTrue(of: subject)
        case .unconditional, .malformed: false
        }
    }
}
