extension JSONParser {
    /// Reads a string, from the opening quote to behind the closing one.
    mutating func string() throws(JSONError) -> String {
        let start = self.position + 1
        var (position, seen): (Int, UInt8) = (start, 0)
        while position < self.bytes.count {
            let byte = self.bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                let text = try self.text(start..<position, isASCII: seen < 0x80)
                self.position = position + 1
                return text
            case UInt8(ascii: "\\"):
                self.position = position
                return try self.escapedString(from: start)
            case 0..<0x20:
                self.position = position
                throw self.controlCharacter()
            default:
                seen |= byte
                position += 1
            }
        }
        self.position = position
        throw self.endOfString()
    }

    /// Goes on reading a string that started at `start` and has its first escape here.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        self.scratch.removeAll(keepingCapacity: true)
        self.scratch.append(contentsOf: self.bytes[start..<self.position])
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: self.scratch, as: UTF8.self) else {
                    throw self.invalidUTF8(in: start..<self.position)
                }
                self.position += 1
                return text
            case UInt8(ascii: "\\"): try self.escape()
            case 0..<0x20: throw self.controlCharacter()
            default:
                self.scratch.append(byte)
                self.position += 1
            }
        }
        throw self.endOfString()
    }

    private func text(_ range: Range<Int>, isASCII: Bool) throws(JSONError) -> String {
        let bytes = UnsafeBufferPointer(rebasing: self.bytes[range])
        // There is nothing to find out, which takes its time.
        if isASCII { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw self.invalidUTF8(in: range)
        }
        return text
    }

    /// Reads one escape, from the backslash on, into `scratch`.
    private mutating func escape() throws(JSONError) {
        let start = self.position
        self.position += 1
        guard self.position < self.bytes.count else { throw self.endOfString() }
        let escaped = self.byte
        self.position += 1
        switch escaped {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): self.scratch.append(escaped)
        case UInt8(ascii: "b"): self.scratch.append(0x08)
        case UInt8(ascii: "f"): self.scratch.append(0x0C)
        case UInt8(ascii: "n"): self.scratch.append(0x0A)
        case UInt8(ascii: "r"): self.scratch.append(0x0D)
        case UInt8(ascii: "t"): self.scratch.append(0x09)
        case UInt8(ascii: "u"): try self.unicodeEscape(from: start)
        default: throw self.error(.invalidEscape, "unknown escape", at: start)
        }
    }

    /// Reads what follows `\u`: four hex digits, and the second half if they are the first of a surrogate pair.
    private mutating func unicodeEscape(from start: Int) throws(JSONError) {
        var code = UInt32(try self.fourHexDigits(of: start))
        if code & 0xFC00 == 0xD800, self.skip(UInt8(ascii: "\\")), self.skip(UInt8(ascii: "u")) {
            let low = UInt32(try self.fourHexDigits(of: start))
            // A high half before anything but a low one leaves no scalar value, and is refused below.
            if low & 0xFC00 == 0xDC00 { code = 0x1_0000 + (code & 0x3FF) << 10 + low & 0x3FF }
        }
        guard let scalar = Unicode.Scalar(code) else { throw self.error(.loneSurrogate, "lone surrogate", at: start) }
        self.scratch.append(contentsOf: UTF8.encode(scalar)!)  // every scalar has a UTF-8 form
    }

    private mutating func fourHexDigits(of start: Int) throws(JSONError) -> UInt16 {
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Hex.value(of: self.byte) else {
                throw self.error(.invalidEscape, "\\u without four hex digits", at: start)
            }
            code = code << 4 | UInt16(digit)
            self.position += 1
        }
        return code
    }

    private func controlCharacter() -> JSONError {
        self.error(.controlCharacter, "\(self.nameOfByte) in a string", advice: "; write it as an escape")
    }

    private func endOfString() -> JSONError {
        self.error(.unexpectedEnd, "end of the document in a string", at: self.bytes.count)
    }

    /// Says where in `range` the first byte is that cannot be UTF-8.
    private func invalidUTF8(in range: Range<Int>) -> JSONError {
        var rest = self.bytes[range].makeIterator()
        var parser = UTF8.ForwardParser()
        var offset = range.lowerBound
        while case .valid(let scalar) = parser.parseScalar(from: &rest) { offset += scalar.count }
        return self.error(.invalidUTF8, "a byte that is not UTF-8", at: offset)
    }
}
