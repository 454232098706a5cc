import Vocabulary

extension Draft {
    /// Records how a node ended and where the run goes on, and goes there: one atomic group.
    mutating func settle(_ attempt: Attempt, _ outcome: Outcome, absorbing branches: [BranchResult] = []) {
        let step = Step(of: self.run, attempt, outcome, absorbing: branches)
        self.record(.finished(NodeResult(attempt: attempt, outcome: outcome, warnings: step.warnings)))
        self.record(.checkpoint(self.run.memory.encoded(step.checkpoint)))
        if let end = step.destination.end { return self.record(.ended(end)) }
        guard let next = step.destination.next else { return }
        switch self.run.halt?.kind {
        case .pause: self.record(.paused(at: next))
        case .cancel(let reason): self.record(.ended(.cancelled(reason: reason)))
        case nil: self.arrive(at: next)
        }
    }
}

/// What a node that ended makes of the run: the context after it, and the way on.
private struct Step {
    private(set) var checkpoint: Checkpoint
    let destination: Destination
    private(set) var warnings: [String]

    init(of run: PipelineRun, _ attempt: Attempt, _ outcome: Outcome, absorbing branches: [BranchResult]) {
        let memory = run.memory
        let isConditional = attempt.handler == .conditional
        var context = Self.context(of: run, after: attempt, outcome)
        self.warnings = outcome.contextUpdates.keys.filter { !PipelineContext.isWritable($0) }
            .map { "node \(attempt.node) may not write context key \($0.quotedForPeople())" }

        let subject = ConditionSubject(
            outcome: isConditional ? StageStatus(text: context.text("outcome")) ?? .success : outcome.status,
            preferredLabel: isConditional ? context.text("preferred_label") : outcome.preferredLabel, context: context)
        let selection = EdgeSelection(run.graph.edges(from: attempt.node), of: subject) {
            $0 == attempt.node ? attempt.visit : memory.visitCount(of: $0)
        }
        self.warnings += selection.warnings

        let gates = branches.flatMap(\.gates)
        let own = outcome.status == .skipped ? [] : [VisitedOutcome(attempt.node, outcome.status)]
        let steps = branches.reduce(memory.stepCount + 1) { $0 + $1.stepCount }
        let reroutes = branches.reduce(memory.rerouteCount) { $0 + $1.rerouteCount }
        self.destination = run.destination(
            of: run.step(after: attempt, outcome, by: selection), statuses: memory.statuses(with: gates + own),
            reroutes: reroutes, steps: steps)

        context["internal.incoming_edge"] = self.destination.edge.map { .integer(Int64($0)) }
        self.checkpoint = Checkpoint()
        self.checkpoint.currentNode = attempt.node
        self.checkpoint.nextNode = self.destination.next
        self.checkpoint.context = context.delta(
            since: memory.context, among: Self.keys(of: run, touchedBy: attempt, outcome))
        self.checkpoint.completed = [attempt.node]
        self.checkpoint.outcomes = gates + own
        self.checkpoint.visits = [attempt.node: attempt.visit]
        self.checkpoint.rerouteCount = self.destination.reroutes
        self.checkpoint.stepCount = steps
    }

    /// All that `context(of:after:)` and the way on may write, the handler's first.
    private static func keys(of run: PipelineRun, touchedBy attempt: Attempt, _ outcome: Outcome) -> [String] {
        outcome.contextUpdates.keys.filter { PipelineContext.isWritable($0) } + [
            "node_visits.\(attempt.node)", "current_node", "last_stage", "outcome", "preferred_label",
            "internal.parallel", "internal.incoming_edge", Instruction.key, run.simulationKey(attempt.node),
            PipelineRun.branchKey,
        ]
    }

    /// The updates of the handler, then what the engine knows better. A conditional node leaves the outcome of the
    /// node before it in place (D25).
    private static func context(of run: PipelineRun, after attempt: Attempt, _ outcome: Outcome) -> PipelineContext {
        var context = run.memory.context
        for (key, value) in outcome.contextUpdates where PipelineContext.isWritable(key) {
            context[key] = value
        }
        context.arrive(at: attempt)
        if let instruction = run.instruction { context[Instruction.key] = .string(instruction) }
        context["last_stage"] = .string(attempt.node.text)
        let passesOn = attempt.handler == .conditional
        if !passesOn {
            context["outcome"] = .string(outcome.status.lowercase)
            context["preferred_label"] = outcome.preferredLabel.isEmpty ? nil : .string(outcome.preferredLabel)
        }
        if attempt.handler == .parallel { context["internal.parallel"] = .string(attempt.node.text) }
        if run.graph[attempt.node]?.simulatedOutcomes.isEmpty == false {
            context[run.simulationKey(attempt.node)] = .integer(Int64(run.simulationIndex(of: attempt) + 1))
        }
        run.accounted(&context, for: outcome, passesOn: passesOn)
        return context
    }
}

