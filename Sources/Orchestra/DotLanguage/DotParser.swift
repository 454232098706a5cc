import Vocabulary

/// Reads tokens as statements and tells a builder what they say.
///
/// It goes on after an error: with the next attribute, else behind the next `;`, at the next line or at `}`.
struct DotParser {
    /// How deep subgraphs may lie in each other.
    static let depthMax = 64

    var builder = DotGraphBuilder()
    var diagnostics: DiagnosticList
    /// Tokens left behind so far.
    private(set) var steps = 0

    private let tokens: [DotToken]
    private let isCutShort: Bool
    private var position = 0
    /// After `graph {`, each `--` is the same mistake.
    private var isUndirected = false

    /// - Parameter isCutShort: whether something without an end has swallowed the end of the file.
    init(_ tokens: [DotToken], isCutShort: Bool, diagnostics: DiagnosticList) {
        self.tokens = tokens
        self.isCutShort = isCutShort
        self.diagnostics = diagnostics
    }

    /// Reads all of it.
    mutating func file() {
        guard self.header() else { return }
        let opening = self.current
        guard self.take(.openBrace) else { return self.refuse(expected: ["{"]) }
        self.items(depth: 0)
        if !self.take(.closeBrace) { return self.refuseEnd(of: opening) }
        self.trailer()
        if let range = self.builder.merging.overflow {
            self.report(
                .tooLarge, "more than \(DotAttributes.countMax) attributes", at: range, hint: "keep data in files")
        }
    }

    /// The words up to the brace. `false` when what comes is no graph.
    private mutating func header() -> Bool {
        if self.current.keyword == .strict {
            self.report(.strictGraph, "strict graphs are not supported", at: self.current, hint: "remove strict")
            self.advance()
        }
        switch self.current.keyword {
        case .digraph: self.advance()
        case .graph:
            self.report(
                .undirectedGraph, "Undirected graph: a pipeline has a direction", at: self.current,
                expected: ["digraph"], hint: "write digraph, and -> between nodes")
            self.isUndirected = true
            self.advance()
        default:
            let isMisspelt = self.current.text.lowercased() == "digraph"
            let hint = isMisspelt ? "write digraph in lower case" : "a pipeline is digraph NAME { ... }"
            if !self.current.isEnd || !self.isCutShort { self.refuse(expected: ["digraph"], hint: hint) }
            guard isMisspelt else { return false }
            self.advance()
        }
        self.graphName()
        return true
    }

    private mutating func graphName() {
        let token = self.current
        if token.kind == .identifier, token.keyword == nil {
            self.builder.name = token.text
            return self.advance()
        }
        let isMissing = token.kind == .openBrace || token.isEnd
        let found = isMissing ? "the graph has no name" : "\(token.shown) cannot name a graph"
        let name = isMissing ? "Pipeline" : Self.identifier(for: token)
        self.report(
            .graphName, "\(found): the name is a bare identifier", at: token, expected: ["identifier"],
            hint: "write digraph \(name) {")
        if !isMissing { self.advance() }
    }

    private mutating func trailer() {
        let token = self.current
        if token.isEnd { return }
        if [.digraph, .graph, .strict].contains(token.keyword) { return self.refuseSecondGraph() }
        let isBrace = token.kind == .closeBrace
        self.refuse(
            "\(token.shown) after the end of the graph", expected: ["the end of the file"],
            hint: isBrace ? "remove it, or look for a brace too many above" : "remove it")
    }

    private mutating func refuseSecondGraph() {
        self.report(
            .multipleGraphs, "Multiple graphs in one file", at: self.current, expected: ["the end of the file"],
            hint: "put each graph into a file of its own")
        self.position = self.tokens.count - 1
    }

    private mutating func refuseEnd(of opening: DotToken) {
        // What follows a second graph is not looked at.
        guard !self.isCutShort, !self.diagnostics.all.contains(where: { $0.code == .multipleGraphs }) else { return }
        self.report(
            .unexpectedEnd, "the file ends before the brace of line \(opening.range.start.line) is closed",
            at: self.current, expected: ["}"], hint: "close it with }")
    }
}

/// Statements.
extension DotParser {
    /// Statements up to `}` or the end.
    private mutating func items(depth: Int) {
        while !self.current.isEnd, self.current.kind != .closeBrace, !self.diagnostics.isFull {
            let start = self.position
            if self.statement(depth: depth) {
                _ = self.take(.semicolon)
            } else {
                if self.position == start { self.advance() }
                self.recover()
            }
        }
        // Nothing more will be said: look no further.
        if self.diagnostics.isFull { self.position = self.tokens.count - 1 }
    }

