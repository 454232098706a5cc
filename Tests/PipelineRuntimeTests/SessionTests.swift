import PipelineCore
import PipelineTurns
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(15)))
struct SessionTests {
    /// Paused behind node a.
    private func paused(_ text: String = Pipelines.three) async throws -> Stage {
        let stage = try Stage(text)
        let (begun, goOn) = (Gate(), Gate())
        stage.crew.act { call in
            begun.open()
            await goOn.wait()
            return Crew.standard(call)
        }
        let run = try await stage.sessions().begin(stage.source)
        async let ending = run.run()
        await begun.wait()
        run.requestPause()
        goOn.open()
        guard case .paused = await ending.ending else { throw TurnFault(.gone, "no pause") }
        stage.crew.act { Crew.standard($0) }
        return stage
    }

    @Test func `of two that resume at once, one runs`() async throws {
        for _ in 0..<10 {
            let stage = try await self.paused()
            stage.crew.forget()
            let sessions = stage.sessions(nil, stage.kit(isDead: false))
            let row = try await stage.row()
            let runs = [try await sessions.resume(row), try await sessions.resume(row)]
            async let first = runs[0].run()
            async let second = runs[1].run()
            let endings = [await first.ending, await second.ending]
            #expect(endings.count { $0 == .ended(.completed) } == 1, "\(endings)")
            #expect(stage.crew.nodes == ["b", "c"])
        }
    }

    @Test func `one that was resumed by another meanwhile is not gone on with from an old record`() async throws {
        let stage = try await self.paused()
        let row = try await stage.row()
        let runs = [try await stage.sessions().resume(row), try await stage.sessions().resume(row)]
        #expect(await runs[0].run().ending == .ended(.completed))
        let turns = try await stage.turns(of: row.context.id)
        guard case .stopped(.leaseLost) = await runs[1].run().ending else {
            Issue.record("the second went on")
            return
        }
        #expect(stage.crew.nodes == ["a", "b", "c"])
        #expect(try await stage.turns(of: row.context.id) == turns)
    }

    @Test func `a session that is run elsewhere is refused, and taken over if one insists`() async throws {
        let stage = try Stage(Pipelines.three)
        let (begun, goOn) = (Gate(), Gate())
        stage.crew.act { call in
            begun.open()
            await goOn.wait()
            return Crew.standard(call)
        }
        let sessions = stage.sessions(nil, stage.kit(isDead: false))
        let run = try await sessions.begin(stage.source)
        async let ending = run.run()
        await begun.wait()
        let refusal = await #expect(throws: SessionRefusal.self) { try await sessions.resume(try await stage.row()) }
        #expect(refusal?.description.contains("running") == true)

        var options = ResumeOptions()
        options.takesOver = true
        let second = try await sessions.resume(try await stage.row(), options)
        stage.crew.act { Crew.standard($0) }
        #expect(await second.run().ending == .ended(.completed))
        goOn.open()
        let stopped = await ending
        #expect(stopped.ending == .stopped(.leaseLost(try #require(stopped.session))))
        #expect(stage.crew.nodes == ["a", "a", "b", "c"], "the first stops at its next write")
        #expect(try await stage.status() == .completed)
    }

    @Test func `a lost lease stops an attempt at work`() async throws {
        let stage = try Stage(Pipelines.three)
        let begun = Gate()
        stage.crew.act { call in
            begun.open()
            try? await Task.sleep(for: .seconds(60))
            return Crew.standard(call)
        }
        var kit = stage.kit()
        kit.limits.lease = .milliseconds(30)
        kit.world.sleep = { try await Task.sleep(for: $0) }
        let run = try await stage.sessions(nil, kit).begin(stage.source)
        async let ending = run.run()
        await begun.wait()
        let row = try await stage.row()
        let thief = SessionOwner(host: "h", pid: 2, bootID: "b").claim(
            token: "thief", for: .seconds(60), over: row.lease)
        _ = try await stage.store.change(leaseOf: row.context.id, .acquire(thief))
        #expect(await ending.ending == .stopped(.leaseLost(row.context.id)))
    }

    @Test func `an interrupted session is found by what people type`() async throws {
        let stage = try await self.paused()
        let sessions = stage.sessions()
        let row = try await stage.row()
        let id = row.displayID.description
        #expect(id.count == 6)
        #expect(try await sessions.find(id).context.id == row.context.id)
        #expect(try await sessions.find(String(id.prefix(4))).context.id == row.context.id)
        #expect(try await sessions.find("\(row.context.id)").displayID == row.displayID)
        for text in [String(id.prefix(3)), "nobody", "999", ""] {
            let refusal = await #expect(throws: SessionRefusal.self) { try await sessions.find(text) }
            #expect(refusal?.description.contains("session not found") == true)
        }
    }

