/// Why some bytes are not the JSON we take, and where.
public struct JSONError: Error, Hashable, Sendable {
    /// Which rule was broken, for programs.
    public let code: Code
    /// Bytes before the place.
    public let offset: Int
    /// From 1.
    public let line: Int
    /// From 1, in Unicode scalars; a byte that is no UTF-8 counts for one or none.
    public let column: Int
    /// What is wrong and where, for people: lower case, no full stop.
    public let message: String

    /// A name for the kind of error that programs can rely on; more may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Name: String {
            case unexpectedCharacter = "unexpected_character"
            case unexpectedEnd = "unexpected_end"
            case trailingCharacters = "trailing_characters"
            case duplicateKey = "duplicate_key"
            case invalidEscape = "invalid_escape"
            case loneSurrogate = "lone_surrogate"
            case invalidUTF8 = "invalid_utf8"
            case controlCharacter = "control_character"
            case malformedNumber = "malformed_number"
            case numberOutOfRange = "number_out_of_range"
            case tooDeep = "too_deep"
            case tooLong = "too_long"
        }
        private let name: Name

        /// A character that cannot stand where it stands: `[1,]`, `{a:1}`.
        public static let unexpectedCharacter = Self(name: .unexpectedCharacter)
        /// The text stops in the middle of a value.
        public static let unexpectedEnd = Self(name: .unexpectedEnd)
        /// More than white space after the value.
        public static let trailingCharacters = Self(name: .trailingCharacters)
        /// One object has the same key twice: readers would differ in which they keep.
        public static let duplicateKey = Self(name: .duplicateKey)
        /// A backslash with something after it that JSON does not know.
        public static let invalidEscape = Self(name: .invalidEscape)
        /// Half of a surrogate pair, as `\ud800`: no Unicode scalar.
        public static let loneSurrogate = Self(name: .loneSurrogate)
        /// Bytes that are not UTF-8.
        public static let invalidUTF8 = Self(name: .invalidUTF8)
        /// A raw control character in a string, where an escape must be.
        public static let controlCharacter = Self(name: .controlCharacter)
        /// A number that JSON does not write so: `01`, `1.`, `+1`, `NaN`.
        public static let malformedNumber = Self(name: .malformedNumber)
        /// An integer outside `Int64`, or a fraction too big for a `Double`.
        public static let numberOutOfRange = Self(name: .numberOutOfRange)
        /// Arrays and objects nested deeper than the reader takes.
        public static let tooDeep = Self(name: .tooDeep)
        /// More bytes than the reader takes.
        public static let tooLong = Self(name: .tooLong)

        public var description: String { self.name.rawValue }
    }
}

extension JSONError: CustomStringConvertible {
    public var description: String { self.message }
}

extension JSONError {
    /// Finds line and column of `offset` in `bytes` and puts them between `what` and `advice`.
    init(_ code: Code, _ what: String, at offset: Int, of bytes: UnsafeBufferPointer<UInt8>, advice: String = "") {
        let before = bytes.prefix(offset)
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        self.code = code
        self.offset = offset
        self.line = before.count { $0 == UInt8(ascii: "\n") } + 1
        self.column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
        self.message = "\(what) at line \(self.line), column \(self.column)\(advice)"
    }
}
