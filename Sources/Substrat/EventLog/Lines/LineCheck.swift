import Vocabulary

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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
        self = line.withUnsafeBufferPointer { Self.judge($0) ?? Self.judgeWithoutChecksum(line) }
    }

    /// `nil` for a line without a checksum.
    private static func judge(_ line: UnsafeBufferPointer<UInt8>) -> Self? {
        if let start = line.baseAddress, memchr(start, 0, line.count) != nil { return .bad(.zeros) }
        guard let (length, checksum) = self.split(line) else { return nil }
        let body = UnsafeBufferPointer(rebasing: line[..<length])
        guard CRC32C(body).value == checksum else { return .bad(.checksum) }
        guard let (number, rest) = self.number(self.sequence, endOf: body, length) else { return .bad(.unreadable) }
        return .sound(number, with: self.number(self.company, endOf: body, rest)?.value)
    }

    /// Without a checksum it may still be one of ours that was damaged just there: those have a number.
    private static func judgeWithoutChecksum(_ line: ArraySlice<UInt8>) -> Self {
        let object = LogRecord.object(of: line)
        let isLegacy = object?["event"]?.string != nil && object?["seq"] == nil && object?["crc"] == nil
        return isLegacy ? .legacy : .bad(.unreadable)
    }

    /// What the checksum is over, and the checksum; `nil` for a line without one.
    static func split(_ line: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, UInt32)? {
        line.withUnsafeBufferPointer { self.split($0) }.map { (line.prefix($0.length), $0.checksum) }
    }

    private static func split(_ line: UnsafeBufferPointer<UInt8>) -> (length: Int, checksum: UInt32)? {
        let start = line.count - self.tailLength
        guard start > 0, self.has(self.close, in: line, at: line.count - self.close.count),
            self.has(self.open, in: line, at: start)
        else { return nil }
        var checksum: UInt32 = 0
        for byte in line[(start + self.open.count)...].prefix(8) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): checksum = checksum << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): checksum = checksum << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            // Also upper case is what we never write: a flipped bit.
            default: return (line.count, 0)
            }
        }
        return (start, checksum)
    }

    private static func has(_ word: [UInt8], in line: UnsafeBufferPointer<UInt8>, at place: Int) -> Bool {
        place >= 0 && place + word.count <= line.count && word.indices.allSatisfy { line[place + $0] == word[$0] }
    }

    private static let sequence = Array(",\"seq\":".utf8)
    private static let company = Array(",\"with\":".utf8)

    /// The number that ends the first `end` bytes, as `,"seq":7`, and where that begins.
    private static func number(
        _ key: [UInt8], endOf line: UnsafeBufferPointer<UInt8>, _ end: Int
    ) -> (value: UInt64, rest: Int)? {
        var start = end
        while start > 0, end - start < 20, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(line[start - 1]) {
            start -= 1
        }
        guard start < end, self.has(key, in: line, at: start - key.count) else { return nil }
        var value: UInt64 = 0
        for byte in line[start..<end] {
            let (tens, isTooMuch) = value.multipliedReportingOverflow(by: 10)
            let (next, isMore) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            if isTooMuch || isMore { return nil }
            value = next
        }
        return (value, start - key.count)
    }
}
