package import TurnModel
package import Vocabulary

extension JSONValue {
    /// The same value as MessagePack: `1` stays a whole number and `1.0` a fraction. Keys are sorted.
    package var msgpack: MsgpackValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .double(let value): .double(value)
        case .string(let value): .string(value)
        case .array(let elements): .array(elements.map(\.msgpack))
        case .object(let members): .map(members.map { .init(.string($0.key), $0.value.msgpack) })
        }
    }

    /// The same value as JSON; `nil` when JSON has none: bytes, types of an application, a whole number beyond `Int64`,
    /// a key that is no text.
    package init?(_ value: MsgpackValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .unsigned, .negative:
            guard let integer = value.integer else { return nil }
            self = .integer(integer)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .array(let elements):
            var values: [JSONValue] = []
            for element in elements {
                guard let value = JSONValue(element) else { return nil }
                values.append(value)
            }
            self = .array(values)
        case .map(let members):
            guard let object = JSONObject(members) else { return nil }
            self = .object(object)
        case .bytes, .extended: return nil
        }
    }
}

extension JSONObject {
    /// The members of a map whose keys are texts; `nil` when it has others.
    init?(_ members: [MsgpackValue.Member]) {
        self.init()
        self.reserveCapacity(members.count)
        for member in members {
            guard let key = member.key.string, let value = JSONValue(member.value) else { return nil }
            self[key] = value
        }
    }
}
