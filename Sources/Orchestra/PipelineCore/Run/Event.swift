package import Vocabulary

extension PipelineRun {
    /// One fact about a run. What one command gives is one atomic append.
    package enum Event: Sendable, Hashable {
        case started(RunStart)
        case resumed
        case attemptStarted(Attempt)
        case retrying(Retry)
        /// The attempt was stopped on request: neither failed nor used up.
        case aborted(Attempt)
        /// Nobody knows whether the attempt happened, and a person is asked.
        case doubted(Attempt)
        case asked(Question)
        case answered(Interaction)
        case withdrawn(Question)
        case branchOpened(AttemptKey, BranchID, session: String)
        case branchFinished(AttemptKey, BranchID, BranchResult)
        case branchPaused(AttemptKey, BranchID)
        case branchesCancelled(AttemptKey, [ParallelState.Branch])
        case childOpened(AttemptKey, session: String)
        case childObserved(AttemptKey, ChildCycle)
        case childSteered(AttemptKey, String)
        /// The child is to be stopped; then the attempt comes to this.
        case childDismissed(AttemptKey, Outcome)
        case steered(Instruction)
        case finished(NodeResult)
        case checkpoint(Checkpoint)
        case haltRequested(Halt)
        /// Before this node, or inside it.
        case paused(at: NodeID)
        case ended(RunEnd)
    }
}

/// How a run began.
package struct RunStart: Sendable, Hashable {
    package let name: String
    package let goal: String
    package let variables: JSONObject
    package let first: NodeID
    /// Set in the run of a branch.
    package let branch: BranchID?

    package init(name: String, goal: String, variables: JSONObject, first: NodeID, branch: BranchID?) {
        self.name = name
        self.goal = goal
        self.variables = variables
        self.first = first
        self.branch = branch
    }
}

/// An attempt that did not work out, and when the next begins.
package struct Retry: Sendable, Hashable {
    package let attempt: Attempt
    package let delay: Duration
    package let notBefore: Timestamp
    package let reason: String

    package init(attempt: Attempt, delay: Duration, notBefore: Timestamp, reason: String) {
        self.attempt = attempt
        self.delay = delay
        self.notBefore = notBefore
        self.reason = reason
    }
}

/// A question and what was answered.
package struct Interaction: Sendable, Hashable {
    package let question: Question
    package let answer: Answer
    package let person: String
    package let time: Timestamp

    package init(question: Question, answer: Answer, person: String, time: Timestamp) {
        self.question = question
        self.answer = answer
        self.person = person
        self.time = time
    }
}

/// How a node ended, after its last attempt.
package struct NodeResult: Sendable, Hashable {
    package let attempt: Attempt
    package let outcome: Outcome
    /// What a person should hear about it.
    package let warnings: [String]

    package init(attempt: Attempt, outcome: Outcome, warnings: [String] = []) {
        self.attempt = attempt
        self.outcome = outcome
        self.warnings = warnings
    }
}

/// A wish to stop.
package struct Halt: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case pause
        case cancel(reason: String)
    }

    package var kind: Kind
    /// Does not wait for the current attempt.
    package var isAborting: Bool

    package init(_ kind: Kind, isAborting: Bool = false) {
        self.kind = kind
        self.isAborting = isAborting
    }
}

/// How a run ended.
package enum RunEnd: Sendable, Hashable {
    case completed
    case failed(RunFailure)
    case cancelled(reason: String)
    /// By an edge with `loop_restart`: a new session begins at the node.
    case restarted(at: NodeID)
}

extension PipelineRun.Event {
    /// Whether it is written. The others are wishes, which a restart forgets.
    package var isRecorded: Bool {
        switch self {
        case .haltRequested, .branchPaused, .branchesCancelled: false
        // A pure attempt is found again by its retry record.
        case .attemptStarted(let attempt): !attempt.isPure || attempt.number == 1
        default: true
        }
    }
}
