extension JSONParser {
    /// An error at `offset`, or where the parser is.
    func error(_ code: JSONError.Code, _ what: String, at offset: Int? = nil, advice: String = "") -> JSONError {
        JSONError(code, what, at: offset ?? self.position, of: self.bytes, advice: advice)
    }

    func unexpected(insteadOf expected: String) -> JSONError {
        let isEnd = self.position >= self.bytes.count
        let code: JSONError.Code = isEnd ? .unexpectedEnd : .unexpectedCharacter
        return self.error(code, "\(self.nameOfByte) where \(expected) was expected")
    }

    /// The byte at hand as people would call it.
    var nameOfByte: String {
        guard self.position < self.bytes.count else { return "end of the document" }
        switch self.byte {
        case UInt8(ascii: "\""): return "a string"
        case 0x21..<0x7F: return "\"\(Character(Unicode.Scalar(self.byte)))\""
        case 0xEF where self.bytes.dropFirst(self.position).starts(with: [0xEF, 0xBB, 0xBF]): return "byte order mark"
        default: return "byte 0x\(Hex.encode([self.byte]))"
        }
    }
}
