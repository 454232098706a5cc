import Foundation
import PipelineCore
import PipelineTurns
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

/// The decisions of the specification on sessions, D14 to D26 (spec/orchestra.md §0); those on the engine are in
/// PipelineCoreTests and PipelineLintTests, D17 in OrchestraProgramTests.
@Suite(.timeLimit(.minutes(15)))
struct SessionDecisionTests {
    /// A session whose store died after so many writes.
    private func crashed(after writes: Int, on stage: Stage) async throws -> SessionRow {
        let store = MortalStore(stage.store, dyingAt: writes, .after)
        _ = await (try await stage.sessions(store).begin(stage.source)).run()
        return try await stage.row()
    }

    @Test func `D14 a session that crashed is interrupted, one that was stopped is paused`() async throws {
        let crashed = try Stage(Pipelines.three)
        _ = try await self.crashed(after: 3, on: crashed)
        #expect(try await crashed.status() == .interrupted)

        let paused = try Stage(Pipelines.three)
        let run = try await paused.sessions().begin(paused.source)
        run.requestPause()
        _ = await run.run()
        #expect(try await paused.status() == .paused)
    }

    @Test func `D15 the display id is looked up first, and never reads as a context id`() async throws {
        let stage = try Stage(Pipelines.three)
        for _ in 0..<30 { _ = await (try await stage.sessions().begin(stage.source)).run() }
        for row in try await stage.store.sessions(SessionQuery()) {
            let letters = row.displayID.description.filter(\.isLetter)
            #expect(!letters.isEmpty)
            #expect(try await stage.sessions().find(row.displayID.description).context.id == row.context.id)
            #expect(try await stage.sessions().find("\(row.context.id)").displayID == row.displayID)
        }
    }

    @Test func `D16 a replay forks the history, in place and at any checkpoint`() async throws {
        let stage = try Stage(Pipelines.three)
        let first = await (try await stage.sessions().begin(stage.source)).run()
        let origin = try await stage.turns(of: try #require(first.session))
        let checkpoint = try #require(origin.first { $0.type.id == CheckpointTurn.typeID })
        let row = try await stage.row(first.displayID)
        let fork = await (try await stage.sessions().replay(row, at: checkpoint.id)).run()
        let shared = origin.prefix { $0.id <= checkpoint.id }
        let forked = try await stage.turns(of: try #require(fork.session))
        #expect(Array(forked.prefix(shared.count)) == Array(shared), "the same turns, not copies of them")
    }

    @Test func `D18 a modified file is refused, and the stored text of the run goes on`() async throws {
        let stage = try Stage(Pipelines.three)
        let row = try await self.crashed(after: 3, on: stage)
        var kit = stage.kit()
        kit.world.read = { _ in Array("digraph other { }".utf8) }
        let sessions = stage.sessions(nil, kit)
        let refusal = await #expect(throws: SessionRefusal.self) { try await sessions.resume(row) }
        #expect(refusal?.description.contains("modified") == true)
        var options = ResumeOptions()
        options.usesStoredGraph = true
        #expect(await (try await sessions.resume(row, options)).run().ending == .ended(.completed))
    }

    @Test func `D26 a session is in the one file of its store, and nowhere else`() async throws {
        let stage = try Stage(Pipelines.three)
        let row = try await self.crashed(after: 3, on: stage)
        let done = stage.crew.nodes
        stage.store.close()
        let elsewhere = try ScratchFolder()
        let copy = elsewhere.file("copy.sqlite")
        let files = FileManager.default
        for suffix in ["", "-wal"] where files.fileExists(atPath: stage.folder.file("turns.sqlite\(suffix)")) {
            try files.copyItem(atPath: stage.folder.file("turns.sqlite\(suffix)"), toPath: copy + suffix)
        }
        let store = try SQLiteTurnStore.open(copy)
        defer { store.close() }
        stage.crew.forget()
        let sessions = stage.sessions(store)
        let run = try await sessions.resume(try await sessions.find(row.displayID.description))
        #expect(await run.run().ending == .ended(.completed))
        #expect(stage.crew.nodes.last == "c")
        #expect(!done.isEmpty && stage.crew.nodes.count < 3, "what is on record is not done again")
    }
}
