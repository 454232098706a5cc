package import PipelineCore
package import PipelineTurns
package import TurnModel

/// Does the work of the nodes of one type.
package protocol NodeHandler: Sendable {
    /// Makes one attempt, and says what it came to; `nil` when nothing wrote a status.
    ///
    /// The record of the attempt is on disk before this is called. It may be called again with the same key after a
    /// crash. When its task is cancelled it must bring the work to an end within `call.grace` and return; what it
    /// returns then counts only if it is good. It throws nothing: what goes wrong is an outcome.
    ///
    /// It begins on the thread of the run, which hears nothing before it waits: what blocks belongs on another thread.
    func run(_ call: HandlerCall) async -> Outcome?

    /// Who does the work in the child of a manager loop.
    var ofChild: any NodeHandler { get }
}

extension NodeHandler {
    package var ofChild: any NodeHandler { self }
}

/// What a handler is given for one attempt.
package struct HandlerCall: Sendable {
    /// With the key, the visit and the number, which are the same after a crash.
    package let attempt: Attempt
    package let node: PipelineNode
    package let graph: PipelineGraph
    /// As the node sees it: a copy.
    package let context: PipelineContext
    /// Put together for who asks, for only models need it.
    package var briefing: Briefing { self.brief() }
    private let brief: @Sendable () -> Briefing
    /// For a branch, that of the branch.
    package let session: ContextID
    /// Of the run as a whole, as people know it.
    package let displayID: DisplayID
    /// Set inside a parallel branch.
    package let branch: BranchID?
    package let place: HandlerPlace
    /// Takes what is worth telling while the attempt goes on; it never waits.
    package let report: @Sendable (HandlerReport) -> Void

    package init(
        attempt: Attempt, node: PipelineNode, graph: PipelineGraph, context: PipelineContext,
        briefing: @escaping @autoclosure @Sendable () -> Briefing, session: ContextID, displayID: DisplayID,
        branch: BranchID? = nil, place: HandlerPlace,
        report: @escaping @Sendable (HandlerReport) -> Void = { _ in }
    ) {
        self.attempt = attempt
        self.node = node
        self.graph = graph
        self.context = context
        self.brief = briefing
        self.session = session
        self.displayID = displayID
        self.branch = branch
        self.place = place
        self.report = report
    }

    /// After which the attempt must have ended; `nil` for no limit.
    package var timeout: Duration? { self.node.timeout }

    /// Given to the environment of every process that is started, over that of this one: `place.environment`, and
    /// `ORCHESTRA_ATTEMPT_KEY`, by which an effect outside can be done once.
    package var environment: [String: String] {
        self.place.environment.merging([
            "ORCHESTRA_ATTEMPT_KEY": self.attempt.key.text, "ORCHESTRA_SESSION": self.displayID.description,
            "ORCHESTRA_NODE": self.attempt.node.text,
        ]) { _, new in new }
    }
}

/// Where handlers work, the same for a whole run.
package struct HandlerPlace: Sendable {
    /// Absolute.
    package var workingDirectory: String
    /// Where files about the run are left for people; `nil` for nowhere.
    package var runDirectory: String?
    package var environment: [String: String]
    /// Keeps the commands of the run apart from those of its earlier runners; with the run directory.
    var commands: CommandLock?
    /// From a request to stop until force is used.
    package var grace: Duration
    /// How often the newest output of programs is told, as long as they run; `nil` for never.
    package var outputPause: Duration?

    package init(
        workingDirectory: String, runDirectory: String? = nil, environment: [String: String] = [:],
        grace: Duration = .seconds(5)
    ) {
        self.workingDirectory = workingDirectory
        self.runDirectory = runDirectory
        self.environment = environment
        self.grace = grace
    }
}

/// What a handler tells about an attempt. It is recorded with the result of the attempt, and before that only shown.
package enum HandlerReport: Sendable {
    case prompt(String)
    case response(String)
    case tool(ToolExecution)
    case agent(AgentTurn)
    case worktree(WorktreeEvent)
    /// A line of the answer that a model is writing; not recorded, for it may have to begin again.
    case saying(String)
    /// One line for a person; not recorded.
    case note(String)
    /// The newest lines that a program wrote; shown and not recorded.
    case output([String])
}
