package import Vocabulary

extension PipelineRun {
    /// What the world tells a run.
    package enum Command: Sendable {
        /// Begin, at the start node if nothing else is said.
        case start(variables: JSONObject, at: NodeID?)
        /// Go on after a restart or a pause.
        case resume
        /// A handler is done; `nil` when it wrote no status. `fraction`, in 0..<1, spreads the delay of a retry.
        case finish(AttemptKey, Outcome?, fraction: Double?)
        /// The delay before this attempt is over.
        case wake(AttemptKey)
        case answer(AttemptKey, Answer, by: String, fraction: Double?)
        /// The branch has a session, in which nothing has happened yet.
        case openBranch(AttemptKey, BranchID, session: String)
        case finishBranch(AttemptKey, BranchID, BranchResult)
        /// The branch has stopped and can be resumed.
        case pauseBranch(AttemptKey, BranchID)
        /// The child of a manager loop has a context.
        case openChild(AttemptKey, session: String)
        case observeChild(AttemptKey, ChildReport, fraction: Double?)
        /// The child cannot be begun, gone on with, or watched.
        case failChild(AttemptKey, reason: String)
        /// The time of a manager loop is over.
        case expireChild(AttemptKey)
        /// Tell the nodes at work, and those to come.
        case steer(String, by: String)
        /// Stop at the next boundary, to be resumed.
        case requestPause
        /// Stop at the next boundary, for good.
        case requestCancel(reason: String)
        /// Stop the current attempt too; without an earlier request it is a pause.
        case abort
        /// The attempt was stopped as asked and has no outcome.
        case confirmAbort(AttemptKey)
        /// What a person says about an attempt of unknown fate.
        case resolve(AttemptKey, UnknownFateVerdict)
    }
}

/// Whether an attempt of unknown fate is made again or counts as failed.
package enum UnknownFateVerdict: String, Sendable {
    case retry
    case fail
}
