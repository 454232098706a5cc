import PipelineCore
import TurnModel

/// What a loop hears.
enum Signal: Sendable {
    case command(PipelineRun.Command)
    case report(AttemptKey, HandlerReport)
    case answer(AttemptKey?, GivenAnswer, RequestID?)
    case request(OwnerRequest)
    case branch(BranchPlan, session: String, BranchEnding)
    /// A child is not run any more.
    case child(ChildPlan, session: String, ChildEnding)
    /// What a look at a child showed.
    case looked(ChildPlan, session: String, ChildReport)
    /// A branch has dealt with a request to its parent.
    case settle(RequestID, String)
    /// The group that was on its way is on disk.
    case landed(AppendAnswer)
    /// The store did not answer to it, and is asked again.
    case unreachable(TurnFault)
    /// The program ends.
    case drain
    case stop(RunStop)
}

/// How the loop of a branch ended.
enum BranchEnding: Sendable {
    case finished(BranchResult)
    case paused
    case stopped(RunStop)
}
