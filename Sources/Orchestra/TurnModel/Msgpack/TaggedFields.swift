/// The fields of a payload by tag, whether their keys are integers or strings of digits.
///
/// Fields that nobody asks for are kept, so that a payload can be read by one who knows only some of them.
package struct TaggedFields: Hashable, Sendable {
    package private(set) var values: [UInt64: MsgpackValue] = [:]
    /// Members whose key is no tag.
    package private(set) var others: [MsgpackValue.Member] = []

    package init() {}

    /// Reads a payload. Bytes after its first value are not looked at.
    package init(decoding payload: [UInt8]) throws(MsgpackError) {
        try self.init(MsgpackValue(decodingStartOf: payload))
    }

    /// Takes the members of a map; a tag given as a number and as digits is a duplicate.
    package init(_ value: MsgpackValue) throws(MsgpackError) {
        guard let members = value.map else { throw MsgpackError(code: .notFields, offset: 0) }
        for member in members {
            guard let tag = Self.tag(of: member.key) else {
                self.others.append(member)
                continue
            }
            guard self.values.updateValue(member.value, forKey: tag) == nil else {
                throw MsgpackError(code: .duplicateKey, offset: 0)
            }
        }
    }

    /// The number a key stands for: `1`, `"1"`, not `"01"`, `"+1"` or `-1`.
    private static func tag(of key: MsgpackValue) -> UInt64? {
        switch key {
        case .unsigned(let tag): tag
        case .string(let text):
            text.utf8.allSatisfy { (0x30...0x39).contains($0) } && (text == "0" || !text.hasPrefix("0"))
                ? UInt64(text) : nil
        default: nil
        }
    }

    /// The field `tag`; one that is written as null reads as absent.
    package subscript(tag: UInt64) -> MsgpackValue? {
        get { self.values[tag].flatMap { $0 == .null ? nil : $0 } }
        set { self.values[tag] = newValue }
    }

    /// The payload, with integer keys.
    package func encoded() -> [UInt8] {
        MsgpackValue.map(self.values.map { .init(.unsigned($0.key), $0.value) } + self.others).encoded()
    }
}
