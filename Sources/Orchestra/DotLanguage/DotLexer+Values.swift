/// What stands behind `=`: the longest of a number, a duration, a word with dots, colons and hyphens (1.1).
extension DotLexer {
    /// `nil` when no value starts here.
    mutating func value() -> DotToken? {
        guard let byte = self.byte else { return nil }
        if byte == UInt8(ascii: "<") { return self.html() }
        if byte.isWordStart { return self.bare() }
        let next = self.byte(after: 1)
        let isNumber: Bool =
            switch byte {
            case UInt8(ascii: "."): next?.isDigit == true
            case UInt8(ascii: "-"): next?.isDigit == true || next == UInt8(ascii: ".")
            default: byte.isDigit
            }
        return isNumber ? self.number() : nil
    }

    private mutating func bare() -> DotToken {
        let start = self.here
        while let byte = self.byte {
            let isHyphen = byte == UInt8(ascii: "-") && self.byte(after: 1) != UInt8(ascii: ">")
            guard isHyphen || byte.isWordPart || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") else { break }
            self.advance(1)
        }
        if let byte = self.byte, byte >= 0x80 { return self.rest(from: start) }
        let token = self.token(.bare, from: start)
        switch token.text {
        case "true": return self.token(.boolean(true), from: start)
        case "false": return self.token(.boolean(false), from: start)
        default: return token
        }
    }

    private mutating func number() -> DotToken {
        let start = self.here
        if self.byte == UInt8(ascii: "-") { self.advance(1) }
        self.skip(while: \.isDigit)
        var hasFraction = false
        if self.byte == UInt8(ascii: "."), self.byte(after: 1)?.isDigit == true {
            hasFraction = true
            self.advance(1)
            self.skip(while: \.isDigit)
        }
        let digits = self.text(SourceRange(start: start, end: self.here))
        let unit = self.here
        self.skip { $0.isWordPart || $0 == UInt8(ascii: ".") || $0 >= 0x80 }
        let name = self.text(SourceRange(start: unit, end: self.here))
        if name.isEmpty, hasFraction { return self.token(.float(Double(digits) ?? 0), from: start) }
        guard !hasFraction, let milliseconds = Self.units[name], digits != "-" else {
            return self.token(.word, from: start)
        }
        return self.whole(digits, milliseconds, from: start)
    }

    /// A whole number, alone or of a unit.
    private mutating func whole(_ digits: String, _ milliseconds: Int64, from start: SourcePosition) -> DotToken {
        let range = SourceRange(start: start, end: self.here)
        let number = Int64(digits)
        let product = number?.multipliedReportingOverflow(by: max(milliseconds, 1))
        guard let number, let product, !product.overflow else {
            self.diagnostics.report(
                Diagnostic(
                    .numberRange, "the number \(self.text(range)) is too large", range: range,
                    token: self.text(range), hint: "put it in quotes if it is text"))
            return self.token(.integer(0), from: start)
        }
        if milliseconds == 0 { return self.token(.integer(number), from: start) }
        return self.token(.duration(.milliseconds(product.partialValue)), from: start)
    }

    /// In milliseconds; none for a bare number.
    private static let units: [String: Int64] = [
        "": 0, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
    ]

    /// `<` up to the `>` that closes it, or up to the end.
    private mutating func html() -> DotToken {
        let start = self.here
        var depth = 0
        while let byte = self.byte {
            self.advance(1)
            if byte == UInt8(ascii: "<") { depth += 1 }
            if byte == UInt8(ascii: ">") { depth -= 1 }
            if depth == 0 { break }
        }
        return self.token(.html, from: start)
    }

    /// A word with letters that need quotes.
    private mutating func rest(from start: SourcePosition) -> DotToken {
        self.skip { $0.isWordPart || $0 >= 0x80 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }
        return self.token(.word, from: start)
    }
}
