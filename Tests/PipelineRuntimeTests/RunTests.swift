import PipelineCore
import PipelineTurns
import Testing
import TurnModel
import Vocabulary

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(15)))
struct RunTests {
    @Test func `a run writes what the specification counts`() async throws {
        let stage = try Stage(Pipelines.three)
        let report = await (try await stage.sessions().begin(stage.source, variables: ["name": "world", "n": 7])).run()
        #expect(report.ending == .ended(.completed))
        #expect(report.exitCode == 0)
        let row = try await stage.row()
        #expect(row.context.id == report.session)
        #expect(try await stage.turns(of: row.context.id).count == 14)
        #expect(try await stage.status() == .completed)
        #expect(stage.crew.nodes == ["a", "b", "c"])
        #expect(row.lease?.isReleased == true)
        let memory = try await stage.memory(of: row)
        #expect(memory.context["n"] == 3)
        #expect(memory.context["f"] == .double(1.5))
        #expect(stage.audience.heard.first == "pipelineStarted")
        #expect(stage.audience.heard.last == "pipelineCompleted")
    }

    @Test func `a run of pure nodes takes one commit`() async throws {
        let nodes = (1...40).map { "n\($0)" }
        let stage = try Stage(
            "digraph p { start [shape=Mdiamond]; exit [shape=Msquare]; "
                + "start -> \(nodes.joined(separator: " -> ")) -> exit }"
        )
        var kit = stage.kit()
        kit.isSimulated = true
        let store = MortalStore(stage.store)
        let report = await (try await stage.sessions(store, kit).begin(stage.source)).run()
        #expect(report.ending == .ended(.completed))
        #expect(store.writes <= 2)
        let turns = try await stage.turns(of: try #require(report.session))
        #expect(turns.count == 3 * 41 + 2)
    }

    @Test func `each node that is not pure takes one commit`() async throws {
        let stage = try Stage(Pipelines.three)
        let store = MortalStore(stage.store)
        _ = await (try await stage.sessions(store).begin(stage.source)).run()
        #expect(store.writes == 4, "the text and the start with a, then a with b, b with c, c with the end")
    }

    @Test func `an edge that restarts the loop leads into a session of its own`() async throws {
        let stage = try Stage(
            Pipelines.three.replacing(
                "c -> exit", with: "c; c -> a [loop_restart=true, condition=\"context.x=1\"]; c -> exit"))
        let sessions = stage.sessions()
        let run = try await sessions.begin(stage.source, variables: ["x": 1])
        let report = await run.run()
        #expect(report.ending == .ended(.restarted(at: "a")))
        #expect(try await stage.status() == .completed)
        let next = try #require(try await sessions.successor(of: run, after: report))
        let second = await next.run()
        #expect(second.ending == .ended(.restarted(at: "a")))
        #expect(second.session != report.session)
        #expect(try await stage.memory(of: try await stage.row(second.displayID)).context["x"] == 1)
        #expect(stage.crew.nodes == ["a", "b", "c", "a", "b", "c"])
    }

    @Test func `a pause lets the node end, and a resume goes on behind it`() async throws {
        let stage = try Stage(Pipelines.three)
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
        let report = await ending
        #expect(report.ending == .paused(at: "c", isAborted: false))
        #expect(report.exitCode == 0)
        #expect(report.message.contains("paused by the user"))
        #expect(try await stage.status() == .paused)
        let summary = try stage.sessions().summary(of: try await stage.row())
        #expect(summary.nextNode == "c")

        let second = await (try await stage.sessions().resume(try await stage.row())).run()
        #expect(second.ending == .ended(.completed))
        #expect(second.session == report.session)
        #expect(stage.crew.nodes == ["a", "b", "c"])
    }

    @Test func `an abort stops the attempt, which is made again after the resume`() async throws {
        let stage = try Stage(Pipelines.three)
        let begun = Gate()
        stage.crew.act { call in
            guard call.node.id == "b" else { return Crew.standard(call) }
            begun.open()
            try? await Task.sleep(for: .seconds(60))
            return Task.isCancelled ? .fail("stopped") : .success
        }
        let run = try await stage.sessions().begin(stage.source)
        async let ending = run.run()
        await begun.wait()
        run.abort()
        let report = await ending
        #expect(report.ending == .paused(at: "b", isAborted: true))
        #expect(report.exitCode == 130)
        stage.crew.act { Crew.standard($0) }
        #expect(await (try await stage.sessions().resume(try await stage.row())).run().ending == .ended(.completed))
        #expect(stage.crew.nodes == ["a", "b", "b", "c"])
        #expect(Set(stage.crew.calls).count == 3, "the same attempt has the same key")
    }

    @Test func `a delay before a retry is interrupted by a pause`() async throws {
        let stage = try Stage(Pipelines.twelve)
        stage.crew.act { call in
            call.node.id == "b" && call.attempt.number == 1 ? .retry("not yet") : Crew.standard(call)
        }
        var kit = stage.kit()
        let delayed = Gate()
        kit.world.sleep = { duration in
            if duration < .seconds(1) { delayed.open() }
            try await Task.sleep(for: .seconds(60))
        }
        let run = try await stage.sessions(nil, kit).begin(stage.source)
        async let ending = run.run()
        await delayed.wait()
        run.requestPause()
        #expect(await ending.ending == .paused(at: "b", isAborted: false))
        #expect(await (try await stage.sessions().resume(try await stage.row())).run().ending == .ended(.completed))
        #expect(stage.crew.nodes.prefix(4) == ["a", "b", "b", "c"])
    }

    @Test func `a failed node fails the run, and its session is not resumed`() async throws {
        let stage = try Stage(
            Pipelines.three.replacing("b -> c ->", with: "b; b -> c [condition=\"outcome=success\"]; c ->"))
        stage.crew.act { $0.node.id == "b" ? .fail("no luck", isRetryable: false) : Crew.standard($0) }
        let report = await (try await stage.sessions().begin(stage.source)).run()
        guard case .ended(.failed(let failure)) = report.ending else {
            Issue.record("\(report.ending)")
            return
        }
        #expect(failure.reason.contains("no luck"))
        #expect(report.exitCode == 1)
        #expect(try await stage.status() == .failed)
        let refusal = await #expect(throws: SessionRefusal.self) {
            try await stage.sessions().resume(try await stage.row())
        }
        #expect(refusal?.description.contains("failed") == true)
    }

