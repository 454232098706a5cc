import Dispatch
import DurableFiles
package import PipelineCore
import Synchronization
package import TurnModel
import Vocabulary

/// Keeps `manifest.json` and `checkpoint.json` of every run it is told about.
///
/// A checkpoint is written behind the run, the newest only, so that a fast run does not wait for files that nothing
/// depends on; the last one is there when the run is over.
package final class RunDirectoryKeeper: RunObserver {
    private let parent: String
    private let exit: NodeID?
    private let queue = DispatchQueue(label: "orchestra.run-directory")
    private let state = Mutex(State())

    private struct State {
        var directory: RunDirectory?
        var newest: CheckpointFile?
        var isWriting = false
    }

    /// `parent` holds the directories of all runs; `exit` is the end of the pipeline; `displayID` is of a session that
    /// has begun already.
    package init(in parent: String, exit: NodeID?, displayID: DisplayID? = nil) {
        self.parent = parent
        self.exit = exit
        self.state.withLock { $0.directory = displayID.map { RunDirectory(in: parent, of: $0) } }
    }

    package func ofChild(exit: NodeID?, displayID: DisplayID?) -> (any RunObserver)? {
        RunDirectoryKeeper(in: self.parent, exit: exit, displayID: displayID)
    }

    package func observe(_ event: RunEvent) throws {
        guard event.branch == nil else { return }
        switch event.fact {
        case .pipelineStarted(let beginning):
            let directory = RunDirectory(in: self.parent, of: beginning.displayID)
            try directory.begin(RunManifest(beginning, session: event.session, at: event.time))
            self.state.withLock { $0.directory = directory }
        case .checkpointSaved(let node, let next): self.save(node, next: next, "running", at: event.time)
        case .pipelineCompleted: self.finish(self.exit, "completed", at: event.time)
        case .pipelineFailed: self.finish(nil, "failed", at: event.time)
        case .pipelineCancelled: self.finish(nil, "cancelled", at: event.time)
        case .pipelineRestarted: self.finish(nil, "restarted", at: event.time)
        case .pipelinePaused(let node):
            self.save(self.state.withLock { $0.newest?.currentNode }, next: node, "paused", at: event.time)
            self.queue.sync {}
        default: break
        }
    }

    private func finish(_ node: NodeID?, _ status: String, at time: Timestamp) {
        self.save(node ?? self.state.withLock { $0.newest?.currentNode }, next: nil, status, at: time)
        self.queue.sync {}
    }

    private func save(_ node: NodeID?, next: NodeID?, _ status: String, at time: Timestamp) {
        let mustStart = self.state.withLock { state in
            state.newest = CheckpointFile(currentNode: node, nextNode: next, status: status, savedAt: time)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { self.queue.async { self.writeNewest() } }
    }

    private func writeNewest() {
        let (directory, newest) = self.state.withLock { state in
            state.isWriting = false
            return (state.directory, state.newest)
        }
        guard let directory, let newest else { return }
        try? directory.write(newest)  // for people; the record of the run is elsewhere
    }
}
