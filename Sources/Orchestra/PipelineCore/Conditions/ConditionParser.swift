extension Condition {
    /// Reads a condition; blank text is the empty one.
    package init(parsing text: String) throws(ConditionError) {
        var parser = ConditionParser(text)
        self.clauses = try parser.clauses()
    }
}

/// Reads a condition from left to right, and stops at the first thing that is wrong.
private struct ConditionParser {
    let text: String
    let scalars: [Unicode.Scalar]
    var position = 0

    init(_ text: String) {
        self.text = text
        self.scalars = Array(text.unicodeScalars)
    }

    mutating func clauses() throws(ConditionError) -> [Condition.Clause] {
        self.skipSpace()
        guard self.position < self.scalars.count else { return [] }
        var clauses = [try self.clause()]
        while self.position < self.scalars.count {
            guard self.skip("&&") else { throw self.unexpected(insteadOf: "&& or the end") }
            self.skipSpace()
            clauses.append(try self.clause())
        }
        return clauses
    }

    private mutating func clause() throws(ConditionError) -> Condition.Clause {
        let offset = self.position
        let key = try self.key()
        self.skipSpace()
        var test = Condition.Test.isTruthy
        if self.skip("!=") {
            test = .differs(try self.literal())
        } else if self.skip("=") {
            test = .equals(try self.literal())
        }
        self.skipSpace()
        return Condition.Clause(key: key, test: test, offset: offset)
    }

    private mutating func key() throws(ConditionError) -> String {
        let start = self.position
        repeat {
            guard self.scalar?.isWordStart == true else { throw self.unexpected(insteadOf: "a key") }
            self.skip { $0.isWordPart }
        } while self.skip(".")
        return self.text(from: start)
    }

    private mutating func literal() throws(ConditionError) -> String {
        self.skipSpace()
        let start = self.position
        guard let first = self.scalar else { throw self.unexpected(insteadOf: "a value") }
        if first == "\"" { return try self.quoted() }
        if first.isWordStart {
            self.skip { $0.isWordPart || $0 == "." || $0 == ":" || $0 == "-" }
            while !self.scalars[self.position - 1].isWordPart { self.position -= 1 }
            return self.text(from: start)
        }
        return try self.number()
    }

    /// An integer, or a fraction with digits behind the point.
    private mutating func number() throws(ConditionError) -> String {
        let start = self.position
        _ = self.skip("-")
        let hasWhole = self.skip { $0.isDigit }
        if self.skip(".") {
            guard self.skip(while: { $0.isDigit }) else { throw self.unexpected(insteadOf: "a digit") }
        } else if !hasWhole {
            throw self.unexpected(insteadOf: "a value")
        }
        if self.scalar?.isWordStart == true { throw self.unexpected(insteadOf: "&& or the end") }
        return self.text(from: start)
    }

    private mutating func quoted() throws(ConditionError) -> String {
        self.position += 1
        var value = String.UnicodeScalarView()
        while let scalar = self.scalar {
            self.position += 1
            switch scalar {
            case "\"": return String(value)
            case "\\": value.append(try self.escaped())
            default: value.append(scalar)
            }
        }
        throw self.unexpected(insteadOf: "a closing quote")
    }

    private mutating func escaped() throws(ConditionError) -> Unicode.Scalar {
        let escapes: [Unicode.Scalar: Unicode.Scalar] = ["\"": "\"", "\\": "\\", "n": "\n", "t": "\t", "r": "\r"]
        guard let scalar = self.scalar, let value = escapes[scalar] else {
            throw self.unexpected(insteadOf: "one of \" \\ n t r")
        }
        self.position += 1
        return value
    }
}

extension ConditionParser {
    private var scalar: Unicode.Scalar? {
        self.position < self.scalars.count ? self.scalars[self.position] : nil
    }

    private func text(from start: Int) -> String {
        String(String.UnicodeScalarView(self.scalars[start..<self.position]))
    }

    private mutating func skipSpace() {
        self.skip { $0.properties.isWhitespace }
    }

    @discardableResult
    private mutating func skip(while matches: (Unicode.Scalar) -> Bool) -> Bool {
        let start = self.position
        while let scalar, matches(scalar) { self.position += 1 }
        return self.position > start
    }

    private mutating func skip(_ word: String) -> Bool {
        guard self.scalars[self.position...].starts(with: word.unicodeScalars) else { return false }
        self.position += word.unicodeScalars.count
        return true
    }

    private func unexpected(insteadOf expected: String) -> ConditionError {
        let word = self.scalars[self.position...].prefix { !$0.properties.isWhitespace }
        return ConditionError(
            text: self.text, column: self.position + 1, found: String(String.UnicodeScalarView(word)),
            expected: expected)
    }
}
