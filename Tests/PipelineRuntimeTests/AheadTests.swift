import PipelineCore
import Synchronization
import Testing
import TurnModel
import Vocabulary

@testable import PipelineRuntime

/// How far a run may be ahead of the disk, and what a node costs there.
@Suite(.timeLimit(.minutes(10)))
struct AheadTests {
    /// Opens when it was called so often.
    private final class Tally: Sendable {
        private let state: Mutex<(count: Int, wanted: Int)>
        let gate = Gate()

        init(wanted: Int) { self.state = Mutex((0, wanted)) }

        var count: Int { self.state.withLock { $0.count } }

        func add() {
            let isReached = self.state.withLock { state in
                state.count += 1
                return state.count == state.wanted
            }
            if isReached { self.gate.open() }
        }
    }

    private func line(_ count: Int, _ attributes: String) -> String {
        let names = (1...count).map { "n\($0)" }.joined(separator: " -> ")
        return """
            digraph line {
                start [shape=Mdiamond]; exit [shape=Msquare]; node [\(attributes)]; start -> \(names) -> exit
            }
            """
    }

    @Test func `pure nodes go on while a group is on its way, as many as fit into the next`() async throws {
        let stage = try Stage(self.line(100, "shape=box"))
        var kit = stage.kit()
        kit.isSimulated = true
        kit.limits.stepsAhead = 10
        // Each attempt asks for a fraction, in case it must be made again: so they can be counted.
        let tally = Tally(wanted: 20)
        kit.world.fraction = {
            tally.add()
            return 0
        }
        let most = Mutex(0)
        let store = MortalStore(stage.store)
        store.delay { write in
            // The group of the first nodes.
            guard write == 1 else { return }
            await tally.gate.wait()
            for _ in 0..<1_000 { await Task.yield() }
            most.withLock { $0 = tally.count }
        }
        let report = await (try await stage.sessions(store, kit).begin(stage.source)).run()
        #expect(report.ending == .ended(.completed))
        #expect(most.withLock { $0 } <= 21, "no more than two groups, and the attempt at hand")
        #expect(tally.count == 101)
        #expect(stage.audience.heard.count { $0 == "checkpointSaved" } == 101)
    }

    @Test func `a node with an effect costs one write, its own beginning included`() async throws {
        let stage = try Stage(self.line(40, "type=work"))
        let store = MortalStore(stage.store)
        let report = await (try await stage.sessions(store).begin(stage.source)).run()
        #expect(report.ending == .ended(.completed))
        #expect(stage.crew.calls.count == 40)
        // The beginning of the run with that of the first node, then the end of each.
        #expect(store.writes == 41)
    }

    @Test func `a pause is honoured between two groups of pure nodes`() async throws {
        let stage = try Stage(self.line(200, "shape=box"))
        var kit = stage.kit()
        kit.isSimulated = true
        kit.limits.stepsAhead = 10
        let store = MortalStore(stage.store)
        let run = try await stage.sessions(store, kit).begin(stage.source)
        store.delay { write in
            if write == 3 { run.requestPause() }
        }
        let report = await run.run()
        guard case .paused(let node, isAborted: false) = report.ending else {
            Issue.record("it ended otherwise: \(report.message)")
            return
        }
        let memory = try await stage.memory(of: try await stage.row())
        #expect(memory.nextNode == node && memory.completedCount < 100)
        let rest = await (try await stage.sessions(nil, kit).resume(try await stage.row())).run()
        #expect(rest.ending == .ended(.completed))
        #expect(try await stage.memory(of: try await stage.row()).completedCount == 201)
    }
}
