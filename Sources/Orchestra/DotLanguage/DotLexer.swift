import Vocabulary

/// Cuts a file into tokens, from left to right in one pass.
///
/// What a word is depends on where it stands: behind `=` a value, elsewhere an identifier (spec/orchestra.md 1.1).
struct DotLexer {
    let bytes: [UInt8]
    var here = SourcePosition(line: 1, column: 1, offset: 0)
    var diagnostics: DiagnosticList
    /// Whether a string or comment has no end, so that the end of the file means nothing.
    private(set) var isCutShort = false

    private var startsLine = true
    private var isValueNext = false

    init(_ bytes: [UInt8], diagnostics: DiagnosticList) {
        self.bytes = bytes
        self.diagnostics = diagnostics
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.here.offset = 3 }
    }

    /// All tokens; the last is the end.
    mutating func tokens() -> [DotToken] {
        var tokens: [DotToken] = []
        while true {
            self.skipBlanks()
            let token = self.next()
            tokens.append(token)
            if token.isEnd { return tokens }
            self.isValueNext = token.kind == .equals
            self.startsLine = false
        }
    }

    private mutating func next() -> DotToken {
        let start = self.here
        guard let byte = self.byte else { return self.token(.end, from: start) }
        if byte == UInt8(ascii: "\"") { return self.string() }
        if self.isValueNext, let value = self.value() { return value }
        if byte.isWordPart || byte >= 0x80 { return self.word() }
        if let kind = Self.pairs[byte]?[self.byte(after: 1) ?? 0] {
            self.advance(2)
            return self.token(kind, from: start)
        }
        self.advance(1)
        return self.token(Self.signs[byte] ?? .other, from: start)
    }

    private static let signs: [UInt8: DotToken.Kind] = [
        UInt8(ascii: "{"): .openBrace, UInt8(ascii: "}"): .closeBrace, UInt8(ascii: "["): .openBracket,
        UInt8(ascii: "]"): .closeBracket, UInt8(ascii: "="): .equals, UInt8(ascii: ","): .comma,
        UInt8(ascii: ";"): .semicolon, UInt8(ascii: ":"): .colon, UInt8(ascii: "+"): .plus,
    ]

    private static let pairs: [UInt8: [UInt8: DotToken.Kind]] = [
        UInt8(ascii: "-"): [UInt8(ascii: ">"): .arrow, UInt8(ascii: "-"): .line]
    ]

    /// An identifier, perhaps with dots, or a word that is none.
    private mutating func word() -> DotToken {
        let start = self.here
        self.skip { $0.isWordPart || $0 >= 0x80 }
        guard self.bytes[start.offset..<self.here.offset].allSatisfy({ $0 < 0x80 }),
            self.bytes[start.offset].isWordStart
        else { return self.token(.word, from: start) }
        var kind = DotToken.Kind.identifier
        while self.byte == UInt8(ascii: "."), self.byte(after: 1)?.isWordStart == true {
            self.advance(1)
            self.skip(while: \.isWordPart)
            kind = .dotted
        }
        return self.token(kind, from: start)
    }
}

/// Blanks and comments.
extension DotLexer {
    private mutating func skipBlanks() {
        while let byte = self.byte {
            switch (byte, self.byte(after: 1)) {
            case (UInt8(ascii: "\n"), _):
                self.advance(1)
                self.startsLine = true
            case (UInt8(ascii: " "), _), (UInt8(ascii: "\t"), _), (UInt8(ascii: "\r"), _), (0x0B, _), (0x0C, _):
                self.advance(1)
            case (UInt8(ascii: "/"), UInt8(ascii: "/")): self.skip { $0 != UInt8(ascii: "\n") }
            case (UInt8(ascii: "/"), UInt8(ascii: "*")): self.skipComment()
            case (UInt8(ascii: "#"), _) where self.startsLine && !self.isValueNext: self.refuseHashLine()
            default: return
            }
        }
    }

