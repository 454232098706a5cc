import Vocabulary

/// Lists of attributes.
extension DotParser {
    /// What stands in brackets. `isWhole` is false when the closing bracket was not found.
    mutating func attributes() -> (attributes: DotAttributes, isWhole: Bool) {
        var attributes: DotAttributes = []
        var isWhole = self.block(into: &attributes)
        while isWhole, self.current.kind == .openBracket {
            self.refuseBlock("a second block of attributes", at: self.current)
            isWhole = self.block(into: &attributes)
        }
        return (attributes, isWhole)
    }

    /// One pair of brackets.
    private mutating func block(into attributes: inout DotAttributes) -> Bool {
        self.advance()
        if self.current.kind == .closeBracket { self.refuseBlock("an empty block of attributes", at: self.current) }
        while !self.take(.closeBracket) {
            if let attribute = self.attribute() {
                if attributes.all.count <= DotAttributes.countMax { attributes.set(attribute) }
            } else {
                self.skipAttribute()
            }
            guard self.separator() else { return false }
        }
        return true
    }

    /// What stands between two attributes, or nothing before the closing bracket.
    private mutating func separator() -> Bool {
        let token = self.current
        switch token.kind {
        case .closeBracket: return true
        case .comma:
            self.advance()
            if self.current.kind == .closeBracket { self.refuseBlock("a comma before the bracket", at: token) }
            return true
        case .semicolon:
            self.refuseBlock("a semicolon between attributes", at: token)
            self.advance()
            return true
        case .identifier, .dotted, .string:
            guard self.next.kind == .equals else { break }
            self.refuseBlock("no comma between two attributes", at: token)
            return true
        default: break
        }
        self.refuse(expected: [",", "]"])
        return false
    }

    private mutating func refuseBlock(_ message: String, at token: DotToken) {
        self.report(
            .attrBlock, message, at: token, expected: ["attribute"],
            hint: "write comma-separated attributes in one block: [key=value, key=value]")
    }

    /// Goes behind an attribute that could not be read: to what may separate it from the next.
    private mutating func skipAttribute() {
        while !self.current.endsAttribute, !self.current.startsLine { self.advance() }
    }

    /// `key=value`; `nil` when it was refused.
    mutating func attribute() -> DotAttribute? {
        let key = self.current
        let name: String
        switch key.kind {
        case .identifier, .dotted: name = key.text
        case .string(let text) where !text.isEmpty: name = text
        default:
            self.refuse(expected: ["attribute name"])
            return nil
        }
        self.advance()
        guard self.take(.equals) else {
            self.refuse(expected: ["="], hint: "every attribute has a value: \(name.shownToPeople(scalarsMax: 40))=...")
            return nil
        }
        let isQuoted = key.text.hasPrefix("\"")
        let token = self.current
        guard let value = self.value() else { return nil }
        return DotAttribute(
            key: name, value: value, isKeyQuoted: isQuoted, keyRange: key.range, valueRange: token.range)
    }

    private mutating func value() -> DotValue? {
        let token = self.current
        let value: DotValue
        switch token.kind {
        case .string(let text): value = .string(text)
        case .bare: value = .bare(token.text)
        case .integer(let number): value = .integer(number)
        case .float(let number): value = .float(number, text: token.text)
        case .boolean(let isTrue): value = .boolean(isTrue)
        case .duration(let duration): value = .duration(duration, text: token.text)
        case .html:
            self.report(
                .htmlLabel, "HTML-like values are not supported", at: token, expected: ["quoted string"],
                hint: "write a quoted string")
            self.advance()
            self.skipAttribute()
            return .string("")
        default:
            let isWord = token.kind == .word || token.kind == .other
            self.refuse(expected: ["value"], hint: isWord ? "put the value in double quotes" : nil)
            return nil
        }
        self.advance()
        self.refuseConcatenation()
        return value
    }

    /// `"a" + "b"`; takes all of it.
    private mutating func refuseConcatenation() {
        guard self.current.kind == .plus else { return }
        self.report(
            .stringConcat, "strings cannot be joined with +", at: self.current,
            hint: "write one string; it may span lines")
        while self.take(.plus) {
            switch self.current.kind {
            case .string, .identifier, .dotted, .word: self.advance()
            default: return
            }
        }
    }
}

extension DotToken {
    /// Whether no attribute goes on behind it.
    fileprivate var endsAttribute: Bool {
        switch self.kind {
        case .comma, .closeBracket, .semicolon, .openBrace, .closeBrace, .arrow, .end: true
        default: false
        }
    }
}
