import Vocabulary

/// A piece of a pipeline file.
struct DotToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case identifier
        /// `a.b`
        case dotted
        /// Letters and digits that are neither an identifier nor a value: `1abc`, `été`.
        case word
        case string(String)
        case bare
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        case duration(Duration)
        /// `<...>` where a value stands.
        case html
        case openBrace, closeBrace, openBracket, closeBracket
        case equals, comma, semicolon, colon, plus
        /// `->`
        case arrow
        /// `--`
        case line
        /// A character that has no meaning here.
        case other
        case end
    }

    let kind: Kind
    /// As it stands in the file.
    let text: String
    let range: SourceRange
    /// Whether nothing but white space and comments stands before it on its line.
    let startsLine: Bool

    /// Of an identifier that is a reserved word.
    var keyword: Keyword? { self.kind == .identifier ? Keyword(rawValue: self.text) : nil }

    /// For messages: in quotes, its own if it has them.
    var shown: String {
        if case .string = self.kind { return self.text.shownToPeople(scalarsMax: 40) }
        return self.text.quotedForPeople()
    }

    var isEnd: Bool { self.kind == .end }
}

/// Words that cannot name a node.
enum Keyword: String, CaseIterable {
    case digraph, graph, node, edge, subgraph, strict
}
