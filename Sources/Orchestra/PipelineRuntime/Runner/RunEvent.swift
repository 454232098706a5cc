package import PipelineCore
package import PipelineTurns
package import TurnModel
package import Vocabulary

/// Something that happened in a run, for whoever watches it (spec/orchestra.md 2.16).
///
/// Told when its record is on disk. Only `modelSaid`, `note` and `output` come earlier, while their attempt goes on.
package struct RunEvent: Sendable {
    package let time: Timestamp
    package let session: ContextID
    /// Set inside a parallel branch.
    package let branch: BranchID?
    package let fact: Fact

    package init(time: Timestamp, session: ContextID, branch: BranchID?, fact: Fact) {
        self.time = time
        self.session = session
        self.branch = branch
        self.fact = fact
    }

    package enum Fact: Sendable {
        case pipelineStarted(PipelineBeginning)
        case pipelineResumed(at: NodeID?)
        case pipelineCompleted(Duration)
        case pipelineFailed(RunFailure, Duration)
        case pipelineCancelled(reason: String, Duration)
        /// It goes on in another session.
        case pipelineRestarted(at: NodeID, Duration)
        case pipelinePaused(at: NodeID)
        case stageStarted(Attempt)
        case stageRetrying(Retry)
        /// With a status that is not FAIL.
        case stageCompleted(StageReport)
        case stageFailed(StageReport)
        case stageAborted(Attempt)
        case parallelStarted(NodeID, branches: Int)
        case branchStarted(BranchID, session: ContextID)
        case branchCompleted(BranchID, Outcome)
        case parallelCompleted(NodeID, good: Int, bad: Int, Duration)
        /// Of the manager loop at this node, once its child has a context.
        case childStarted(NodeID, session: ContextID)
        case childObserved(NodeID, ChildCycle)
        case childSteered(NodeID, String)
        case childDismissed(NodeID, reason: String)
        /// The session was told something from outside.
        case instructed(Instruction)
        case interviewStarted(Question)
        case interviewCompleted(Interaction)
        case interviewTimedOut(Question)
        case checkpointSaved(NodeID?, next: NodeID?)
        case tool(ToolExecution)
        case agent(AgentTurn)
        /// A line of the answer that the model of a node is writing.
        case modelSaid(NodeID, String)
        case note(String)
        /// What a program has written last, told now and then if somebody wants to see it.
        case output(NodeID, [String])
        /// The store does not answer; the run waits.
        case storeUnreachable(String)
    }
}

/// How a run began, for people.
package struct PipelineBeginning: Sendable, Hashable {
    package let name: String
    package let goal: String
    package let displayID: DisplayID
    package let file: String
    package let hash: String

    package init(name: String, goal: String, displayID: DisplayID, file: String, hash: String) {
        self.name = name
        self.goal = goal
        self.displayID = displayID
        self.file = file
        self.hash = hash
    }
}

/// What a node came to.
package struct StageReport: Sendable {
    package let attempt: Attempt
    package let outcome: Outcome
    package let duration: Duration
    package let prompt: String?
    package let response: String?

    package init(attempt: Attempt, outcome: Outcome, duration: Duration, prompt: String?, response: String?) {
        self.attempt = attempt
        self.outcome = outcome
        self.duration = duration
        self.prompt = prompt
        self.response = response
    }
}

/// Watches runs. What it throws is nobody's concern but its own; while it works, the run waits.
package protocol RunObserver: Sendable {
    func observe(_ event: RunEvent) throws

    /// Who watches the child of a manager loop in the place of this one; `nil` for nobody. The session has begun when
    /// `displayID` is set.
    func ofChild(exit: NodeID?, displayID: DisplayID?) -> (any RunObserver)?
}

extension RunObserver {
    package func ofChild(exit: NodeID?, displayID: DisplayID?) -> (any RunObserver)? { nil }
}