    /// `false` when the rest of the statement makes no sense.
    private mutating func statement(depth: Int) -> Bool {
        let token = self.current
        switch (token.kind, token.keyword) {
        case (_, .subgraph), (.openBrace, _): return self.subgraph(depth: depth)
        case (_, .graph), (_, .node), (_, .edge):
            if self.next.kind == .openBracket { return self.defaults() }
        case (_, .digraph), (_, .strict):
            if self.startsGraph {
                self.refuseSecondGraph()
                return true
            }
        case (.identifier, _), (.dotted, _), (.string, _):
            if self.next.kind == .equals { return self.assignment() }
        case (.word, _): break
        case (.semicolon, _):
            self.refuse("a semicolon without a statement", expected: ["statement"], hint: "remove it")
            return false
        default:
            self.refuse(expected: ["statement", "}"])
            return false
        }
        guard let first = self.endpoint(), self.current.kind != .equals else { return false }
        return self.edges(from: first)
    }

    /// Whether the words from here on open a graph.
    private var startsGraph: Bool {
        var place = self.position
        if self.tokens[place].keyword == .strict { place += 1 }
        guard self.tokens[place].keyword == .digraph else { return false }
        let rest = self.tokens[place...].dropFirst().prefix(2).map(\.kind)
        return rest.first == .openBrace || rest == [.identifier, .openBrace]
    }

    private mutating func defaults() -> Bool {
        let keyword = self.current.keyword
        self.advance()
        let (attributes, isWhole) = self.attributes()
        switch keyword {
        case .node: self.builder.setNodeDefaults(attributes)
        case .edge: self.builder.setEdgeDefaults(attributes)
        default: self.builder.setGraph(attributes)
        }
        return isWhole
    }

    private mutating func assignment() -> Bool {
        guard let attribute = self.attribute() else { return false }
        self.builder.setGraph([attribute])
        return true
    }

    private mutating func subgraph(depth: Int) -> Bool {
        let first = self.current
        if first.keyword == .subgraph {
            self.advance()
            if self.current.kind == .identifier, self.current.keyword == nil { self.advance() }
            guard self.current.kind == .openBrace else {
                self.refuse(expected: ["identifier", "{"])
                return false
            }
        }
        guard depth < Self.depthMax else {
            self.report(.tooLarge, "subgraphs lie more than \(Self.depthMax) deep", at: first, hint: "nest them less")
            self.skipBraces()
            return true
        }
        self.advance()
        self.builder.open()
        self.items(depth: depth + 1)
        self.builder.close()
        // Where it is missing, the graph's own brace is too, and that is reported.
        guard self.take(.closeBrace) else { return true }
        if self.current.kind == .arrow || self.current.kind == .line {
            self.refuseEndpoint(first)
            return self.edges(from: Endpoint(id: nil, range: first.range))
        }
        if first.kind == .openBrace {
            self.report(
                .unexpectedToken, "a block without the word subgraph", at: first, expected: ["statement"],
                hint: "write subgraph { ... }")
        }
        return true
    }
}

/// Nodes and edges.
extension DotParser {
    /// An end of an edge; the id is `nil` when it was refused.
    struct Endpoint {
        let id: String?
        let range: SourceRange
    }

    /// The rest of a statement that began with a node: a declaration or a chain.
    private mutating func edges(from first: Endpoint) -> Bool {
        var ends = [first]
        while self.current.kind == .arrow || self.current.kind == .line {
            if self.current.kind == .line, !self.isUndirected {
                self.report(
                    .undirectedEdge, "Undirected edge: a pipeline has a direction", at: self.current,
                    expected: ["->"], hint: "write ->")
            }
            self.advance()
            guard let end = self.endpoint() else { return false }
            ends.append(end)
        }
        let (attributes, isWhole) = self.current.kind == .openBracket ? self.attributes() : ([], true)
        if ends.count == 1, let id = first.id { self.builder.declare(id, attributes, at: first.range) }
        for (from, to) in zip(ends, ends.dropFirst()) {
            guard let source = from.id, let target = to.id else { continue }
            self.builder.connect((source, from.range), (target, to.range), attributes)
        }
        return isWhole
    }

    /// `nil` when nothing here can be meant as a node.
    private mutating func endpoint() -> Endpoint? {
        let token = self.current
        switch token.kind {
        case .openBrace:
            self.refuseEndpoint(token)
            self.skipBraces()
            return Endpoint(id: nil, range: token.range)
        case .identifier where token.keyword == .subgraph:
            self.refuseEndpoint(token)
            self.advance()
            if self.current.kind == .identifier { self.advance() }
            if self.current.kind == .openBrace { self.skipBraces() }
            return Endpoint(id: nil, range: token.range)
        case .identifier, .dotted, .word, .string: return self.node()
        default:
            self.refuse(expected: ["node id"])
            return nil
        }
    }

