import DotLanguage
import Foundation
import Testing

/// Files and what is said about them; `REWRITE=1 swift test --filter RenderingTests` records it again.
@Suite struct `What is said` {
    @Test(arguments: ["refusals", "odd-lines"])
    func `reads as it is told`(name: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Transcripts/\(name).txt")
        let told = try String(contentsOf: file, encoding: .utf8)
        let scenes = told.split(separator: "\n\n").map { scene -> String in
            let lines = scene.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let text = lines.prefix { $0 != "----" }.joined(separator: "\n")
            let said = DiagnosticRenderer(text).text(DotFile.parse(text, path: "flow.dot").diagnostics)
            return text + "\n----\n" + said.trimmingCharacters(in: .newlines)
        }
        let played = scenes.joined(separator: "\n\n") + "\n"
        if ProcessInfo.processInfo.environment["REWRITE"] == "1" {
            try played.write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(played == told)
        }
    }

    @Test func `cannot steer a terminal`() {
        let text = "digraph G { \u{1B}[31m\u{202E} }"
        let said = DiagnosticRenderer(text).text(DotFile.parse(text, path: "a\u{1B}b").diagnostics)
        #expect(!said.unicodeScalars.contains("\u{1B}") && !said.unicodeScalars.contains("\u{202E}"))
    }

    @Test func `of a graph built in code has no place`() {
        let diagnostic = Diagnostic(
            .nodeID, "nothing good", severity: .warning, path: "code", range: SourceRange.none, witness: ["a", "b"])
        #expect(
            DiagnosticRenderer("").text(diagnostic) == "code: warning: nothing good [node_id]\n    path: a -> b\n")
    }
}
