import Foundation
import PipelineRuntime
import PipelineServer
import Testing
import TurnModel
import TurnStoreSQLite

/// What the next server makes of what one has left.
@Suite(.timeLimit(.minutes(15)))
struct ResumingTests {
    @Test func `what a server paused when it ended goes on by itself with the next, and nothing else does`()
        async throws
    {
        let folder = Stage.newFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var (drained, paused, cancelled) = ("", "", "")
        try await Stage.run(in: folder) { stage in
            drained = try await stage.begin(Pipelines.gate)
            paused = try await stage.begin(Pipelines.gate)
            cancelled = try await stage.begin(Pipelines.gate)
            for id in [drained, paused, cancelled] { try await stage.wait(id, for: "waiting") }
            #expect(try await stage.post("/pipelines/\(paused)/pause").status == 202)
            try await stage.wait(paused, for: "paused")
        }
        try await Stage.run(in: folder, { $0.resumes = false }) { stage in
            for id in [drained, paused, cancelled] { try await stage.wait(id, for: "paused") }
            #expect(try await stage.post("/pipelines/\(cancelled)/cancel").status == 200)
        }
        // The first has been left by a server that went on with nothing, and is still to be gone on with.
        try await Stage.run(in: folder) { stage in
            try await stage.wait(drained, for: "waiting")
            #expect(try await stage.get("/pipelines/\(paused)")["status"] == "paused")
            #expect(try await stage.get("/pipelines/\(cancelled)")["status"] == "cancelled")
            #expect(try await stage.post("/answer", #"{"id": "\#(drained)", "answer": "y"}"#).status == 200)
            try await stage.wait(drained, for: "completed")
        }
    }

    @Test func `what does not fit in at once goes on when there is a place`() async throws {
        let folder = Stage.newFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var ids: [String] = []
        try await Stage.run(in: folder) { stage in
            for _ in 0..<3 { ids.append(try await stage.begin(Pipelines.gate)) }
            for id in ids { try await stage.wait(id, for: "waiting") }
        }
        try await Stage.run(in: folder, { $0.runsMax = 1 }) { stage in
            for id in ids {
                try await stage.wait(id, for: "waiting")
                #expect(try await stage.post("/answer", #"{"id": "\#(id)", "answer": "y"}"#).status == 200)
                try await stage.wait(id, for: "completed")
            }
        }
    }

    @Test func `a stream goes on with the session after a restart, and names it`() async throws {
        try await Stage.run { stage in
            let id = try await stage.begin(Pipelines.again)
            let events = try await stage.events(id)
            let names = events.map(\.name)
            let place = try #require(names.firstIndex(of: "successor"), "\(names)")
            #expect(names[place - 1] == "pipeline_restarted" && names[place + 1] == "pipeline_started")
            #expect(names.suffix(2) == ["pipeline_completed", "ended"] && names.count { $0 == "ended" } == 1)
            let successor = try #require(try await stage.store.sessions(SessionQuery()).first)
            #expect(events[place].data.contains("\"\(successor.displayID)\"") && "\(successor.displayID)" != id)
            // Who was cut off behind the first session misses nothing; who has all is told that there is no more.
            let last = try #require(events[..<place].last { $0.id != nil }?.id)
            #expect(try await stage.events(id, since: last).map(\.name) == Array(names[place...]))
            let inside = try #require(events[(place + 2)...].first { $0.id != nil })
            let rest = try await stage.events(id, since: inside.id)
            #expect(!rest.contains { $0.name == "successor" } && rest.last?.name == "ended", "\(rest.map(\.name))")
            let all = try #require(events.last { $0.id != nil }?.id)
            #expect(try await stage.get("/pipelines/\(id)/events", headers: [("Last-Event-ID", all)]).status == 204)
        }
    }
}
