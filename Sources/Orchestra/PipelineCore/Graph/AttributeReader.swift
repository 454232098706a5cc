import DotLanguage
import Vocabulary

/// Reads attributes as the types their keys declare, and lists what it could not read (spec/orchestra.md 1.3, rule 10).
struct AttributeReader {
    let attributes: DotAttributes
    let owner: AttributeProblem.Owner
    private(set) var problems: [AttributeProblem] = []

    init(_ attributes: DotAttributes, of owner: AttributeProblem.Owner) {
        self.attributes = attributes
        self.owner = owner
    }

    /// The text of the first of `keys` that is there; any value has a text.
    func text(_ keys: String...) -> String {
        self.first(keys)?.value.text ?? ""
    }

    private func first(_ keys: [String]) -> DotAttribute? {
        keys.compactMap { self.attributes[$0] }.first
    }

    func node(_ key: String) -> NodeID? {
        let text = self.text(key)
        return text.isEmpty ? nil : NodeID(text)
    }

    /// The parts of a list with commas, trimmed, without the empty ones.
    func list(_ key: String) -> [String] {
        self.text(key).split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
    }

    mutating func integer(_ keys: String..., atLeast least: Int = 0) -> Int? {
        self.read(keys, .integer(atLeast: least)) { value in
            Int(value.text).flatMap { $0 >= least ? $0 : nil }
        }
    }

    mutating func number(_ key: String, atLeast least: Double = 0) -> Double? {
        self.read([key], .number(atLeast: least)) { value in
            Double(value.text).flatMap { $0.isFinite && $0 >= least ? $0 : nil }
        }
    }

    mutating func boolean(_ key: String) -> Bool? {
        self.read([key], .boolean) { Bool($0.text) }
    }

    mutating func duration(_ key: String) -> Duration? {
        self.read([key], .duration) { value in
            if case .duration(let duration, _) = value { duration } else { Duration(attribute: value.text) }
        }
    }

    mutating func policy<Policy: NamedPolicy>(_ key: String) -> Policy? {
        self.read([key], .policy(Policy.allCases.map(\.rawValue))) { Policy(rawValue: $0.text) }
    }

    mutating func fidelity(_ key: String) -> Fidelity? {
        self.read([key], .fidelity) { Fidelity(rawValue: $0.text) }
    }

    /// An empty value is as good as none, whatever the type.
    private mutating func read<Value>(
        _ keys: [String], _ expected: AttributeProblem.Expected, as convert: (DotValue) -> Value?
    ) -> Value? {
        guard let attribute = self.first(keys), !attribute.value.text.isEmpty else { return nil }
        if let value = convert(attribute.value) { return value }
        self.report(attribute, expected)
        return nil
    }

    mutating func report(_ attribute: DotAttribute, _ expected: AttributeProblem.Expected) {
        self.problems.append(
            AttributeProblem(
                owner: self.owner, key: attribute.key, value: attribute.value.text, expected: expected,
                range: attribute.valueRange))
    }
}

extension AttributeReader {
    /// The statuses of a list with commas; a word that is none is reported.
    mutating func statuses(_ key: String) -> [StageStatus] {
        let words = self.list(key)
        let statuses = words.compactMap(StageStatus.init(text:))
        if statuses.count != words.count, let attribute = self.attributes[key] {
            self.report(attribute, .policy(StageStatus.allCases.map(\.lowercase)))
        }
        return statuses
    }
}

extension AttributeReader {
    /// `nil` when there is none, or one that cannot be read.
    mutating func condition(_ key: String) -> Condition? {
        guard let attribute = self.attributes[key] else { return nil }
        do throws(ConditionError) {
            let condition = try Condition(parsing: attribute.value.text)
            return condition.clauses.isEmpty ? nil : condition
        } catch {
            self.report(attribute, .condition(error))
            return nil
        }
    }

    /// Those of a manager loop; a word that is none is reported.
    mutating func actions(_ key: String) -> Set<ManagerAction> {
        let words = self.list(key)
        let actions = words.compactMap(ManagerAction.init(rawValue:))
        if actions.count != words.count, let attribute = self.attributes[key] {
            self.report(attribute, .policy(ManagerAction.allCases.map(\.rawValue)))
        }
        return words.isEmpty ? [.observe, .wait] : Set(actions)
    }
}

/// A policy that a file chooses by name.
package protocol NamedPolicy: RawRepresentable<String>, CaseIterable, Sendable {}

extension StringProtocol {
    /// Without white space at both ends.
    package var trimmed: String {
        let front = self.drop { $0.isWhitespace }
        guard let last = front.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(front[...last])
    }
}
