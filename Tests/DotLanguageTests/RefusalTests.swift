import DotLanguage
import Testing

/// What is refused (spec/orchestra.md 1.4): the text, the code, where, and words that the message or hint must have.
struct Refused: Sendable, CustomTestStringConvertible {
    let text: String
    let code: Diagnostic.Code
    let line: Int
    let column: Int
    let words: [String]

    init(_ text: String, _ code: Diagnostic.Code, _ line: Int, _ column: Int, _ words: String...) {
        (self.text, self.code, self.line, self.column, self.words) = (text, code, line, column, words)
    }

    var testDescription: String { self.text }

    static let all: [Refused] = [
        Refused("digraph A { a }\ndigraph B { b }", .multipleGraphs, 2, 1, "Multiple"),
        Refused("digraph A { a }\ngraph B { b }", .multipleGraphs, 2, 1, "Multiple"),
        Refused("digraph A {\n a -> b\ndigraph B { b }", .multipleGraphs, 3, 1, "Multiple"),
        Refused("graph G { a }", .undirectedGraph, 1, 1, "Undirected", "digraph"),
        Refused("graph G { a -- b }", .undirectedGraph, 1, 1, "Undirected"),
        Refused("digraph G { a -- b }", .undirectedEdge, 1, 15, "Undirected", "->"),
        Refused("strict digraph G { a }", .strictGraph, 1, 1, "strict"),
        Refused("digraph { a }", .graphName, 1, 9, "bare identifier"),
        Refused("digraph \"My flow\" { a }", .graphName, 1, 9, "bare identifier", "My_flow"),
        Refused("digraph 7 { a }", .graphName, 1, 9, "bare identifier"),
        Refused("digraph node { a }", .graphName, 1, 9, "bare identifier", "n_node"),
        Refused("digraph G { \"my step\" }", .nodeID, 1, 13, "my_step", "label"),
        Refused("digraph G { a -> \"b\" }", .nodeID, 1, 18, "label"),
        Refused("digraph G { 12 -> b }", .nodeID, 1, 13, "n_12", "label"),
        Refused("digraph G { a.b -> c }", .nodeID, 1, 13, "a_b"),
        Refused("digraph G { my-step [k=1] }", .nodeID, 1, 13, "my_step", "my-step"),
        Refused("digraph G { été }", .nodeID, 1, 13, "label"),
        Refused("digraph G { node -> a }", .reservedWord, 1, 13, "node"),
        Refused("digraph G { a -> edge }", .reservedWord, 1, 18, "edge"),
        Refused("digraph G { strict }", .reservedWord, 1, 13, "strict"),
        Refused("digraph G { digraph }", .reservedWord, 1, 13, "digraph"),
        Refused("digraph G { graph = 3 }", .reservedWord, 1, 13, "graph"),
        Refused("digraph G { a:n -> b }", .port, 1, 14, "ports"),
        Refused("digraph G { a -> b:in:n [k=1] }", .port, 1, 19, "ports"),
        Refused("digraph G { a -> {b c} }", .edgeEndpoint, 1, 18, "one by one"),
        Refused("digraph G { {a b} -> c }", .edgeEndpoint, 1, 13, "one by one"),
        Refused("digraph G { subgraph s {a} -> c }", .edgeEndpoint, 1, 13, "one by one"),
        Refused("digraph G { a -> subgraph s {b} -> c }", .edgeEndpoint, 1, 18, "one by one"),
        Refused("digraph G { a [label=<b>x</b>] }", .htmlLabel, 1, 22, "quoted string"),
        Refused("digraph G { a [label=<<b>x</b>>, k=1] }", .htmlLabel, 1, 22, "quoted string"),
        Refused("digraph G { a [] }", .attrBlock, 1, 16, "empty", "comma-separated", "one block"),
        Refused("digraph G { a [k=1,] }", .attrBlock, 1, 19, "comma", "one block"),
        Refused("digraph G { a [k=1; l=2] }", .attrBlock, 1, 19, "semicolon", "comma-separated"),
        Refused("digraph G { a [k=1 l=2] }", .attrBlock, 1, 20, "comma-separated"),
        Refused("digraph G { a [k=1] [l=2] }", .attrBlock, 1, 21, "second", "one block"),
        Refused("digraph G { a [k=\"x\" + \"y\"] }", .stringConcat, 1, 22, "one string"),
        Refused("digraph G { a [k=\"x\\q\"] }", .badEscape, 1, 20, "\\q", "\\\\"),
        Refused("digraph G {\n a [k=\"x\n b -> c }", .unterminatedString, 2, 7, "no end"),
        Refused("digraph G {\n a /* b }", .unterminatedComment, 2, 4, "no end", "*/"),
        Refused("digraph G { a } b", .unexpectedToken, 1, 17, "after the end"),
        Refused("digraph G { a }\n}", .unexpectedToken, 2, 1, "after the end", "brace"),
        Refused("", .unexpectedEnd, 1, 1, "digraph"),
        Refused("  // nothing\n", .unexpectedEnd, 2, 1, "digraph"),
        Refused("digraph G {\n a -> b\n", .unexpectedEnd, 3, 1, "brace of line 1"),
        Refused("digraph G { subgraph s { a }", .unexpectedEnd, 1, 29, "brace"),
        Refused("digraph G\n", .unexpectedEnd, 2, 1, "{"),
        Refused("digraph G { a -> }", .unexpectedToken, 1, 18, "node id"),
        Refused("digraph G { -> a }", .unexpectedToken, 1, 13, "statement"),
        Refused("digraph G { a [k] }", .unexpectedToken, 1, 17, "="),
        Refused("digraph G { a [k=] }", .unexpectedToken, 1, 18, "value"),
        Refused("digraph G { a [=1] }", .unexpectedToken, 1, 16, "attribute name"),
        Refused("digraph G { a [\"\"=1] }", .unexpectedToken, 1, 16, "attribute name"),
        Refused("digraph G { { a } }", .unexpectedToken, 1, 13, "subgraph"),
        Refused("digraph G { ; }", .unexpectedToken, 1, 13, "semicolon"),
        Refused("Digraph G { a }", .unexpectedToken, 1, 1, "lower case"),
        Refused("pipeline G { a }", .unexpectedToken, 1, 1, "digraph"),
        Refused("digraph G {\n# include\n a }", .hashLine, 2, 1, "//"),
        Refused("# include\ndigraph G { a }", .hashLine, 1, 1, "//"),
        Refused("digraph G { a [k=99999999999999999999] }", .numberRange, 1, 18, "large"),
        Refused("digraph G { a [k=9223372036854775807d] }", .numberRange, 1, 18, "large"),
    ]
}

