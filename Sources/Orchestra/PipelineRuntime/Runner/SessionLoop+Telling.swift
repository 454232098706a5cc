import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

extension SessionLoop {
    /// Tells whoever watches. What goes wrong with them is not the run's trouble.
    func tell(_ fact: RunEvent.Fact) {
        if let context = self.journal.context { self.tell(fact, of: context) }
    }

    func tell(_ fact: RunEvent.Fact, of context: ContextID) {
        guard !self.kit.observers.isEmpty else { return }
        let event = RunEvent(
            time: self.kit.world.now(), session: context, branch: self.run.branch?.id, fact: fact)
        for observer in self.kit.observers { try? observer.observe(event) }
    }

    /// Tells what is on disk now. What was told already, or is of no use to people, is left out.
    func tell(_ entry: RecordEntry) {
        guard !self.kit.observers.isEmpty else { return }
        switch entry {
        case .turn(.tool(let tool)): self.tell(.tool(tool))
        case .turn(.agent(let turn)): self.tell(RunEvent.Fact.agent(turn))
        case .turn: break
        case .fork: self.tell(.pipelineStarted(self.facts))
        case .event(let event, let notes):
            for tool in notes?.tools ?? [] { self.tell(.tool(tool)) }
            self.tell(event, notes)
        }
    }

    private func tell(_ event: PipelineRun.Event, _ notes: AttemptNotes?) {
        switch event {
        case .started: if self.scene.isRoot { self.tell(.pipelineStarted(self.facts)) }
        case .resumed: if self.scene.isRoot { self.tell(.pipelineResumed(at: self.beginning)) }
        case .attemptStarted(let attempt): self.tell(starting: attempt)
        case .retrying(let retry): self.tell(.stageRetrying(retry))
        case .aborted(let attempt): self.tell(.stageAborted(attempt))
        case .doubted(let attempt): self.tell(.note("nobody knows whether attempt \(attempt.key) happened"))
        case .asked(let question): self.tell(.interviewStarted(question))
        case .answered(let interaction):
            let isTimeout = interaction.answer == .timeout
            self.tell(isTimeout ? .interviewTimedOut(interaction.question) : .interviewCompleted(interaction))
        case .branchOpened(_, let id, let session):
            if let context = ContextID(session) { self.tell(.branchStarted(id, session: context)) }
        case .branchFinished(_, let id, let result): self.tell(.branchCompleted(id, result.outcome))
        case .finished(let result): self.tell(result, notes)
        case .checkpoint(let checkpoint):
            self.tell(.checkpointSaved(checkpoint.currentNode, next: checkpoint.nextNode))
        case .paused(let node): if self.scene.isRoot { self.tell(.pipelinePaused(at: node)) }
        case .ended(let end): if self.scene.isRoot { self.tell(end) }
        case .childOpened, .childObserved, .childSteered, .childDismissed, .steered:
            if let fact = ChildTurn.fact(of: event) { self.tell(fact) }
        case .withdrawn, .branchPaused, .branchesCancelled, .haltRequested: break
        }
    }

    private var facts: PipelineBeginning {
        let story = self.writer.story
        return PipelineBeginning(
            name: story.name, goal: story.goal, displayID: story.displayID, file: story.file, hash: story.graphHash)
    }

    private func tell(starting attempt: Attempt) {
        self.tell(.stageStarted(attempt))
        guard attempt.handler == .parallel else { return }
        self.tell(.parallelStarted(attempt.node, branches: self.run.graph.edges(from: attempt.node).count))
    }

    private func tell(_ result: NodeResult, _ notes: AttemptNotes?) {
        let duration = notes.map { self.kit.world.now().since($0.began) } ?? .zero
        if result.attempt.handler == .parallel {
            let results = result.outcome.contextUpdates["parallel.results"]?.object ?? [:]
            let good = results.count { $0.value["outcome"]?.string == StageStatus.success.lowercase }
            self.tell(.parallelCompleted(result.attempt.node, good: good, bad: results.count - good, duration))
        }
        let report = StageReport(
            attempt: result.attempt, outcome: result.outcome, duration: duration, prompt: notes?.prompt,
            response: notes?.response)
        self.tell(result.outcome.status == .fail ? .stageFailed(report) : .stageCompleted(report))
    }

    private func tell(_ end: RunEnd) {
        let duration = self.kit.world.now().since(self.writer.story.startedAt)
        switch end {
        case .completed: self.tell(.pipelineCompleted(duration))
        case .failed(let failure): self.tell(.pipelineFailed(failure, duration))
        case .cancelled(let reason): self.tell(.pipelineCancelled(reason: reason, duration))
        case .restarted(let node): self.tell(.pipelineRestarted(at: node, duration))
        }
    }
}
