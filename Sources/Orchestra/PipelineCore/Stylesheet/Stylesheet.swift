/// Which models the nodes of a pipeline use, by rules as in CSS (spec/orchestra.md 2.12).
///
///     * { llm_provider: anthropic; }
///     .review { reasoning_effort: high; }
///     #final { llm_model: "claude-opus-4"; }
package struct Stylesheet: Sendable, Equatable {
    package let rules: [Rule]
    let placesBySelector: [Selector: [Int]]

    package struct Rule: Sendable, Equatable {
        package let selector: Selector
        /// Of known properties, in their order; the later wins.
        package let declarations: [Declaration]
        /// Names that are none of `Property`.
        package let unknown: [String]
    }

    package struct Declaration: Sendable, Equatable {
        package let property: Property
        package let value: String
    }

    package enum Property: String, Sendable, CaseIterable {
        case llmModel = "llm_model"
        case llmProvider = "llm_provider"
        case reasoningEffort = "reasoning_effort"
    }

    /// Which nodes a rule is for.
    package enum Selector: Sendable, Hashable {
        case all
        case shape(String)
        case `class`(String)
        case id(String)

        /// The higher wins.
        package var specificity: Int {
            switch self {
            case .all: 0
            case .shape: 1
            case .class: 2
            case .id: 3
            }
        }
    }
}

extension Stylesheet.Selector: CustomStringConvertible {
    package var description: String {
        switch self {
        case .all: "*"
        case .shape(let name): name
        case .class(let name): ".\(name)"
        case .id(let name): "#\(name)"
        }
    }
}

extension Stylesheet {
    /// What the rules give `node`, whatever it says itself.
    package func values(for node: PipelineNode) -> [Property: String] {
        let selectors = [.all, .shape(node.shape), .id(node.id.text)] + node.classes.map(Selector.class)
        let places = Set(selectors).flatMap { self.placesBySelector[$0] ?? [] }
        let order = places.sorted { left, right in
            (self.rules[left].selector.specificity, left) < (self.rules[right].selector.specificity, right)
        }
        return order.flatMap { self.rules[$0].declarations }.reduce(into: [:]) { $0[$1.property] = $1.value }
    }

    /// Whether a rule with `selector` is for `node`.
    package static func matches(_ selector: Selector, _ node: PipelineNode) -> Bool {
        switch selector {
        case .all: true
        case .shape(let name): node.shape == name
        case .class(let name): node.classes.contains(name)
        case .id(let name): node.id.text == name
        }
    }
}

extension PipelineGraph {
    /// The graph with the values of `stylesheet` wherever a node says nothing itself.
    package func styled(by stylesheet: Stylesheet) -> Self {
        guard !stylesheet.rules.isEmpty else { return self }
        return self.transformed { node in
            let values = stylesheet.values(for: node)
            if node.llmModel.isEmpty { node.llmModel = values[.llmModel] ?? "" }
            if node.llmProvider.isEmpty { node.llmProvider = values[.llmProvider] ?? "" }
            if node.reasoningEffort.isEmpty { node.reasoningEffort = values[.reasoningEffort] ?? "" }
        }
    }

    /// The graph as it is run: `$goal` replaced, its own stylesheet applied. A stylesheet that does not parse gives
    /// nothing; the checks say so.
    package func prepared() -> Self {
        let stylesheet = try? Stylesheet(parsing: self.attributes.modelStylesheet)
        let expanded = self.expandingGoal()
        return stylesheet.map { expanded.styled(by: $0) } ?? expanded
    }
}