    private mutating func skipComment() {
        let start = self.here
        self.advance(2)
        let opening = SourceRange(start: start, end: self.here)
        while let byte = self.byte {
            if byte == UInt8(ascii: "*"), self.byte(after: 1) == UInt8(ascii: "/") {
                self.advance(2)
                return
            }
            if byte == UInt8(ascii: "\n") { self.startsLine = true }
            self.advance(1)
        }
        self.isCutShort = true
        self.diagnostics.report(
            Diagnostic(
                .unterminatedComment, "a comment that starts here has no end", range: opening, token: "/*",
                expected: ["*/"], hint: "close it with */"))
    }

    private mutating func refuseHashLine() {
        let start = self.here
        self.skip { $0 != UInt8(ascii: "\n") }
        let range = SourceRange(start: start, end: self.here)
        self.diagnostics.report(
            Diagnostic(
                .hashLine, "a line cannot start with #", range: range, token: "#", hint: "start a comment with //"))
    }
}

/// Strings.
extension DotLexer {
    private mutating func string() -> DotToken {
        let start = self.here
        self.advance(1)
        let opening = SourceRange(start: start, end: self.here)
        var value: [UInt8] = []
        while let byte = self.byte {
            switch byte {
            case UInt8(ascii: "\""):
                self.advance(1)
                return self.token(.string(String(decoding: value, as: UTF8.self)), from: start)
            case UInt8(ascii: "\\"): self.escape(into: &value)
            default:
                value.append(byte)
                self.advance(1)
            }
        }
        self.isCutShort = true
        self.diagnostics.report(
            Diagnostic(
                .unterminatedString, "a string that starts here has no end", range: opening, token: "\"",
                expected: ["\""], hint: "close it with a double quote; write \\\" for a quote inside"))
        return self.token(.string(String(decoding: value, as: UTF8.self)), from: start)
    }

    private mutating func escape(into value: inout [UInt8]) {
        let start = self.here
        self.advance(1)
        guard let byte = self.byte else { return }
        if let meaning = Self.escapes[byte] {
            value.append(meaning)
            self.advance(1)
            return
        }
        if byte != UInt8(ascii: "\n") { self.skipScalar() }
        let range = SourceRange(start: start, end: self.here)
        let text = self.text(range)
        self.diagnostics.report(
            Diagnostic(
                .badEscape, "\(text.shownToPeople()) is not an escape", range: range, token: text,
                expected: ["\\\"", "\\\\", "\\n", "\\t", "\\r"], hint: "write \\\\ for a backslash"))
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "n"): UInt8(ascii: "\n"), UInt8(ascii: "t"): UInt8(ascii: "\t"),
        UInt8(ascii: "r"): UInt8(ascii: "\r"),
    ]
}

/// Moving on.
extension DotLexer {
    var byte: UInt8? { self.byte(after: 0) }

    func byte(after count: Int) -> UInt8? {
        let offset = self.here.offset + count
        return offset < self.bytes.count ? self.bytes[offset] : nil
    }

    mutating func advance(_ count: Int) {
        for _ in 0..<count {
            let byte = self.bytes[self.here.offset]
            self.here.offset += 1
            if byte == UInt8(ascii: "\n") {
                self.here.line += 1
                self.here.column = 1
            } else if self.byte.map({ $0 & 0xC0 != 0x80 }) ?? true {
                // A scalar is counted at its last byte.
                self.here.column += 1
            }
        }
    }

    mutating func skip(while matches: (UInt8) -> Bool) {
        while let byte = self.byte, matches(byte) { self.advance(1) }
    }

    private mutating func skipScalar() {
        self.advance(1)
        self.skip { $0 & 0xC0 == 0x80 }
    }

    func token(_ kind: DotToken.Kind, from start: SourcePosition) -> DotToken {
        let range = SourceRange(start: start, end: self.here)
        return DotToken(kind: kind, text: self.text(range), range: range, startsLine: self.startsLine)
    }

    func text(_ range: SourceRange) -> String {
        String(decoding: self.bytes[range.start.offset..<range.end.offset], as: UTF8.self)
    }
}

extension UInt8 {
    /// A letter of ASCII, or an underscore.
    var isWordStart: Bool {
        self == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }

    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isWordPart: Bool { self.isWordStart || self.isDigit }
}
