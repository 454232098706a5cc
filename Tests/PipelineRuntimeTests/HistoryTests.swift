import PipelineCore
import PipelineTurns
import Synchronization
import Testing
import TurnModel
import Vocabulary

@testable import PipelineRuntime

/// Sessions that have gone on for long cost no more than young ones.
@Suite(.timeLimit(.minutes(15)))
struct HistoryTests {
    private static let loop = """
        digraph loop {
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [prompt="one"]; b [prompt="two"]; c [prompt="three"]
            start -> a -> b -> c -> a
            c -> exit [condition="outcome=fail"]
        }
        """

    /// Asks for a pause when so many checkpoints are on record.
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

    /// Bytes of turns that were read.
    private struct Cost {
        let status: Int
        let resume: Int
        let replay: Int
        let turns: Int
    }

    /// What is done with a paused session after so many nodes.
    private func cost(ofNodes count: Int) async throws -> Cost {
        let stage = try Stage(Self.loop)
        let watch = Watch(checkpoints: count)
        var kit = stage.kit()
        kit.isSimulated = true
        kit.observers = [watch]
        let run = try await stage.sessions(nil, kit).begin(stage.source)
        watch.attach(run)
        _ = await run.run()
        #expect(try await stage.status() == .paused)
        kit.observers = []

        func bytes(_ body: (Sessions, SessionRow) async throws -> Void) async throws -> Int {
            let store = MortalStore(stage.store)
            try await body(stage.sessions(store, kit), try await stage.row())
            return store.bytesRead
        }
        let row = try await stage.row()
        let turns = try await stage.turns(of: row.context.id)
        let middle = try #require(turns[..<(turns.count / 2)].last { $0.type.id == CheckpointTurn.typeID })
        return Cost(
            status: try await bytes { sessions, row in _ = try sessions.summary(of: row) },
            resume: try await bytes { sessions, row in _ = try await sessions.resume(row) },
            replay: try await bytes { sessions, row in _ = try await sessions.replay(row, at: middle.id) },
            turns: turns.count)
    }

    @Test func `status, resume and replay read no more of a long history`() async throws {
        let young = try await self.cost(ofNodes: 600)
        let old = try await self.cost(ofNodes: 3_000)
        #expect(old.turns > young.turns * 4)
        #expect(old.status <= young.status)
        #expect(old.resume <= young.resume * 2, "\(young) \(old)")
        #expect(old.replay <= young.replay * 2, "\(young) \(old)")
    }

    /// Bytes of turns read for a resume of a run of twelve nodes, in each of which an agent said so much.
    private func cost(ofTalk count: Int) async throws -> Int {
        let names = (1...12).map { "n\($0)" }.joined(separator: " -> ")
        let stage = try Stage(
            """
            digraph talk {
                start [shape=Mdiamond]; exit [shape=Msquare]; node [type=work]; start -> \(names) -> exit
            }
            """)
        // So big that the checkpoints behind it are small beside it.
        let big = JSONValue.string(String(repeating: "x", count: 100_000))
        let run = Mutex<SessionRun?>(nil)
        stage.crew.act { call in
            for number in 1...count { call.report(.agent(AgentTurn(number: UInt64(number), node: call.node.id.text))) }
            if call.node.id == "n11" { run.withLock { $0 }?.requestPause() }
            return Outcome(.success, contextUpdates: call.node.id == "n1" ? ["big": big] : ["n": 1])
        }
        let session = try await stage.sessions().begin(stage.source)
        run.withLock { $0 = session }
        stage.crew.forget()
        _ = await session.run()
        let store = MortalStore(stage.store)
        let row = try await stage.row()
        #expect(Int(row.context.headDepth) > 11 * count)
        _ = try await stage.sessions(store).resume(row)
        return store.bytesRead
    }

    @Test func `what agents said before the last checkpoint is passed over`() async throws {
        let little = try await self.cost(ofTalk: 60)
        let much = try await self.cost(ofTalk: 600)
        #expect(much < little * 3 / 2, "\(little) bytes, then \(much)")
    }
}
