import HashTreeCollections

/// What a run must not forget: the sum of its checkpoints.
///
/// It is copied for every decision, so whatever grows with the run is kept in trees.
package struct RunMemory: Sendable, Hashable {
    package internal(set) var context: PipelineContext
    package internal(set) var currentNode: NodeID?
    package internal(set) var nextNode: NodeID?
    /// The last ones, in order, repeats included.
    package internal(set) var completed: [NodeID] = []
    /// Of those, and of all before them, which only the turns of their nodes tell.
    package internal(set) var completedCount = 0
    /// The last status of each node that was visited.
    private(set) var statuses = GrowingMap<NodeID, StageStatus>()
    private var visitCounts: TreeDictionary<NodeID, Int> = [:]
    package internal(set) var retryCounters: [NodeID: Int] = [:]
    package internal(set) var rerouteCount = 0
    package internal(set) var stepCount = 0
    package internal(set) var parallel: ParallelState?
    package internal(set) var child: ChildWatch?
    package internal(set) var pendingQuestion: Question?
    /// Since the last snapshot, and its size: when there was none, the next checkpoint is one.
    private var deltaCount = 0
    private var deltaSize = 0
    private var snapshotSize = 0

    package init(context: PipelineContext = PipelineContext()) {
        self.context = context
    }

    /// Adds up a chain that begins with a snapshot.
    package init(_ chain: [Checkpoint]) {
        precondition(chain.first?.isSnapshot == true, "a chain of \(chain.count) checkpoints begins with no snapshot")
        self.init()
        for checkpoint in chain {
            self.apply(checkpoint)
        }
    }
}

extension RunMemory {
    /// Deltas between two snapshots, at most.
    package static let deltasMax = 128
    /// Completed nodes that are remembered by name: a loop must not make its checkpoints ever bigger.
    package static let completedMax = 256

    package mutating func apply(_ checkpoint: Checkpoint) {
        if checkpoint.isSnapshot { self = Self() }
        self.currentNode = checkpoint.currentNode
        self.nextNode = checkpoint.nextNode
        self.context.apply(checkpoint.context)
        self.note(completed: checkpoint)
        for outcome in checkpoint.outcomes { self.statuses[outcome.node] = outcome.status }
        for (node, count) in checkpoint.visits { self.visitCounts[node] = count }
        self.retryCounters = checkpoint.retryCounters
        self.rerouteCount = checkpoint.rerouteCount
        self.stepCount = checkpoint.stepCount
        self.parallel = checkpoint.parallel
        self.child = checkpoint.child
        self.pendingQuestion = checkpoint.pendingQuestion
        self.measure(checkpoint)
    }

    private mutating func note(completed checkpoint: Checkpoint) {
        self.completed += checkpoint.completed
        self.completedCount += checkpoint.completed.count + checkpoint.completedEarlier
        let surplus = self.completed.count - Self.completedMax
        if surplus > 0 { self.completed.removeFirst(surplus) }
    }

    private mutating func measure(_ checkpoint: Checkpoint) {
        if checkpoint.isSnapshot {
            (self.deltaCount, self.deltaSize, self.snapshotSize) = (0, 0, checkpoint.deepSize)
        } else {
            self.deltaCount += 1
            self.deltaSize += checkpoint.deepSize
        }
    }

    /// `delta` as it is written: itself, or a snapshot when there are too many deltas already, or too big ones.
    package func encoded(_ delta: Checkpoint) -> Checkpoint {
        let isCheap = self.deltaCount < Self.deltasMax && (self.deltaSize + delta.deepSize) * 2 <= self.snapshotSize
        guard !isCheap else { return delta }
        var whole = self
        whole.apply(delta)
        return whole.snapshot
    }

    /// A checkpoint that holds all of it.
    package var snapshot: Checkpoint {
        var checkpoint = Checkpoint()
        checkpoint.isSnapshot = true
        checkpoint.currentNode = self.currentNode
        checkpoint.nextNode = self.nextNode
        checkpoint.context = ContextDelta(set: self.context.values)
        checkpoint.completed = self.completed
        checkpoint.completedEarlier = self.completedCount - self.completed.count
        checkpoint.outcomes = self.outcomes
        checkpoint.visits = self.visits
        checkpoint.retryCounters = self.retryCounters
        checkpoint.rerouteCount = self.rerouteCount
        checkpoint.stepCount = self.stepCount
        checkpoint.parallel = self.parallel
        checkpoint.child = self.child
        checkpoint.pendingQuestion = self.pendingQuestion
        return checkpoint
    }
}

extension RunMemory {
    /// The last status of `node`, if it was visited.
    package func status(of node: NodeID) -> StageStatus? { self.statuses[node] }

    /// The last statuses, in the order of first visits.
    package var outcomes: [VisitedOutcome] { self.statuses.listed.map { VisitedOutcome($0.key, $0.value) } }

    /// Arrivals at `node` that have a checkpoint.
    package func visitCount(of node: NodeID) -> Int { self.visitCounts[node] ?? 0 }

    package internal(set) var visits: [NodeID: Int] {
        get { Dictionary(uniqueKeysWithValues: self.visitCounts.map { ($0.key, $0.value) }) }
        set { self.visitCounts = TreeDictionary(uniqueKeysWithValues: newValue.map { ($0.key, $0.value) }) }
    }

    /// Equal when a run would go on alike; how the checkpoints were cut does not matter.
    package static func == (left: Self, right: Self) -> Bool {
        left.context == right.context && left.currentNode == right.currentNode && left.nextNode == right.nextNode
            && left.completed == right.completed && left.completedCount == right.completedCount
            && left.outcomes == right.outcomes && left.visitCounts == right.visitCounts
            && left.retryCounters == right.retryCounters && left.rerouteCount == right.rerouteCount
            && left.stepCount == right.stepCount && left.parallel == right.parallel
            && left.child == right.child && left.pendingQuestion == right.pendingQuestion
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.context)
        hasher.combine(self.completed)
    }
}
