/// Whether a node is tried again (spec/orchestra.md 2.5).
enum RetryVerdict: Equatable {
    case again(reason: String)
    /// What the node came to.
    case final(Outcome)

    init(of outcome: Outcome, after attempt: Attempt, allowsPartial: Bool) {
        let wantsMore = outcome.status == .retry || outcome.status == .fail && outcome.isRetryable
        if wantsMore && attempt.number < attempt.max {
            self = .again(reason: outcome.failureReason)
        } else if outcome.status == .retry {
            self = .final(Self.exhausted(outcome, after: attempt, allowsPartial: allowsPartial))
        } else {
            self = .final(outcome)
        }
    }

    private static func exhausted(_ outcome: Outcome, after attempt: Attempt, allowsPartial: Bool) -> Outcome {
        var final = outcome
        if allowsPartial {
            final.status = .partialSuccess
            let note = "retries ran out after attempt \(attempt.number), and a partial result is allowed"
            final.notes = outcome.notes.isEmpty ? note : "\(outcome.notes)\n\(note)"
        } else {
            final.status = .fail
            let last = outcome.failureReason.isEmpty ? "no reason was given" : outcome.failureReason
            final.failureReason = "max retries exceeded after \(attempt.number) of \(attempt.max) attempts: \(last)"
        }
        return final
    }
}
