import Vocabulary

extension PipelineRun {
    /// Why a run does not do what it was told. Nothing was changed.
    package enum Refusal: Error, Sendable, Hashable {
        case alreadyStarted
        case notStarted
        case ended(RunEnd)
        case notRunning
        case running
        case noStart
        case unknownNode(NodeID)
        /// It is not the attempt at work: an answer that comes late, or twice.
        case staleAttempt(AttemptKey)
        case noSuchChoice(String, of: [String])
        case branchNotWanted(BranchID)
        case reservedVariable(String)
    }
}

extension PipelineRun.Refusal: CustomStringConvertible {
    /// One line for a person.
    package var description: String {
        switch self {
        case .alreadyStarted: "the run has started already"
        case .notStarted: "the run has not started"
        case .ended(.completed): "the run is completed"
        case .ended(.failed(let failure)): "the run has failed: \(failure.reason)"
        case .ended(.cancelled(let reason)): "the run was cancelled: \(reason)"
        case .ended(.restarted(let node)): "the run was restarted at node \(node), in another session"
        case .notRunning: "the run is paused"
        case .running: "the run is running"
        case .noStart: "the pipeline has no single start node"
        case .unknownNode(let node): "no node \(node) is in the pipeline"
        case .staleAttempt(let key): "attempt \(key) is not the one at work"
        case .noSuchChoice(let text, let keys):
            "\(text.quotedForPeople()) matches none of the choices \(keys.joined(separator: ", "))"
        case .branchNotWanted(let branch): "branch \(branch) is not to be started now"
        case .reservedVariable(let key): "variable \(key.quotedForPeople()) belongs to the engine"
        }
    }
}
