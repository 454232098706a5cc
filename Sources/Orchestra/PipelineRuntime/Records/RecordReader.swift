import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

/// Reads turns as the events they were; what changes no run (results, agents, tools) is passed over.
struct RecordReader {
    let graph: PipelineGraph
    let settings: RunSettings
    /// The attempt that a question belongs to.
    private var attempt: Attempt?

    init(graph: PipelineGraph, settings: RunSettings) {
        self.graph = graph
        self.settings = settings
    }

    /// The event that `turn` records; `nil` when it records none. Takes them in order, oldest first.
    mutating func event(of turn: PipelineTurn) -> PipelineRun.Event? {
        switch turn {
        case .lifecycle(let lifecycle): self.event(of: lifecycle)
        case .node(let execution): self.event(of: execution)
        case .parallel(let parallel): Self.event(of: parallel)
        case .human(let human): self.event(of: human)
        case .checkpoint, .agent, .tool, .worktree, .lease, .other: nil
        }
    }

    private func event(of lifecycle: PipelineLifecycle) -> PipelineRun.Event? {
        switch lifecycle.status {
        case .started: self.start(lifecycle).map(PipelineRun.Event.started)
        case .resumed: .resumed
        case .paused: .paused(at: NodeID(lifecycle.checkpointNode ?? ""))
        case .completed, .failed, .cancelled, .restarted: RunEnd(lifecycle).map(PipelineRun.Event.ended)
        }
    }

    private func start(_ lifecycle: PipelineLifecycle) -> RunStart? {
        guard let first = lifecycle.checkpointNode.map({ NodeID($0) }) ?? self.graph.start else { return nil }
        return RunStart(
            name: lifecycle.pipeline, goal: lifecycle.goal ?? "", variables: lifecycle.variables, first: first,
            branch: nil)
    }

    private mutating func event(of execution: NodeExecution) -> PipelineRun.Event? {
        guard let node = self.graph[NodeID(execution.node)], let key = execution.attemptKey,
            let number = execution.attempt, let max = execution.attemptsMax, let visit = execution.visit
        else { return nil }
        let attempt = Attempt(
            node: node.id, handler: node.handler, visit: Int(clamping: visit), number: Int(clamping: number),
            max: Int(clamping: max), key: AttemptKey(key), isPure: self.settings.isPure(node))
        self.attempt = attempt
        switch execution.status {
        case "started": return .attemptStarted(attempt)
        case Word.aborted: return .aborted(attempt)
        case Word.doubted: return .doubted(attempt)
        case "retrying":
            let retry = Retry(
                attempt: attempt, delay: execution.delay ?? .zero,
                notBefore: execution.notBefore ?? Timestamp(milliseconds: 0), reason: execution.failureReason ?? "")
            return .retrying(retry)
        default: return nil
        }
    }

    private static func event(of parallel: ParallelExecution) -> PipelineRun.Event? {
        if let event = ChildTurn.event(of: parallel) { return event }
        guard let branch = parallel.branchContexts.first, let id = branch["id"]?.string,
            let key = branch["attempt_key"]?.string
        else { return nil }
        switch parallel.status {
        case Word.branchStarted:
            return branch["context"]?.string.map { .branchOpened(AttemptKey(key), BranchID(id), session: $0) }
        case Word.branchCompleted:
            let result = branch["result"].flatMap(BranchResult.init(json:))
            return result.map { .branchFinished(AttemptKey(key), BranchID(id), $0) }
        default: return nil
        }
    }

    /// An answer is followed by what it led to, which says it all.
    private func event(of human: HumanInteraction) -> PipelineRun.Event? {
        if let told = Instruction(human, for: self.attempt, at: human.at ?? Timestamp(milliseconds: 0)) {
            return .steered(told)
        }
        guard human.answer == nil, let attempt, attempt.node.text == human.node else { return nil }
        return Question(id: attempt.key, node: attempt.node, text: human.question, in: self.graph)
            .map(PipelineRun.Event.asked)
    }
}

extension RunEnd {
    /// How the run ended that `lifecycle` is the last turn of; `nil` when it did not.
    init?(_ lifecycle: PipelineLifecycle) {
        switch lifecycle.status {
        case .completed:
            guard lifecycle.reason == Word.restarted, let node = lifecycle.checkpointNode else {
                self = .completed
                return
            }
            self = .restarted(at: NodeID(node))
        case .failed:
            let kind = lifecycle.reason.flatMap(RunFailure.Kind.init(rawValue:)) ?? .node
            self = .failed(RunFailure(kind, lifecycle.error ?? "no reason is on record"))
        case .cancelled: self = .cancelled(reason: lifecycle.reason ?? "")
        case .restarted: self = .restarted(at: NodeID(lifecycle.checkpointNode ?? ""))
        case .started, .paused, .resumed: return nil
        }
    }
}
