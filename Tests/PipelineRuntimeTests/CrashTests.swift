import PipelineCore
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

/// The process dies at every write of a run, before the write takes effect and after.
@Suite(.timeLimit(.minutes(10)))
struct CrashTests {
    /// Fails once at b, in its first attempt.
    private static let act: Crew.Act = { call in
        if call.node.id == "b", call.attempt.number == 1, call.branchless { return .retry("not yet") }
        return Crew.standard(call)
    }

    private func calm(_ text: String) async throws -> (writes: Int, memory: RunMemory) {
        let stage = try Stage(text)
        stage.crew.act(Self.act)
        let store = MortalStore(stage.store)
        let report = await (try await stage.sessions(store).begin(stage.source)).run()
        #expect(report.ending == .ended(.completed))
        return (store.writes, try await stage.memory(of: try await stage.row()))
    }

    private func crash(_ text: String, at write: Int, _ moment: MortalStore.Moment, like calm: RunMemory) async throws {
        let note = Comment(rawValue: "dies \(moment) write \(write)")
        let stage = try Stage(text)
        stage.crew.act(Self.act)
        let store = MortalStore(stage.store, dyingAt: write, moment)
        // Dead before anything was begun: the text of the pipeline is the first thing to be stored.
        if let run = try? await stage.sessions(store).begin(stage.source) {
            let report = await run.run()
            #expect(report.exitCode == 75, note)
        }
        guard let row = try await stage.store.sessions(SessionQuery()).last else {
            #expect(stage.crew.calls == [], "nothing is run that is not on record: \(note)")
            return
        }
        let finished = try await stage.finished()
        stage.crew.forget()
        if try await stage.status() != .completed {
            let run = try await stage.sessions().resume(row)
            #expect(await run.run().ending == .ended(.completed), note)
        }
        let again = stage.crew.calls.map(\.visitText).filter(finished.contains)
        #expect(again == [], "what is completed is not run again: \(note)")
        #expect(try await stage.memory(of: row) == calm, note)
        #expect(try await stage.status() == .completed, note)
    }

    @Test(arguments: MortalStore.Moment.allCases)
    func `a run of twelve nodes goes on after each`(moment: MortalStore.Moment) async throws {
        let calm = try await self.calm(Pipelines.twelve)
        #expect(calm.writes > 10)
        for write in 1...calm.writes {
            try await self.crash(Pipelines.twelve, at: write, moment, like: calm.memory)
        }
    }

    @Test(arguments: MortalStore.Moment.allCases)
    func `parallel branches go on after each`(moment: MortalStore.Moment) async throws {
        let calm = try await self.calm(Pipelines.parallel)
        for write in 1...calm.writes {
            try await self.crash(Pipelines.parallel, at: write, moment, like: calm.memory)
        }
    }

    @Test func `a store that is away for a moment is waited for`() async throws {
        let calm = try await self.calm(Pipelines.twelve)
        for write in 2..<calm.writes {
            for moment in MortalStore.Moment.allCases {
                let stage = try Stage(Pipelines.twelve)
                stage.crew.act(Self.act)
                var kit = stage.kit()
                kit.limits.outage = .seconds(60)
                let store = MortalStore(stage.store, dyingAt: write, moment, outage: 2)
                let report = await (try await stage.sessions(store, kit).begin(stage.source)).run()
                #expect(report.ending == .ended(.completed), "write \(write)")
                #expect(Set(stage.crew.calls).count == stage.crew.calls.count, "each attempt once")
                #expect(try await stage.memory(of: try await stage.row()) == calm.memory)
            }
        }
    }
}

extension HandlerCall {
    var branchless: Bool { self.branch == nil }
}
