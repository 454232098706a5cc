import Vocabulary

/// What a model without the earlier conversation is told about the run so far (spec/orchestra.md 2.9).
struct Preamble {
    let goal: String
    let run: String
    let memory: RunMemory

    /// Empty for `full`, whose conversation says it all.
    func text(_ fidelity: Fidelity) -> String {
        switch fidelity {
        case .full: ""
        case .truncate: self.head
        case .compact: self.summary(stages: 20, values: 20, valueMax: 120, tokens: 800)
        case .summaryLow: self.summary(stages: 10, values: 10, valueMax: 120, tokens: 600)
        case .summaryMedium: self.summary(stages: 30, values: 30, valueMax: 400, tokens: 1_500)
        case .summaryHigh: self.summary(stages: 60, values: 60, valueMax: 1_200, tokens: 3_000)
        }
    }

    /// A token is about four characters.
    private static let charactersPerToken = 4

    private var head: String { "Goal: \(self.goal)\nRun: \(self.run)" }

    /// Lines in order of worth, as many as fit.
    private func summary(stages: Int, values: Int, valueMax: Int, tokens: Int) -> String {
        var text = self.head
        for line in self.stageLines(stages) + self.valueLines(values, valueMax: valueMax) {
            guard text.count + line.count + 1 <= tokens * Self.charactersPerToken else { break }
            text += "\n" + line
        }
        return text
    }

    private func stageLines(_ max: Int) -> [String] {
        guard !self.memory.completed.isEmpty else { return [] }
        let recent = self.memory.completed.suffix(max)
        let title = recent.count < self.memory.completedCount ? "Latest stages:" : "Stages:"
        return [title] + recent.map { "- \($0): \(self.memory.status(of: $0)?.lowercase ?? "skipped")" }
    }

    private func valueLines(_ max: Int, valueMax: Int) -> [String] {
        let shown = self.memory.context.values.filter { key, _ in
            key == "last_response" || !PipelineContext.isReserved(key) || key.hasPrefix("human.gate.")
        }
        guard !shown.isEmpty else { return [] }
        return ["Values:"]
            + shown.suffix(max).map { key, value in "- \(key): \(value.comparedText.cut(valueMax))" }
    }
}

extension String {
    /// On one line, and cut where it is longer than `max` characters.
    fileprivate func cut(_ max: Int) -> String {
        let line = self.replacing("\n", with: " ")
        return line.count <= max ? line : line.prefix(max) + "…"
    }
}
