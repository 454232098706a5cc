import Vocabulary

extension Draft {
    mutating func start(_ variables: JSONObject, at node: NodeID?) throws(PipelineRun.Refusal) {
        guard self.run.phase == .idle else { throw .alreadyStarted }
        guard let first = node ?? self.run.branch?.first ?? self.run.graph.start else { throw .noStart }
        guard self.run.graph[first] != nil else { throw .unknownNode(first) }
        let engines = variables.keys.first {
            PipelineContext.engineKeys.contains($0) || $0.hasPrefix("internal.") || $0.hasPrefix("node_visits.")
        }
        if let engines { throw .reservedVariable(engines) }
        let attributes = self.run.graph.attributes
        self.record(
            .started(
                RunStart(
                    name: self.run.graph.name, goal: attributes.goal, variables: variables, first: first,
                    branch: self.run.branch?.id)))
        // A branch stands on a context that its own session does not have yet.
        if self.run.branch != nil { self.record(.checkpoint(self.run.memory.snapshot)) }
        self.arrive(at: first)
    }

    /// Goes to `node`, whatever it is, and begins what is to be done there.
    mutating func arrive(at node: NodeID) {
        if self.run.isTerminal(node) { return self.arriveAtEnd(node) }
        guard let found = self.run.graph[node] else {
            return self.record(.ended(.failed(RunFailure(.unknownNode, "no node \(node) is in the pipeline"))))
        }
        let used = self.run.memory.retryCounters[node] ?? 0
        let blank = Attempt(
            node: node, handler: found.handler, visit: self.run.memory.visitCount(of: node) + 1, number: 0,
            max: self.run.graph.attemptsMax(of: found), key: AttemptKey(""), isPure: self.run.settings.isPure(found))
        self.begin(blank.numbered(used + 1, in: self.run.settings))
    }

    /// Begins an attempt; what cannot begin has failed.
    mutating func begin(_ attempt: Attempt) {
        let talk = self.talk(at: attempt)
        let attempt = talk.map { attempt.talking($0, in: self.run.settings) } ?? attempt
        self.record(.attemptStarted(attempt))
        guard let node = self.run.graph[attempt.node] else { return }
        if let text = talk?.open { return self.record(.asked(Talk.question(text, id: attempt.key, at: node))) }
        switch attempt.handler {
        case .human:
            let gate = HumanGate(node, in: self.run.graph)
            if let question = gate.question(id: attempt.key) {
                self.record(.asked(question))
            } else {
                self.settle(attempt, gate.outcomeWithoutChoices)
            }
        case .parallel where self.run.graph.fanIn(of: attempt.node) == nil:
            let reason = "the branches of parallel node \(attempt.node) have no common fan-in"
            self.settle(attempt, .fail(reason, isRetryable: false))
        case .managerLoop:
            let problem = self.run.childPlan(of: attempt).problem
            if let problem { self.settle(attempt, .fail(problem, isRetryable: false)) }
        default: break
        }
    }

    /// At the end of the graph, with no node in between: after a resume, or a retry target that is the exit.
    private mutating func arriveAtEnd(_ node: NodeID) {
        let destination = self.run.destination(
            towards: node, edge: nil, statuses: self.run.memory.statuses, reroutes: self.run.memory.rerouteCount,
            steps: self.run.memory.stepCount)
        if let end = destination.end { return self.record(.ended(end)) }
        guard let next = destination.next else { return }
        var checkpoint = self.run.memory.standstill
        checkpoint.rerouteCount = destination.reroutes
        checkpoint.nextNode = next
        self.record(.checkpoint(self.run.memory.encoded(checkpoint)))
        self.arrive(at: next)
    }

    mutating func finish(
        _ key: AttemptKey, _ outcome: Outcome?, fraction: Double?
    ) throws(PipelineRun.Refusal) {
        guard case .attempting(let attempt) = self.run.phase, attempt.key == key else { throw .staleAttempt(key) }
        if let halt = self.run.halt, halt.isAborting, outcome.map({ !$0.status.isGood }) ?? true {
            return self.abort(attempt)  // it failed because it was stopped
        }
        if let outcome, let text = outcome.saying, outcome.status.isGood, let talk = self.talk(at: attempt) {
            return self.speak(attempt, text, outcome, in: talk)
        }
        self.conclude(attempt, outcome ?? self.run.outcome(ofSilent: attempt), fraction: fraction)
    }

    /// Tries again, or settles.
    mutating func conclude(_ attempt: Attempt, _ outcome: Outcome, fraction: Double?) {
        let node = self.run.graph[attempt.node]
        let allowsPartial = node?.allowsPartial ?? false
        switch RetryVerdict(of: outcome, after: attempt, allowsPartial: allowsPartial) {
        case .final(let outcome): self.settle(attempt, outcome)
        case .again(let reason):
            let delay = (node?.backoffPolicy ?? .standard).delay(beforeRetry: attempt.number, fraction: fraction)
            self.retry(attempt, after: delay, reason: reason)
            if self.run.halt != nil { self.haltInside(attempt.node, used: attempt.number) }
        }
    }

    mutating func retry(_ attempt: Attempt, after delay: Duration, reason: String) {
        self.record(
            .retrying(Retry(attempt: attempt, delay: delay, notBefore: self.now + delay, reason: reason)))
    }

    mutating func wake(_ key: AttemptKey) throws(PipelineRun.Refusal) {
        guard case .delaying(let attempt, _) = self.run.phase, attempt.key == key else { throw .staleAttempt(key) }
        self.begin(attempt)
    }

    mutating func answer(
        _ key: AttemptKey, _ answer: Answer, by person: String, fraction: Double?
    ) throws(PipelineRun.Refusal) {
        guard case .asking(let attempt, let question) = self.run.phase, attempt.key == key,
            let node = self.run.graph[attempt.node]
        else { throw .staleAttempt(key) }
        if let talk = self.talk(at: attempt) {
            return try self.reply(attempt, question, answer, by: person, fraction: fraction, in: talk)
        }
        guard let outcome = HumanGate(node, in: self.run.graph).outcome(of: answer) else {
            throw .noSuchChoice(answer.text, of: question.choices.map(\.key))
        }
        self.record(.answered(Interaction(question: question, answer: answer, person: person, time: self.now)))
        self.conclude(attempt, outcome, fraction: fraction)
    }
}

extension PipelineRun {
    /// Where the run ends: the exit, and for a branch its fan-in too.
    func isTerminal(_ node: NodeID) -> Bool {
        node == self.branch?.terminal || self.graph.exits.contains(node)
    }

    /// Of an attempt whose handler wrote no status.
    func outcome(ofSilent attempt: Attempt) -> Outcome {
        guard self.graph[attempt.node]?.hasAutoStatus == true else {
            return .fail("the handler of node \(attempt.node) wrote no status")
        }
        return Outcome(.success, notes: "no status was written; auto_status makes it a success")
    }
}

extension RunMemory {
    /// The delta that changes nothing.
    var standstill: Checkpoint {
        var checkpoint = Checkpoint()
        checkpoint.currentNode = self.currentNode
        checkpoint.nextNode = self.nextNode
        checkpoint.retryCounters = self.retryCounters
        checkpoint.rerouteCount = self.rerouteCount
        checkpoint.stepCount = self.stepCount
        checkpoint.parallel = self.parallel
        checkpoint.child = self.child
        checkpoint.pendingQuestion = self.pendingQuestion
        return checkpoint
    }
}
