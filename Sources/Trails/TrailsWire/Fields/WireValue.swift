package import TrailsCore
package import Vocabulary

/// Something that is one JSON value on the wire.
package protocol WireValue {
    var wireValue: JSONValue { get }
}

extension JSONObject {
    /// An object of these members, without those that are `nil`.
    package static func of(_ members: (String, (any WireValue)?)...) -> Self {
        var object = Self()
        object.reserveCapacity(members.count)
        for (name, value) in members {
            if let value { object[name] = value.wireValue }
        }
        return object
    }

    /// This object, and the members of `others` that it does not have.
    func filled(from others: JSONObject) -> Self {
        var object = self
        for (name, value) in others where object[name] == nil { object[name] = value }
        return object
    }

    /// This object without the member `name`.
    func without(_ name: String) -> Self {
        var object = self
        object[name] = nil
        return object
    }
}

extension JSONValue: WireValue {
    package var wireValue: JSONValue { self }
}

extension JSONObject: WireValue {
    package var wireValue: JSONValue { .object(self) }
}

extension Array: WireValue where Element: WireValue {
    package var wireValue: JSONValue { .array(self.map(\.wireValue)) }
}

extension String: WireValue {
    package var wireValue: JSONValue { .string(self) }
}

extension Bool: WireValue {
    package var wireValue: JSONValue { .bool(self) }
}

extension Double: WireValue {
    package var wireValue: JSONValue { .double(self) }
}

extension Int64: WireValue {
    package var wireValue: JSONValue { .integer(self) }
}

extension Int: WireValue {
    package var wireValue: JSONValue { .integer(Int64(self)) }
}

extension Timestamp: WireValue {
    package var wireValue: JSONValue { .integer(self.milliseconds) }
}

extension Duration: WireValue {
    /// Whole seconds.
    package var wireValue: JSONValue { .integer(self.components.seconds) }
}

extension WireValue where Self: CustomStringConvertible {
    package var wireValue: JSONValue { .string(self.description) }
}

extension WireValue where Self: RawRepresentable<String> {
    package var wireValue: JSONValue { .string(self.rawValue) }
}

extension WireValue where Self: WireRecord {
    package var wireValue: JSONValue { self.json }
}

extension Identifier: WireValue {}
extension PublicKey: WireValue {}
extension Signature: WireValue {}
extension Nonce: WireValue {}
extension EphemeralKey: WireValue {}
extension SecurityLevel: WireValue {}
extension AppStatus: WireValue {}
extension MessageKind: WireValue {}
extension AckOutcome: WireValue {}
extension ErrorCode: WireValue {}
