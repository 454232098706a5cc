import DotLanguage
import Testing

@Suite struct `A value` {
    @Test(arguments: [
        (#""text""#, DotValue.string("text")),
        (#""a \"b\" \\ \n \t \r""#, .string("a \"b\" \\ \n \t \r")),
        (#""a\\nb""#, .string("a\\nb")),
        ("\"two\nlines\"", .string("two\nlines")),
        (#""""#, .string("")),
        ("0", .integer(0)), ("-17", .integer(-17)), ("9223372036854775807", .integer(.max)),
        ("0.5", .float(0.5, text: "0.5")), (".5", .float(0.5, text: ".5")), ("-1.25", .float(-1.25, text: "-1.25")),
        ("-.5", .float(-0.5, text: "-.5")),
        ("true", .boolean(true)), ("false", .boolean(false)), ("True", .bare("True")), ("truest", .bare("truest")),
        ("250ms", .duration(.milliseconds(250), text: "250ms")), ("900s", .duration(.seconds(900), text: "900s")),
        ("15m", .duration(.seconds(900), text: "15m")), ("2h", .duration(.seconds(7_200), text: "2h")),
        ("1d", .duration(.seconds(86_400), text: "1d")), ("-5s", .duration(.seconds(-5), text: "-5s")),
        ("wait.human", .bare("wait.human")), ("claude-opus-4", .bare("claude-opus-4")),
        ("summary:high", .bare("summary:high")), ("_x", .bare("_x")), ("node", .bare("node")),
    ])
    func `is the longest that can be read`(text: String, value: DotValue) throws {
        #expect(try graph("a [k=\(text)]").node("a").attributes["k"]?.value == value)
        #expect(try graph("a [ k = /* why */ \(text) , l=1 ]").node("a").attributes["k"]?.value == value)
        #expect(try graph("k = \(text);").attributes["k"]?.value == value)
    }

    @Test(arguments: ["5x", "2.5s", "5.", "1abc", "été", "na\u{EF}ve", "#ff0000", "/tmp", "-", "@", "5mm", "1.2.3"])
    func `needs quotes when it is something else`(text: String) throws {
        let (graph, diagnostics) = DotFile.parse("digraph G { a [k=\(text)] }", path: "g.dot")
        #expect(graph == nil)
        let first = try #require(diagnostics.first)
        #expect(first.code == .unexpectedToken)
        #expect(first.range?.start.column == 18)
        #expect(first.hint == "put the value in double quotes")
    }

    @Test func `of words ends before an arrow`() throws {
        let made = try graph("a [k=v] x=y-z b->c")
        #expect(made.attributes.texts == ["x": "y-z"])
        let diagnostics = DotFile.parse("digraph G { l=m->n }", path: "").diagnostics
        #expect(diagnostics.map(\.token) == ["->"])
    }

    @Test(arguments: [("3", "3"), ("1.50", "1.50"), ("true", "true"), ("900s", "900s"), ("a.b", "a.b"), (#""x""#, "x")])
    func `has a text, whatever it is`(written: String, text: String) throws {
        #expect(try graph("a [label=\(written)]").node("a").attributes["label"]?.value.text == text)
    }
}

@Suite struct `Blanks and comments` {
    @Test(arguments: [
        "a->b // -- digraph {", "a /* -- */ -> /* \" */ b", "a->b /* * / ** */", "// # \"\na->b", "a\r\n->\r\nb\r\n",
        "a->b [prompt=\"x -- y digraph // no /* no\"]", "\t a\u{0B}->\u{0C}b",
    ])
    func `mean nothing`(text: String) throws {
        #expect(try graph(text).arrows == ["a->b"])
    }

    @Test func `may start with a byte-order mark`() {
        let (graph, diagnostics) = DotFile.parse("\u{FEFF}digraph G { a }", path: "g.dot")
        #expect(diagnostics == [])
        #expect(graph?.nodes.first?.range.start == SourcePosition(line: 1, column: 13, offset: 15))
    }
}

@Suite struct `A place` {
    @Test func `counts lines, scalars and bytes`() throws {
        let text = "digraph G {\r\n  a [label=\"é😀\", k=1]\n}"
        let made = try #require(DotFile.parse(text, path: "").graph)
        let node = try made.node("a")
        #expect(node.range.start == SourcePosition(line: 2, column: 3, offset: 15))
        let value = try #require(node.attributes["label"])
        #expect(value.keyRange.start.column == 6)
        #expect(value.valueRange.start == SourcePosition(line: 2, column: 12, offset: 24))
        #expect(value.valueRange.end == SourcePosition(line: 2, column: 16, offset: 32))
        #expect(try #require(node.attributes["k"]).keyRange.start.column == 18)
    }

    @Test func `of an edge reaches from id to id`() throws {
        let edge = try graph("a -> b -> c").edges[1]
        #expect((edge.range.start.column, edge.range.end.column) == (6, 12))
    }
}
