import PipelineCore
import Vocabulary

extension PipelineRun.Event {
    /// One line for a story.
    var line: String {
        switch self {
        case .started(let start): "started at \(start.first)"
        case .resumed: "resumed"
        case .attemptStarted(let attempt): "attempt \(attempt.node).\(attempt.visit).\(attempt.number)"
        case .retrying(let retry): "retrying \(retry.attempt.node) after \(retry.attempt.number): \(retry.reason)"
        case .aborted(let attempt): "aborted \(attempt.node).\(attempt.visit).\(attempt.number)"
        case .doubted(let attempt): "doubted \(attempt.node).\(attempt.visit).\(attempt.number)"
        case .asked(let question): "asked \(question.node): \(question.choices.map(\.key).joined())"
        case .answered(let interaction): "answered \(interaction.answer.text) by \(interaction.person)"
        case .withdrawn(let question): "withdrawn \(question.node)"
        case .branchOpened(_, let id, _): "opened \(id)"
        case .branchFinished(_, let id, let result): "branch \(id) \(result.outcome.status.rawValue)"
        case .branchPaused(_, let id): "branch \(id) paused"
        case .branchesCancelled(_, let branches): "cancelled \(branches.map(\.id.text).joined(separator: " "))"
        case .childOpened: "child opened"
        case .childObserved(_, let cycle): "look \(cycle.number): \(cycle.standing)"
        case .childSteered(_, let text): "told: \(text)"
        case .childDismissed(_, let outcome): "dismissed for \(outcome.status.rawValue)"
        case .steered(let told): "instructed at \(told.attempt.node): \(told.text)"
        case .finished(let result): "\(result.attempt.node) \(result.outcome.status.rawValue)"
        case .checkpoint(let checkpoint):
            "checkpoint \(checkpoint.currentNode?.text ?? "-") next \(checkpoint.nextNode?.text ?? "-")"
                + (checkpoint.retryCounters.isEmpty ? "" : " used \(checkpoint.retryCounters.values.max()!)")
        case .haltRequested(let halt): halt.isAborting ? "abort wanted" : "halt wanted"
        case .paused(let node): "paused at \(node)"
        case .ended(let end):
            switch end {
            case .completed: "completed"
            case .failed(let failure): "failed: \(failure.kind.rawValue)"
            case .cancelled(let reason): "cancelled: \(reason)"
            case .restarted(let node): "restarted at \(node)"
            }
        }
    }
}

extension Theatre {
    /// What the root session has on disk, a line each.
    var story: [String] { self.events.map(\.line) }

    /// Plays until the handler of `node` is about to be called, or its question asked, and loses everything then.
    mutating func crash(in node: NodeID, number: Int = 1) {
        self.play { $0.run?.attempt?.node == node && $0.run?.attempt?.number == number }
        self.crash()
    }
}