@Suite struct `A refusal` {
    @Test(arguments: Refused.all)
    func `says what is wrong, where, and what to do`(refused: Refused) throws {
        let (graph, diagnostics) = DotFile.parse(refused.text, path: "flow.dot")
        #expect(graph == nil)
        #expect(diagnostics.map(\.code) == [refused.code], "\(diagnostics)")
        let found = try #require(diagnostics.first)
        #expect(found.severity == .error)
        #expect(found.path == "flow.dot")
        #expect(found.range?.start.line == refused.line)
        #expect(found.range?.start.column == refused.column)
        let said = found.message + " " + (found.hint ?? "")
        for word in refused.words { #expect(said.contains(word), "\(said)") }
        #expect(found.hint?.isEmpty == false)
    }

    @Test func `exists for every code of the parser`() {
        let elsewhere: Set<Diagnostic.Code> = [.tooLarge, .encoding]
        #expect(Set(Refused.all.map(\.code)).union(elsewhere) == Set(Diagnostic.Code.ofParser))
    }

    @Test(arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0x00]] as [[UInt8]])
    func `of bytes that are no text names the place`(bytes: [UInt8]) throws {
        let (graph, diagnostics) = DotFile.parse(Array("digraph G {\n é".utf8) + bytes, path: "")
        #expect(graph == nil)
        #expect(diagnostics.map(\.code) == [.encoding])
        #expect(diagnostics.first?.range?.start == SourcePosition(line: 2, column: 3, offset: 15))
    }

    @Test func `keeps graphs small enough to follow`() {
        let keys = (0..<300).map { "k\($0)=1" }
        let deep = String(repeating: "subgraph {", count: 65) + String(repeating: "}", count: 65)
        let texts = [
            "digraph G { a [\(keys.joined(separator: ","))] }", "digraph G { \(keys.joined(separator: " ")) }",
            "digraph G { node [\(keys.joined(separator: ","))] }", "digraph G { \(deep) }",
            "digraph G { " + keys.map { "a [\($0)]" }.joined() + "}",
            String(repeating: " ", count: DotFile.bytesMax + 1),
        ]
        for text in texts {
            let (graph, diagnostics) = DotFile.parse(text, path: "")
            #expect(graph == nil)
            #expect(diagnostics.map(\.code) == [.tooLarge])
        }
        let bearable = String(repeating: "subgraph {", count: 64) + String(repeating: "}", count: 64)
        #expect(DotFile.parse("digraph G { \(bearable) }", path: "").graph != nil)
        let fine = keys.prefix(256).joined(separator: ",")
        #expect(DotFile.parse("digraph G { a [\(fine)] }", path: "").graph != nil)
    }

    @Test func `does not hide the next one`() {
        let text = """
            digraph G {
                a -- b
                "c" -> d
                e [label=<x>, k==2, l=3]
                f -> {g h}
                i [] ; j -> ; k:n
                subgraph { l -> node; m- }
                n [k=]
                m [k=
                o -> p [k=1 l=2]
                o -> p [k=1 l=2]
            }
            """
        let diagnostics = DotFile.parse(text, path: "").diagnostics
        #expect(
            diagnostics.map { "\($0.range?.start.line ?? 0) \($0.code.rawValue)" } == [
                "2 undirected_edge", "3 node_id", "4 html_label", "4 unexpected_token", "5 edge_endpoint",
                "6 attr_block", "6 unexpected_token", "6 port", "7 reserved_word", "7 node_id", "8 unexpected_token",
                "10 unexpected_token", "11 attr_block",
            ])
    }

    @Test func `is not repeated without end`() {
        let text = "digraph G {\n" + String(repeating: "a -- b\n", count: 5_000) + "}"
        #expect(DotFile.parse(text, path: "").diagnostics.count == 100)
    }
}
