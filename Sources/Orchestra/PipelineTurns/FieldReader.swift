package import TurnModel
import Vocabulary

/// Why a payload is not the turn it is declared to be.
package struct TurnDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    package let type: TurnType
    package let what: String

    package var description: String { "\(self.type): \(self.what)" }
}

/// Takes the fields of one payload, each by its tag.
///
/// A field that is absent or null is `nil` where it is optional and wrong where it is not; one of another type is
/// wrong either way, since what is half understood must not be acted on.
struct FieldReader {
    let type: TurnType
    let fields: TaggedFields

    init(_ payload: [UInt8], of type: TurnType) throws(TurnDecodingError) {
        self.type = type
        do throws(MsgpackError) {
            self.fields = try TaggedFields(decoding: payload)
        } catch {
            throw TurnDecodingError(type: type, what: error.description)
        }
    }

    func optional<Value: FieldValue>(_ tag: UInt64) throws(TurnDecodingError) -> Value? {
        guard let field = self.fields[tag] else { return nil }
        guard let value = Value(field: field) else {
            throw TurnDecodingError(type: self.type, what: "field \(tag) has another type")
        }
        return value
    }

    func required<Value: FieldValue>(_ tag: UInt64) throws(TurnDecodingError) -> Value {
        guard let value: Value = try self.optional(tag) else {
            throw TurnDecodingError(type: self.type, what: "field \(tag) is missing")
        }
        return value
    }
}

/// Puts the fields of one payload together, by ascending tag, and finds the version that has them all.
struct FieldWriter {
    private var tags: [UInt64] = []
    private var members: [MsgpackValue.Member] = []

    mutating func put(_ value: (some FieldValue)?, _ tag: UInt64) {
        guard let value else { return }
        precondition(self.tags.last ?? 0 < tag, "field \(tag) is put behind field \(self.tags.last ?? 0)")
        self.tags.append(tag)
        self.members.append(.init(.unsigned(tag), value.field))
    }

    /// As `put`, and an empty list or map is left out.
    mutating func put<Value: FieldValue & Collection>(unlessEmpty value: Value, _ tag: UInt64) {
        if !value.isEmpty { self.put(value, tag) }
    }

    /// In the oldest version that knows all the fields that were put, and not below `least`.
    func turn<Value: PipelineTurnValue>(_: Value.Type, atLeast least: UInt32 = 1) -> NewTurn {
        var version = max(least, 1)
        var place = 0
        let known = Value.fields  // by ascending tag as well
        for tag in self.tags {
            while place < known.count, known[place].tag < tag { place += 1 }
            precondition(
                place < known.count && known[place].tag == tag,
                "\(Value.typeID) puts a field that it does not describe")
            version = max(version, known[place].since)
        }
        return NewTurn(
            type: TurnType(Value.typeID, version: version), payload: MsgpackValue.map(self.members).encoded())
    }
}

/// What a field can hold.
protocol FieldValue {
    init?(field: MsgpackValue)
    var field: MsgpackValue { get }
}

extension String: FieldValue {
    init?(field: MsgpackValue) {
        guard let text = field.string else { return nil }
        self = text
    }

    var field: MsgpackValue { .string(self) }
}

extension Duration: FieldValue {
    /// Whole milliseconds.
    init?(field: MsgpackValue) {
        guard let number = field.unsigned.flatMap(Int64.init(exactly:)) else { return nil }
        self = .milliseconds(number)
    }

    var field: MsgpackValue { .unsigned(UInt64(max(0, self.wholeMilliseconds))) }
}

extension UInt64: FieldValue {
    init?(field: MsgpackValue) {
        guard let number = field.unsigned else { return nil }
        self = number
    }

    var field: MsgpackValue { .unsigned(self) }
}

extension Int64: FieldValue {
    init?(field: MsgpackValue) {
        guard let number = field.integer else { return nil }
        self = number
    }

    var field: MsgpackValue { .integer(self) }
}

extension Bool: FieldValue {
    init?(field: MsgpackValue) {
        guard case .bool(let value) = field else { return nil }
        self = value
    }

    var field: MsgpackValue { .bool(self) }
}

extension Timestamp: FieldValue {
    init?(field: MsgpackValue) {
        guard let number = field.integer else { return nil }
        self.init(milliseconds: number)
    }

    var field: MsgpackValue { .integer(self.milliseconds) }
}

extension TurnID: FieldValue {
    init?(field: MsgpackValue) {
        guard let number = field.unsigned else { return nil }
        self.init(wire: number)
    }

    var field: MsgpackValue { .unsigned(self.number) }
}

extension ContextID: FieldValue {
    init?(field: MsgpackValue) {
        guard let number = field.unsigned else { return nil }
        self.init(number)
    }

    var field: MsgpackValue { .unsigned(self.number) }
}

extension BLAKE3.Digest: FieldValue {
    init?(field: MsgpackValue) {
        guard case .bytes(let bytes) = field else { return nil }
        self.init(bytes: bytes)
    }

    var field: MsgpackValue { .bytes(self.bytes) }
}

extension JSONValue: FieldValue {
    init?(field: MsgpackValue) { self.init(field) }

    var field: MsgpackValue { self.msgpack }
}

extension JSONObject: FieldValue {
    init?(field: MsgpackValue) {
        guard let members = field.map else { return nil }
        self.init(members)
    }

    var field: MsgpackValue { JSONValue.object(self).msgpack }
}

extension FieldValue where Self: RawRepresentable, RawValue == String {
    init?(field: MsgpackValue) {
        guard let text = field.string else { return nil }
        self.init(rawValue: text)
    }

    var field: MsgpackValue { .string(self.rawValue) }
}

extension Array: FieldValue where Element: FieldValue {
    init?(field: MsgpackValue) {
        guard let elements = field.array else { return nil }
        let values = elements.compactMap { Element(field: $0) }
        guard values.count == elements.count else { return nil }
        self = values
    }

    var field: MsgpackValue { .array(self.map(\.field)) }
}

extension Dictionary: FieldValue where Key == String, Value: FieldValue {
    init?(field: MsgpackValue) {
        guard let members = field.map else { return nil }
        self = [:]
        for member in members {
            guard let key = member.key.string, let value = Value(field: member.value) else { return nil }
            self[key] = value
        }
    }

    var field: MsgpackValue { .map(self.map { .init(.string($0.key), $0.value.field) }) }
}
