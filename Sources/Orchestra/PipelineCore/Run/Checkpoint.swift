/// Where a run stands between two nodes, written as the change since the checkpoint before it (spec 3.3, 3.10).
///
/// ```
/// snapshot   delta   delta   …   delta   snapshot   delta   …
/// `--------- a chain: what a restart reads ---------'
/// ```
package struct Checkpoint: Sendable, Hashable {
    /// It holds everything; otherwise only what changed, and the checkpoints before it are needed, back to a snapshot.
    package var isSnapshot = false
    /// The node that ended; `nil` before the first.
    package var currentNode: NodeID?
    /// Where the run goes on: decided before it is written, never derived again. `nil` means the run has ended.
    package var nextNode: NodeID?
    package var context = ContextDelta()
    /// In order, repeats included; of a snapshot the last ones.
    package var completed: [NodeID] = []
    /// How many a snapshot leaves out before those.
    package var completedEarlier = 0
    /// In the order of first visits.
    package var outcomes: [VisitedOutcome] = []
    package var visits: [NodeID: Int] = [:]

    // These are small, and always whole.

    /// Attempts used by the node that comes next, when it was interrupted.
    package var retryCounters: [NodeID: Int] = [:]
    package var rerouteCount = 0
    package var stepCount = 0
    package var parallel: ParallelState?
    /// Of a manager loop that was interrupted.
    package var child: ChildWatch?
    package var pendingQuestion: Question?

    package init() {}
}

/// The last status of a node that was visited.
package struct VisitedOutcome: Sendable, Hashable {
    package let node: NodeID
    package let status: StageStatus

    package init(_ node: NodeID, _ status: StageStatus) {
        self.node = node
        self.status = status
    }
}

extension Checkpoint {
    /// About how many bytes it takes on disk.
    package var deepSize: Int {
        let names = self.completed.reduce(0) { $0 + $1.text.utf8.count + 1 }
        let statuses = self.outcomes.reduce(0) { $0 + $1.node.text.utf8.count + 10 }
        let counts = self.visits.reduce(0) { $0 + $1.key.text.utf8.count + 3 }
        return 32 + self.context.deepSize + names + statuses + counts
    }
}
