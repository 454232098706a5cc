package import Vocabulary

/// One run of a pipeline, or of one branch of it (spec/orchestra.md 2.2, 3.3, 3.5, 3.6).
///
/// ```
///            start             retry                       wake
///   idle ──► attempting ─────────────────► delaying ──────────────► attempting
///              │  ▲   asking (a gate), branching (a parallel node) stand in for attempting
///      finish  │  │ next node
///              ▼  │
///            ready ──► ended
/// ```
///
/// A value, and a pure one. `decide` answers with one group of events that must be one atomic append; `apply` makes
/// them true, at run time and at restart alike; `effects` says what may happen once they are on disk.
package struct PipelineRun: Sendable {
    package let graph: PipelineGraph
    package let settings: RunSettings
    /// Set in the run of a branch.
    package let branch: BranchPlan?
    package internal(set) var memory = RunMemory()
    package internal(set) var phase = Phase.idle
    package internal(set) var halt: Halt?
    package internal(set) var isPaused = false
    /// After a resume, until an LLM node has been told what the lost conversation was about (spec 2.9).
    package internal(set) var hasLostConversation = false
    /// What it was told from outside last, since it goes on.
    package internal(set) var instruction: String?

    package enum Phase: Sendable, Hashable {
        case idle
        /// Between two nodes: paused, or about to go on.
        case ready(NodeID)
        case attempting(Attempt)
        /// The attempt to come.
        case delaying(Attempt, until: Timestamp)
        case asking(Attempt, Question)
        case branching(Attempt, ParallelState)
        /// A manager loop, and its child.
        case managing(Attempt, ChildWatch)
        /// Of unknown fate: a person is asked.
        case doubting(Attempt)
        case ended(RunEnd)
    }

    /// A run of `graph` that has not begun.
    package init(_ graph: PipelineGraph, settings: RunSettings) {
        self.graph = graph
        self.settings = settings
        self.branch = nil
    }

    /// The run of a branch that has not begun: the same graph, with the fan-in as its end.
    package init(_ graph: PipelineGraph, settings: RunSettings, branch: BranchPlan) {
        self.graph = graph
        self.settings = branch.settings(of: settings)
        self.branch = branch
    }

    /// Restores a run from its record: the checkpoints from a snapshot on, and the recorded events behind the last.
    /// A run that was killed before its first checkpoint has events only, from `started` on.
    package mutating func restore(checkpoints: [Checkpoint], events: [Event]) {
        if !checkpoints.isEmpty {
            self.memory = RunMemory(checkpoints)
            self.phase = self.memory.nextNode.map(Phase.ready) ?? .idle
        }
        for event in events {
            self.apply(event)
        }
    }
}

extension PipelineRun {
    /// Says what would happen, or why it must not. Changes nothing.
    package func decide(_ command: Command, at now: Timestamp) throws(Refusal) -> [Event] {
        try self.draft(command, at: now).events
    }

    /// Decides and applies.
    package mutating func perform(_ command: Command, at now: Timestamp) throws(Refusal) -> [Event] {
        let draft = try self.draft(command, at: now)
        self = draft.run
        return draft.events
    }

    private func draft(_ command: Command, at now: Timestamp) throws(Refusal) -> Draft {
        if case .ended(let end) = self.phase { throw .ended(end) }
        if case .start = command {} else if self.phase == .idle { throw .notStarted }
        var draft = Draft(self, at: now)
        switch command {
        case .start(let variables, let node): try draft.start(variables, at: node)
        case .resume: try draft.resume()
        case .finish(let key, let outcome, let fraction): try draft.finish(key, outcome, fraction: fraction)
        case .wake(let key): try draft.wake(key)
        case .answer(let key, let answer, let person, let fraction):
            try draft.answer(key, answer, by: person, fraction: fraction)
        case .openBranch(let key, let id, let session): try draft.openBranch(key, id, session: session)
        case .finishBranch(let key, let id, let result): try draft.finishBranch(key, id, result)
        case .pauseBranch(let key, let id): try draft.pauseBranch(key, id)
        case .openChild(let key, let session): try draft.openChild(key, session: session)
        case .observeChild(let key, let report, let fraction):
            try draft.observeChild(key, report, fraction: fraction)
        case .failChild(let key, let reason): try draft.failChild(key, reason: reason)
        case .expireChild(let key): try draft.expireChild(key)
        case .steer(let text, let person): try draft.steer(text, by: person)
        case .requestPause: try draft.request(Halt(.pause))
        case .requestCancel(let reason): try draft.request(Halt(.cancel(reason: reason)))
        case .abort: try draft.request(Halt(self.halt?.kind ?? .pause, isAborting: true))
        case .confirmAbort(let key): try draft.confirmAbort(key)
        case .resolve(let key, let verdict): try draft.resolve(key, verdict)
        }
        return draft
    }
}

/// A decision under way: the events so far, and the run as they make it.
struct Draft {
    let now: Timestamp
    var run: PipelineRun
    var events: [PipelineRun.Event] = []

    init(_ run: PipelineRun, at now: Timestamp) {
        self.run = run
        self.now = now
    }

    mutating func record(_ event: PipelineRun.Event) {
        self.events.append(event)
        self.run.apply(event)
    }
}

extension PipelineRun {
    /// How it ended; `nil` as long as it has not.
    package var end: RunEnd? {
        if case .ended(let end) = self.phase { end } else { nil }
    }

    /// The attempt at work, or about to be.
    package var attempt: Attempt? {
        switch self.phase {
        case .attempting(let attempt), .delaying(let attempt, _), .asking(let attempt, _), .branching(let attempt, _),
            .managing(let attempt, _), .doubting(let attempt):
            attempt
        case .idle, .ready, .ended: nil
        }
    }

    /// The context as the handler of the attempt at work sees it.
    package var context: PipelineContext {
        guard let attempt else { return self.memory.context }
        var context = self.memory.context
        if let instruction { context[Instruction.key] = .string(instruction) }
        context.arrive(at: attempt)
        return context
    }
}

extension PipelineContext {
    /// What an arrival writes.
    mutating func arrive(at attempt: Attempt) {
        self["node_visits.\(attempt.node)"] = .integer(Int64(attempt.visit))
        self["current_node"] = .string(attempt.node.text)
    }
}
