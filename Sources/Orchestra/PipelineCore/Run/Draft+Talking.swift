import Vocabulary

extension Draft {
    /// The talk of an interactive node, as far as it has come; `nil` at any other.
    func talk(at attempt: Attempt) -> Talk? {
        guard attempt.handler == .codergen, self.run.graph[attempt.node]?.agent.isInteractive == true else {
            return nil
        }
        return Talk(at: attempt, in: self.run.memory.context)
    }

    /// The agent has said something: it is kept, and the person has the floor.
    mutating func speak(_ attempt: Attempt, _ text: String, _ outcome: Outcome, in talk: Talk) {
        self.keep(talk, adding: Talk.Turn(isOfAgent: true, text: text), of: attempt, outcome.contextUpdates)
    }

    mutating func reply(
        _ attempt: Attempt, _ question: Question, _ answer: Answer, by person: String, fraction: Double?, in talk: Talk
    ) throws(PipelineRun.Refusal) {
        let reply = Talk.reply(answer, at: attempt.node, after: talk.open ?? "")
        if reply == .none { throw .noSuchChoice("", of: question.choices.map(\.key)) }
        self.record(.answered(Interaction(question: question, answer: answer, person: person, time: self.now)))
        switch reply {
        case .end(let outcome): self.conclude(attempt, outcome, fraction: fraction)
        case .more(let text): self.keep(talk, adding: Talk.Turn(isOfAgent: false, text: text), of: attempt)
        case .none: break
        }
    }

    /// A checkpoint inside the node, from which it goes on: what was said is never said again.
    private mutating func keep(
        _ talk: Talk, adding turn: Talk.Turn, of attempt: Attempt, _ updates: JSONObject = [:]
    ) {
        var talk = talk
        talk.add(turn)
        var context = self.run.memory.context
        for (key, value) in updates where PipelineContext.isWritable(key) { context[key] = value }
        context[Talk.key(of: attempt.node)] = talk.json
        var checkpoint = self.run.memory.standstill
        checkpoint.nextNode = attempt.node
        checkpoint.retryCounters = attempt.number > 1 ? [attempt.node: attempt.number - 1] : [:]
        checkpoint.pendingQuestion = nil
        checkpoint.context = context.delta(
            since: self.run.memory.context, among: updates.keys + [Talk.key(of: attempt.node)])
        self.record(.checkpoint(self.run.memory.encoded(checkpoint)))
        guard self.run.halt == nil else { return self.stop(at: attempt.node) }
        self.begin(attempt)
    }
}

extension Attempt {
    /// The same attempt with a key of its own for each part of a talk: an answer, and an effect outside, belong to one.
    func talking(_ talk: Talk, in settings: RunSettings) -> Self {
        let plain = self.numbered(self.number, in: settings)
        guard !talk.turns.isEmpty else { return plain }
        return Self(
            node: self.node, handler: self.handler, visit: self.visit, number: self.number, max: self.max,
            key: AttemptKey("\(plain.key)-\(talk.turns.count)"), isPure: self.isPure)
    }
}
