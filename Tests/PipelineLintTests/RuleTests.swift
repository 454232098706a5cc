import DotLanguage
import PipelineCore
import Testing

/// A pipeline and how often a rule speaks about it.
struct Ruled: Sendable, CustomTestStringConvertible {
    let code: Diagnostic.Code
    let severity: Diagnostic.Severity
    /// Inside the braces.
    let items: String
    /// What the findings are about, as `a` or `a->b`, or nothing for the file.
    let subjects: [String]

    init(_ code: Diagnostic.Code, _ severity: Diagnostic.Severity, _ items: String, _ subjects: String...) {
        (self.code, self.severity, self.items, self.subjects) = (code, severity, items, subjects)
    }

    var testDescription: String { "\(self.code.rawValue): \(self.items)" }
}

extension Diagnostic.Subject {
    var text: String {
        switch self {
        case .file: ""
        case .node(let id): id
        case .edge(let from, let to): "\(from)->\(to)"
        }
    }
}

@Suite struct `A rule` {
    @Test func `D3 a node that nothing leads to is an error, not a warning`() {
        let found = lint(flow("start -> end lonely")).of(Diagnostic.Code(rawValue: "reachability"))
        #expect(found.map(\.severity) == [.error])
    }

    @Test(arguments: Ruled.structure + Ruled.values + Ruled.nodes + Ruled.paths)
    func `speaks where it should, and only there`(ruled: Ruled) {
        let found = lint(ruled.items).of(ruled.code)
        #expect(found.map(\.subject.text) == ruled.subjects, "\(found)")
        for diagnostic in found {
            #expect(diagnostic.severity == ruled.severity)
            #expect(!diagnostic.message.isEmpty && diagnostic.hint?.isEmpty == false)
            #expect(diagnostic.path == "g.dot")
        }
    }

    @Test func `of every name is tried`() {
        let tried = Set((Ruled.structure + Ruled.values + Ruled.nodes + Ruled.paths).map(\.code))
        // Files cannot name an edge whose ends are no nodes.
        #expect(Set(Diagnostic.Code.ofRules).subtracting(tried) == [.edgeTargetExists])
    }

    @Test(arguments: [
        flow("start -> a -> end a [prompt=p]"),
        flow("start -> t t [shape=parallelogram, tool_command=x] t -> end [condition=\"outcome=success\"] t -> end"),
        flow("start -> g g [shape=hexagon] g -> end [label=\"[Y] Yes\"] g -> a [label=\"[N] No\"] a [label=x] a -> g"),
        flow(
            "start->p p [shape=component] p -> a -> f p -> b -> f f [shape=tripleoctagon] f -> end node [prompt=p] a;b"
        ),
    ])
    func `says nothing about a sound pipeline`(items: String) {
        #expect(lint(items) == [])
    }

    @Test func `may be added, and speaks last`() {
        let rule = LintRule { subject in
            subject.graph.nodes.map {
                Diagnostic(Diagnostic.Code("house_rule"), "\($0.id) is there", severity: .info, hint: "fine")
            }
        }
        let found = lint(flow("start -> end"), extra: [rule])
        #expect(found.codes == ["house_rule", "house_rule"])
        #expect(lint(flow("start -> end a"), extra: [rule]).codes.last == "house_rule")
    }

    @Test func `of edges without ends speaks about graphs built in code`() throws {
        let graph = DotGraph(
            name: "G",
            nodes: [
                DotNode(id: "start", attributes: [DotAttribute(key: "shape", value: .bare("Mdiamond"))]),
                DotNode(id: "end", attributes: [DotAttribute(key: "shape", value: .bare("Msquare"))]),
            ],
            edges: [DotEdge(from: "start", to: "end"), DotEdge(from: "start", to: "ghost")])
        let found = PipelineGraph(graph).diagnostics(path: "code").of(.edgeTargetExists)
        #expect(found.map(\.subject.text) == ["start->ghost"])
        #expect(found.first?.severity == .error && found.first?.range == nil)
    }

    @Test func `that is an error stops a run`() throws {
        let bad = try #require(DotFile.parse("digraph G { start -> end; x }", path: "").graph)
        let failure = #expect(throws: LintFailure.self) { try PipelineGraph(bad).validate() }
        #expect(failure?.diagnostics.codes.first == "reachability")
        let fair = try #require(DotFile.parse("digraph G { start -> a -> end }", path: "").graph)
        #expect(try PipelineGraph(fair).validate().codes == ["prompt_on_llm_nodes"])
    }

    @Test func `points at the words it is about`() throws {
        let found = lint("start [shape=Mdiamond]\nend [shape=Msquare]\nstart -> end [weight=heavy]").of(.attrType)
        let range = try #require(found.first?.range)
        #expect((range.start.line, range.start.column, range.end.column) == (4, 22, 27))
    }
}

@Suite struct `A compilation` {
    @Test func `checks what transforms have made`() {
        let text = Array("digraph G { goal=x start -> a -> end a [prompt=\"do $goal\"] }".utf8)
        let compilation = Compilation(text, path: "", transforms: [{ graph in graph.transformed { $0.prompt = "" } }])
        #expect(compilation.diagnostics.codes == ["prompt_on_llm_nodes"])
        #expect(compilation.isSound)
        #expect(Compilation(text, path: "").graph?["a"]?.prompt == "do x")
    }

    @Test func `of a text that does not parse has no graph`() {
        let compilation = Compilation(Array("digraph".utf8), path: "g.dot")
        #expect(compilation.graph == nil && compilation.source == nil && !compilation.isSound)
        #expect(!compilation.diagnostics.isEmpty)
    }

    @Test func `with an error is not sound, with a warning it is`() {
        #expect(!Compilation(Array("digraph G { start }".utf8), path: "").isSound)
        #expect(Compilation(Array("digraph G { start -> a -> end }".utf8), path: "").isSound)
    }
}
