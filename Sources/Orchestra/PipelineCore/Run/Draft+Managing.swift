import Vocabulary

extension Draft {
    private func managing(
        _ key: AttemptKey
    ) throws(PipelineRun.Refusal) -> (attempt: Attempt, watch: ChildWatch, node: PipelineNode) {
        guard case .managing(let attempt, let watch) = self.run.phase, attempt.key == key,
            let node = self.run.graph[attempt.node]
        else { throw .staleAttempt(key) }
        return (attempt, watch, node)
    }

    mutating func openChild(_ key: AttemptKey, session: String) throws(PipelineRun.Refusal) {
        guard try self.managing(key).watch.session == nil else { throw .staleAttempt(key) }
        self.record(.childOpened(key, session: session))
    }

    /// The child cannot be begun, gone on with, or watched.
    mutating func failChild(_ key: AttemptKey, reason: String) throws(PipelineRun.Refusal) {
        let (attempt, watch, _) = try self.managing(key)
        self.conclude(attempt, watch.verdict ?? .fail(reason, isRetryable: false), knowing: watch, fraction: nil)
    }

    /// The time of the attempt is over.
    mutating func expireChild(_ key: AttemptKey) throws(PipelineRun.Refusal) {
        let (attempt, watch, node) = try self.managing(key)
        guard watch.verdict == nil else { return }
        let outcome = Outcome.fail("manager \(node.id) timed out after \(node.timeout?.humanText ?? "its time")")
        guard watch.session != nil, node.manager.startsChild else {
            return self.conclude(attempt, outcome, knowing: watch, fraction: nil)
        }
        self.record(.childDismissed(key, outcome))
    }

    /// One cycle.
    mutating func observeChild(
        _ key: AttemptKey, _ report: ChildReport, fraction: Double?
    ) throws(PipelineRun.Refusal) {
        let before = try self.managing(key)
        guard before.watch.session != nil else { throw .staleAttempt(key) }
        let cycle = ChildCycle(
            number: before.watch.cycles + 1, standing: report.standing, change: before.watch.change(to: report),
            next: self.now + before.node.manager.pause(isHurried: self.run.halt != nil || before.watch.verdict != nil))
        self.record(.childObserved(key, cycle))
        let (attempt, watch, node) = try self.managing(key)
        var context = self.run.context
        context.meet(watch)
        let judgement = ChildJudgement(node: node, watch: watch, context: context, isHalting: self.run.halt != nil)
        switch judgement.decision(about: report) {
        case .conclude(let outcome): self.conclude(attempt, outcome, knowing: watch, fraction: fraction)
        case .dismiss(let outcome): self.record(.childDismissed(key, outcome))
        case .halt: self.haltInside(attempt.node, used: attempt.number - 1, child: watch)
        case .steer(let text): self.record(.childSteered(key, text))
        case .wait: break
        }
    }

    /// What was seen of the child goes into the context; what an earlier child left there is gone.
    private mutating func conclude(
        _ attempt: Attempt, _ outcome: Outcome, knowing watch: ChildWatch, fraction: Double?
    ) {
        var outcome = outcome
        for key in self.run.memory.context.values.keys where key.hasPrefix(PipelineContext.childPrefix) {
            outcome.contextUpdates[key] = .null
        }
        // In an order that does not depend on when somebody looked.
        for (key, value) in watch.facts.sorted(by: { $0.key < $1.key }) { outcome.contextUpdates[key] = value }
        self.conclude(attempt, outcome, fraction: fraction)
    }

    /// A manager whose child nobody else stops can halt at once.
    mutating func haltManaging(_ attempt: Attempt, _ watch: ChildWatch) {
        let isOwn = self.run.graph[attempt.node]?.manager.startsChild ?? false
        guard !isOwn || watch.session == nil else { return }
        self.haltInside(attempt.node, used: attempt.number - 1, child: watch)
    }
}

extension PipelineRun {
    /// What is to be done for the child of the manager loop at work: all of it when the loop begins, or goes on.
    func childEffects(_ attempt: Attempt, _ watch: ChildWatch) -> [Effect] {
        let plan = self.childPlan(of: attempt)
        guard let session = watch.session else { return [.openChild(plan)] }
        let watching: [Effect] = [.observeChild(plan, session: session, at: nil)]
        guard plan.isOwn else { return watching }
        if let verdict = watch.verdict {
            return [.haltChild(plan, session: session, Self.dismissal(verdict))] + watching
        }
        let told: [Effect] =
            watch.instructionCount == 0
            ? [] : [.steerChild(plan, session: session, watch.instruction, number: watch.instructionCount)]
        return [.runChild(plan, session: session)] + told + watching
    }

    /// What events about a child ask for.
    func effects(ofManaging event: Event) -> [Effect] {
        guard case .managing(let attempt, let watch) = self.phase, let session = watch.session else { return [] }
        let plan = self.childPlan(of: attempt)
        return switch event {
        case .childOpened: self.childEffects(attempt, watch)
        case .childObserved(_, let cycle): [.observeChild(plan, session: session, at: cycle.next)]
        case .childSteered(_, let text):
            [.steerChild(plan, session: session, text, number: watch.instructionCount)]
        case .childDismissed(_, let outcome): [.haltChild(plan, session: session, Self.dismissal(outcome))]
        case .haltRequested(let halt) where plan.isOwn && watch.verdict == nil:
            [.haltChild(plan, session: session, halt)]
        default: []
        }
    }

    private static func dismissal(_ verdict: Outcome) -> Halt {
        let reason = verdict.failureReason.isEmpty ? verdict.notes : verdict.failureReason
        return Halt(.cancel(reason: "by its manager: \(reason)"), isAborting: true)
    }
}

extension ManagerAttributes {
    /// From one look to the next. Whoever does not wait follows the child as closely as anybody follows a session, and
    /// a child that is to stop is waited for closely too.
    func pause(isHurried: Bool) -> Duration {
        let shortest = Duration.milliseconds(100)
        if !self.actions.contains(.wait) { return shortest }
        return max(shortest, isHurried ? min(self.pollInterval, .seconds(1)) : self.pollInterval)
    }
}
