package import DotLanguage
import Vocabulary

/// An attribute whose value is not what its key takes. The reader goes on with the default.
package struct AttributeProblem: Sendable, Equatable {
    package enum Owner: Sendable, Equatable {
        case graph
        case node(NodeID)
        case edge(from: NodeID, to: NodeID)
    }

    /// What the key takes.
    package enum Expected: Sendable, Equatable {
        case integer(atLeast: Int)
        case number(atLeast: Double)
        case boolean
        case duration
        case policy([String])
        case fidelity
        case condition(ConditionError)
    }

    package let owner: Owner
    package let key: String
    /// As it was written, without quotes.
    package let value: String
    package let expected: Expected
    package let range: SourceRange
}

extension AttributeProblem {
    /// The lint rule it breaks (spec/orchestra.md 1.9).
    package var rule: String {
        switch self.expected {
        case .integer, .number, .boolean, .duration: "attr_type"
        case .policy: "policy_known"
        case .fidelity: "fidelity_valid"
        case .condition: "condition_syntax"
        }
    }

    /// What is wrong, for people.
    package var message: String {
        switch self.expected {
        case .condition(let error): "condition \(self.value.quotedForPeople()): \(error.message)"
        default: "\(self.key) is \(self.value.quotedForPeople()), which is not \(self.wanted)"
        }
    }

    /// What to write instead.
    package var fix: String {
        switch self.expected {
        case .condition: "write it like outcome=success && context.key!=value"
        case .policy(let names): "write one of \(names.joined(separator: ", "))"
        case .fidelity: "write one of \(Fidelity.names.joined(separator: ", "))"
        case .duration: "write it like 250ms, 90s, 5m, 2h or 1d"
        case .boolean: "write true or false"
        case .integer, .number: "write \(self.wanted)"
        }
    }

    private var wanted: String {
        switch self.expected {
        case .integer(.min): "a whole number"
        case .integer(let least): "a whole number of at least \(least)"
        case .number(let least): "a number of at least \(least)"
        case .boolean: "true or false"
        case .duration: "a duration"
        case .policy: "a known policy"
        case .fidelity: "a known fidelity"
        case .condition: "a condition"
        }
    }
}
