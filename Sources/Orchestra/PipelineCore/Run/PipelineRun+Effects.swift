import Vocabulary

extension PipelineRun {
    /// What the world must be told once this group, the newest, is safe on disk. May be carried out twice.
    package func effects(of group: [Event]) -> [Effect] {
        group.flatMap(self.effects(of:))
    }

    /// What the world must be told once `event`, of the newest group, is safe on disk.
    package func effects(of event: Event) -> [Effect] {
        switch event {
        case .attemptStarted(let attempt): self.effects(ofStarting: attempt)
        case .retrying: self.alarm
        case .resumed: self.alarm
        case .asked(let question): self.phaseAsks(question) ? [.ask(question)] : []
        case .withdrawn(let question): [.withdraw(question)]
        case .doubted(let attempt): [.askAboutUnknown(attempt)]
        case .branchOpened(_, let id, let session):
            self.plan(of: id).map { [.runBranch($0, session: session)] } ?? []
        case .branchFinished: self.branchEffects(startsRunning: false)
        case .branchesCancelled(_, let branches):
            branches.compactMap { branch in
                branch.session.map {
                    .cancelBranch(branch.id, session: $0, reason: "another branch has succeeded", isAborting: true)
                }
            }
        case .haltRequested(let halt): self.effects(of: halt) + self.effects(ofManaging: event)
        case .childOpened, .childObserved, .childSteered, .childDismissed: self.effects(ofManaging: event)
        case .steered(let instruction): [.instruct(instruction)]
        case .finished(let result): result.warnings.map(Effect.say)
        case .paused(let node): [.paused(at: node)]
        case .ended(let end): [.ended(end)]
        case .started, .aborted, .answered, .branchPaused, .checkpoint: []
        }
    }

    private func phaseAsks(_ question: Question) -> Bool {
        if case .asking(_, question) = self.phase { true } else { false }
    }

    private var alarm: [Effect] {
        if case .delaying(let attempt, let until) = self.phase { [.sleep(attempt.key, until: until)] } else { [] }
    }

    private func effects(ofStarting attempt: Attempt) -> [Effect] {
        switch self.phase {
        case .attempting(attempt): [.run(attempt)]
        case .branching(attempt, _): self.branchEffects(startsRunning: true)
        case .managing(attempt, let watch): self.childEffects(attempt, watch)
        default: []
        }
    }

    /// What is missing for the wanted branches to work; every branch under way when `startsRunning`.
    private func branchEffects(startsRunning: Bool) -> [Effect] {
        guard case .branching(let attempt, let state) = self.phase, let node = self.graph[attempt.node] else {
            return []
        }
        // When one is done, only the next is missing: those before it were asked for already.
        let known = startsRunning ? 0 : node.maxParallel + state.branches.count { $0.result != nil } - 1
        let wanted = self.wantedBranches.dropFirst(known).filter { $0.result == nil }
        let starting = wanted.compactMap { branch -> Effect? in
            let plan = self.plan(of: branch, of: attempt)
            guard let session = branch.session else { return .openBranch(plan) }
            return startsRunning ? .runBranch(plan, session: session) : nil
        }
        guard state.isFailing(node.errorPolicy) else { return starting }
        return starting
            + state.running.map {
                .cancelBranch($0.id, session: $0.session ?? "", reason: "another branch has failed", isAborting: false)
            }
    }

    private func effects(of halt: Halt) -> [Effect] {
        switch self.phase {
        case .attempting(let attempt): halt.isAborting ? [.stop(attempt)] : []
        case .branching(_, let state):
            state.running.map { branch in
                let session = branch.session ?? ""
                return switch halt.kind {
                case .pause: .pauseBranch(branch.id, session: session, isAborting: halt.isAborting)
                case .cancel(let reason):
                    .cancelBranch(branch.id, session: session, reason: reason, isAborting: halt.isAborting)
                }
            }
        default: []
        }
    }
}
