import Vocabulary

/// A gate at which a person decides: which choices there are and what an answer means (spec/orchestra.md 2.8).
package struct HumanGate: Sendable {
    package let node: PipelineNode
    package let choices: [Choice]

    package init(_ node: PipelineNode, in graph: PipelineGraph) {
        self.node = node
        self.choices = Self.choices(of: graph.edges(from: node.id))
    }

    /// `nil` when the gate has no edges, so that there is nothing to ask.
    package func question(id: AttemptKey) -> Question? {
        guard !self.choices.isEmpty else { return nil }
        return Question(
            id: id, node: self.node.id, text: self.node.label, kind: .multipleChoice, choices: self.choices,
            standard: self.standard?.target, timeout: self.node.timeout)
    }

    /// What `answer` comes to; `nil` when it matches no choice, so that nothing is approved by accident (D24).
    package func outcome(of answer: Answer) -> Outcome? {
        switch answer {
        case .text(let text): return self.match(text).map(self.outcome(choosing:))
        case .skipped: return .fail("the question of gate \(self.node.id) was skipped", isRetryable: false)
        case .timeout:
            if let standard { return self.outcome(choosing: standard) }
            return .retry("timeout: nobody answered gate \(self.node.id)")
        }
    }

    /// For a gate without edges.
    package var outcomeWithoutChoices: Outcome {
        .fail("gate \(self.node.id) has no outgoing edges to choose from", isRetryable: false)
    }

    /// The choice that `text` means: by key, then by label, then by target.
    package func match(_ text: String) -> Choice? {
        let wanted = text.trimmed.lowercased()
        guard !wanted.isEmpty else { return nil }
        let clean = Accelerator.normalized(text)
        return self.choices.first { $0.key.lowercased() == wanted }
            ?? self.choices.first { $0.label.lowercased() == wanted || $0.edgeLabel.trimmed.lowercased() == wanted }
            ?? self.choices.first { $0.label.lowercased() == clean }
            ?? self.choices.first { $0.target.text.lowercased() == wanted }
    }

    /// The choice for silence, if the file names one that there is.
    package var standard: Choice? { self.match(self.node.humanDefaultChoice) }

    private func outcome(choosing choice: Choice) -> Outcome {
        Outcome(
            .success, preferredLabel: choice.edgeLabel, suggestedNextIDs: [choice.target],
            contextUpdates: [
                "human.gate.selected": .string(choice.key), "human.gate.label": .string(choice.label),
            ])
    }
}

extension HumanGate {
    /// In file order. A key that is taken gives way to the next letter of the label that is not.
    static func choices(of edges: [PipelineEdge]) -> [Choice] {
        var taken: Set<String> = []
        return edges.map { edge in
            let accelerator = Accelerator(edge.label.trimmed.isEmpty ? edge.to.text : edge.label)
            let letters = accelerator.label.filter { $0.isLetter || $0.isNumber }.map { $0.uppercased() }
            let key = ([accelerator.key] + letters).first { !taken.contains($0) } ?? Self.number(unlike: taken)
            taken.insert(key)
            return Choice(key: key, label: accelerator.label, target: edge.to, edgeLabel: edge.label)
        }
    }

    /// When all letters are taken.
    private static func number(unlike taken: Set<String>) -> String {
        (1...(taken.count + 1)).lazy.map(String.init).first { !taken.contains($0) } ?? ""
    }
}
