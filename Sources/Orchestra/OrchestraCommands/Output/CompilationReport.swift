import DotLanguage
import PipelineCore
import Vocabulary

/// What `orchestra compile` says of a pipeline, for people and for programs.
struct CompilationReport {
    let path: String
    let compilation: Compilation

    /// Name, goal, counts, and a line for each node: id, shape, label.
    var summary: String? {
        guard let graph = self.compilation.graph else { return nil }
        let goal = graph.attributes.goal
        let lines = [
            "Pipeline: \(graph.name)", "Goal: \(goal.isEmpty ? "none" : goal.shownToPeople())",
            "Nodes: \(graph.nodes.count)", "Edges: \(graph.edges.count)",
        ]
        let idWidth = graph.nodes.map(\.id.text.utf8.count).max() ?? 0
        let shapeWidth = min(graph.nodes.map(\.shape.count).max() ?? 0, 20)
        let nodes = graph.nodes.map { node in
            let shape = node.shape.shownToPeople(scalarsMax: 20)
            return "  \(self.padded(node.id.text, idWidth))  \(self.padded(shape, shapeWidth))  "
                + node.label.shownToPeople(scalarsMax: 80)
        }
        return (lines + nodes).joined(separator: "\n")
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    var json: JSONValue {
        var report: JSONObject = [
            "path": .string(self.path), "sound": .bool(self.compilation.isSound),
            "diagnostics": .array(self.compilation.diagnostics.map { .object($0.json) }),
        ]
        guard let graph = self.compilation.graph else { return .object(report) }
        report["name"] = .string(graph.name)
        report["goal"] = graph.attributes.goal.isEmpty ? .null : .string(graph.attributes.goal)
        report["nodes"] = .array(
            graph.nodes.map { node in
                [
                    "id": .string(node.id.text), "shape": .string(node.shape), "handler": .string(node.handler.text),
                    "label": .string(node.label),
                ]
            })
        report["edges"] = .array(
            graph.edges.map { ["from": .string($0.from.text), "to": .string($0.to.text), "label": .string($0.label)] })
        return .object(report)
    }
}

extension Diagnostic {
    /// As programs read it; what is not there is left out.
    var json: JSONObject {
        var object: JSONObject = [
            "code": .string(self.code.rawValue), "severity": .string(self.severity.rawValue),
            "message": .string(self.message),
        ]
        if let range {
            object["line"] = .integer(Int64(range.start.line))
            object["column"] = .integer(Int64(range.start.column))
            object["end_line"] = .integer(Int64(range.end.line))
            object["end_column"] = .integer(Int64(range.end.column))
        }
        switch self.subject {
        case .file: break
        case .node(let id): object["node"] = .string(id)
        case .edge(let from, let to): object["edge"] = ["from": .string(from), "to": .string(to)]
        }
        object["token"] = self.token.map(JSONValue.string)
        if !self.expected.isEmpty { object["expected"] = .array(self.expected.map(JSONValue.string)) }
        object["hint"] = self.hint.map(JSONValue.string)
        if !self.witness.isEmpty { object["path"] = .array(self.witness.map(JSONValue.string)) }
        return object
    }
}
