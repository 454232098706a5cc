/// `String` compares and hashes by canonical equivalence; JSON compares code points, which is to say bytes.
/// (Hashing by equivalence would also let a sender craft thousands of different keys with one hash.)
extension String {
    package func hasSameBytes(as other: String) -> Bool {
        guard self.utf8.count == other.utf8.count else { return false }
        return self.withBytes { mine in
            other.withBytes { theirs in
                for position in mine.indices where mine[position] != theirs[position] { return false }
                return true
            }
        }
    }

    package func hashBytes(into hasher: inout Hasher) {
        hasher.combine(self.utf8.count)
        self.withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Whether this comes before `other` by UTF-16 code units, the key order of RFC 8785, section 3.2.3.
    ///
    /// UTF-8 bytes are in the order of code points. UTF-16 units are too, except that surrogates (code points from
    /// U+10000, UTF-8 lead bytes from F0) come before U+E000...U+FFFF (lead bytes EE and EF).
    func precedesInUTF16(_ other: String) -> Bool {
        self.withBytes { mine in
            other.withBytes { theirs in
                for position in 0..<min(mine.count, theirs.count) where mine[position] != theirs[position] {
                    return Self.utf16Rank(mine[position]) < Self.utf16Rank(theirs[position])
                }
                return mine.count < theirs.count
            }
        }
    }

    private static func utf16Rank(_ byte: UInt8) -> UInt8 {
        byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte
    }

    /// Lends the UTF-8 bytes to `body`, without a copy for the strings Swift makes itself.
    func withBytes<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
        if let answer = self.utf8.withContiguousStorageIfAvailable(body) { return answer }
        return Array(self.utf8).withUnsafeBufferPointer(body)
    }
}
