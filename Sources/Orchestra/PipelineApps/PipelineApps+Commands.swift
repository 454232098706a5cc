import PipelineCore
package import PipelineRuntime
import Synchronization
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

// What ancestors ask for, and the end.

extension PipelineApps {
    /// The run to which commands go. Before it plays.
    package func attach(_ run: SessionRun) {
        self.state.withLock { state in
            state.control = run
            state.isCancelling = false
            state.play = nil
        }
    }

    func obey(as play: Play) {
        play.client.onCancel { [weak self] context in await self?.cancelRun(play, context) }
        play.client.on("pause") { [weak self] _ -> JSONValue in
            self?.state.withLock { $0.control }?.requestPause()
            return ["pausing": true, "resume_info": play.resumeInfo]
        }
    }

    /// A cancel of the run: at the next boundary, and by force when half of the time is over.
    private func cancelRun(_ play: Play, _ context: CancelContext) async {
        let (run, isFirst) = self.state.withLock { state in
            defer { state.isCancelling = true }
            return (state.control, !state.isCancelling)
        }
        guard isFirst, let run else { return await play.over.wait() }
        run.requestCancel(reason: context.reason ?? "cancelled by an ancestor in TRAILS")
        await withDiscardingTaskGroup { group in
            group.addTask {
                guard (try? await Task.sleep(for: context.graceRemaining * Self.patienceShare)) != nil else { return }
                run.abort()
            }
            await play.over.wait()
            group.cancelAll()
        }
    }

    /// A cancel that reaches a node: of the node alone, or of something above it, which is a cancel of the run.
    func cancel(_ stage: Stage, _ context: CancelContext) async throws {
        guard let play else { return }
        guard context.target == play.identity.node(stage, at: self.scene.now()).appID else {
            return await self.cancelRun(play, context)
        }
        guard let sign = self.state.withLock({ $0.stops[stage] }) else { throw NodeUncancellable(stage) }
        sign.stop(because: context.reason ?? "cancelled by an ancestor in TRAILS")
        await sign.hasStopped.wait()
    }

    /// Says goodbye for all apps, for some seconds at most. After the run.
    package func finish(_ report: RunReport) async {
        await self.drained()
        guard let play else { return }
        let (farewell, hasEnded) = self.cast.withLock { ($0.farewell, $0.hasEnded) }
        if !hasEnded { self.abandon(play, report) }
        play.over.open()
        play.client.leave(hasEnded ? farewell : .completed)
        // Who was heard to be away gets a moment only: what is in the spool is safe, and the rest nobody takes.
        let isAway = self.state.withLock { $0.hasSaidAway }
        let isHeard = await play.client.flush(timeout: isAway ? .seconds(1) : .seconds(5))
        let isTold = isHeard ? await play.client.ended() : false
        if !isTold {
            self.scene.notice(
                "trailsd has not taken all reports of the run; set TRAILS_SPOOL to keep such for \"trails spool flush\""
            )
        }
        let skipped = self.state.withLock { state in
            defer { state.skipped = 0 }
            state.play = nil
            return state.skipped
        }
        if skipped > 0 { self.scene.notice("\(skipped) nodes went by too fast, and are not in the tree of TRAILS") }
    }

    /// The run has stopped without a last word on record: somebody has to resume it.
    private func abandon(_ play: Play, _ report: RunReport) {
        let nodes = self.cast.withLock { cast in
            defer { cast.nodes = [:] }
            return cast.nodes.values
        }
        if case .stopped(.leaseLost) = report.ending {
            // Whoever has the run now speaks for its apps.
        } else {
            play.client.error(report.message, detail: ["resume_info": play.resumeInfo])
        }
        for client in nodes { client.leave(.other("stopped")) }
    }
}

/// Why a node is not cancelled alone.
struct NodeUncancellable: Error, CustomStringConvertible {
    let description: String

    init(_ stage: Stage) {
        self.description = "node \(stage.label) runs no program that could be stopped: cancel the run"
    }
}
