import TestKit
import Vocabulary

/// Ways to make a JSON object wrong, for tables.
enum Spoiling {
    /// Values of every kind; a member that must be a number is spoilt by the string, and so on.
    static let values: [JSONValue] = [
        nil, true, -1, 1.5, 9_007_199_254_740_993, "", "not a thing", [], [1], [:], ["a": 1], .string(longText),
        .array(Array(repeating: "x", count: 2_000)), deep,
    ]

    static let longText = String(repeating: "x", count: 20_000)
    static let deep = (0..<60).reduce(JSONValue.null) { inner, _ in .array([inner]) }

    /// Every member, at any depth, by the keys that lead to it.
    static func paths(of value: JSONValue) -> [[String]] {
        guard let object = value.object else { return [] }
        return object.flatMap { member in
            [[member.key]] + self.paths(of: member.value).map { [member.key] + $0 }
        }
    }

    /// `value` with the member at `path` replaced, or removed if `new` is `nil`.
    static func setting(_ path: ArraySlice<String>, to new: JSONValue?, in value: JSONValue) -> JSONValue {
        guard let key = path.first, var object = value.object else { return value }
        if path.count == 1 {
            object[key] = new
        } else if let inner = object[key] {
            object[key] = self.setting(path.dropFirst(), to: new, in: inner)
        }
        return .object(object)
    }

    /// A value that differs from `value` and is of the same kind, as a forger would choose it.
    static func changed(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null: "x"
        case .bool(let value): .bool(!value)
        case .integer(let value): .integer(value + 1)
        case .double(let value): .double(value + 1)
        case .string(let text): .string(text + "x")
        case .array(let elements): .array(elements + [1])
        case .object(let object): .object(object.adding("x", 1))
        }
    }
}

extension JSONObject {
    func adding(_ name: String, _ value: JSONValue?) -> Self {
        var object = self
        object[name] = value
        return object
    }
}