    private mutating func node() -> Endpoint {
        let token = self.current
        self.advance()
        var id = token.kind == .identifier ? token.text : nil
        if let keyword = token.keyword {
            id = nil
            self.report(
                .reservedWord, "\(keyword.rawValue) is a reserved word and cannot name a node", at: token,
                expected: ["node id"], hint: "call the node \(keyword.rawValue)_step, or the like")
        } else if token.kind != .identifier {
            self.refuseID(token.text, as: Self.identifier(for: token), at: token.range)
        } else if let whole = self.hyphenated(from: token) {
            id = nil
            self.refuseID(whole.text, as: whole.text.replacing("-", with: "_"), at: whole.range)
        }
        if self.current.kind == .colon {
            self.report(.port, "ports are not supported", at: self.current, hint: "remove \":\" and what follows")
            while self.take(.colon) {
                if [.identifier, .word].contains(self.current.kind) { self.advance() }
            }
        }
        return Endpoint(id: id, range: token.range)
    }

    /// `my-node`, which reads as three tokens; takes the rest of it.
    private mutating func hyphenated(from first: DotToken) -> (text: String, range: SourceRange)? {
        var text = first.text
        var end = first.range.end
        while self.current.range.start.offset == end.offset,
            self.current.text == "-" || (text.hasSuffix("-") && [.identifier, .word].contains(self.current.kind))
        {
            text += self.current.text
            end = self.current.range.end
            self.advance()
        }
        return text == first.text ? nil : (text, SourceRange(start: first.range.start, end: end))
    }

    private mutating func refuseID(_ text: String, as suggestion: String, at range: SourceRange) {
        let label = text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text
        self.report(
            .nodeID, "\(text.shownToPeople(scalarsMax: 40)) is not a node id", at: range, token: text,
            expected: ["letters, digits and underscores, not first a digit"],
            hint: "write \(suggestion) [label=\(label.quotedForPeople())]: what people see is the label")
    }

    private mutating func refuseEndpoint(_ token: DotToken) {
        self.report(
            .edgeEndpoint, "a subgraph cannot be the end of an edge", at: token, expected: ["node id"],
            hint: "list the edges one by one")
    }

    /// What a node could be called instead.
    static func identifier(for token: DotToken) -> String {
        let name = if case .string(let value) = token.kind { value } else { token.text }
        let parts = name.unicodeScalars.split { !($0.isASCII && UInt8(ascii: $0).isWordPart) }
        let joined = parts.map { String(String.UnicodeScalarView($0)) }.joined(separator: "_")
        guard let first = joined.utf8.first else { return "name" }
        let identifier = String(joined.prefix(40))
        return first.isWordStart && Keyword(rawValue: joined) == nil ? identifier : "n_" + identifier
    }
}

/// The tokens.
extension DotParser {
    var current: DotToken { self.tokens[self.position] }

    var next: DotToken { self.tokens[min(self.position + 1, self.tokens.count - 1)] }

    mutating func advance() {
        self.steps += 1
        self.position = min(self.position + 1, self.tokens.count - 1)
    }

    mutating func take(_ kind: DotToken.Kind) -> Bool {
        guard self.current.kind == kind else { return false }
        self.advance()
        return true
    }

    /// Skips a block in braces with all that is in it.
    mutating func skipBraces() {
        var depth = 0
        repeat {
            if self.current.kind == .openBrace { depth += 1 }
            if self.current.kind == .closeBrace { depth -= 1 }
            self.advance()
        } while depth > 0 && !self.current.isEnd
    }

    /// Goes to where a statement may start again.
    mutating func recover() {
        while !self.current.isEnd, self.current.kind != .closeBrace, !self.current.startsLine {
            if self.take(.semicolon) { return }
            if self.current.kind == .openBrace { self.skipBraces() } else { self.advance() }
        }
    }

    mutating func report(
        _ code: Diagnostic.Code, _ message: String, at token: DotToken, expected: [String] = [], hint: String
    ) {
        self.report(code, message, at: token.range, token: token.text, expected: expected, hint: hint)
    }

    mutating func report(
        _ code: Diagnostic.Code, _ message: String, at range: SourceRange, token: String? = nil,
        expected: [String] = [], hint: String?
    ) {
        self.diagnostics.report(
            Diagnostic(code, message, range: range, token: token, expected: expected, hint: hint))
    }

    /// Says that the current token cannot stand here.
    mutating func refuse(_ message: String? = nil, expected: [String], hint: String? = nil) {
        let token = self.current
        if token.isEnd, self.isCutShort { return }
        let found = token.isEnd ? "the end of the file" : token.shown
        self.report(
            token.isEnd ? .unexpectedEnd : .unexpectedToken,
            message ?? "\(found) where \(expected.joined(separator: " or ")) was expected", at: token.range,
            token: token.text, expected: expected,
            hint: hint ?? "expected here: \(expected.joined(separator: ", "))")
    }
}
