import Vocabulary

/// Reading pipeline files.
package enum DotFile {
    /// More than any pipeline that a person can follow.
    package static let bytesMax = 16 << 20

    /// Reads a file of the language of spec/orchestra.md, section 1.
    ///
    /// - Parameter path: how diagnostics call the file.
    /// - Returns: the graph, `nil` when there is any error; and all that is to say, in the order of the text.
    package static func parse(_ bytes: [UInt8], path: String) -> (graph: DotGraph?, diagnostics: [Diagnostic]) {
        let (graph, diagnostics, _) = self.parseCounting(bytes, path: path)
        return (graph, diagnostics)
    }

    /// As above, of text.
    package static func parse(_ text: String, path: String) -> (graph: DotGraph?, diagnostics: [Diagnostic]) {
        self.parse(Array(text.utf8), path: path)
    }

    /// How many elementary steps it takes to parse, for tests of the order of growth.
    package static func steps(toParse text: String) -> Int {
        self.parseCounting(Array(text.utf8), path: "").steps
    }

    private static func parseCounting(
        _ bytes: [UInt8], path: String
    ) -> (graph: DotGraph?, diagnostics: [Diagnostic], steps: Int) {
        if let refusal = self.refusal(of: bytes, path: path) { return (nil, [refusal], 0) }
        var lexer = DotLexer(bytes, diagnostics: DiagnosticList(path: path))
        let tokens = lexer.tokens()
        var parser = DotParser(tokens, isCutShort: lexer.isCutShort, diagnostics: lexer.diagnostics)
        parser.file()
        let diagnostics = parser.diagnostics.sorted
        let isSound = !diagnostics.contains { $0.severity == .error }
        let steps = lexer.here.offset + parser.steps + parser.builder.merging.steps
        return (isSound ? parser.builder.graph() : nil, diagnostics, steps)
    }

    /// Why these bytes are not even looked at.
    private static func refusal(of bytes: [UInt8], path: String) -> Diagnostic? {
        guard bytes.count <= self.bytesMax else {
            return Diagnostic(
                .tooLarge, "the file has \(bytes.count) bytes, more than \(self.bytesMax)", path: path,
                hint: "split the pipeline")
        }
        guard let place = self.firstFault(in: bytes) else { return nil }
        return Diagnostic(
            .encoding, "the file is not text in UTF-8", path: path, range: SourceRange(start: place, end: place),
            hint: "save it in UTF-8, without NUL characters")
    }

    /// Where the first byte stands that is no UTF-8, or a NUL.
    private static func firstFault(in bytes: [UInt8]) -> SourcePosition? {
        var place = SourcePosition(line: 1, column: 1, offset: 0)
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: return nil
            case .error, .scalarValue("\0"): return place
            case .scalarValue(let scalar):
                place.offset += UTF8.width(scalar)
                place.column = scalar == "\n" ? 1 : place.column + 1
                if scalar == "\n" { place.line += 1 }
            }
        }
    }
}
