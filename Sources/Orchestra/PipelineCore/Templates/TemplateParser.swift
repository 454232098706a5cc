/// Cuts a template at its tags and puts the pieces together again.
struct TemplateParser {
    private var pieces: ArraySlice<Piece> = []

    private enum Piece {
        case text(String)
        case output(String, line: Int)
        case tag(String, line: Int)
    }

    init(_ text: String) throws(TemplateError) {
        self.pieces = try Self.cut(text)[...]
    }

    /// The whole template.
    mutating func parts() throws(TemplateError) -> [Template.Part] {
        let parts = try self.block(depth: 0)
        if case .tag(let tag, let line)? = self.pieces.first {
            throw TemplateError(message: "{% \(tag) %} without its beginning", line: line)
        }
        return parts
    }

    /// Blocks inside blocks, at most.
    private static let depthMax = 32

    /// Up to a tag that begins nothing.
    private mutating func block(depth: Int) throws(TemplateError) -> [Template.Part] {
        var parts: [Template.Part] = []
        while let piece = self.pieces.first {
            switch piece {
            case .text(let text): parts.append(.text(text))
            case .output(let code, let line): parts.append(.output(try ExpressionParser.parse(code, line: line)))
            case .tag(let code, let line):
                let word = code.prefix { !$0.isWhitespace }
                guard ["if", "for"].contains(word) else { return parts }
                guard depth < Self.depthMax else {
                    throw TemplateError(message: "blocks nested deeper than \(Self.depthMax)", line: line)
                }
                self.pieces.removeFirst()
                let rest = String(code.dropFirst(word.count))
                parts.append(
                    word == "if"
                        ? try self.choice(rest, line: line, depth: depth)
                        : try self.loop(rest, line: line, depth: depth))
                continue
            }
            self.pieces.removeFirst()
        }
        return parts
    }

    private mutating func choice(_ test: String, line: Int, depth: Int) throws(TemplateError) -> Template.Part {
        var branches: [(test: Expression?, parts: [Template.Part])] = []
        var test: Expression? = try ExpressionParser.parse(test, line: line)
        while true {
            branches.append((test, try self.block(depth: depth + 1)))
            guard case .tag(let code, let here)? = self.pieces.popFirst() else {
                throw TemplateError(message: "{% if %} without {% endif %}", line: line)
            }
            let word = code.prefix { !$0.isWhitespace }
            switch word {
            case "endif": return .choice(branches)
            case "elif" where test != nil: test = try ExpressionParser.parse(String(code.dropFirst(4)), line: here)
            case "else" where test != nil: test = nil
            default: throw TemplateError(message: "{% \(code) %} inside {% if %}", line: here)
            }
        }
    }

    private mutating func loop(_ head: String, line: Int, depth: Int) throws(TemplateError) -> Template.Part {
        let words = head.split(maxSplits: 2, whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 3, words[1] == "in", words[0].unicodeScalars.allSatisfy(\.isWordPart) else {
            throw TemplateError(message: "{% for\(head) %} is not like {% for name in list %}", line: line)
        }
        let list = try ExpressionParser.parse(words[2], line: line)
        let parts = try self.block(depth: depth + 1)
        guard case .tag("endfor", _)? = self.pieces.popFirst() else {
            throw TemplateError(message: "{% for %} without {% endfor %}", line: line)
        }
        return .loop(variable: words[0], over: list, parts: parts)
    }
}

extension TemplateParser {
    private static func cut(_ text: String) throws(TemplateError) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        var line = 1
        var trimsNext = false
        while let open = rest.firstRange(of: /\{[\{%#]-?/) {
            let opening = rest[open]
            let kind = opening.dropFirst().first ?? "{"
            var before = rest[..<open.lowerBound]
            line += before.count { $0.isNewline }
            if trimsNext { before = before.drop { $0.isWhitespace } }
            if opening.hasSuffix("-") { before = Substring(before.trimmedAtEnd) }
            if !before.isEmpty { pieces.append(.text(String(before))) }
            let closing = kind == "{" ? "}}" : kind == "%" ? "%}" : "#}"
            guard let close = rest[open.upperBound...].firstRange(of: closing) else {
                throw TemplateError(message: "\(opening) without \(closing)", line: line)
            }
            var code = rest[open.upperBound..<close.lowerBound]
            let here = line
            line += code.count { $0.isNewline }
            trimsNext = code.hasSuffix("-")
            if trimsNext { code = code.dropLast() }
            if kind == "{" { pieces.append(.output(String(code), line: here)) }
            if kind == "%" { pieces.append(.tag(code.trimmed, line: here)) }
            rest = rest[close.upperBound...]
        }
        if trimsNext { rest = rest.drop { $0.isWhitespace } }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        return pieces
    }
}

extension Substring {
    fileprivate var trimmedAtEnd: String {
        self.lastIndex { !$0.isWhitespace }.map { String(self[...$0]) } ?? ""
    }
}