    @Test func `a changed or missing file is refused, and the stored text is not`() async throws {
        let stage = try await self.paused()
        let row = try await stage.row()
        for (bytes, word) in [(Array("digraph x {}".utf8), "modified"), (nil, "not found")] {
            var kit = stage.kit()
            kit.world.read = { _ in bytes }
            let refusal = await #expect(throws: SessionRefusal.self) {
                try await stage.sessions(nil, kit).resume(row)
            }
            #expect(refusal?.description.contains(word) == true)
        }
        var kit = stage.kit()
        kit.world.read = { _ in nil }
        var options = ResumeOptions()
        options.usesStoredGraph = true
        #expect(await (try await stage.sessions(nil, kit).resume(row, options)).run().ending == .ended(.completed))
    }

    // MARK: - Replay

    private func checkpoints(of context: ContextID, on stage: Stage) async throws -> [TurnID] {
        try await stage.turns(of: context).filter { $0.type.id == CheckpointTurn.typeID }.map(\.id)
    }

    @Test func `a replay goes on from any checkpoint, and leaves the original as it was`() async throws {
        let stage = try Stage(Pipelines.three)
        let first = await (try await stage.sessions().begin(stage.source, variables: ["x": 1])).run()
        let origin = try #require(first.session)
        let before = try await stage.turns(of: origin)
        let checkpoints = try await self.checkpoints(of: origin, on: stage)
        #expect(checkpoints.count == 4)
        let expected: [[String]] = [["a", "b", "c"], ["b", "c"], ["c"], []]
        for (checkpoint, nodes) in zip(checkpoints, expected) {
            stage.crew.forget()
            var options = ReplayOptions()
            options.set = ["y": 2]
            let run = try await stage.sessions().replay(try await stage.row(first.displayID), at: checkpoint, options)
            let report = await run.run()
            #expect(report.ending == .ended(.completed))
            #expect(report.session != origin)
            #expect(stage.crew.nodes == nodes)
            let memory = try await stage.memory(of: try await stage.row(report.displayID))
            #expect(memory.context["y"] == 2)
            #expect(memory.context["x"] == 1)
            #expect(memory.completed.map(\.text) == ["start", "a", "b", "c"])
        }
        #expect(try await stage.turns(of: origin) == before)
        #expect(try await stage.sessions().list().count == 5)
    }

    @Test func `a fork can be paused, resumed and forked again`() async throws {
        let stage = try await self.paused()
        let row = try await stage.row()
        let checkpoint = try #require(try await self.checkpoints(of: row.context.id, on: stage).last)
        let fork = try await stage.sessions().replay(row, at: checkpoint)
        let store = MortalStore(stage.store, dyingAt: 1, .after, countsReads: false)
        let dead = try await stage.sessions(store).replay(row, at: checkpoint)
        #expect(await dead.run().exitCode == 75)
        #expect(await fork.run().ending == .ended(.completed))

        let interrupted = try await stage.row(dead.story.displayID)
        #expect(try await stage.status(dead.story.displayID) == .interrupted)
        #expect(await (try await stage.sessions().resume(interrupted)).run().ending == .ended(.completed))
        let again = try await stage.row(dead.story.displayID)
        for turn in try await self.checkpoints(of: again.context.id, on: stage) {
            let run = try await stage.sessions().replay(again, at: turn)
            #expect(run.story.origin == .init(context: again.context.id, turn: turn))
            #expect(await run.run().ending == .ended(.completed))
        }
        #expect(try await stage.status(row.displayID) == .paused)
    }

    @Test func `what cannot be replayed leaves nothing behind`() async throws {
        let stage = try await self.paused()
        let row = try await stage.row()
        let turns = try await stage.turns(of: row.context.id)
        let contexts = try await stage.store.contexts(ContextQuery()).count
        var unknown = ReplayOptions()
        unknown.from = "nowhere"
        var reserved = ReplayOptions()
        reserved.set = ["outcome": "success"]
        let checkpoint = try #require(turns.last { $0.type.id == CheckpointTurn.typeID }).id
        let tries: [(TurnID, ReplayOptions, String)] = [
            (TurnID(999), ReplayOptions(), "not found"), (turns[0].id, ReplayOptions(), "not a checkpoint"),
            (checkpoint, unknown, "not found"), (checkpoint, reserved, "belongs to the engine"),
        ]
        for (turn, options, word) in tries {
            let refusal = await #expect(throws: SessionRefusal.self) {
                try await stage.sessions().replay(row, at: turn, options)
            }
            #expect(refusal?.description.contains(word) == true, "\(word)")
        }
        #expect(try await stage.store.contexts(ContextQuery()).count == contexts)
    }

    @Test func `branches are hidden, and paused with their parent`() async throws {
        let stage = try Stage(Pipelines.parallel)
        let (begun, goOn) = (Gate(), Gate())
        stage.crew.act { call in
            if call.node.id == "b" {
                begun.open()
                await goOn.wait()
            }
            return Crew.standard(call)
        }
        let run = try await stage.sessions().begin(stage.source)
        async let ending = run.run()
        await begun.wait()
        run.requestPause()
        goOn.open()
        #expect(await ending.message.contains("paused"))
        #expect(try await stage.status() == .paused)
        #expect(try await stage.sessions().list().count == 1)
        #expect(try await stage.sessions().list(SessionQuery(includesBranches: true)).count > 1)
        stage.crew.act { Crew.standard($0) }
        #expect(await (try await stage.sessions().resume(try await stage.row())).run().ending == .ended(.completed))
        #expect(Set(stage.crew.calls).count == stage.crew.calls.count, "nothing is made twice")
        #expect(Set(stage.crew.nodes) == ["a", "b", "b2", "c", "after"])
        let memory = try await stage.memory(of: try await stage.row())
        #expect(memory.context["parallel.results"]?.object?.count == 3)
    }
}
