package import DotLanguage

/// An edge with its attributes as typed values (spec/orchestra.md 1.7).
package struct PipelineEdge: Sendable, Equatable {
    /// Where it stands in the file, counted from 0. Names the edge: two may join the same nodes.
    package let index: Int
    package let from: NodeID
    package let to: NodeID
    package let attributes: DotAttributes
    package let range: SourceRange
    package let label: String
    package let condition: EdgeCondition
    package let weight: Int
    package let maxVisits: Int?
    package let fidelity: Fidelity?
    package let threadID: String
    package let restartsLoop: Bool
}

/// The condition of an edge.
package enum EdgeCondition: Sendable, Equatable {
    case unconditional
    case parsed(Condition)
    /// Counts as a condition that is false.
    case malformed(String, ConditionError)
}

extension PipelineEdge {
    package var isConditional: Bool { self.condition != .unconditional }

    init(_ edge: DotEdge, at index: Int, problems: inout [AttributeProblem]) {
        var reader = AttributeReader(edge.attributes, of: .edge(from: NodeID(edge.from), to: NodeID(edge.to)))
        self.index = index
        self.from = NodeID(edge.from)
        self.to = NodeID(edge.to)
        self.attributes = edge.attributes
        self.range = edge.range
        self.label = reader.text("label")
        self.condition = EdgeCondition(reader.text("condition"))
        self.weight = reader.integer("weight", atLeast: .min) ?? 0
        self.maxVisits = reader.integer("max_visits")
        self.fidelity = reader.fidelity("fidelity")
        self.threadID = reader.text("thread_id")
        self.restartsLoop = reader.boolean("loop_restart") ?? false
        if case .malformed(_, let error) = self.condition, let attribute = edge.attributes["condition"] {
            reader.report(attribute, .condition(error))
        }
        problems += reader.problems
    }
}

extension EdgeCondition {
    fileprivate init(_ text: String) {
        do throws(ConditionError) {
            let condition = try Condition(parsing: text)
            self = condition.clauses.isEmpty ? .unconditional : .parsed(condition)
        } catch {
            self = .malformed(text, error)
        }
    }
}
