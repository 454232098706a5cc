package import Vocabulary

/// Reads the members of an object one by one, strict about those that are asked for and blind to the rest.
package struct FieldReader: Sendable {
    package let object: JSONObject

    package init(_ object: JSONObject) {
        self.object = object
    }
}

extension FieldReader {
    /// The member `name`, which must be there and must not be `null`.
    package func need<Value>(_ name: String, _ kind: FieldKind<Value>) throws(FrameError) -> Value {
        guard let value = self.object[name] else { throw FrameError(.badMessage, field: name, "is missing") }
        return try Self.read(value, as: kind, name)
    }

    /// The member `name`; `nil` when it is not there or `null`.
    package func find<Value>(_ name: String, _ kind: FieldKind<Value>) throws(FrameError) -> Value? {
        guard let value = self.object[name], !value.isNull else { return nil }
        return try Self.read(value, as: kind, name)
    }

    /// The member `name`, or under its other name `synonym`.
    package func find<Value>(
        _ name: String, or synonym: String, _ kind: FieldKind<Value>
    ) throws(FrameError) -> Value? {
        if let value = try self.find(name, kind) { return value }
        return try self.find(synonym, kind)
    }

    private static func read<Value>(
        _ value: JSONValue, as kind: FieldKind<Value>, _ name: String
    ) throws(FrameError) -> Value {
        do throws(FrameError) {
            return try kind.read(value)
        } catch {
            throw error.inside(name)
        }
    }
}

/// Something that is an object on the wire: of a frame, a request body or an answer.
package protocol WireRecord: Hashable, Sendable {
    /// Reads the members it knows, and ignores others.
    init(reading fields: FieldReader) throws(FrameError)
    /// The members, in the order in which people want to read them.
    var members: JSONObject { get }
}

extension WireRecord {
    package init(json: JSONValue) throws(FrameError) {
        self = try FieldKind.record(Self.self).read(json)
    }

    /// Reads one JSON document of UTF-8 bytes.
    package init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = JSONLimits()) throws(FrameError) {
        self = try Self(json: JSONValue(wire: bytes, limits: limits))
    }

    package var json: JSONValue { .object(self.members) }
}

extension JSONValue {
    /// Reads a document as `init(parsing:)` does, and reports its errors in the protocol's words.
    package init(wire bytes: some Collection<UInt8>, limits: JSONLimits = JSONLimits()) throws(FrameError) {
        do throws(JSONError) {
            self = try JSONValue(parsing: bytes, limits: limits)
        } catch {
            let code: ErrorCode = error.code == .tooLong ? .tooLarge : .badMessage
            throw FrameError(code, error.message)
        }
    }
}
