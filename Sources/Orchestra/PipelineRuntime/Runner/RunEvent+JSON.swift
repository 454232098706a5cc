import PipelineCore
import PipelineTurns
import TurnModel
package import Vocabulary

extension RunEvent {
    /// As programs read it: `event`, `time`, `context`, in a branch `branch`, and what belongs to the event.
    package var json: JSONObject {
        var object: JSONObject = [
            "event": "", "time": .string(self.time.description), "context": .string(self.session.description),
        ]
        object["branch"] = self.branch.map { .string($0.text) }
        let (name, facts) = self.pipelineFacts ?? self.stageFacts ?? self.otherFacts
        object["event"] = .string(name)
        for (key, value) in facts { object[key] = value }
        return object
    }

    private typealias Facts = (name: String, facts: JSONObject)

    private var pipelineFacts: Facts? {
        switch self.fact {
        case .pipelineStarted(let beginning):
            (
                "pipeline_started",
                [
                    "name": .string(beginning.name), "goal": .string(beginning.goal),
                    "session": .string(beginning.displayID.description), "file": .string(beginning.file),
                    "graph_hash": .string(beginning.hash),
                ]
            )
        case .pipelineResumed(let node): ("pipeline_resumed", ["node": node.json])
        case .pipelineCompleted(let duration): ("pipeline_completed", ["duration_ms": duration.json])
        case .pipelineFailed(let failure, let duration):
            (
                "pipeline_failed",
                [
                    "kind": .string(failure.kind.rawValue), "reason": .string(failure.reason),
                    "duration_ms": duration.json,
                ]
            )
        case .pipelineCancelled(let reason, let duration):
            ("pipeline_cancelled", ["reason": .string(reason), "duration_ms": duration.json])
        case .pipelineRestarted(let node, let duration):
            ("pipeline_restarted", ["node": .string(node.text), "duration_ms": duration.json])
        case .pipelinePaused(let node): ("pipeline_paused", ["node": .string(node.text)])
        default: nil
        }
    }

    private var stageFacts: Facts? {
        switch self.fact {
        case .stageStarted(let attempt): ("stage_started", attempt.json)
        case .stageRetrying(let retry):
            (
                "stage_retrying",
                retry.attempt.json.adding(["delay_ms": retry.delay.json, "reason": .string(retry.reason)])
            )
        case .stageCompleted(let report): ("stage_completed", report.json)
        case .stageFailed(let report): ("stage_failed", report.json)
        case .stageAborted(let attempt): ("stage_aborted", attempt.json)
        case .checkpointSaved(let node, let next):
            ("checkpoint_saved", ["node": node.json, "next_node_id": next.json])
        default: nil
        }
    }

    private var otherFacts: Facts {
        switch self.fact {
        case .parallelStarted(let node, let count):
            ("parallel_started", ["node": .string(node.text), "branches": .integer(Int64(count))])
        case .branchStarted(let id, let session):
            ("branch_started", ["id": .string(id.text), "branch_context": .string(session.description)])
        case .branchCompleted(let id, let outcome):
            ("branch_completed", ["id": .string(id.text), "status": .string(outcome.status.rawValue)])
        case .parallelCompleted(let node, let good, let bad, let duration):
            (
                "parallel_completed",
                [
                    "node": .string(node.text), "good": .integer(Int64(good)), "bad": .integer(Int64(bad)),
                    "duration_ms": duration.json,
                ]
            )
        case .interviewStarted(let question): ("interview_started", question.facts)
        case .interviewCompleted(let interaction):
            (
                "interview_completed",
                interaction.question.facts.adding([
                    "answer": .string(interaction.answer.text), "by": .string(interaction.person),
                ])
            )
        case .interviewTimedOut(let question): ("interview_timed_out", question.facts)
        case .tool(let tool):
            (
                "tool",
                [
                    "node": .string(tool.node), "command": .string(tool.command), "exit_code": .integer(tool.exitCode),
                    "output": tool.output.map { .string($0) } ?? .null, "duration_ms": tool.duration?.json ?? .null,
                ]
            )
        case .agent(let turn):
            (
                "agent_turn",
                [
                    "node": .string(turn.node), "number": .integer(Int64(clamping: turn.number)),
                    "model": turn.model.map { .string($0) } ?? .null,
                    "token_usage": .object(turn.tokens),
                ]
            )
        case .modelSaid(let node, let line):
            ("model_said", ["node": .string(node.text), "text": .string(line)])
        case .note(let text): ("note", ["text": .string(text)])
        case .output(let node, let lines):
            ("output", ["node": .string(node.text), "lines": .array(lines.map { .string($0) })])
        case .storeUnreachable(let what): ("store_unreachable", ["text": .string(what)])
        default: self.childFacts
        }
    }

    private var childFacts: Facts {
        switch self.fact {
        case .childStarted(let node, let session):
            ("child_started", ["node": .string(node.text), "child_context": .string(session.description)])
        case .childObserved(let node, let cycle):
            ("child_observed", cycle.json.adding(["node": .string(node.text)]))
        case .childSteered(let node, let text):
            ("child_steered", ["node": .string(node.text), "instruction": .string(text)])
        case .childDismissed(let node, let reason):
            ("child_dismissed", ["node": .string(node.text), "reason": .string(reason)])
        case .instructed(let instruction):
            (
                "instructed",
                [
                    "node": .string(instruction.attempt.node.text), "instruction": .string(instruction.text),
                    "by": .string(instruction.person),
                ]
            )
        default: ("unknown", [:])
        }
    }
}

extension Attempt {
    fileprivate var json: JSONObject {
        [
            "node": .string(self.node.text), "handler": .string(self.handler.text),
            "visit": .integer(Int64(self.visit)), "attempt": .integer(Int64(self.number)),
            "max_attempts": .integer(Int64(self.max)),
            "attempt_key": .string(self.key.text),
        ]
    }
}

extension StageReport {
    fileprivate var json: JSONObject {
        self.attempt.json.adding(["duration_ms": self.duration.json]).adding(self.outcome.json)
            .adding(["status": .string(self.outcome.status.rawValue)])
    }
}

extension AgentTurn {
    fileprivate var tokens: JSONObject {
        var tokens = JSONObject()
        for (name, count) in self.tokenUsage.sorted(by: { $0.key < $1.key }) {
            tokens[name] = .integer(Int64(clamping: count))
        }
        return tokens
    }
}

extension Question {
    fileprivate var facts: JSONObject {
        [
            "question": .string(self.id.text), "node": .string(self.node.text), "text": .string(self.text),
            "type": .string(self.kind.rawValue),
            "options": .array(self.choices.map { ["key": .string($0.key), "label": .string($0.label)] }),
        ]
    }
}

extension JSONObject {
    fileprivate func adding(_ other: JSONObject) -> JSONObject {
        var sum = self
        for (key, value) in other { sum[key] = value }
        return sum
    }
}

extension NodeID? {
    fileprivate var json: JSONValue { self.map { .string($0.text) } ?? .null }
}

extension Duration {
    fileprivate var json: JSONValue { .integer(self.wholeMilliseconds) }
}
