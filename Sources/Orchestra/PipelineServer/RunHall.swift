import PipelineRuntime
import Synchronization
import TurnModel

/// The runs of this process: at most so many at once, and none that begins after the request to stop.
///
/// Each has a task in `work`; all write into the one store, whose thread makes one commit of what waits.
final class RunHall: Sendable {
    private struct State {
        /// Runs, and those that are about to be.
        var count = 0
        var atWork: [DisplayID: SessionRun] = [:]
        var isClosed = false
    }

    private let runsMax: Int
    private let state = Mutex(State())
    private let pieces: AsyncStream<@Sendable () async -> Void>
    private let source: AsyncStream<@Sendable () async -> Void>.Continuation

    init(runsMax: Int) {
        self.runsMax = runsMax
        // Nobody yields without a place, so no more than `runsMax` are in here.
        (self.pieces, self.source) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    var isClosed: Bool { self.state.withLock { $0.isClosed } }
    var count: Int { self.state.withLock { $0.count } }

    /// Works until `close`, and until the last run has come to a boundary.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await piece in self.pieces { group.addTask { await piece() } }
        }
    }

    /// Takes a place, which `leave` gives back, also by `play`.
    func enter() throws(Problem) {
        let problem = self.state.withLock { state -> Problem? in
            if state.isClosed { return .draining }
            guard state.count < self.runsMax else {
                return Problem(
                    .tooManyRuns, 503, "\(state.count) runs are at work, and no more are allowed", hint: "try later")
            }
            state.count += 1
            return nil
        }
        if let problem { throw problem }
    }

    func leave() { self.state.withLock { $0.count -= 1 } }

    /// Plays `run` to its end, a pause, or a stop, and the sessions that it goes on in; its place is taken already.
    func play(_ run: SessionRun, in sessions: Sessions, herald: Herald) {
        let piece: @Sendable () async -> Void = {
            var current: SessionRun? = run
            while let run = current {
                self.note(run)
                let report = await run.run()
                self.forget(run)
                herald.end(report)
                // Also when nothing may begin any more: a session that nobody has begun, nobody would go on with.
                current = try? await sessions.successor(of: run, after: report)
            }
            self.leave()
        }
        guard case .terminated = self.source.yield(piece) else { return }
        self.leave()
        herald.end(nil)
    }

    private func note(_ run: SessionRun) {
        let mustPause = self.state.withLock { state in
            state.atWork[run.story.displayID] = run
            return state.isClosed
        }
        if mustPause { run.requestDrain() }
    }

    private func forget(_ run: SessionRun) {
        _ = self.state.withLock { $0.atWork.removeValue(forKey: run.story.displayID) }
    }

    /// Lets nothing begin any more, and asks what is at work to pause at its next boundary.
    func close() {
        let runs = self.state.withLock { state in
            state.isClosed = true
            return Array(state.atWork.values)
        }
        self.source.finish()
        for run in runs { run.requestDrain() }
    }

    /// Stops the nodes at work too.
    func abort() {
        for run in self.state.withLock({ Array($0.atWork.values) }) { run.abort() }
    }
}

extension Problem {
    static let draining = Self(.draining, 503, "the server is stopping", hint: "try again when it is there again")
}

/// Tells who asked for a run that it is on record.
final class Herald: RunObserver {
    private enum State {
        case silent
        case waiting(CheckedContinuation<ContextID?, Never>)
        case told(ContextID?)
    }

    private let state = Mutex(State.silent)

    func observe(_ event: RunEvent) { self.tell(event.session) }

    /// The run is over, whether or not it was ever on record.
    func end(_ report: RunReport?) { self.tell(report?.session) }

    private func tell(_ context: ContextID?) {
        let waiting = self.state.withLock { state -> CheckedContinuation<ContextID?, Never>? in
            if case .told = state { return nil }
            defer { state = .told(context) }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume(returning: context)
    }

    /// The session, once something of it is on disk; `nil` when it ended without. One caller. It ends with the run.
    func begun() async -> ContextID? {
        await withCheckedContinuation { continuation in
            let told = self.state.withLock { state -> ContextID?? in
                if case .told(let context) = state { return .some(context) }
                state = .waiting(continuation)
                return nil
            }
            if let told { continuation.resume(returning: told) }
        }
    }
}
