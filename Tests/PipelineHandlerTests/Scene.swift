import DotLanguage
import PipelineCore
import PipelineTurns
import Synchronization
import TurnModel
import Vocabulary

@testable import PipelineRuntime

/// Attempts of nodes, as the engine would hand them to handlers.
enum Scene {
    static let displayID = DisplayID("a1b2c3")!

    /// The node `n` with these attributes, in a pipeline.
    static func graph(_ attributes: String, of shape: String = "parallelogram") -> PipelineGraph {
        let text =
            "digraph flow { goal=\"ship\" s [shape=Mdiamond] e [shape=Msquare] n [shape=\(shape), \(attributes)] "
            + "s -> n -> e }"
        return PipelineGraph(DotFile.parse(Array(text.utf8), path: "flow.dot").graph!)
    }

    static func attempt(_ number: Int = 1, type: HandlerType = .tool) -> Attempt {
        Attempt(
            node: NodeID("n"), handler: type, visit: 1, number: number, max: 3, key: AttemptKey("a1b2c3/n/1/\(number)"),
            isPure: false)
    }

    static let attempt = Self.attempt()

    static func call(
        _ attributes: String, of shape: String = "parallelogram", context: JSONObject = [:], in folder: String = "/tmp",
        runs: String? = nil, number: Int = 1, environment: [String: String] = [:], grace: Duration = .seconds(5),
        report: @escaping @Sendable (HandlerReport) -> Void = { _ in }
    ) -> HandlerCall {
        let graph = Self.graph(attributes, of: shape)
        let node = graph[NodeID("n")]!
        return HandlerCall(
            attempt: Self.attempt(number, type: node.handler), node: node, graph: graph,
            context: PipelineContext(context), briefing: Self.briefing(of: graph), session: ContextID(7),
            displayID: Self.displayID,
            place: HandlerPlace(
                workingDirectory: folder, runDirectory: runs, environment: environment, grace: grace),
            report: report)
    }

    private static func briefing(of graph: PipelineGraph) -> Briefing {
        PipelineRun(graph, settings: RunSettings(key: "a1b2c3")).briefing(of: Self.attempt)
    }

    /// "Ready?", with these choices.
    static func gate(_ labels: String...) -> Question {
        let edges = labels.enumerated().map { "g -> t\($0.offset) [label=\"\($0.element)\"]" }.joined(separator: " ")
        let text = "digraph g { g [shape=hexagon, label=\"Ready?\"] \(edges) }"
        let graph = PipelineGraph(DotFile.parse(Array(text.utf8), path: "g.dot").graph!)
        return HumanGate(graph[NodeID("g")]!, in: graph).question(id: AttemptKey("a1b2c3/g/1/1"))!
    }
}

/// What handlers tell.
final class Reports: Sendable {
    private let all = Mutex<[HandlerReport]>([])

    var take: @Sendable (HandlerReport) -> Void { { report in self.all.withLock { $0.append(report) } } }

    var tools: [ToolFacts] {
        self.all.withLock { all in
            all.compactMap { report in
                guard case .tool(let tool) = report else { return nil }
                return ToolFacts(command: tool.command, exitCode: tool.exitCode, output: tool.output)
            }
        }
    }

    var prompts: [String] {
        self.all.withLock { all in
            all.compactMap { if case .prompt(let text) = $0 { text } else { nil } }
        }
    }

    struct ToolFacts: Equatable {
        let command: String
        let exitCode: Int64
        let output: String?
    }
}