/// Where a step leads in the end, gates and limits considered.
struct Destination {
    /// Set too when the run ends at the exit.
    var next: NodeID?
    var end: RunEnd?
    var reroutes: Int
    /// By which edge, if by one.
    var edge: Int?
}

extension PipelineRun {
    func step(after attempt: Attempt, _ outcome: Outcome, by selection: EdgeSelection) -> NextStep {
        if attempt.handler == .parallel, outcome.contextUpdates["parallel.results"] != nil,
            let fanIn = self.graph.fanIn(of: attempt.node)
        {
            return .jump(fanIn)
        }
        guard let node = self.graph[attempt.node] else { return .end }
        return self.graph.nextStep(from: node, after: outcome, by: selection)
    }

    fileprivate func destination(
        of step: NextStep, statuses: GrowingMap<NodeID, StageStatus>, reroutes: Int, steps: Int
    ) -> Destination {
        func go(_ node: NodeID, edge: Int? = nil, reroutes: Int = reroutes) -> Destination {
            self.destination(towards: node, edge: edge, statuses: statuses, reroutes: reroutes, steps: steps)
        }
        switch step {
        case .follow(let choice) where choice.edge.restartsLoop && !self.isTerminal(choice.edge.to):
            let target = choice.edge.to
            return Destination(
                next: target, end: .restarted(at: target), reroutes: reroutes, edge: choice.edge.index)
        case .follow(let choice): return go(choice.edge.to, edge: choice.edge.index)
        case .jump(let node): return go(node)
        case .reroute(let node):
            if let failure = self.rerouteFailure(after: reroutes) {
                return Destination(end: .failed(failure), reroutes: reroutes)
            }
            return go(node, reroutes: reroutes + 1)
        case .end: return self.ending(at: nil, statuses: statuses, reroutes: reroutes, steps: steps)
        case .fail(let failure): return Destination(end: .failed(failure), reroutes: reroutes)
        }
    }

    func destination(
        towards node: NodeID, edge: Int?, statuses: GrowingMap<NodeID, StageStatus>, reroutes: Int, steps: Int
    ) -> Destination {
        if self.isTerminal(node) { return self.ending(at: node, statuses: statuses, reroutes: reroutes, steps: steps) }
        let max = self.graph.attributes.maxSteps
        if max > 0, steps >= max {
            let failure = RunFailure(.stepLimit, "\(steps) nodes were executed, and max_steps allows no more")
            return Destination(end: .failed(failure), reroutes: reroutes)
        }
        return Destination(next: node, reroutes: reroutes, edge: edge)
    }

    /// At the exit, or at a node that nothing leaves: the goal gates have the last word. Those of a branch are judged
    /// by its parent.
    private func ending(at node: NodeID?, statuses: GrowingMap<NodeID, StageStatus>, reroutes: Int, steps: Int)
        -> Destination
    {
        let visited = statuses.listed.map { (node: $0.key, status: $0.value) }
        guard self.branch == nil, case .unmet(let gates, let target) = GoalGates(of: self.graph, visited: visited)
        else {
            return Destination(next: node, end: .completed, reroutes: reroutes)
        }
        let names = gates.map(\.text).joined(separator: ", ")
        guard let target else {
            let failure = RunFailure(.goalGate, "goal gate unsatisfied, and no retry target to go to: \(names)")
            return Destination(end: .failed(failure), reroutes: reroutes)
        }
        if let failure = self.rerouteFailure(after: reroutes, for: "; goal gate unsatisfied: \(names)") {
            return Destination(end: .failed(failure), reroutes: reroutes)
        }
        return self.destination(
            towards: target, edge: nil, statuses: statuses, reroutes: reroutes + 1, steps: steps)
    }

    private func rerouteFailure(after reroutes: Int, for cause: String = "") -> RunFailure? {
        guard reroutes >= self.graph.attributes.maxReroutes else { return nil }
        return RunFailure(.rerouteLimit, "\(reroutes) reroutes were made, and max_reroutes allows no more\(cause)")
    }
}

extension RunMemory {
    /// The statuses with newer ones put in their place.
    fileprivate func statuses(with newer: [VisitedOutcome]) -> GrowingMap<NodeID, StageStatus> {
        var statuses = self.statuses
        for outcome in newer { statuses[outcome.node] = outcome.status }
        return statuses
    }
}
