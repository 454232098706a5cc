import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

/// Something to be appended.
enum RecordEntry: Sendable {
    case event(PipelineRun.Event, AttemptNotes?)
    /// One that is no event.
    case turn(PipelineTurn)
    /// The first turn of a fork.
    case fork
}

/// What a handler told about an attempt, and when the attempt began.
struct AttemptNotes: Sendable {
    var began: Timestamp
    var prompt: String?
    var response: String?
    var tools: [ToolExecution] = []
}

/// Writes events as turns (spec/orchestra.md 3.2, 3.3); `RecordReader` reads them back.
struct RecordWriter: Sendable {
    let story: SessionStory
    /// For people: who runs it.
    let owner: String
    let start: NodeID?

    /// The turns of one group. `base` is the newest checkpoint on disk.
    func turns(for entries: [RecordEntry], base: TurnID?, at now: Timestamp) -> [PipelineTurn] {
        var base = base
        var turns: [PipelineTurn] = []
        for entry in entries {
            switch entry {
            case .turn(let turn): turns.append(turn)
            case .fork: turns.append(.lifecycle(self.started))
            case .event(.checkpoint(let checkpoint), _):
                turns.append(.checkpoint(CheckpointTurn(checkpoint, base: base)))
                base = nil
            case .event(let event, let notes):
                turns += notes?.tools.map(PipelineTurn.tool) ?? []
                if let turn = self.turn(for: event, notes, at: now) { turns.append(turn) }
            }
        }
        return turns
    }

    private func turn(for event: PipelineRun.Event, _ notes: AttemptNotes?, at now: Timestamp) -> PipelineTurn? {
        switch event {
        case .started(let start): .lifecycle(self.lifecycle(start))
        case .resumed: .lifecycle(self.lifecycle(.resumed))
        case .attemptStarted(let attempt): .node(self.execution(attempt, "started"))
        case .retrying(let retry): .node(self.execution(retry, notes))
        case .aborted(let attempt): .node(self.execution(attempt, Word.aborted))
        case .doubted(let attempt): .node(self.execution(attempt, Word.doubted))
        case .finished(let result): .node(self.execution(result, notes, at: now))
        case .asked(let question): .human(HumanInteraction(question, at: now))
        case .answered(let interaction): .human(HumanInteraction(interaction))
        case .withdrawn(let question): .human(HumanInteraction(withdrawing: question, at: now))
        case .branchOpened(let key, let id, let session):
            .parallel(self.parallel(Word.branchStarted, key, ["id": .string(id.text), "context": .string(session)]))
        case .branchFinished(let key, let id, let result):
            .parallel(self.parallel(Word.branchCompleted, key, ["id": .string(id.text), "result": result.json]))
        case .childOpened, .childObserved, .childSteered, .childDismissed:
            ChildTurn.turn(for: event).map(PipelineTurn.parallel)
        case .steered(let instruction): .human(HumanInteraction(instruction))
        case .paused(let node): .lifecycle(self.paused(at: node))
        case .ended(let end): .lifecycle(self.ended(end, at: now))
        case .checkpoint, .haltRequested, .branchPaused, .branchesCancelled: nil
        }
    }
}

/// Words for what older writers do not know.
enum Word {
    static let aborted = "aborted"
    static let doubted = "unknown_fate"
    static let branchStarted = "branch_started"
    static let branchCompleted = "branch_completed"
    static let restarted = "restarted"
    static let withdrawn = "WITHDRAWN"
    /// Why a session is paused whose program ended.
    static let drained = "drained"
    static let childStarted = "child_started"
    static let childObserved = "child_observed"
    static let childSteered = "child_steered"
    static let childDismissed = "child_dismissed"
    /// Kind and answer of what is no question.
    static let instruction = "INSTRUCTION"
    static let taken = "TAKEN"
}

// MARK: - Lifecycles

extension RecordWriter {
    private func lifecycle(_ status: PipelineLifecycle.Status) -> PipelineLifecycle {
        PipelineLifecycle(pipeline: self.story.name, status: status)
    }

    private func lifecycle(_ start: RunStart) -> PipelineLifecycle {
        var lifecycle = self.started
        lifecycle.variables = start.variables
        if start.first != self.start { lifecycle.checkpointNode = start.first.text }
        return lifecycle
    }

