import DotLanguage
import Foundation
import PipelineCore
import PipelineSettings
import Testing

@Suite struct `The reference of pipelines` {
    static let text: String = {
        let file = Play.here.deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "docs/pipelines.md")
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    @Test func `has examples that compile without a word`() {
        let examples = Self.text.components(separatedBy: "```dot\n").dropFirst().compactMap { part in
            part.range(of: "```").map { String(part[..<$0.lowerBound]) }
        }
        #expect(examples.count >= 3)
        for example in examples {
            let compilation = Compilation(Array(example.utf8), path: "pipelines.md")
            #expect(compilation.isSound && compilation.diagnostics == [], "\(example)")
        }
    }

    @Test(arguments: Diagnostic.Code.ofParser + Diagnostic.Code.ofRules + Diagnostic.Code.ofAgents)
    func `explains every diagnostic`(code: Diagnostic.Code) {
        #expect(Self.text.contains("| `\(code.rawValue)` |"))
    }

    @Test(arguments: HandlerType.byShape.sorted { $0.key < $1.key }.map(\.key))
    func `names every shape`(shape: String) throws {
        let handler = try #require(HandlerType.byShape[shape])
        #expect(Self.text.contains("| `\(shape)` | `\(handler)` |"))
    }
}
