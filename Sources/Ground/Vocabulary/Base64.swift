/// Bytes as text in 64 characters (RFC 4648, sections 4 and 5).
public enum Base64 {
    /// Standard alphabet, padded.
    public static func encode(_ bytes: [UInt8]) -> String {
        Self.encode(bytes, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", pads: true)
    }

    /// URL-safe alphabet, not padded.
    public static func encodeURL(_ bytes: [UInt8]) -> String {
        Self.encode(bytes, alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", pads: false)
    }

    /// Reads either alphabet, padded in full or not at all; `nil` for anything else.
    ///
    /// White space, stray characters and bits that no byte holds are refused.
    public static func decode(_ text: String) -> [UInt8]? {
        text.withBytes { characters in
            guard let digits = Self.withoutPadding(characters), digits.count % 4 != 1 else { return nil }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(digits.count / 4 * 3 + 2)
            var group: UInt32 = 0
            for (place, character) in digits.enumerated() {
                guard let value = Self.value(of: character) else { return nil }
                group = group << 6 | UInt32(value)
                if place % 4 == 3 { Self.append(group, count: 3, to: &bytes) }
            }
            let rest = digits.count % 4
            guard rest > 0 else { return bytes }
            group <<= 6 * UInt32(4 - rest)
            let hidden: UInt32 = rest == 2 ? 0xFFFF : 0xFF
            guard group & hidden == 0 else { return nil }
            Self.append(group, count: rest - 1, to: &bytes)
            return bytes
        }
    }
}

extension Base64 {
    private static func encode(_ bytes: [UInt8], alphabet: StaticString, pads: Bool) -> String {
        let capacity = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: capacity) { text in
            var position = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let count = min(3, bytes.count - start)
                var group: UInt32 = 0
                for place in 0..<3 { group = group << 8 | (place < count ? UInt32(bytes[start + place]) : 0) }
                for place in 0..<4 where place <= count || pads {
                    let value = Int(group >> (18 - 6 * UInt32(place)) & 0x3F)
                    text[position] = place <= count ? alphabet.utf8Start[value] : UInt8(ascii: "=")
                    position += 1
                }
            }
            return position
        }
    }

    /// Cuts one or two `=` that fill the last group of four; `nil` when they do not.
    private static func withoutPadding(_ text: UnsafeBufferPointer<UInt8>) -> Slice<UnsafeBufferPointer<UInt8>>? {
        var digits = text[...]
        while digits.last == UInt8(ascii: "="), text.count - digits.count < 2 { digits = digits.dropLast() }
        guard digits.count == text.count || text.count.isMultiple(of: 4) else { return nil }
        return digits
    }

    /// Appends the first `count` of the three bytes in `group`.
    private static func append(_ group: UInt32, count: Int, to bytes: inout [UInt8]) {
        for place in 0..<UInt32(count) { bytes.append(UInt8(truncatingIfNeeded: group >> (16 - 8 * place))) }
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
