import DotLanguage
import TestKit
import Testing

@Suite(.timeLimit(.minutes(15))) struct `Any text` {
    static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]

    @Test(arguments: seeds)
    func `that the grammar makes is read, printed and read again as the same`(seed: UInt64) throws {
        var writer = GraphWriter(dice: SplitMix64(seed: seed))
        for round in 0..<200 {
            let text = writer.file()
            let (first, diagnostics) = DotFile.parse(text, path: "")
            let graph = try #require(first, "seed \(seed), round \(round): \(diagnostics)\n\(text)")
            let printed = graph.text
            let (second, complaints) = DotFile.parse(printed, path: "")
            let again = try #require(second, "seed \(seed), round \(round): \(complaints)\n\(printed)")
            try #require(again.meaning == graph.meaning, "seed \(seed), round \(round)\n\(text)\n\(printed)")
            #expect(again.text == printed, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: seeds)
    func `however spoilt, is refused or read, with places inside it`(seed: UInt64) throws {
        var writer = GraphWriter(dice: SplitMix64(seed: seed))
        for round in 0..<200 {
            var bytes = Array(writer.file().utf8)
            for _ in 0..<Int.random(in: 1...8, using: &writer.dice) { Self.spoil(&bytes, &writer.dice) }
            let (graph, diagnostics) = DotFile.parse(bytes, path: "")
            let hasErrors = diagnostics.contains { $0.severity == .error }
            #expect((graph == nil) == hasErrors, "seed \(seed), round \(round)")
            for diagnostic in diagnostics {
                let range = try #require(diagnostic.range, "seed \(seed), round \(round)")
                #expect(range.start.offset <= range.end.offset && range.end.offset <= bytes.count, "seed \(seed)")
                #expect(range.start.line >= 1 && range.start.column >= 1, "seed \(seed), round \(round)")
            }
            let renderer = DiagnosticRenderer(String(decoding: bytes, as: UTF8.self))
            #expect(renderer.text(diagnostics).isEmpty == diagnostics.isEmpty)
        }
    }

    @Test(arguments: seeds)
    func `of random bytes is refused`(seed: UInt64) {
        var dice = SplitMix64(seed: seed)
        let signs = Array("digraph G{}[]=,;->--\"\\<>:+#/*\n ab.1".utf8)
        for _ in 0..<500 {
            let count = Int.random(in: 0...80, using: &dice)
            let random = (0..<count).map { _ in UInt8.random(in: 0...255, using: &dice) }
            _ = DotFile.parse(random, path: "")
            let likely = (0..<count).map { _ in dice.pick(signs) }
            _ = DotFile.parse(Array("digraph G {".utf8) + likely, path: "")
        }
    }

    private static func spoil(_ bytes: inout [UInt8], _ dice: inout SplitMix64) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<bytes.count, using: &dice)
        switch Int.random(in: 0..<5, using: &dice) {
        case 0: bytes.remove(at: place)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &dice)
        case 2: bytes.insert(dice.pick(Array("{}[]\"=->;,<>:+#/*".utf8)), at: place)
        case 3: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: bytes[place..<min(place + 12, bytes.count)], at: place)
        }
    }
}

@Suite struct `The work of reading` {
    /// Each makes a text about as many bytes long as its parameter says.
    static let shapes: [(name: String, text: @Sendable (Int) -> String)] = [
        ("chain", { n in "digraph G {" + (0..<n / 12).map { "n\($0)->n\($0 + 1) " }.joined() + "}" }),
        ("nodes", { n in "digraph G { node [a=1,b=2]" + (0..<n / 16).map { "n\($0) [c=1,d=2] " }.joined() + "}" }),
        ("assignments", { n in "digraph G {" + (0..<n / 8).map { "k\($0)=1 " }.joined() + "}" }),
        ("one node again", { n in "digraph G {" + (0..<n / 12).map { "a [k\($0)=1] " }.joined() + "}" }),
        ("subgraphs", { n in "digraph G {" + (0..<n / 22).map { "subgraph {label=x n\($0)} " }.joined() + "}" }),
        ("open braces", { n in "digraph G {" + String(repeating: "{", count: n) }),
        ("open subgraphs", { n in "digraph G {" + String(repeating: "subgraph{", count: n / 9) }),
        ("edges into blocks", { n in "digraph G {" + String(repeating: "a->{b}\n", count: n / 7) }),
        ("brackets", { n in "digraph G { a" + String(repeating: "[", count: n) }),
        ("less than", { n in "digraph G {" + String(repeating: "a=<", count: n / 3) }),
        ("quotes", { n in "digraph G {" + String(repeating: "\"", count: n) }),
        ("hyphens", { n in "digraph G { a" + String(repeating: "-", count: n) }),
        ("comment", { n in "digraph G { /*" + String(repeating: "/*", count: n / 2) }),
    ]

    @Test(arguments: 0..<shapes.count)
    func `grows as the text does`(place: Int) {
        let shape = Self.shapes[place]
        let (small, large) = (shape.text(4_000), shape.text(40_000))
        let (few, many) = (DotFile.steps(toParse: small), DotFile.steps(toParse: large))
        #expect(few >= small.utf8.count / 2, "\(shape.name)")
        #expect(many <= 3 * large.utf8.count, "\(shape.name): \(many) steps")
        #expect(many <= 14 * few, "\(shape.name): \(few), then \(many) steps")
    }
}
