import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

/// Tells the turns of one context, oldest first, as the events that were told when they were written.
///
/// What is in no turn is missing: notes, and what a node put into the context, which its checkpoint has.
struct TurnTeller {
    /// As far as it can still be read: it says how many branches a parallel node has.
    let graph: PipelineGraph?
    /// `nil` for a branch, whose beginning and end are told by its parent.
    let story: SessionStory?
    private var next: NodeID?
    /// Of the newest turn of a node.
    private var attempt: Attempt?
    private var questions: [AttemptKey: Question] = [:]
    /// Branches that ended, of each attempt at a parallel node.
    private var tallies: [AttemptKey: (good: Int, bad: Int)] = [:]

    init(graph: PipelineGraph?, story: SessionStory?) {
        self.graph = graph
        self.story = story
    }

    mutating func facts(of turn: PipelineTurn, at time: Timestamp) -> [RunEvent.Fact] {
        switch turn {
        case .lifecycle(let lifecycle): return self.story.flatMap { self.fact(of: lifecycle, in: $0, at: time) } ?? []
        case .node(let execution): return self.facts(of: execution)
        case .human(let human): return self.fact(of: human, at: time).map { [$0] } ?? []
        case .parallel(let parallel): return self.facts(of: parallel)
        case .checkpoint(let checkpoint):
            let node = checkpoint.currentNode.isEmpty ? nil : NodeID(checkpoint.currentNode)
            self.next = checkpoint.nextNode.flatMap { $0.isEmpty ? nil : NodeID($0) }
            return [.checkpointSaved(node, next: self.next)]
        case .tool(let tool): return [.tool(tool)]
        case .agent(let turn): return [.agent(turn)]
        case .worktree, .lease, .other: return []
        }
    }

    private func fact(
        of lifecycle: PipelineLifecycle, in story: SessionStory, at time: Timestamp
    ) -> [RunEvent.Fact] {
        let duration = lifecycle.duration ?? time.since(story.startedAt)
        switch lifecycle.status {
        case .started:
            let beginning = PipelineBeginning(
                name: story.name, goal: story.goal, displayID: story.displayID, file: story.file,
                hash: story.graphHash)
            return [.pipelineStarted(beginning)]
        case .resumed: return [.pipelineResumed(at: self.next)]
        case .paused: return [.pipelinePaused(at: NodeID(lifecycle.checkpointNode ?? ""))]
        case .completed, .failed, .cancelled, .restarted: break
        }
        switch RunEnd(lifecycle) {
        case .completed: return [.pipelineCompleted(duration)]
        case .failed(let failure): return [.pipelineFailed(failure, duration)]
        case .cancelled(let reason): return [.pipelineCancelled(reason: reason, duration)]
        case .restarted(let node): return [.pipelineRestarted(at: node, duration)]
        case nil: return []
        }
    }
}

// MARK: - Nodes

extension TurnTeller {
    private mutating func facts(of execution: NodeExecution) -> [RunEvent.Fact] {
        let attempt = Attempt(execution)
        self.attempt = attempt
        switch execution.status {
        case "started":
            guard attempt.handler == .parallel else { return [.stageStarted(attempt)] }
            self.tallies[attempt.key] = (0, 0)
            let count = self.graph?.edges(from: attempt.node).count
            return [.stageStarted(attempt)] + (count.map { [.parallelStarted(attempt.node, branches: $0)] } ?? [])
        case "retrying":
            let retry = Retry(
                attempt: attempt, delay: execution.delay ?? .zero,
                notBefore: execution.notBefore ?? Timestamp(milliseconds: 0), reason: execution.failureReason ?? "")
            return [.stageRetrying(retry)]
        case Word.aborted: return [.stageAborted(attempt)]
        case Word.doubted: return [.note("nobody knows whether attempt \(attempt.key) happened")]
        default: return self.facts(of: execution, endOf: attempt)
        }
    }