    /// The first turn of a session.
    private var started: PipelineLifecycle {
        var lifecycle = self.lifecycle(.started)
        lifecycle.goal = self.story.goal.isEmpty ? nil : self.story.goal
        lifecycle.displayID = self.story.displayID.description
        lifecycle.dotFile = self.story.file.isEmpty ? nil : self.story.file
        lifecycle.graphHash = self.story.graphHash
        lifecycle.dotSource = self.story.source
        lifecycle.forkedFromContext = self.story.origin?.context
        lifecycle.forkedFromTurn = self.story.origin?.turn
        lifecycle.owner = self.owner
        lifecycle.engineVersion = self.story.engineVersion
        lifecycle.agent = self.story.agent
        lifecycle.restartedFrom = self.story.predecessor
        lifecycle.settings = self.story.settings
        return lifecycle
    }

    private func paused(at node: NodeID) -> PipelineLifecycle {
        var lifecycle = self.lifecycle(.paused)
        lifecycle.checkpointNode = node.text
        return lifecycle
    }

    private func ended(_ end: RunEnd, at now: Timestamp) -> PipelineLifecycle {
        var lifecycle = self.lifecycle(.completed)
        lifecycle.duration = now.since(self.story.startedAt)
        switch end {
        case .completed: break
        case .failed(let failure):
            lifecycle.status = .failed
            lifecycle.error = failure.reason
            lifecycle.reason = failure.kind.rawValue
        case .cancelled(let reason):
            lifecycle.status = .cancelled
            lifecycle.reason = reason
        case .restarted(let node):
            lifecycle.reason = Word.restarted
            lifecycle.checkpointNode = node.text
        }
        return lifecycle
    }
}

// MARK: - Nodes

extension RecordWriter {
    private func execution(_ attempt: Attempt, _ status: String) -> NodeExecution {
        var execution = NodeExecution(node: attempt.node.text, handler: attempt.handler.text, status: status)
        execution.attempt = UInt64(attempt.number)
        execution.attemptsMax = UInt64(attempt.max)
        execution.visit = UInt64(attempt.visit)
        execution.attemptKey = attempt.key.text
        execution.branch = self.story.branch?.text
        return execution
    }

    private func execution(_ retry: Retry, _ notes: AttemptNotes?) -> NodeExecution {
        var execution = self.execution(retry.attempt, "retrying")
        execution.delay = retry.delay
        execution.notBefore = retry.notBefore
        execution.failureReason = retry.reason
        execution.prompt = notes?.prompt
        execution.response = notes?.response
        return execution
    }

    /// What the node wrote into the context is in the checkpoint, and not here again.
    private func execution(_ result: NodeResult, _ notes: AttemptNotes?, at now: Timestamp) -> NodeExecution {
        let outcome = result.outcome
        let status = outcome.status == .fail ? "failed" : outcome.status.rawValue
        var execution = self.execution(result.attempt, status)
        var short = outcome
        short.contextUpdates = [:]
        execution.outcome = JSONValue.object(short.json).sortedText()
        execution.failureReason = outcome.failureReason.isEmpty ? nil : outcome.failureReason
        execution.prompt = notes?.prompt
        execution.response = notes?.response
        execution.duration = notes.map { now.since($0.began) }
        return execution
    }

    private func parallel(_ status: String, _ key: AttemptKey, _ branch: JSONObject) -> ParallelExecution {
        var object = branch
        object["attempt_key"] = .string(key.text)
        var parallel = ParallelExecution(node: key.nodeText, branchCount: 1)
        parallel.branchContexts = [.object(object)]
        parallel.status = status
        return parallel
    }
}

extension AttemptKey {
    /// The name of its node.
    var nodeText: String {
        let last = self.text.split(separator: "/").last ?? ""
        return last.split(separator: ".", omittingEmptySubsequences: false).dropLast(2).joined(separator: ".")
    }
}

// MARK: - People

extension HumanInteraction {
    fileprivate init(_ question: Question, at now: Timestamp) {
        self.init(node: question.node.text, question: question.text, kind: question.kind.rawValue)
        self.questionID = question.id.text
        self.at = now
        self.options = question.choices.map {
            ["key": .string($0.key), "label": .string($0.label), "target": .string($0.target.text)]
        }
    }

    fileprivate init(_ interaction: Interaction) {
        self.init(interaction.question, at: interaction.time)
        self.options = []
        self.answer = interaction.answer.text
        self.who = interaction.person
    }

    fileprivate init(withdrawing question: Question, at now: Timestamp) {
        self.init(question, at: now)
        self.options = []
        self.answer = Word.withdrawn
    }
}
