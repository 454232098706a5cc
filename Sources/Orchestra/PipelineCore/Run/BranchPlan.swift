import Vocabulary

/// All that the run of a branch needs to begin; the same before and after a crash (spec/orchestra.md 2.10).
package struct BranchPlan: Sendable, Hashable {
    package let id: BranchID
    /// The attempt of the parallel node.
    package let parent: AttemptKey
    package let first: NodeID
    /// The fan-in: where the branch ends.
    package let terminal: NodeID
    /// A copy of the parent's, which never sees what the branch writes.
    package let context: PipelineContext
    package let visits: [NodeID: Int]
}

extension BranchPlan {
    func settings(of parent: RunSettings) -> RunSettings {
        var settings = parent
        settings.key = "\(self.parent)/\(self.id)"
        return settings
    }
}

extension PipelineRun {
    func plan(of branch: ParallelState.Branch, of attempt: Attempt) -> BranchPlan {
        var visits = self.memory.visits
        visits[attempt.node] = attempt.visit
        var context = self.context
        context[Self.branchKey] = nil
        context["internal.incoming_edge"] = self.edge(into: branch.id, of: attempt).map { .integer(Int64($0)) }
        return BranchPlan(
            id: branch.id, parent: attempt.key, first: branch.node,
            terminal: self.graph.fanIn(of: attempt.node) ?? attempt.node, context: context, visits: visits)
    }

    private func edge(into branch: BranchID, of attempt: Attempt) -> Int? {
        let edges = self.graph.edges(from: attempt.node)
        let place = ParallelState(key: attempt.key, edges: edges).branches.firstIndex { $0.id == branch }
        return place.map { edges[$0].index }
    }

    /// The plan of a branch of the parallel node at work.
    package func plan(of id: BranchID) -> BranchPlan? {
        guard case .branching(let attempt, let state) = self.phase, let branch = state[id] else { return nil }
        return self.plan(of: branch, of: attempt)
    }

    /// Under it a branch keeps what its parent will ask for.
    static let branchKey = "internal.branch"

    /// Notes what `result` adds to the account of this branch.
    func accounted(_ context: inout PipelineContext, for outcome: Outcome, passesOn: Bool) {
        guard self.branch != nil else { return }
        var account = self.memory.context[Self.branchKey]?.object ?? JSONObject()
        let known = account["keys"]?.array ?? []
        let fresh = outcome.contextUpdates.keys.filter { PipelineContext.isWritable($0) }
            .map { JSONValue.string($0) }.filter { !known.contains($0) }
        account["keys"] = .array(known + fresh)
        if !passesOn {
            account["notes"] = .string(outcome.notes)
            account["failure_reason"] = .string(outcome.failureReason)
        }
        context[Self.branchKey] = .object(account)
    }

    /// What the branch came to, from its memory alone: the same at run time and after a restart; `nil` while it works.
    package var branchResult: BranchResult? {
        guard self.branch != nil, let end else { return nil }
        let account = self.memory.context[Self.branchKey]?.object ?? JSONObject()
        var updates = JSONObject()
        for key in (account["keys"]?.array ?? []).compactMap(\.string) {
            updates[key] = self.memory.context[key]
        }
        var outcome = Outcome(
            StageStatus(text: self.memory.context.text("outcome")) ?? .success, contextUpdates: updates,
            notes: account["notes"]?.string ?? "", failureReason: account["failure_reason"]?.string ?? "")
        if let reason = end.failureOfBranch { outcome = outcome.failed(reason) }
        let gates = self.memory.outcomes.filter { self.graph[$0.node]?.isGoalGate == true }
        return BranchResult(
            outcome, gates: gates, stepCount: self.memory.stepCount, rerouteCount: self.memory.rerouteCount)
    }
}

extension RunEnd {
    /// Why a branch that ended so has failed; `nil` when it has not.
    fileprivate var failureOfBranch: String? {
        switch self {
        case .completed: nil
        case .failed(let failure): failure.reason
        case .cancelled(let reason): "cancelled: \(reason)"
        case .restarted: "a branch cannot restart the run"
        }
    }
}

extension Outcome {
    fileprivate func failed(_ reason: String) -> Self {
        var outcome = self
        outcome.status = .fail
        outcome.failureReason = reason
        return outcome
    }
}
