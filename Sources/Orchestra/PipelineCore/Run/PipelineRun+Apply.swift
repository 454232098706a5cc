import DotLanguage
import Vocabulary

extension PipelineRun {
    /// Makes one recorded event true. Cannot fail; replaying a log calls nothing else.
    package mutating func apply(_ event: Event) {
        switch event {
        case .started(let start): self.begin(start)
        case .resumed:
            self.isPaused = false
            self.halt = nil
            self.hasLostConversation = true
        case .attemptStarted(let attempt): self.begin(attempt)
        case .retrying(let retry): self.phase = .delaying(retry.next(in: self.settings), until: retry.notBefore)
        case .doubted(let attempt): self.phase = .doubting(attempt)
        case .asked(let question): if let attempt { self.phase = .asking(attempt, question) }
        case .answered: if let attempt { self.phase = .attempting(attempt) }
        case .branchOpened(_, let id, let session): self.change(id) { $0.session = session }
        case .branchFinished(_, let id, let result): self.change(id) { $0.result = result }
        case .branchPaused(_, let id): self.change(id) { $0.isPaused = true }
        case .childOpened(_, let session): self.changeWatch { $0.session = session }
        case .childObserved(_, let cycle): self.changeWatch { $0.apply(cycle) }
        case .childSteered(_, let text):
            self.changeWatch {
                $0.instruction = text
                $0.instructionCount += 1
            }
        case .childDismissed(_, let outcome): self.changeWatch { $0.verdict = outcome }
        case .steered(let instruction): self.instruction = instruction.text
        case .finished(let result): if self.usesConversation(result.attempt) { self.hasLostConversation = false }
        case .checkpoint(let checkpoint):
            self.memory.apply(checkpoint)
            self.phase = checkpoint.nextNode.map(Phase.ready) ?? self.phase
        case .haltRequested(let halt): self.halt = halt
        case .paused:
            self.isPaused = true
            self.halt = nil
        case .ended(let end): self.phase = .ended(end)
        case .aborted, .withdrawn, .branchesCancelled: break
        }
    }

    private mutating func begin(_ start: RunStart) {
        self.memory = RunMemory(context: self.initialContext(variables: start.variables))
        self.memory.visits = self.branch?.visits ?? [:]
        self.memory.nextNode = start.first
        self.phase = .ready(start.first)
    }

    /// The attributes of the graph under `graph.`, then the variables; in a branch, the parent's context.
    private func initialContext(variables: JSONObject) -> PipelineContext {
        if let branch { return branch.context }
        var context = PipelineContext()
        context["graph.goal"] = .string(self.graph.attributes.goal)
        for attribute in self.graph.attributes.all.all {
            context["graph.\(attribute.key)"] = attribute.value.json
        }
        context.apply(variables)
        return context
    }

    /// An attempt of a parallel node goes on with the branches it has, and a manager loop with its child, wherever they
    /// are remembered.
    private mutating func begin(_ attempt: Attempt) {
        switch attempt.handler {
        case .parallel: self.beginBranching(attempt)
        case .managerLoop:
            if case .managing(attempt, _) = self.phase { return }
            let remembered = self.memory.child.flatMap { $0.key == attempt.key ? $0 : nil }
            self.phase = .managing(attempt, remembered ?? ChildWatch(key: attempt.key))
        default: self.phase = .attempting(attempt)
        }
    }

    private mutating func beginBranching(_ attempt: Attempt) {
        if case .branching(attempt, _) = self.phase { return }
        let remembered = self.memory.parallel.flatMap { $0.key == attempt.key ? $0 : nil }
        let fresh = ParallelState(key: attempt.key, edges: self.graph.edges(from: attempt.node))
        self.phase = .branching(attempt, remembered ?? fresh)
    }

    private mutating func change(_ id: BranchID, by change: (inout ParallelState.Branch) -> Void) {
        guard case .branching(let attempt, var state) = self.phase, var branch = state[id] else { return }
        change(&branch)
        state[id] = branch
        self.phase = .branching(attempt, state)
    }
}

extension PipelineRun {
    private mutating func changeWatch(by change: (inout ChildWatch) -> Void) {
        guard case .managing(let attempt, var watch) = self.phase else { return }
        change(&watch)
        self.phase = .managing(attempt, watch)
    }
}

extension Retry {
    /// The attempt it is followed by.
    func next(in settings: RunSettings) -> Attempt { self.attempt.numbered(self.attempt.number + 1, in: settings) }
}

extension Attempt {
    func numbered(_ number: Int, in settings: RunSettings) -> Self {
        Self(
            node: self.node, handler: self.handler, visit: self.visit, number: number, max: self.max,
            key: AttemptKey("\(settings.key)/\(self.node).\(self.visit).\(number)"), isPure: self.isPure)
    }
}
