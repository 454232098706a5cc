import Vocabulary

/// A value, or the lack of one.
enum TemplateValue: Sendable, Equatable {
    case json(JSONValue)
    /// A name that has no value.
    case undefined(String)

    var text: String {
        switch self {
        case .json(let value): value.comparedText
        case .undefined: ""
        }
    }

    /// `null`, `false`, 0 and everything empty are not.
    var isTruthy: Bool {
        switch self {
        case .undefined, .json(.null): false
        case .json(.bool(let value)): value
        case .json(.integer(let value)): value != 0
        case .json(.double(let value)): value != 0
        case .json(.string(let text)): !text.isEmpty
        case .json(.array(let elements)): !elements.isEmpty
        case .json(.object(let object)): !object.isEmpty
        }
    }

    var json: JSONValue {
        if case .json(let value) = self { value } else { .null }
    }

    /// The elements of a list, the keys of a map, the characters of a text.
    var elements: [JSONValue] {
        switch self.json {
        case .array(let elements): elements
        case .object(let object): object.keys.map { .string($0) }
        case .string(let text): text.map { .string(String($0)) }
        default: []
        }
    }

    var count: Int { self.elements.count }

    static func compare(_ comparison: Expression.Comparison, _ left: Self, _ right: Self) -> Bool {
        switch comparison {
        case .equal: left.isEqual(to: right)
        case .notEqual: !left.isEqual(to: right)
        case .isIn: right.contains(left)
        case .less, .lessOrEqual, .more, .moreOrEqual: left.isOrdered(comparison, right)
        }
    }

    /// 1 and 1.0 are equal.
    private func isEqual(to other: Self) -> Bool {
        if let left = self.json.number, let right = other.json.number { return left == right }
        return self.json == other.json
    }

    private func contains(_ element: Self) -> Bool {
        if case .string(let text) = self.json { return text.contains(element.text) }
        return self.elements.contains { TemplateValue.json($0).isEqual(to: element) }
    }

    /// Numbers by size, texts by their bytes; anything else is not ordered.
    private func isOrdered(_ comparison: Expression.Comparison, _ other: Self) -> Bool {
        if let left = self.json.number, let right = other.json.number { return comparison.holds(left, right) }
        guard let left = self.json.string, let right = other.json.string else { return false }
        return comparison.holds(NodeID(left), NodeID(right))
    }
}

extension Expression.Comparison {
    fileprivate func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .less: left < right
        case .lessOrEqual: left <= right
        case .more: left > right
        case .moreOrEqual: left >= right
        case .equal, .notEqual, .isIn: false
        }
    }
}
