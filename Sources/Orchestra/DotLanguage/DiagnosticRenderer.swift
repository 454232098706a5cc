import Vocabulary

/// Diagnostics as text for people.
///
///     review.dot:4:11: error: Undirected edge: a pipeline has a direction [undirected_edge]
///       4 |     draft -- review
///         |           ^~
///         hint: write draft -> review
package struct DiagnosticRenderer: Sendable {
    /// Columns of a line that are shown; of a longer one the part around the place.
    static let widthMax = 100

    private let lines: [Substring.UnicodeScalarView]

    /// - Parameter text: the file that the diagnostics are about.
    package init(_ text: String) {
        self.lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.last == "\r" ? Substring(line.dropLast()).unicodeScalars : Substring(line).unicodeScalars
        }
    }

    /// Lines of text, the last one with its end.
    package func text(_ diagnostic: Diagnostic) -> String {
        var lines = [self.headline(diagnostic)]
        lines += self.excerpt(diagnostic.range)
        if !diagnostic.witness.isEmpty {
            lines.append("    path: " + Self.path(diagnostic.witness))
        }
        if let hint = diagnostic.hint { lines.append("    hint: \(hint)") }
        return lines.map { $0 + "\n" }.joined()
    }

    /// All of them, one after the other.
    package func text(_ diagnostics: [Diagnostic]) -> String { diagnostics.map(self.text).joined() }

    private func headline(_ diagnostic: Diagnostic) -> String {
        let place = diagnostic.range.map { ":\($0.start.line):\($0.start.column)" } ?? ""
        let path = diagnostic.path.shownToPeople(scalarsMax: 400)
        return "\(path)\(place): \(diagnostic.severity.rawValue): \(diagnostic.message) [\(diagnostic.code.rawValue)]"
    }

    /// `a -> b -> c`, the middle of a long one left out.
    private static func path(_ nodes: [String]) -> String {
        let shown = nodes.count <= 12 ? nodes : nodes.prefix(6) + ["…"] + nodes.suffix(5)
        return shown.joined(separator: " -> ")
    }

    /// The line, and below it a mark under the place.
    private func excerpt(_ range: SourceRange?) -> [String] {
        guard let range, self.lines.indices.contains(range.start.line - 1) else { return [] }
        let line = self.lines[range.start.line - 1]
        let isOneLine = range.end.line == range.start.line
        let start = max(range.start.column - 1, 0)
        let end = max(isOneLine ? range.end.column - 1 : line.count, start + 1)
        let left = line.count <= Self.widthMax ? 0 : max(0, start - Self.widthMax / 2)
        let shown = line.dropFirst(left).prefix(Self.widthMax).map { $0 == "\t" ? " " : $0 }
        let number = String(range.start.line)
        let marks = "^" + String(repeating: "~", count: max(0, min(end, left + Self.widthMax) - start - 1))
        return [
            "  \(number) | " + String(String.UnicodeScalarView(shown)).shownToPeople(),
            "  \(String(repeating: " ", count: number.count)) | " + String(repeating: " ", count: start - left) + marks,
        ]
    }
}
