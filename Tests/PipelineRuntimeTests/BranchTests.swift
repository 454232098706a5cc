import PipelineCore
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(15)))
struct BranchTests {
    private static let nested = """
        digraph nested {
            start [shape=Mdiamond]; exit [shape=Msquare]
            fan [shape=component]; join [shape=tripleoctagon]
            inner [shape=component]; meet [shape=tripleoctagon]
            a [type=work]; b [type=work]; c [type=work]; ask [shape=hexagon, label="Well?"]; yes [type=work]
            start -> fan; fan -> a; fan -> inner; inner -> b; inner -> ask
            b -> meet; ask -> yes [label="[Y] Yes"]; yes -> meet
            meet -> c -> join; a -> join; join -> exit
        }
        """

    /// Of each node of a drawing.
    private static func colours(_ drawing: String) -> [String: String] {
        let lines = drawing.split(separator: "\n").filter { $0.contains("fillcolor=") && !$0.contains("->") }
        let pairs = lines.compactMap { line -> (String, String)? in
            guard let colour = line.firstMatch(of: /fillcolor=(\w+)/)?.1 else { return nil }
            return (line.prefix { $0 != "[" }.trimmed, String(colour))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    @Test func `a question deep inside is answered through the session of the whole`() async throws {
        let stage = try Stage(Self.nested)
        let sessions = stage.sessions(nil, stage.kit(isDead: false))
        let run = try await sessions.begin(stage.source)
        async let ending = run.run()
        var question: SessionSummary?
        while question == nil {
            question = try await sessions.list(SessionQuery(includesBranches: true)).first { $0.status == .waiting }
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(question?.branchOf != nil)
        let refusal = await #expect(throws: SessionRefusal.self) {
            try await sessions.resume(try await sessions.find(question?.displayID.description ?? ""))
        }
        #expect(refusal?.description.contains("branch") == true)
        let row = try await stage.row(run.story.displayID)
        let during = Self.colours(try #require(try await sessions.drawing(of: row)))
        #expect(during["ask"] == "lightskyblue" && during["inner"] == "lightskyblue" && during["yes"] == nil)
        let request = try #require(
            try await sessions.ask(.answer("yes", to: question?.question?.id, by: "ada"), of: row))
        #expect(await ending.ending == .ended(.completed))
        #expect(try await sessions.answer(to: request) == "")
        let after = try #require(try await sessions.drawing(of: try await stage.row(run.story.displayID)))
        #expect(
            Self.colours(after) == [
                "start": "palegreen", "fan": "palegreen", "join": "palegreen", "inner": "palegreen",
                "meet": "palegreen",
                "a": "palegreen", "b": "palegreen", "c": "palegreen", "ask": "palegreen", "yes": "palegreen",
            ])
        #expect(Set(stage.crew.nodes) == ["a", "b", "yes", "c"])
    }

    @Test func `nested branches that were killed go on`() async throws {
        let stage = try Stage(Self.nested)
        let begun = Gate()
        let store = MortalStore(stage.store)
        stage.crew.act { call in
            guard call.node.id == "b" else { return Crew.standard(call) }
            begun.open()
            try? await Task.sleep(for: .seconds(60))
            return nil
        }
        let run = try await stage.sessions(store).begin(stage.source)
        async let ending = run.run()
        await begun.wait()
        store.die()
        // The next thing that it does not get onto the disk ends it.
        run.requestCancel(reason: "dead")
        run.abort()
        #expect(await ending.exitCode == 75)
        #expect(try await stage.status() == .interrupted)
        stage.crew.act { Crew.standard($0) }
        let sessions = stage.sessions(nil, stage.kit())
        let second = try await sessions.resume(try await stage.row())
        // An answer that comes before the question is asked again is refused.
        let answers = Task {
            while true {
                try await sessions.ask(.answer("y", to: nil, by: "ada"), of: try await stage.row())
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        #expect(await second.run().ending == .ended(.completed))
        answers.cancel()
        #expect(stage.crew.nodes.count { $0 == "a" } == 1)
    }

    @Test func `branches of a session that was taken over write nothing more`() async throws {
        let stage = try Stage(Pipelines.parallel)
        let (begun, goOn) = (Gate(), Gate())
        stage.crew.act { call in
            guard call.node.id == "b" else { return Crew.standard(call) }
            begun.open()
            await goOn.wait()
            return Crew.standard(call)
        }
        let run = try await stage.sessions().begin(stage.source)
        async let ending = run.run()
        await begun.wait()
        let row = try await stage.row(run.story.displayID)
        let heir = SessionOwner(host: "elsewhere", pid: 2, bootID: "boot")
        let claim = heir.claim(token: "heir", for: .seconds(30), over: row.lease)
        _ = try await stage.store.change(leaseOf: row.context.id, .acquire(claim))
        let finished = try await stage.finished()
        goOn.open()
        guard case .stopped(.leaseLost) = await ending.ending else {
            Issue.record("it went on")
            return
        }
        #expect(!stage.crew.nodes.contains("b2"))
        #expect(try await stage.finished().subtracting(finished).allSatisfy { !$0.contains("/b/") })
    }

    @Test func `the first success cancels the others`() async throws {
        let stage = try Stage(
            Pipelines.parallel.replacing("max_parallel=2", with: "join_policy=first_success"))
        stage.crew.act { call in
            if call.node.id == "a" || call.branch == nil { return Crew.standard(call) }
            try? await Task.sleep(for: .seconds(60))
            return .fail("stopped")
        }
        let report = await (try await stage.sessions().begin(stage.source)).run()
        #expect(report.ending == .ended(.completed))
        let branches = try await stage.sessions().list(SessionQuery(includesBranches: true))
            .filter { $0.branchOf != nil }
        #expect(branches.count { $0.status == .completed } == 1)
        #expect(branches.count { $0.status == .cancelled } == 2)
        // Nobody waits for the others: one that was begun may even be called after this, and is told to stop.
        let nodes = stage.crew.nodes
        #expect(nodes.count { $0 == "after" } == 1)
        #expect(try #require(nodes.firstIndex(of: "a")) < #require(nodes.firstIndex(of: "after")))
    }
}

@Suite(.timeLimit(.minutes(15)))
struct UnknownFateTests {
    /// Killed while node b is at work.
    private func killed() async throws -> Stage {
        let stage = try Stage(Pipelines.three)
        let begun = Gate()
        let store = MortalStore(stage.store)
        stage.crew.act { call in
            guard call.node.id == "b" else { return Crew.standard(call) }
            begun.open()
            try? await Task.sleep(for: .seconds(60))
            return nil
        }
        let run = try await stage.sessions(store).begin(stage.source)
        async let ending = run.run()
        await begun.wait()
        store.die()
        run.abort()
        #expect(await ending.exitCode == 75)
        stage.crew.act { Crew.standard($0) }
        return stage
    }

    @Test func `is retried with the same key when it is the last attempt`() async throws {
        let stage = try await self.killed()
        #expect(await (try await stage.sessions().resume(try await stage.row())).run().ending == .ended(.completed))
        #expect(stage.crew.nodes == ["a", "b", "b", "c"])
        #expect(stage.crew.calls[1] == stage.crew.calls[2])
    }

    @Test func `fails the node when that is the policy`() async throws {
        let stage = try await self.killed()
        var kit = stage.kit()
        kit.unknownFate = .fail
        _ = await (try await stage.sessions(nil, kit).resume(try await stage.row())).run()
        #expect(stage.crew.nodes == ["a", "b", "c"])
        #expect(try await stage.memory(of: try await stage.row()).status(of: "b") == .fail)
    }

    @Test func `waits for a verdict`() async throws {
        let stage = try await self.killed()
        var kit = stage.kit()
        kit.unknownFate = .ask
        let sessions = stage.sessions(nil, kit)
        try await sessions.ask(.resolve(.retry), of: try await stage.row())
        let report = await (try await sessions.resume(try await stage.row())).run()
        #expect(report.ending == .ended(.completed))
        #expect(stage.crew.nodes == ["a", "b", "b", "c"])
    }

    @Test func `is nothing to a session that is cancelled`() async throws {
        let stage = try await self.killed()
        #expect(try await stage.status() == .interrupted)
        #expect(try await stage.sessions().ask(.cancel(reason: "enough"), of: try await stage.row()) == nil)
        #expect(try await stage.status() == .cancelled)
    }
}
