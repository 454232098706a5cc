import Vocabulary

extension Draft {
    private func branching(
        _ key: AttemptKey
    ) throws(PipelineRun.Refusal) -> (attempt: Attempt, state: ParallelState, node: PipelineNode) {
        guard case .branching(let attempt, let state) = self.run.phase, attempt.key == key,
            let node = self.run.graph[attempt.node]
        else { throw .staleAttempt(key) }
        return (attempt, state, node)
    }

    mutating func openBranch(
        _ key: AttemptKey, _ id: BranchID, session: String
    ) throws(PipelineRun.Refusal) {
        let state = try self.branching(key).state
        guard let branch = state[id], branch.session == nil, self.run.wantedBranches.contains(branch) else {
            throw .branchNotWanted(id)
        }
        self.record(.branchOpened(key, id, session: session))
    }

    mutating func finishBranch(
        _ key: AttemptKey, _ id: BranchID, _ result: BranchResult
    ) throws(PipelineRun.Refusal) {
        let before = try self.branching(key)
        guard let branch = before.state[id], branch.session != nil, branch.result == nil else {
            throw .branchNotWanted(id)
        }
        self.record(.branchFinished(key, id, result))
        let (attempt, state, node) = try self.branching(key)
        if state.hasWon(node.joinPolicy ?? .waitAll) {
            self.record(.branchesCancelled(key, state.running))
        } else if self.run.wantedBranches.contains(where: { $0.result == nil }) {
            return self.haltBranching()
        }
        // Cancelled branches are missed, not failures of the node: a halt that made them waits in `haltBranching`.
        if self.run.halt != nil, !state.isDecided(errors: node.errorPolicy, join: node.joinPolicy) {
            return self.haltBranching()
        }
        let outcome = state.outcome(errors: node.errorPolicy)
        self.concludeBranching(attempt, outcome, state.branches.compactMap(\.result))
    }

    mutating func pauseBranch(_ key: AttemptKey, _ id: BranchID) throws(PipelineRun.Refusal) {
        let state = try self.branching(key).state
        guard state[id]?.isRunning == true else { throw .branchNotWanted(id) }
        self.record(.branchPaused(key, id))
        self.haltBranching()
    }

    /// Stops a parallel node that is to halt as soon as none of its branches works.
    mutating func haltBranching() {
        guard self.run.halt != nil, case .branching(let attempt, var state) = self.run.phase, state.running.isEmpty
        else { return }
        for place in state.branches.indices {
            state.branches[place].isPaused = false
        }
        self.haltInside(attempt.node, used: attempt.number - 1, parallel: state)
    }

    /// As any other node, but with what the branches counted.
    private mutating func concludeBranching(_ attempt: Attempt, _ outcome: Outcome, _ results: [BranchResult]) {
        let allowsPartial = self.run.graph[attempt.node]?.allowsPartial ?? false
        switch RetryVerdict(of: outcome, after: attempt, allowsPartial: allowsPartial) {
        case .final(let outcome): self.settle(attempt, outcome, absorbing: results)
        case .again: self.conclude(attempt, outcome, fraction: nil)
        }
    }
}

extension ParallelState {
    /// Whether its outcome is known although some branches have no result.
    fileprivate func isDecided(errors: ErrorPolicy, join: JoinPolicy?) -> Bool {
        self.isFailing(errors) || self.hasWon(join ?? .waitAll) || self.branches.allSatisfy { $0.result != nil }
    }
}

extension PipelineRun {
    /// The branches that are, or may now be, under way or done.
    var wantedBranches: [ParallelState.Branch] {
        guard case .branching(let attempt, let state) = self.phase, let node = self.graph[attempt.node] else {
            return []
        }
        let isClosed = self.halt != nil || state.isFailing(node.errorPolicy)
        return state.wanted(max: node.maxParallel, isClosed: isClosed)
    }
}
