import DotLanguage

/// What edges can come to, each finding with a way from the start as its witness.
extension LintRule {
    /// A node that may find no edge to follow.
    static let conditionalCoverage = LintRule { subject in
        let nodes = subject.graph.nodes.filter { ![.human, .parallel, .exit].contains($0.handler) }
        return nodes.compactMap { node in
            let edges = subject.graph.edges(from: node.id)
            let conditions = edges.compactMap(\.parsed)
            guard !edges.isEmpty, conditions.count == edges.count, !isExhaustive(conditions, at: node) else {
                return nil
            }
            return node.diagnostic(
                .conditionalCoverage, "every edge out of \(node.id) has a condition, and perhaps none holds", .warning,
                hint: "add an edge without a condition", witness: subject.path(to: node.id))
        }
    }

    /// Whether the conditions name every outcome that the node is likely to have, or both sides of a comparison.
    private static func isExhaustive(_ conditions: [Condition], at node: PipelineNode) -> Bool {
        if conditions.contains(where: { one in conditions.contains { $0.complements(one) } }) { return true }
        var likely: Set<String> = node.handler == .start ? ["success"] : ["success", "fail"]
        if node.allowsPartial || [.parallel, .fanIn].contains(node.handler) { likely.insert("partial_success") }
        if node.retryTarget != nil || node.fallbackRetryTarget != nil { likely.remove("fail") }
        return likely.allSatisfy { status in
            conditions.contains { condition in
                condition.clauses.allSatisfy { clause in
                    guard clause.key == "outcome" else { return false }
                    return switch clause.test {
                    case .isTruthy: true
                    case .equals(let text): text == status
                    case .differs(let text): text != status
                    }
                }
            }
        }
    }

    /// An edge that no run can follow: its condition contradicts itself, or another edge always comes first.
    static let edgeNeverTaken = LintRule { subject in
        subject.graph.nodes.filter { $0.handler != .parallel }.flatMap { node in
            let edges = subject.graph.edges(from: node.id)
            return edges.compactMap { edge in
                reason(against: edge, among: edges, at: node).map { why in
                    edge.diagnostic(
                        .edgeNeverTaken, "the edge \(edge.from) -> \(edge.to) can never be followed: \(why)", .warning,
                        key: edge.isConditional ? "condition" : nil, hint: "correct it, or remove the edge",
                        witness: subject.path(to: edge.from) + [edge.to.text])
                }
            }
        }
    }

    private static func reason(
        against edge: PipelineEdge, among edges: [PipelineEdge], at node: PipelineNode
    ) -> String? {
        if edge.maxVisits == 0 { return "max_visits is 0" }
        let lasting = edges.filter { $0.maxVisits == nil && $0.index != edge.index }
        if let condition = edge.parsed {
            if let contradiction = condition.contradiction { return contradiction }
            let first = lasting.first { other in
                guard let earlier = other.parsed, other.comesBefore(edge) else { return false }
                return condition.implies(earlier)
            }
            return first.map { "whenever its condition holds, the edge to \($0.to) comes first" }
        }
        guard edge.condition == .unconditional else { return nil }
        let conditions = lasting.compactMap(\.parsed)
        if conditions.contains(where: { one in conditions.contains { $0.complements(one) } }) {
            return "one of the edges with conditions always holds"
        }
        // Tools and starts suggest no way; what a model or a person says may choose any of them.
        guard [.tool, .start].contains(node.handler) else { return nil }
        let first = lasting.first { $0.condition == .unconditional && $0.comesBefore(edge) }
        return first.map { "the edge to \($0.to) always comes first" }
    }

    /// Circles that nothing ends: no edge with max_visits, no person, no max_steps.
    static let loopUnbounded = LintRule { subject in
        guard subject.graph.attributes.maxSteps == 0 else { return [] }
        let circles = Circles(of: subject.graph.nodes.filter { $0.handler != .human }.map(\.id)) { id in
            subject.graph.edges(from: id).filter { edge in
                edge.maxVisits == nil && !edge.restartsLoop && edge.parsed?.contradiction == nil
            }.map(\.to)
        }
        return circles.all.filter { subject.reachable.contains($0[0]) }.map { circle in
            let path = circles.path(around: circle)
            let node = subject.graph[circle[0]]
            return Diagnostic(
                .loopUnbounded, "nothing bounds the loop through \(circle[0])", severity: .warning, range: node?.range,
                subject: .node(circle[0].text), hint: "write max_visits on one of its edges, or max_steps on the graph",
                witness: path.map(\.text))
        }
    }
}

extension PipelineEdge {
    /// Its condition; `nil` when it has none that can be read.
    var parsed: Condition? {
        if case .parsed(let condition) = self.condition { condition } else { nil }
    }

    /// Whether it is chosen when both may be followed (spec/orchestra.md 2.3).
    fileprivate func comesBefore(_ other: Self) -> Bool {
        if self.weight != other.weight { return self.weight > other.weight }
        return (self.to, self.index) < (other.to, other.index)
    }
}
