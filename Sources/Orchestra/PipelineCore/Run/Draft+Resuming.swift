import Vocabulary

extension Draft {
    /// Goes on where the record ends. An attempt that was at work has an unknown fate: nobody can tell whether it
    /// happened (spec/orchestra.md 3.5).
    mutating func resume() throws(PipelineRun.Refusal) {
        self.record(.resumed)
        switch self.run.phase {
        case .ready(let node): self.arrive(at: node)
        case .delaying: break
        case .asking(let attempt, _): self.begin(attempt)
        case .branching(let attempt, _), .managing(let attempt, _): self.record(.attemptStarted(attempt))
        case .attempting(let attempt): self.reconcile(attempt)
        case .doubting(let attempt): self.record(.doubted(attempt))
        case .idle, .ended: break
        }
    }

    mutating func resolve(_ key: AttemptKey, _ verdict: UnknownFateVerdict) throws(PipelineRun.Refusal) {
        guard case .doubting(let attempt) = self.run.phase, attempt.key == key else { throw .staleAttempt(key) }
        switch verdict {
        case .retry: self.tryAgain(attempt)
        case .fail: self.giveUp(attempt)
        }
    }

    private mutating func reconcile(_ attempt: Attempt) {
        if attempt.isPure || self.run.isRerunnable(attempt) { return self.begin(attempt) }
        switch self.run.settings.unknownFate {
        case .retry: self.tryAgain(attempt)
        case .ask: self.record(.doubted(attempt))
        case .fail: self.giveUp(attempt)
        }
    }

    /// The attempt is used up, so the next one follows. The last one is made again, under its own key: a crash alone
    /// fails no node.
    private mutating func tryAgain(_ attempt: Attempt) {
        guard attempt.number < attempt.max else { return self.begin(attempt) }
        self.retry(attempt, after: .zero, reason: Self.unknownFate(attempt))
        self.begin(attempt.numbered(attempt.number + 1, in: self.run.settings))
    }

    private mutating func giveUp(_ attempt: Attempt) {
        self.settle(attempt, .fail(Self.unknownFate(attempt), isRetryable: false))
    }

    private static func unknownFate(_ attempt: Attempt) -> String {
        "attempt \(attempt.number) of node \(attempt.node) was interrupted by a crash, and its fate is unknown"
    }
}

extension PipelineRun {
    /// Whether an attempt may be made again under the same key without asking.
    func isRerunnable(_ attempt: Attempt) -> Bool {
        self.settings.rerunnableHandlers.contains(attempt.handler) || self.graph[attempt.node]?.isIdempotent == true
    }
}
