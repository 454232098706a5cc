/// What a person is asked (spec/orchestra.md 2.8).
package struct Question: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case yesNo = "YES_NO"
        case multipleChoice = "MULTIPLE_CHOICE"
        case freeform = "FREEFORM"
        case confirmation = "CONFIRMATION"
    }

    /// The key of the attempt that asks: an answer names it.
    package let id: AttemptKey
    package let node: NodeID
    package let text: String
    package let kind: Kind
    package let choices: [Choice]
    /// The target of the choice that stands for no answer in time.
    package let standard: NodeID?
    package let timeout: Duration?

    package init(
        id: AttemptKey, node: NodeID, text: String, kind: Kind, choices: [Choice], standard: NodeID?, timeout: Duration?
    ) {
        self.id = id
        self.node = node
        self.text = text
        self.kind = kind
        self.choices = choices
        self.standard = standard
        self.timeout = timeout
    }
}

/// One way out of a gate.
package struct Choice: Sendable, Hashable {
    /// Upper case, and unlike that of any other choice as long as the label has letters left.
    package let key: String
    /// Without the accelerator.
    package let label: String
    package let target: NodeID
    /// As the file has it.
    package let edgeLabel: String

    package init(key: String, label: String, target: NodeID, edgeLabel: String) {
        self.key = key
        self.label = label
        self.target = target
        self.edgeLabel = edgeLabel
    }
}

/// What came back.
package enum Answer: Sendable, Hashable {
    /// A key, a label or a target, in any case of letters.
    case text(String)
    case skipped
    case timeout
}

extension Answer {
    /// As it is recorded.
    package var text: String {
        switch self {
        case .text(let text): text
        case .skipped: "SKIPPED"
        case .timeout: "TIMEOUT"
        }
    }
}
