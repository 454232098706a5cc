import PipelineCore
import PipelineTurns
package import TurnModel
import Vocabulary

/// One visit of a node that has ended, as sessions are compared by.
package struct SessionStep: Sendable {
    package let node: String
    package let visit: UInt64
    /// The parallel nodes with their visits, and the branches, that lead to it; empty outside of branches.
    package let branch: String
    /// `failed`, or the name of the outcome in upper case.
    package let status: String
    package let failureReason: String?
    /// The number of the last.
    package let attempt: UInt64
    /// The turn of the result, which has the texts.
    package let turn: TurnID
    let promptHash: BLAKE3.Digest?
    let responseHash: BLAKE3.Digest?
    /// What its checkpoint changed; `nil` inside a branch, whose context its parent sees only the end of.
    var change: ContextChange?

    /// The same in all sessions that have come the same way.
    package var key: String { "\(self.branch)\(self.node).\(self.visit)" }
}

/// What a checkpoint made of the context.
struct ContextChange: Sendable {
    var isWhole: Bool
    var delta: ContextDelta

    init(_ checkpoint: CheckpointTurn) {
        self.isWhole = checkpoint.isSnapshot
        self.delta =
            checkpoint.isSnapshot
            ? ContextDelta(set: checkpoint.context)
            : ContextDelta(set: checkpoint.contextDelta ?? [:], removed: checkpoint.contextRemoved)
    }

    func apply(to context: inout PipelineContext) {
        if self.isWhole { context = PipelineContext() }
        context.apply(self.delta)
    }
}

/// The steps of one context from a depth on, those of its branches among them.
struct StepReader {
    /// What a fork began with, before its first step.
    private(set) var opening: ContextChange?
    private(set) var steps: [SessionStep] = []
    private let store: any TurnStore
    private let branch: String
    /// Contexts of the branches of the parallel nodes that have not ended.
    private var branches: [AttemptKey: [(id: BranchID, context: ContextID)]] = [:]

    init(in store: any TurnStore, branch: String = "") {
        self.store = store
        self.branch = branch
    }

    mutating func read(_ lane: TurnLane, to head: TurnID) async throws(SessionRefusal) {
        let store = self.store
        var lane = lane
        while true {
            var next = lane
            lane = try await asking { () async throws(TurnStoreError) in
                try await next.fill(from: store, upTo: head)
                return next
            }
            guard lane.first != nil else { return }
            while let turn = lane.take() { try await self.take(turn) }
        }
    }

    private mutating func take(_ turn: Turn) async throws(SessionRefusal) {
        let value: PipelineTurn
        do throws(TurnDecodingError) {
            value = try PipelineTurn(decoding: turn.payload ?? [], type: turn.type)
        } catch {
            throw .damaged(turn.id, error.description)
        }
        switch value {
        case .parallel(let parallel):
            guard let branch = BranchTurn(parallel), let context = branch.context else { return }
            self.branches[branch.attempt, default: []].append((branch.id, context))
        case .node(let execution):
            guard !["started", "retrying", Word.aborted, Word.doubted].contains(execution.status) else { return }
            try await self.take(branchesOf: execution)
            self.steps.append(SessionStep(execution, turn: turn.id, branch: self.branch))
        case .checkpoint(let checkpoint) where self.branch.isEmpty:
            let change = ContextChange(checkpoint)
            if self.steps.isEmpty { self.opening = change } else { self.steps[self.steps.count - 1].change = change }
        default: return
        }
    }

    /// The branches of a parallel node come before it, by their names: which was faster is no difference.
    private mutating func take(branchesOf execution: NodeExecution) async throws(SessionRefusal) {
        let key = AttemptKey(execution.attemptKey ?? "")
        for (id, context) in (self.branches.removeValue(forKey: key) ?? []).sorted(by: { $0.id.text < $1.id.text }) {
            let store = self.store
            let (lane, head) = try await asking { () async throws(TurnStoreError) in
                (try await TurnLane(of: context, since: nil, in: store), try await store.context(context).head)
            }
            guard let head else { continue }
            var reader = StepReader(
                in: store, branch: "\(self.branch)\(execution.node).\(execution.visit ?? 1)/\(id.text)/")
            try await reader.read(lane, to: head)
            self.steps += reader.steps
        }
    }
}

extension SessionStep {
    fileprivate init(_ execution: NodeExecution, turn: TurnID, branch: String) {
        let hash = { (text: String?) in text.map { BLAKE3.hash(Array($0.utf8)) } }
        self.init(
            node: execution.node, visit: execution.visit ?? 1, branch: branch, status: execution.status,
            failureReason: execution.failureReason, attempt: execution.attempt ?? 1, turn: turn,
            promptHash: hash(execution.prompt), responseHash: hash(execution.response), change: nil)
    }
}
