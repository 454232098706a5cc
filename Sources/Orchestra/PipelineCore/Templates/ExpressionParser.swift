import Vocabulary

/// Reads what stands in a tag.
///
/// ```
/// or      = and ("or" and)*            and     = not ("and" not)*          not = "not"* compare
/// compare = piped (op piped)?          piped   = atom ("|" NAME ("(" or ("," or)* ")")?)*
/// atom    = "(" or ")" | STRING | number | true | false | none | NAME ("." (NAME | digits))*
/// ```
struct ExpressionParser {
    private var words: ArraySlice<String>
    private let line: Int
    private var depth = 0

    static func parse(_ text: String, line: Int) throws(TemplateError) -> Expression {
        var parser = Self(words: try Self.words(of: text, line: line)[...], line: line)
        let expression = try parser.or()
        if let word = parser.words.first { throw parser.unexpected(word) }
        return expression
    }

    private init(words: ArraySlice<String>, line: Int) {
        self.words = words
        self.line = line
    }

    /// Brackets inside brackets, at most.
    private static let depthMax = 32

    private mutating func or() throws(TemplateError) -> Expression {
        self.depth += 1
        guard self.depth <= Self.depthMax else { throw TemplateError(message: "nested too deep", line: self.line) }
        var left = try self.and()
        while self.skip("or") { left = .or(left, try self.and()) }
        self.depth -= 1
        return left
    }

    private mutating func and() throws(TemplateError) -> Expression {
        var left = try self.not()
        while self.skip("and") { left = .and(left, try self.not()) }
        return left
    }

    private mutating func not() throws(TemplateError) -> Expression {
        var isNegated = false
        while self.skip("not") { isNegated.toggle() }
        let compared = try self.comparison()
        return isNegated ? .not(compared) : compared
    }

    private mutating func comparison() throws(TemplateError) -> Expression {
        let left = try self.piped()
        if self.skip("not", "in") { return .not(.compare(.isIn, left, try self.piped())) }
        guard let comparison = self.words.first.flatMap(Expression.Comparison.init(rawValue:)) else { return left }
        self.words.removeFirst()
        return .compare(comparison, left, try self.piped())
    }

    private mutating func piped() throws(TemplateError) -> Expression {
        var value = try self.atom()
        while self.skip("|") {
            guard let name = self.words.popFirst(), TemplateFilter(rawValue: name) != nil else {
                throw TemplateError(message: "there is no such filter", line: self.line)
            }
            var arguments: [Expression] = []
            if self.skip("(") {
                repeat { arguments.append(try self.or()) } while self.skip(",")
                guard self.skip(")") else { throw self.unexpected(self.words.first ?? "") }
            }
            value = .filter(name, of: value, arguments: arguments, line: self.line)
        }
        return value
    }

    private mutating func atom() throws(TemplateError) -> Expression {
        guard let word = self.words.popFirst(), let first = word.unicodeScalars.first else {
            throw self.unexpected("")
        }
        if word == "(" {
            let inner = try self.or()
            guard self.skip(")") else { throw self.unexpected(self.words.first ?? "") }
            return inner
        }
        if first == "\"" || first == "'" { return .literal(.json(.string(String(word.dropFirst())))) }
        switch word {
        case "true", "True": return .literal(.json(.bool(true)))
        case "false", "False": return .literal(.json(.bool(false)))
        case "none", "None", "null": return .literal(.json(.null))
        default: break
        }
        if let number = Int64(word) { return .literal(.json(.integer(number))) }
        if !first.isWordStart, let number = Double(word) { return .literal(.json(.double(number))) }
        guard first.isWordStart, Expression.Comparison(rawValue: word) == nil else { throw self.unexpected(word) }
        return .path(word.split(separator: ".").map(String.init), line: self.line)
    }

    private mutating func skip(_ wanted: String...) -> Bool {
        guard self.words.starts(with: wanted) else { return false }
        self.words.removeFirst(wanted.count)
        return true
    }

    private func unexpected(_ word: String) -> TemplateError {
        TemplateError(
            message: word.isEmpty ? "something is missing" : "\(word.quotedForPeople()) is not expected here",
            line: self.line)
    }
}

extension ExpressionParser {
    /// Names with their dots, numbers, operators; a text is its opening quote and what it says.
    private static func words(of text: String, line: Int) throws(TemplateError) -> [String] {
        var words: [String] = []
        var rest = text.unicodeScalars[...]
        while let first = rest.first {
            if first.properties.isWhitespace {
                rest.removeFirst()
            } else if first == "\"" || first == "'" {
                words.append(try self.quoted(&rest, line: line))
            } else if first.isWordPart || first == "-" {
                let word = rest.prefix { $0.isWordPart || $0 == "." || $0 == "-" && $0 == first && !first.isWordPart }
                words.append(String(word))
                rest = rest.dropFirst(word.count)
            } else if let double = ["==", "!=", "<=", ">="].first(where: { rest.starts(with: $0.unicodeScalars) }) {
                words.append(double)
                rest = rest.dropFirst(2)
            } else {
                words.append(String(first))
                rest.removeFirst()
            }
        }
        return words
    }

    private static func quoted(
        _ rest: inout Substring.UnicodeScalarView, line: Int
    ) throws(TemplateError) -> String {
        let quote = rest.removeFirst()
        var text = String.UnicodeScalarView("\"".unicodeScalars)
        while let scalar = rest.popFirst() {
            if scalar == quote { return String(text) }
            guard scalar == "\\", let escaped = rest.popFirst() else {
                text.append(scalar)
                continue
            }
            text.append(escaped == "n" ? "\n" : escaped == "t" ? "\t" : escaped)
        }
        throw TemplateError(message: "a text without its closing quote", line: line)
    }
}