    private mutating func facts(of execution: NodeExecution, endOf attempt: Attempt) -> [RunEvent.Fact] {
        let duration = execution.duration ?? .zero
        let report = StageReport(
            attempt: attempt, outcome: Outcome(execution), duration: duration, prompt: execution.prompt,
            response: execution.response)
        let end: RunEvent.Fact = report.outcome.status == .fail ? .stageFailed(report) : .stageCompleted(report)
        guard let tally = self.tallies.removeValue(forKey: attempt.key) else { return [end] }
        return [.parallelCompleted(attempt.node, good: tally.good, bad: tally.bad, duration), end]
    }

    private mutating func facts(of parallel: ParallelExecution) -> [RunEvent.Fact] {
        if let event = ChildTurn.event(of: parallel) { return ChildTurn.fact(of: event).map { [$0] } ?? [] }
        guard let turn = BranchTurn(parallel) else { return [] }
        guard let result = turn.result else {
            return turn.context.map { [.branchStarted(turn.id, session: $0)] } ?? []
        }
        if result.outcome.status == .success {
            self.tallies[turn.attempt]?.good += 1
        } else {
            self.tallies[turn.attempt]?.bad += 1
        }
        return [.branchCompleted(turn.id, result.outcome)]
    }

    /// The turn with an answer does not repeat the choices.
    private mutating func fact(of human: HumanInteraction, at time: Timestamp) -> RunEvent.Fact? {
        if let told = Instruction(human, for: self.attempt, at: time) { return .instructed(told) }
        let key = AttemptKey(human.questionID ?? "")
        guard let answer = human.answer else {
            let question = Question(human)
            self.questions[key] = question
            return .interviewStarted(question)
        }
        let question = self.questions.removeValue(forKey: key) ?? Question(human)
        switch answer {
        case Word.withdrawn: return nil
        case Answer.timeout.text: return .interviewTimedOut(question)
        default:
            let interaction = Interaction(
                question: question, answer: answer == Answer.skipped.text ? .skipped : .text(answer),
                person: human.who ?? "", time: human.at ?? time)
            return .interviewCompleted(interaction)
        }
    }
}

/// What the record of a parallel node says about one branch.
struct BranchTurn {
    let attempt: AttemptKey
    let id: BranchID
    /// When it began.
    let context: ContextID?
    /// When it ended.
    let result: BranchResult?

    /// `nil` for the turns of older writers, which name no branch.
    init?(_ parallel: ParallelExecution) {
        guard let branch = parallel.branchContexts.first, let id = branch["id"]?.string,
            let key = branch["attempt_key"]?.string
        else { return nil }
        self.attempt = AttemptKey(key)
        self.id = BranchID(id)
        self.context = branch["context"]?.string.flatMap { ContextID($0) }
        self.result = branch["result"].flatMap(BranchResult.init(json:))
    }
}

// MARK: - Back from the record

extension Attempt {
    fileprivate init(_ execution: NodeExecution) {
        self.init(
            node: NodeID(execution.node), handler: HandlerType(execution.handler),
            visit: Int(clamping: execution.visit ?? 1), number: Int(clamping: execution.attempt ?? 1),
            max: Int(clamping: execution.attemptsMax ?? 1), key: AttemptKey(execution.attemptKey ?? ""), isPure: false)
    }
}

extension Outcome {
    fileprivate init(_ execution: NodeExecution) {
        let json = execution.outcome.flatMap { try? JSONValue(parsing: $0) }
        if let json, let outcome = try? Outcome(statusFile: json) {
            self = outcome
        } else {
            self.init(
                StageStatus(text: execution.status) ?? .fail, failureReason: execution.failureReason ?? "")
        }
    }
}

extension Question {
    fileprivate init(_ human: HumanInteraction) {
        let choices = human.options.map { option in
            let label = option["label"]?.string ?? ""
            return Choice(
                key: option["key"]?.string ?? "", label: label, target: NodeID(option["target"]?.string ?? ""),
                edgeLabel: label)
        }
        self.init(
            id: AttemptKey(human.questionID ?? ""), node: NodeID(human.node), text: human.question,
            kind: Kind(rawValue: human.kind) ?? .multipleChoice, choices: choices, standard: nil, timeout: nil)
    }
}
