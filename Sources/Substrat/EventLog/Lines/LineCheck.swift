import Vocabulary

/// What a line of a log is worth, from its bytes alone.
enum LineCheck: Hashable, Sendable {
    /// Numbered, and its checksum is right. `with` is the number of the first line of the same write, if not its own.
    case sound(UInt64, with: UInt64? = nil)
    /// A line of the seed's format: an event without number and checksum.
    case legacy
    case bad(Reason)

    enum Reason: String, Sendable {
        case checksum = "its checksum is wrong"
        case unreadable = "it is no event"
        case zeros = "it has zeros for bytes"
        case cut = "it has no end"
        case order = "its number is out of order"
    }

    static let open = Array(",\"crc\":\"".utf8)
    static let close = Array("\"}".utf8)
    private static let tailLength = LineCheck.open.count + 8 + LineCheck.close.count

    /// Judges a line without its line break.
    init(_ line: ArraySlice<UInt8>) {
        guard !line.contains(0) else {
            self = .bad(.zeros)
            return
        }
        if let (body, checksum) = Self.split(line) {
            guard CRC32C(body).value == checksum else {
                self = .bad(.checksum)
                return
            }
            guard let (number, rest) = Self.number("seq", endOf: body) else {
                self = .bad(.unreadable)
                return
            }
            self = .sound(number, with: Self.number("with", endOf: rest)?.value)
            return
        }
        // Without a checksum it may still be one of ours that was damaged just there: those have a number.
        let object = LogRecord.object(of: line)
        let isLegacy = object?["event"]?.string != nil && object?["seq"] == nil && object?["crc"] == nil
        self = isLegacy ? .legacy : .bad(.unreadable)
    }

    /// What the checksum is over, and the checksum; `nil` for a line without one.
    static func split(_ line: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, UInt32)? {
        guard line.count > Self.tailLength, line.suffix(Self.close.count).elementsEqual(Self.close) else { return nil }
        let tail = line.suffix(Self.tailLength)
        guard tail.prefix(Self.open.count).elementsEqual(Self.open) else { return nil }
        let digits = tail.dropFirst(Self.open.count).prefix(8)
        // Upper case is what we never write: a flipped bit.
        guard digits.allSatisfy({ !(UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }),
            let bytes = Hex.decode(String(decoding: digits, as: UTF8.self))
        else { return (line, 0) }
        return (line.dropLast(Self.tailLength), bytes.reduce(0) { $0 << 8 | UInt32($1) })
    }

    /// The number that ends `body`, as `,"seq":7`, and what is before that.
    private static func number(
        _ name: String, endOf body: ArraySlice<UInt8>
    ) -> (value: UInt64, rest: ArraySlice<UInt8>)? {
        let key = Array(",\"\(name)\":".utf8)
        let digits = body.suffix(20).reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let before = body.dropLast(digits.count)
        guard before.suffix(key.count).elementsEqual(key) else { return nil }
        return UInt64(String(decoding: digits.reversed(), as: UTF8.self)).map { ($0, before.dropLast(key.count)) }
    }
}
