import Vocabulary

/// Why a text is no stylesheet, and where.
package struct StylesheetError: Error, Sendable, Hashable {
    /// Both from 1, in the text of the stylesheet.
    package let line: Int
    package let column: Int
    /// Empty at the end.
    package let found: String
    package let expected: String

    package var message: String {
        let what = self.found.isEmpty ? "the end" : self.found.quotedForPeople()
        return "\(what) where \(self.expected) was expected, at line \(self.line), column \(self.column)"
    }
}

extension Stylesheet {
    /// Reads rules; blank text has none.
    package init(parsing text: String) throws(StylesheetError) {
        var parser = StylesheetParser(text)
        self.init(try parser.rules())
    }

    package init(_ rules: [Rule]) {
        self.rules = rules
        self.placesBySelector = Dictionary(grouping: rules.indices) { rules[$0].selector }
    }
}

/// Reads rules from left to right, and stops at the first thing that is wrong.
private struct StylesheetParser {
    let scalars: [Unicode.Scalar]
    var position = 0

    init(_ text: String) {
        self.scalars = Array(text.unicodeScalars)
    }

    mutating func rules() throws(StylesheetError) -> [Stylesheet.Rule] {
        var rules: [Stylesheet.Rule] = []
        self.skipBlanks()
        while self.scalar != nil {
            rules.append(try self.rule())
            self.skipBlanks()
        }
        return rules
    }

    private mutating func rule() throws(StylesheetError) -> Stylesheet.Rule {
        let selector = try self.selector()
        try self.take("{", orSay: "{")
        var declarations: [Stylesheet.Declaration] = []
        var unknown: [String] = []
        while !self.take("}") {
            let name = try self.name(orSay: "a property or }")
            try self.take(":", orSay: ":")
            let value = try self.value()
            if let property = Stylesheet.Property(rawValue: name) {
                declarations.append(.init(property: property, value: value))
            } else {
                unknown.append(name)
            }
            if self.take("}") { break }
            try self.take(";", orSay: "; or }")
        }
        return Stylesheet.Rule(selector: selector, declarations: declarations, unknown: unknown)
    }

    private mutating func selector() throws(StylesheetError) -> Stylesheet.Selector {
        if self.take("*") { return .all }
        if self.take(".") { return .class(try self.name(orSay: "a class")) }
        if self.take("#") { return .id(try self.name(orSay: "a node id")) }
        return .shape(try self.name(orSay: "a selector: *, a shape, .class or #id"))
    }

    private mutating func value() throws(StylesheetError) -> String {
        self.skipBlanks()
        if self.scalar == "\"" { return try self.quoted() }
        return try self.word(orSay: "a value") { $0.isWordPart || "-.:/".unicodeScalars.contains($0) }
    }

    private mutating func quoted() throws(StylesheetError) -> String {
        let start = self.position
        self.position += 1
        var value = String.UnicodeScalarView()
        while let scalar = self.scalar, scalar != "\"" {
            if scalar == "\\", ["\"", "\\"].contains(self.scalars.dropFirst(self.position + 1).first) {
                self.position += 1
            }
            value.append(self.scalars[self.position])
            self.position += 1
        }
        guard self.take("\"") else { throw self.error("a closing quote", at: start) }
        return String(value)
    }

    private mutating func name(orSay expected: String) throws(StylesheetError) -> String {
        self.skipBlanks()
        return try self.word(orSay: expected) { $0.isWordPart || $0 == "-" }
    }

    private mutating func word(
        orSay expected: String, _ belongs: (Unicode.Scalar) -> Bool
    ) throws(StylesheetError) -> String {
        let word = self.scalars[self.position...].prefix(while: belongs)
        guard !word.isEmpty else { throw self.error(expected, at: self.position) }
        self.position = word.endIndex
        return String(String.UnicodeScalarView(word))
    }
}

extension StylesheetParser {
    private var scalar: Unicode.Scalar? {
        self.position < self.scalars.count ? self.scalars[self.position] : nil
    }

    private mutating func skipBlanks() {
        while let scalar, scalar.properties.isWhitespace { self.position += 1 }
    }

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
        self.skipBlanks()
        guard self.scalar == sign else { return false }
        self.position += 1
        return true
    }

    private mutating func take(_ sign: Unicode.Scalar, orSay expected: String) throws(StylesheetError) {
        guard self.take(sign) else { throw self.error(expected, at: self.position) }
    }

    private func error(_ expected: String, at position: Int) -> StylesheetError {
        let before = self.scalars[..<position]
        let line = before.count { $0 == "\n" } + 1
        let column = position - (before.lastIndex(of: "\n").map { $0 + 1 } ?? 0) + 1
        let found = self.scalars[position...].prefix { !$0.properties.isWhitespace }
        return StylesheetError(
            line: line, column: column, found: String(String.UnicodeScalarView(found)), expected: expected)
    }
}
