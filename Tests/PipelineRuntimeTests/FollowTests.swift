import PipelineCore
import Synchronization
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

/// Following a session through its record.
@Suite(.timeLimit(.minutes(15)))
struct FollowTests {
    /// What whoever watched the run was told, as programs read it.
    private final class Witness: RunObserver {
        private let events = Mutex<[JSONObject]>([])
        var heard: [JSONObject] { self.events.withLock { $0 } }
        func observe(_ event: RunEvent) { self.events.withLock { $0.append(event.comparable) } }
    }

    private struct Followed {
        var events: [JSONObject] = []
        var turns: [TurnID] = []
        var ending: RunReport?
        var isAbandoned = false
    }

    private func follow(
        _ row: SessionRow, since: TurnID? = nil, in sessions: Sessions, max: Int = .max
    ) async throws -> Followed {
        var follower = try await SessionFollower(row, since: since, in: sessions)
        var followed = Followed()
        while followed.turns.count < max {
            switch try await follower.next() {
            case .told(let told):
                followed.turns.append(told.turn)
                followed.events += told.events.map(\.comparable)
            case .quiet: break
            case .halted(let report):
                followed.ending = report
                return followed
            case .abandoned:
                followed.isAbandoned = true
                return followed
            }
        }
        return followed
    }

    @Test(arguments: [Pipelines.three, Pipelines.twelve, Pipelines.parallel])
    func `what the record tells is what the run told`(text: String) async throws {
        let stage = try Stage(text)
        stage.crew.act { call in
            if call.node.id == "b", call.attempt.number == 1, call.node.maxRetries ?? 0 > 0 { return .retry("not yet") }
            return Crew.standard(call)
        }
        let witness = Witness()
        var kit = stage.kit()
        kit.observers = [witness]
        let sessions = stage.sessions(nil, kit)
        #expect(await (try sessions.begin(stage.source)).run().ending == .ended(.completed))
        let followed = try await self.follow(try await stage.row(), in: sessions)
        #expect(followed.ending?.ending == .ended(.completed))
        #expect(followed.turns == followed.turns.sorted())
        guard text == Pipelines.parallel else {
            #expect(followed.events == witness.heard)
            return
        }
        // Branches tell side by side: each in its own order, and nothing twice.
        #expect(followed.events.count == witness.heard.count)
        for context in Set(followed.events.compactMap { $0["context"]?.string }) {
            let own = { (events: [JSONObject]) in events.filter { $0["context"]?.string == context } }
            #expect(own(followed.events) == own(witness.heard))
        }
    }

    @Test func `whoever comes later hears the rest, and nothing twice, from any turn on`() async throws {
        let stage = try Stage(Pipelines.parallel)
        let sessions = stage.sessions()
        #expect(await (try sessions.begin(stage.source)).run().ending == .ended(.completed))
        let row = try await stage.row()
        let all = try await self.follow(row, in: sessions)
        for turn in all.turns {
            let rest = try await self.follow(row, since: turn, in: sessions)
            #expect(rest.turns == all.turns.filter { $0 > turn }, "since \(turn)")
            #expect(rest.events == Array(all.events.suffix(rest.events.count)), "since \(turn)")
            #expect(rest.ending?.ending == .ended(.completed))
        }
    }

    @Test func `one that is at work is followed to its end`() async throws {
        let stage = try Stage(Pipelines.three)
        let goOn = Gate()
        stage.crew.act { call in
            if call.node.id == "b" { await goOn.wait() }
            return Crew.standard(call)
        }
        let sessions = stage.sessions(nil, stage.kit(isDead: false))
        let run = try await sessions.begin(stage.source)
        async let ending = run.run()
        while try await stage.store.sessions(SessionQuery()).isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        var follower = try await SessionFollower(try await stage.row(), in: sessions)
        var names: [String] = []
        while names.last != "stage_started b" {
            guard case .told(let told) = try await follower.next() else { break }
            names += told.events.map { "\($0.json["event"]?.string ?? "") \($0.json["node"]?.string ?? "")" }
        }
        #expect(names.last == "stage_started b")
        goOn.open()
        var report: RunReport?
        while report == nil {
            if case .halted(let halted) = try await follower.next() { report = halted }
        }
        #expect(report?.exitCode == 0)
        #expect(await ending.ending == .ended(.completed))
    }

    @Test func `a pause ends it, and so does a session that nobody works on`() async throws {
        let stage = try Stage(Pipelines.gate)
        let sessions = stage.sessions(nil, stage.kit(isDead: false))
        let run = try await sessions.begin(stage.source)
        async let ending = run.run()
        while try await sessions.list().first?.status != .waiting { try await Task.sleep(for: .milliseconds(2)) }
        run.requestPause()
        guard case .paused = await ending.ending else { throw TurnFault(.gone, "no pause") }
        let row = try await stage.row()
        let followed = try await self.follow(row, in: sessions)
        #expect(followed.ending?.ending == .paused(at: "ask", isAborted: false))
        #expect(followed.ending?.exitCode == 0)
        #expect(followed.events.last?["event"]?.string == "pipeline_paused")

        let second = try await sessions.begin(stage.source)
        let task = Task { await second.run() }
        var waiting: SessionSummary?
        while waiting == nil { waiting = try await sessions.list().first { $0.status == .waiting } }
        // Its process is gone, as far as this one knows.
        let dead = stage.sessions(nil, stage.kit(isDead: true))
        let other = try await self.follow(try await stage.row(waiting?.displayID), in: dead)
        #expect(other.isAbandoned && other.events.last?["event"]?.string == "interview_started")
        second.requestCancel(reason: "enough")
        #expect(await task.value.exitCode == 1)
    }

    @Test func `a look tells nothing that came after it began, and the next one the rest`() async throws {
        let stage = try Stage(Pipelines.three)
        #expect(await (try stage.sessions().begin(stage.source)).run().ending == .ended(.completed))
        let row = try await stage.row()
        let ids = try await stage.turns(of: row.context.id).map(\.id)
        for horizon in ids {
            var lane = try await TurnLane(of: row.context.id, since: nil, in: stage.store)
            var read: [TurnID] = []
            try await lane.fill(from: stage.store, upTo: horizon)
            while let turn = lane.take() { read.append(turn.id) }
            #expect(read == ids.filter { $0 <= horizon })
            try await lane.fill(from: stage.store, upTo: ids[ids.count - 1])
            while let turn = lane.take() { read.append(turn.id) }
            #expect(read == ids)
        }
    }

    @Test func `a look at a store in which nothing happens is one read`() async throws {
        let stage = try Stage(Pipelines.three)
        #expect(await (try stage.sessions().begin(stage.source)).run().ending == .ended(.completed))
        let row = try await stage.row()
        var lane = try await TurnLane(of: row.context.id, since: nil, in: stage.store)
        let head = try #require(row.context.head)
        try await lane.fill(from: stage.store, upTo: head)
        var count = 0
        while lane.take() != nil { count += 1 }
        #expect(count == Int(row.context.headDepth) + 1)
        // Nothing of it can be read any more, and it does not try.
        stage.store.close()
        try await lane.fill(from: stage.store, upTo: head)
        #expect(lane.first == nil && lane.horizon == head)
    }
}

extension RunEvent {
    /// Without what two clocks say differently, and what the record of a node does not repeat.
    fileprivate var comparable: JSONObject {
        var object = self.json
        for key in ["time", "duration_ms", "context_updates"] { object[key] = nil }
        return object
    }
}
