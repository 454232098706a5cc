import DotLanguage
import PipelineCore
import Testing

@Suite struct `A stylesheet` {
    /// The model, provider and effort of node `a` of a pipeline with `sheet`.
    func effective(_ sheet: String, _ a: String = "class=\"x, y\"") throws -> [String] {
        let escaped = sheet.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let text = "digraph G { model_stylesheet=\"\(escaped)\" start -> a -> end a [\(a)] }"
        let compilation = Compilation(Array(text.utf8), path: "")
        let node = try #require(compilation.graph?["a"], "\(compilation.diagnostics)")
        return [node.llmModel, node.llmProvider, node.reasoningEffort]
    }

    @Test(arguments: [
        ("* { llm_model: m; llm_provider: p; reasoning_effort: low; }", ["m", "p", "low"]),
        ("#a { llm_model: id } .x { llm_model: class } box { llm_model: shape } * { llm_model: all }", ["id", "", ""]),
        (".x { llm_model: class } box { llm_model: shape } * { llm_model: all }", ["class", "", ""]),
        ("box { llm_model: shape } * { llm_model: all }", ["shape", "", ""]),
        (".x { llm_model: first } .y { llm_model: second }", ["second", "", ""]),
        ("* { llm_model: m; llm_model: n }", ["n", "", ""]),
        ("* { llm_model: m } #a { llm_provider: p }", ["m", "p", ""]),
        ("hexagon { llm_model: no } .z { llm_model: no } #b { llm_model: no }", ["", "", ""]),
        ("* { llm_model: \"a; b } c\"; llm_provider: \"q\\\"\" }", ["a; b } c", "q\"", ""]),
        ("*{llm_model:vendor/model-1.5:free}", ["vendor/model-1.5:free", "", ""]),
        ("* { } ", ["", "", ""]), ("", ["", "", ""]),
        ("* { llm_model: m; }\n.x\t{ llm_provider : p ; }", ["m", "p", ""]),
    ])
    func `gives nodes the values of the strongest rules`(sheet: String, values: [String]) throws {
        #expect(try self.effective(sheet) == values)
    }

    @Test func `D22 selects all, by shape, by class and by id, and of equals the last wins`() throws {
        let rules = [("*", "all"), ("box", "box"), (".x", "x"), ("#a", "a")].map { "\($0) { llm_model: \($1) }" }
        for (index, expected) in ["all", "box", "x", "a"].enumerated() {
            // The weaker come last, and win nothing by it.
            let sheet = rules.prefix(index + 1).reversed().joined(separator: " ")
            #expect(try self.effective(sheet)[0] == expected)
        }
        #expect(try self.effective("box { llm_model: one } box { llm_model: two }")[0] == "two")
    }

    @Test func `yields to what a node says itself`() throws {
        #expect(try self.effective("#a { llm_model: m; llm_provider: p }", "llm_model=own") == ["own", "p", ""])
    }

    @Test func `knows classes that subgraphs give`() throws {
        let text = """
            digraph G { model_stylesheet=".code-review { llm_model: m }"
            start -> a -> end subgraph { label="Code Review" a } }
            """
        #expect(Compilation(Array(text.utf8), path: "").graph?["a"]?.llmModel == "m")
    }

    @Test(arguments: [
        ("* llm_model: m }", 1, 3, "{"), ("* { llm_model m }", 1, 15, ":"), ("* { llm_model: }", 1, 16, "value"),
        ("* { llm_model: m llm_provider: p }", 1, 18, ";"), ("* { llm_model: m", 1, 17, ";"), ("* {", 1, 4, "property"),
        (". { }", 1, 3, "class"), ("# { }", 1, 3, "node id"), ("* { }\n  } ", 2, 3, "selector"),
        ("* { llm_model: \"m }", 1, 16, "closing quote"), ("a, b { }", 1, 2, "{"),
    ])
    func `that does not parse says where`(sheet: String, line: Int, column: Int, word: String) {
        let error = #expect(throws: StylesheetError.self) { try Stylesheet(parsing: sheet) }
        #expect(error?.line == line && error?.column == column)
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    }
}
