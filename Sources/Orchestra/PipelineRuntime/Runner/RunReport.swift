package import PipelineCore
package import TurnModel

/// How the work of this process on a session ended.
package struct RunReport: Sendable {
    package let session: ContextID?
    package let displayID: DisplayID
    package let ending: Ending

    package enum Ending: Sendable, Hashable {
        case ended(RunEnd)
        /// `isAborted` when the attempt at work was stopped for it.
        case paused(at: NodeID, isAborted: Bool)
        case stopped(RunStop)
    }

    package init(session: ContextID?, displayID: DisplayID, ending: Ending) {
        self.session = session
        self.displayID = displayID
        self.ending = ending
    }

    /// As the program ends: 0 success or pause, 1 failure, 75 store lost, 130 aborted.
    package var exitCode: Int32 {
        switch self.ending {
        case .ended(.completed), .ended(.restarted): 0
        case .ended(.failed), .ended(.cancelled): 1
        case .paused(_, let isAborted): isAborted ? 130 : 0
        case .stopped(.storeLost): 75
        case .stopped: 1
        }
    }

    /// One line for a person.
    package var message: String {
        switch self.ending {
        case .ended(.completed): "session \(self.displayID) is completed"
        case .ended(.restarted(let node)):
            "session \(self.displayID) ended at a loop_restart edge: a new session begins at node \(node)"
        case .ended(.failed(let failure)): "session \(self.displayID) has failed: \(failure.reason)"
        case .ended(.cancelled(let reason)): "session \(self.displayID) was cancelled: \(reason)"
        case .paused(let node, _):
            "the pipeline was paused by the user: session \(self.displayID) goes on at node \(node)"
        case .stopped(let stop): "session \(self.displayID): \(stop)"
        }
    }
}

/// Why a run stops without a last turn: it can be resumed.
package enum RunStop: Error, Sendable, Hashable, CustomStringConvertible {
    /// The store was away for too long.
    case storeLost(TurnFault)
    /// Another process has gone on with the session.
    case leaseLost(ContextID)
    /// The store says no, which it never should.
    case refused(TurnRefusal)
    /// The record of a branch cannot be read.
    case branch(String)

    package var description: String {
        switch self {
        case .storeLost(let fault): "the store was lost: \(fault.message)"
        case .leaseLost: "another process has gone on with the session"
        case .refused(let refusal): "the store refused: \(refusal)"
        case .branch(let what): what
        }
    }
}
