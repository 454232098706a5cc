import Vocabulary

/// Names a branch of a parallel node: the target of its edge, with `#2` and so on behind repeats.
package struct BranchID: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { self.text }
}

/// How far the branches of one attempt of a parallel node have come (spec/orchestra.md 2.10).
package struct ParallelState: Sendable, Hashable {
    /// Of the attempt: another attempt has branches of its own.
    package let key: AttemptKey
    /// In the order of the edges.
    package var branches: [Branch]

    package struct Branch: Sendable, Hashable {
        package let id: BranchID
        package let node: NodeID
        /// The session of its run, once that is on record.
        package var session: String?
        package var result: BranchResult?
        /// It has stopped at a boundary; nobody remembers this over a restart.
        package var isPaused = false

        package init(id: BranchID, node: NodeID, session: String? = nil, result: BranchResult? = nil) {
            self.id = id
            self.node = node
            self.session = session
            self.result = result
        }

        /// It was begun, and works.
        package var isRunning: Bool { self.session != nil && self.result == nil && !self.isPaused }
    }

    package init(key: AttemptKey, branches: [Branch]) {
        self.key = key
        self.branches = branches
    }

    init(key: AttemptKey, edges: [PipelineEdge]) {
        var repeats: [NodeID: Int] = [:]
        self.key = key
        self.branches = edges.map { edge in
            repeats[edge.to, default: 0] += 1
            let count = repeats[edge.to]!
            return Branch(id: BranchID(count == 1 ? edge.to.text : "\(edge.to)#\(count)"), node: edge.to)
        }
    }
}

/// What a branch came to.
package struct BranchResult: Sendable, Hashable {
    package var outcome: Outcome
    /// The goal gates it visited: they count for the whole run.
    package var gates: [VisitedOutcome]
    package var stepCount: Int
    package var rerouteCount: Int

    package init(_ outcome: Outcome, gates: [VisitedOutcome] = [], stepCount: Int = 0, rerouteCount: Int = 0) {
        self.outcome = outcome
        self.gates = gates
        self.stepCount = stepCount
        self.rerouteCount = rerouteCount
    }
}

extension ParallelState {
    package subscript(id: BranchID) -> Branch? {
        get { self.branches.first { $0.id == id } }
        set {
            guard let newValue, let place = self.branches.firstIndex(where: { $0.id == id }) else { return }
            self.branches[place] = newValue
        }
    }

    package var running: [Branch] { self.branches.filter(\.isRunning) }

    /// Those that are, or may now be, under way: never more than `max` without a result.
    func wanted(max: Int, isClosed: Bool) -> [Branch] {
        if isClosed { return self.branches.filter { $0.session != nil } }
        let finished = self.branches.count { $0.result != nil }
        return Array(self.branches.prefix(max + finished))
    }

    /// A failure that ends the others.
    func isFailing(_ policy: ErrorPolicy) -> Bool {
        policy == .failFast && self.branches.contains { $0.result?.outcome.status == .fail }
    }

    /// A success that is enough.
    func hasWon(_ policy: JoinPolicy) -> Bool {
        policy == .firstSuccess && self.branches.contains { $0.result?.outcome.status == .success }
    }

    /// What the parallel node itself came to. A branch without a result was cancelled, which is a failure.
    func outcome(errors: ErrorPolicy) -> Outcome {
        let all = self.branches.map { branch in
            (branch.id, branch.result?.outcome ?? .fail("branch \(branch.id) was cancelled", isRetryable: false))
        }
        let kept = errors == .ignore ? all.filter { $0.1.status != .fail } : all
        var results = JSONObject()
        for (id, outcome) in kept {
            results[id.text] = .object(outcome.json)
        }
        let good = kept.count { $0.1.status == .success }
        let partial = kept.contains { $0.1.status.isGood }
        let status: StageStatus = good == kept.count && good > 0 ? .success : partial ? .partialSuccess : .fail
        let reason = status == .fail ? "none of \(all.count) branches succeeded" : ""
        return Outcome(status, contextUpdates: ["parallel.results": .object(results)], failureReason: reason)
    }
}