    @Test func `other processes pause, answer and cancel through the store`() async throws {
        let stage = try Stage(Pipelines.gate)
        let sessions = stage.sessions(nil, stage.kit(isDead: false))
        let run = try await sessions.begin(stage.source)
        async let ending = run.run()
        var summary: SessionSummary?
        while summary?.status != .waiting {
            summary = try await sessions.list().first
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(summary?.question?.text == "Ship it?")
        let row = try await sessions.find(run.story.displayID.description)
        let wrong = try #require(try await sessions.ask(.answer("perhaps", to: nil, by: "ada"), of: row))
        let right = try #require(
            try await sessions.ask(.answer("y", to: summary?.question?.id, by: "ada"), of: row))
        #expect(await ending.ending == .ended(.completed))
        #expect(try await sessions.answer(to: wrong)?.contains("perhaps") == true)
        #expect(try await sessions.answer(to: right) == "")
        #expect(stage.crew.nodes == ["yes"])
        await #expect(throws: SessionRefusal.self) {
            try await sessions.ask(.pause, of: try await sessions.find(run.story.displayID.description))
        }
    }

    @Test func `a gate that is paused is asked again, and a cancelled session is over`() async throws {
        let stage = try Stage(Pipelines.gate)
        let sessions = stage.sessions(nil, stage.kit(isDead: false))
        let run = try await sessions.begin(stage.source)
        async let ending = run.run()
        while try await sessions.list().first?.status != .waiting { try await Task.sleep(for: .milliseconds(2)) }
        let request = try #require(try await sessions.ask(.pause, of: try await stage.row()))
        #expect(await ending.ending == .paused(at: "ask", isAborted: false))
        #expect(try await sessions.answer(to: request) == "")
        try await sessions.ask(.cancel(reason: "enough"), of: try await stage.row())
        #expect(try await stage.status() == .cancelled)
        await #expect(throws: SessionRefusal.self) { try await sessions.resume(try await stage.row()) }
    }
}
