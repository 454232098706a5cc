import BenchKit
import PipelineCore
import PipelineRuntime
import Synchronization
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// What is done with sessions of long histories, against the same with a short one.
enum HistoryBench {
    private static let rounds = 9

    static func run(_ report: BenchReport, scale: Int) async throws {
        report.title("long histories")
        let stage = try Stage()
        var first: Times?
        for turns in [100, 10_000 / scale, 100_000 / scale] {
            let history = try await History(turns: turns, on: stage)
            let times = try await history.measure(rounds: Self.rounds)
            report.row("\(turns) turns", times.text)
            if let first {
                report.ratio("  status against 100 turns", times.status / first.status, atMost: 2)
                report.ratio("  resume against 100 turns", times.resume / first.resume, atMost: 2)
                report.ratio("  replay against 100 turns", times.replay / first.replay, atMost: 2)
                report.ratio("  fork against 100 turns", times.fork / first.fork, atMost: 2)
            }
            first = first ?? times
        }
    }

    /// In milliseconds, each the median.
    fileprivate struct Times {
        let status: Double
        let resume: Double
        let replay: Double
        let fork: Double

        var text: String {
            """
            status \(self.status.text(places: 2)) ms, resume \(self.resume.text(places: 2)) ms, \
            replay \(self.replay.text(places: 2)) ms, fork \(self.fork.text(places: 2)) ms
            """
        }
    }
}

/// A paused session with many turns: a loop that was stopped.
private struct History {
    let stage: Stage
    let source: PipelineSource
    let row: SessionRow

    private static let loop = """
        digraph loop {
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [prompt="one"]; b [prompt="two"]; c [prompt="three"]
            start -> a -> b -> c -> a
            c -> exit [condition="outcome=fail"]
        }
        """

    /// Asks for a pause when enough is on record.
    private final class Watch: RunObserver {
        private let state: Mutex<(left: Int, run: SessionRun?)>

        init(checkpoints: Int) { self.state = Mutex((checkpoints, nil)) }

        func attach(_ run: SessionRun) { self.state.withLock { $0.run = run } }

        func observe(_ event: RunEvent) {
            guard case .checkpointSaved = event.fact else { return }
            let run = self.state.withLock { state -> SessionRun? in
                state.left -= 1
                return state.left == 0 ? state.run : nil
            }
            run?.requestPause()
        }
    }

    init(turns: Int, on stage: Stage) async throws {
        self.stage = stage
        let simulated = stage.sessions(isSimulated: true)
        self.source = try stage.source(Self.loop, handlers: simulated.kit.handlers)
        let watch = Watch(checkpoints: turns / 3)
        var kit = simulated.kit
        kit.observers = [watch]
        let sessions = Sessions(store: stage.store, kit: kit)
        let run = try await sessions.begin(self.source)
        watch.attach(run)
        let report = await run.run()
        guard case .paused = report.ending else { throw BenchError(report.message) }
        self.row = try await sessions.find(report.displayID.description)
        let count = try sessions.summary(of: self.row).turnCount
        guard count >= turns, count < turns * 2 + 1_000 else { throw BenchError("the history has \(count) turns") }
    }

    func measure(rounds: Int) async throws -> HistoryBench.Times {
        var times = (status: [Double](), resume: [Double](), replay: [Double](), fork: [Double]())
        let middle = try await self.checkpoint()
        for _ in 0..<rounds {
            let sessions = self.stage.sessions()
            times.status.append(
                try await Self.time {
                    _ = try sessions.summary(of: try await sessions.find(self.row.displayID.description))
                })
            times.fork.append(try await Self.time { _ = try await self.stage.store.createContext(base: middle) })
            times.resume.append(
                try await self.first { sessions in
                    try await sessions.resume(try await sessions.find(self.row.displayID.description))
                })
            times.replay.append(
                try await self.first { sessions in
                    try await sessions.replay(
                        try await sessions.find(self.row.displayID.description), at: middle)
                })
        }
        return HistoryBench.Times(
            status: times.status.median, resume: times.resume.median, replay: times.replay.median,
            fork: times.fork.median)
    }

    private static func time(_ body: () async throws -> Void) async throws -> Double {
        let begin = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - begin).inSeconds * 1_000
    }

    /// A checkpoint in the middle of the history.
    private func checkpoint() async throws -> TurnID {
        guard let head = self.row.context.head else { throw BenchError("the history is empty") }
        var depth = self.row.context.headDepth / 2
        while true {
            guard let id = try await self.stage.store.ancestor(of: head, atDepth: depth) else {
                throw BenchError("there is no turn at depth \(depth)")
            }
            let turn = try await self.stage.store.turn(id, withPayload: false)
            if turn.type.id.hasSuffix("Checkpoint") { return id }
            depth -= 1
        }
    }

    /// Notes when it is called.
    private struct Finish: NodeHandler {
        let time: @Sendable () -> Void

        func run(_ call: HandlerCall) async -> Outcome? {
            self.time()
            return Outcome(.success)
        }
    }

    /// How long it takes from `begin` to the first node; the run is then paused.
    private func first(_ begin: (Sessions) async throws -> SessionRun) async throws -> Double {
        let start = ContinuousClock.now
        let state = Mutex((time: nil as Duration?, run: nil as SessionRun?))
        let sessions = self.stage.sessions(
            Finish {
                let run = state.withLock { state in
                    state.time = state.time ?? ContinuousClock.now - start
                    return state.run
                }
                run?.requestPause()
            })
        let run = try await begin(sessions)
        state.withLock { $0.run = run }
        let report = await run.run()
        guard let time = state.withLock({ $0.time }) else { throw BenchError("no node was run: \(report.message)") }
        return time.inSeconds * 1_000
    }
}
