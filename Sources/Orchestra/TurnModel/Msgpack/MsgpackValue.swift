/// One value of MessagePack, as far as turns use it.
package enum MsgpackValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case unsigned(UInt64)
    /// Below zero: what is not is `unsigned`, however it was written.
    case negative(Int64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case array([MsgpackValue])
    /// In the order in which the members were read; written in that of their keys.
    case map([Member])
    /// A value of an application's own type; kept, and not looked into.
    case extended(Int8, [UInt8])

    /// A member of a map.
    package struct Member: Hashable, Sendable {
        package var key: MsgpackValue
        package var value: MsgpackValue

        package init(_ key: MsgpackValue, _ value: MsgpackValue) {
            self.key = key
            self.value = value
        }
    }
}

extension MsgpackValue {
    /// A whole number of either sign.
    package static func integer(_ value: Int64) -> Self {
        value < 0 ? .negative(value) : .unsigned(UInt64(value))
    }

    package var unsigned: UInt64? {
        if case .unsigned(let value) = self { value } else { nil }
    }

    package var integer: Int64? {
        switch self {
        case .unsigned(let value): Int64(exactly: value)
        case .negative(let value): value
        default: nil
        }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var array: [MsgpackValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var map: [Member]? {
        if case .map(let value) = self { value } else { nil }
    }
}

/// How much MessagePack a reader takes.
package struct MsgpackLimits: Hashable, Sendable {
    /// How deep arrays and maps may be nested.
    package var depth = 64
    /// How many values there may be in all: each takes far more memory than its one byte.
    package var values = 1_000_000

    package init() {}
}

/// Why bytes are not the MessagePack we take, and where.
package struct MsgpackError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The bytes stop in the middle of a value.
        case unexpectedEnd
        /// More bytes than the value.
        case trailingBytes
        /// The one byte that has no meaning, 0xC1.
        case unknownByte
        case invalidUTF8
        /// Nested deeper than the reader takes.
        case tooDeep
        /// More values than the reader takes.
        case tooMany
        /// One map has the same key twice: readers would differ in which they keep.
        case duplicateKey
        /// The payload of a turn is a map of fields, and this is something else.
        case notFields
    }

    package let code: Code
    /// Bytes before the place.
    package let offset: Int

    package var description: String { "\(self.what) at byte \(self.offset)" }

    private var what: String {
        switch self.code {
        case .unexpectedEnd: "end in the middle of a value"
        case .trailingBytes: "bytes after the value"
        case .unknownByte: "a byte that starts no value"
        case .invalidUTF8: "text that is not UTF-8"
        case .tooDeep: "arrays and maps nested too deep"
        case .tooMany: "too many values"
        case .duplicateKey: "a key for the second time"
        case .notFields: "no map of fields"
        }
    }
}
