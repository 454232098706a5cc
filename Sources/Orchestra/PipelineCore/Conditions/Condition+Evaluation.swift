package import Vocabulary

/// What a condition is asked of: the last outcome and the context (spec/orchestra.md 2.4).
package struct ConditionSubject: Sendable {
    /// Of the node just executed; a conditional node passes on that of the node before it (D25).
    package let outcome: StageStatus
    /// As the outcome gave it; empty for none.
    package let preferredLabel: String
    package let context: PipelineContext

    package init(outcome: StageStatus, preferredLabel: String, context: PipelineContext) {
        self.outcome = outcome
        self.preferredLabel = preferredLabel
        self.context = context
    }

    /// The text that `key` stands for; empty when there is nothing.
    package func text(of key: String) -> String {
        switch key {
        case "outcome": return self.outcome.lowercase
        case "preferred_label": return self.preferredLabel
        default: break
        }
        if let value = self.context[key] { return value.comparedText }
        guard key.hasPrefix("context.") else { return "" }
        return self.context[String(key.dropFirst("context.".count))]?.comparedText ?? ""
    }
}

extension Condition {
    /// Whether every clause holds; the first that does not ends the search.
    package func isTrue(of subject: ConditionSubject) -> Bool {
        self.clauses.allSatisfy { clause in
            let text = subject.text(of: clause.key)
            return switch clause.test {
            case .isTruthy: !["", "false", "0"].contains(text)
            case .equals(let literal): text == literal
            case .differs(let literal): text != literal
            }
        }
    }
}

extension JSONValue {
    /// The text that comparisons see: strings bare, lists and maps as compact JSON with sorted keys, `null` empty.
    package var comparedText: String {
        switch self {
        case .null: ""
        case .string(let text): text
        default: self.sortedText()
        }
    }
}
