import Vocabulary

extension Draft {
    /// Stops now if that is possible, or notes the wish until it is (spec/orchestra.md 3.6).
    mutating func request(_ halt: Halt) throws(PipelineRun.Refusal) {
        var wish = halt
        if let earlier = self.run.halt {
            if case .cancel = earlier.kind, halt.kind == .pause { wish.kind = earlier.kind }
            wish.isAborting = wish.isAborting || earlier.isAborting
        }
        if self.run.isPaused {
            guard case .cancel(let reason) = wish.kind else { throw .notRunning }
            return self.record(.ended(.cancelled(reason: reason)))
        }
        self.record(.haltRequested(wish))
        switch self.run.phase {
        case .delaying(let next, _): self.haltInside(next.node, used: next.number - 1)
        case .asking(let attempt, let question):
            self.record(.withdrawn(question))
            self.haltInside(attempt.node, used: attempt.number - 1, question: question)
        case .branching: self.haltBranching()
        case .managing(let attempt, let watch): self.haltManaging(attempt, watch)
        // Asked again after the resume.
        case .doubting(let attempt): self.stop(at: attempt.node)
        case .ready(let node): self.stop(at: node)
        case .attempting, .idle, .ended: break
        }
    }

    mutating func confirmAbort(_ key: AttemptKey) throws(PipelineRun.Refusal) {
        guard case .attempting(let attempt) = self.run.phase, attempt.key == key, self.run.halt?.isAborting == true
        else { throw .staleAttempt(key) }
        self.abort(attempt)
    }

    mutating func abort(_ attempt: Attempt) {
        self.record(.aborted(attempt))
        self.haltInside(attempt.node, used: attempt.number - 1)
    }

    /// Stops in the middle of a node, which comes next again: the same visit, with `used` of its attempts gone.
    mutating func haltInside(
        _ node: NodeID, used: Int, question: Question? = nil, parallel: ParallelState? = nil,
        child: ChildWatch? = nil
    ) {
        var checkpoint = self.run.memory.standstill
        checkpoint.nextNode = node
        checkpoint.retryCounters = used > 0 ? [node: used] : [:]
        checkpoint.pendingQuestion = question
        checkpoint.parallel = parallel
        checkpoint.child = child
        checkpoint.context.set[Instruction.key] = self.run.instruction.map { .string($0) }
        self.record(.checkpoint(self.run.memory.encoded(checkpoint)))
        self.stop(at: node)
    }

    mutating func stop(at node: NodeID) {
        switch self.run.halt?.kind {
        case .cancel(let reason): self.record(.ended(.cancelled(reason: reason)))
        case .pause, nil: self.record(.paused(at: node))
        }
    }
}
