package import PipelineCore
import PipelineTurns
import ProcessGuard
import TurnModel
import Vocabulary

/// Runs the command of a tool node (spec/orchestra.md 2.11).
///
/// The context then has `tool.output`, `tool.exit_code` and `tool.duration_ms`, the same under `tools.NAME.`, and
/// `tools.NAME.outputs` with one element for each visit. Output too long for a context is cut there; all of it is in
/// the file `tool.output_file`.
package struct ToolHandler: NodeHandler {
    /// For a node that says nothing.
    package static let timeoutDefault = Duration.seconds(60)
    /// Visits whose output is kept.
    package static let outputsMax = 100

    package init() {}

    package func run(_ call: HandlerCall) async -> Outcome? {
        guard !call.node.toolCommand.trimmed.isEmpty else {
            return .fail("tool node \(call.node.id) has no tool_command", isRetryable: false)
        }
        let command: String
        do {
            command = try Template(parsing: call.node.toolCommand).filled(from: call.context, by: .command)
        } catch {
            return .fail("tool_command of node \(call.node.id): \(error)", isRetryable: false)
        }
        let work = AttemptWork(call)
        let timeout = call.timeout ?? Self.timeoutDefault
        return await work.run(command, timeout: timeout) { report in
            let (result, redaction) = (ToolResult(report, of: call), work.redaction)
            call.report(.tool(result.execution(of: redaction.redact(command))))
            guard let failure = report.failure(within: timeout, redaction: redaction) else {
                return Outcome(.success, contextUpdates: result.contextUpdates)
            }
            return Outcome(
                .fail, contextUpdates: result.contextUpdates,
                failureReason: "the command of node \(call.node.id) failed: \(failure)")
        }
    }
}

/// What a command left behind, for the context and for the record.
struct ToolResult {
    let report: ProcessReport
    let call: HandlerCall

    init(_ report: ProcessReport, of call: HandlerCall) {
        self.report = report
        self.call = call
    }

    var output: String { self.report.output.text.trimmed }

    func execution(of command: String) -> ToolExecution {
        var execution = ToolExecution(
            node: self.call.node.id.text, command: command, exitCode: Int64(self.report.end.exitCode))
        execution.output = self.output
        execution.duration = self.report.duration
        return execution
    }

    var contextUpdates: JSONObject {
        var facts: JSONObject = [
            "output": .string(self.output), "exit_code": .integer(Int64(self.report.end.exitCode)),
            "duration_ms": .integer(self.report.duration.wholeMilliseconds),
        ]
        if self.report.output.isCut { facts["output_bytes"] = .integer(Int64(self.report.output.byteCount)) }
        if let file = self.report.output.file { facts["output_file"] = .string(file) }
        let family = "tools.\(self.call.node.toolName)"
        var updates = JSONObject()
        for (name, value) in facts {
            updates["tool.\(name)"] = value
            updates["\(family).\(name)"] = value
        }
        // What an earlier, longer output left must not be taken for this one's.
        for name in ["output_bytes", "output_file"] where facts[name] == nil {
            for key in ["tool.\(name)", "\(family).\(name)"] where self.call.context[key] != nil {
                updates[key] = .null
            }
        }
        let earlier = self.call.context["\(family).outputs"]?.array ?? []
        updates["\(family).outputs"] = .array((earlier + [.string(self.output)]).suffix(ToolHandler.outputsMax))
        return updates
    }
}
