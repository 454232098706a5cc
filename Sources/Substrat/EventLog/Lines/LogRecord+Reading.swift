import Vocabulary

extension LogRecord {
    /// Reads a line without its line break; `nil` when it is no event.
    init?(_ line: ArraySlice<UInt8>, sequence: UInt64) {
        guard let object = Self.object(of: line), let name = object["event"]?.string else { return nil }
        let time = object["ts"]?.string.flatMap { Timestamp($0) }
        self.init(sequence: sequence, time: time, event: LogEvent(name, object["data"]?.object))
    }

    /// The object that a line is, also with what only the seed's writer takes for JSON.
    static func object(of line: ArraySlice<UInt8>) -> JSONObject? {
        let limits = JSONLimits(bytes: EventLine.lengthMax, depth: JSONLimits.depthCeiling)
        if let value = try? JSONValue(parsing: line, limits: limits) { return value.object }
        return (try? JSONValue(parsing: LenientJSON.strict(line), limits: limits))?.object
    }
}

/// What the seed's writer (Python's `json`) writes and RFC 8259 does not know, made strict.
enum LenientJSON {
    /// Numbers that are none become `null`, half surrogates the replacement character, long integers doubles.
    static func strict(_ line: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(line.count)
        var rest = line
        var isInString = false
        while let byte = rest.first {
            var taken = 1
            var replacement: ArraySlice<UInt8>?
            switch (byte, isInString) {
            case (UInt8(ascii: "\""), _): isInString.toggle()
            case (UInt8(ascii: "\\"), true): (taken, replacement) = Self.escape(rest)
            case (UInt8(ascii: "N"), false), (UInt8(ascii: "I"), false), (UInt8(ascii: "-"), false),
                (UInt8(ascii: "0")...UInt8(ascii: "9"), false):
                (taken, replacement) = Self.number(rest)
            default: break
            }
            output += replacement ?? rest.prefix(taken)
            rest = rest.dropFirst(taken)
        }
        return output
    }

    private static func number(_ rest: ArraySlice<UInt8>) -> (Int, ArraySlice<UInt8>?) {
        for word in ["NaN", "Infinity", "-Infinity"] where rest.starts(with: word.utf8) {
            return (word.utf8.count, Array("null".utf8)[...])
        }
        let token = rest.prefix { "+-.eE0123456789".utf8.contains($0) }
        let isLongInteger = token.count > 18 && token.allSatisfy { $0 == UInt8(ascii: "-") || $0 >= UInt8(ascii: "0") }
        let isPower = token.contains { "eE".utf8.contains($0) }
        guard isLongInteger, !isPower else { return (max(1, token.count), nil) }
        return (token.count, token + Array(".0".utf8))
    }

    /// An escape, with its other half when it is the first of a surrogate pair.
    private static func escape(_ rest: ArraySlice<UInt8>) -> (Int, ArraySlice<UInt8>?) {
        guard let first = Self.unit(rest) else { return (min(2, rest.count), nil) }
        guard first & 0xF800 == 0xD800 else { return (6, nil) }
        if first < 0xDC00, let second = Self.unit(rest.dropFirst(6)), second & 0xFC00 == 0xDC00 { return (12, nil) }
        return (6, Array("\\ufffd".utf8)[...])
    }

    /// The code unit of `\u` and four digits.
    private static func unit(_ rest: ArraySlice<UInt8>) -> UInt16? {
        guard rest.count >= 6, rest.starts(with: "\\u".utf8) else { return nil }
        return UInt16(String(decoding: rest.dropFirst(2).prefix(4), as: UTF8.self), radix: 16)
    }
}
