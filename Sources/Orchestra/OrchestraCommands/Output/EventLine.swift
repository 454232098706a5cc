import PipelineCore
import PipelineRuntime
import PipelineTurns
import TurnModel
import Vocabulary

/// An event of a run as one line: a tag in brackets, a verb, the node, and the figures (spec/orchestra.md 2.16).
struct EventLine {
    let event: RunEvent
    /// For hints.
    let displayID: DisplayID?

    /// `nil` for what people need not see.
    var text: String? {
        guard let text = self.pipelineText ?? self.stageText ?? self.otherText else { return nil }
        let branch = self.event.branch.map { "{\($0.text.shownToPeople())} " } ?? ""
        return self.pipelineText == nil ? "  " + branch + text : text
    }

    private var pipelineText: String? {
        switch self.event.fact {
        case .pipelineStarted(let beginning):
            let goal = beginning.goal.isEmpty ? "" : ", goal: \(beginning.goal.shownToPeople())"
            return "[Pipeline] started \(beginning.name) as session \(beginning.displayID)\(goal)"
        case .pipelineResumed(let node): return "[Pipeline] resumed" + (node.map { " at \($0)" } ?? "")
        case .pipelineCompleted(let duration): return "[Pipeline] completed in \(duration.shown)"
        case .pipelineFailed(let failure, let duration):
            return "[Pipeline] failed after \(duration.shown): \(failure.reason.shownToPeople(scalarsMax: 2_000))"
        case .pipelineCancelled(let reason, let duration):
            return "[Pipeline] cancelled after \(duration.shown): \(reason.shownToPeople())"
        case .pipelineRestarted(let node, _): return "[Pipeline] restarts at \(node)"
        case .pipelinePaused(let node): return "[Pipeline] paused before \(node)"
        default: return nil
        }
    }

    private var stageText: String? {
        switch self.event.fact {
        case .stageStarted(let attempt): return "[Stage] started \(attempt.node) (\(attempt.handler))"
        case .stageRetrying(let retry):
            let reason = retry.reason.shownToPeople(scalarsMax: 2_000)
            return "[Stage] retrying \(retry.attempt.node), attempt \(retry.attempt.number) of \(retry.attempt.max) "
                + "in \(retry.delay.shown): \(reason)"
        case .stageCompleted(let report):
            let status = report.outcome.status.rawValue
            return "[Stage] completed \(report.attempt.node) \(status) in \(report.duration.shown)"
        case .stageFailed(let report):
            let reason = report.outcome.failureReason.shownToPeople(scalarsMax: 2_000)
            return "[Stage] failed \(report.attempt.node) after \(report.duration.shown): \(reason)"
        case .stageAborted(let attempt): return "[Stage] stopped \(attempt.node)"
        case .checkpointSaved(let node, let next):
            return "[Checkpoint] saved" + (node.map { " after \($0)" } ?? "") + (next.map { ", next \($0)" } ?? "")
        default: return nil
        }
    }

    private var otherText: String? {
        switch self.event.fact {
        case .parallelStarted(let node, let count): return "[Parallel] started \(node) with \(count) branches"
        case .branchStarted(let id, let session):
            return "[Branch] started \(id.text.shownToPeople()) (context \(session))"
        case .branchCompleted(let id, let outcome):
            return "[Branch] completed \(id.text.shownToPeople()) \(outcome.status.rawValue)"
        case .parallelCompleted(let node, let good, let bad, let duration):
            return "[Parallel] completed \(node): \(good) good, \(bad) bad in \(duration.shown)"
        case .interviewStarted(let question): return self.asked(question)
        case .interviewCompleted(let interaction):
            return "[Interview] answered \(interaction.question.node): \(interaction.answer.text.quotedForPeople()) "
                + "by \(interaction.person.shownToPeople())"
        case .interviewTimedOut(let question): return "[Interview] timed out \(question.node)"
        case .tool(let tool):
            let duration = tool.duration.map { " in \($0.shown)" } ?? ""
            return "[Tool] ran \(tool.node): exit code \(tool.exitCode)\(duration)"
        case .agent(let turn):
            let tokens = turn.tokenUsage.values.reduce(0, +)
            return "[AgentTurn] \(turn.number) of \(turn.node)" + (tokens > 0 ? ": \(tokens) tokens" : "")
        case .modelSaid(let node, let line): return "[Model] \(node): \(line.shownToPeople(scalarsMax: 2_000))"
        case .note(let text): return "[Note] \(text.shownToPeople(scalarsMax: 2_000))"
        case .storeUnreachable(let what): return "[Store] does not answer: \(what.shownToPeople())"
        default: return self.childText
        }
    }

    private var childText: String? {
        switch self.event.fact {
        case .childStarted(let node, let session): return "[Child] of \(node) is in context \(session)"
        case .childObserved(let node, let cycle):
            let shown = cycle.change.set.filter { Self.childFacts.contains($0.key) }
                .map { "\($0.key.dropFirst("stack.child.".count)) \($0.value.comparedText.shownToPeople())" }
            return shown.isEmpty ? nil : "[Child] of \(node): " + shown.joined(separator: ", ")
        case .childSteered(let node, let text):
            return "[Child] of \(node) is told: \(text.shownToPeople(scalarsMax: 2_000))"
        case .childDismissed(let node, let reason):
            return "[Child] of \(node) is stopped: \(reason.shownToPeople(scalarsMax: 2_000))"
        case .instructed(let told):
            let text = told.text.shownToPeople(scalarsMax: 2_000)
            return "[Instruction] from \(told.person.shownToPeople()): \(text)"
        default: return nil
        }
    }

    /// What people want to know of a child as it changes.
    private static let childFacts: Set<String> = [
        "stack.child.session", "stack.child.status", "stack.child.node", "stack.child.question",
    ]

    private func asked(_ question: Question) -> String {
        let keys = question.choices.map(\.key).joined(separator: "|").shownToPeople()
        let command = self.displayID.map { " (orchestra answer \($0) \(keys))" } ?? ""
        return "[Interview] asks \(question.node): \(question.text.shownToPeople())\(command)"
    }
}

extension Duration {
    /// To the millisecond.
    var shown: String { Duration.milliseconds(self.wholeMilliseconds).humanText }
}
