import Foundation
import PipelineCore
import PipelineRuntime
import PipelineServer
import Testing
import TurnModel
import Vocabulary

/// How many runs there may be, and how they end with the server.
@Suite(.timeLimit(.minutes(15)))
struct DrainTests {
    @Test func `so many run at once, and another when one of them is done`() async throws {
        try await Stage.run({ $0.runsMax = 2 }) { stage in
            let first = try await stage.begin(Pipelines.slow)
            let second = try await stage.begin(Pipelines.slow)
            let refused = try await stage.post("/pipelines", Pipelines.quick)
            #expect(refused.status == 503 && refused["code"] == "too_many_runs")
            // What is no pipeline takes no place.
            #expect(try await stage.post("/pipelines", "digraph x { a -> b }").status == 422)
            try Data().write(to: stage.folder.appending(path: "go"))
            for id in [first, second] { try await stage.wait(id, for: "completed") }
            while try await stage.get("/healthz").json["runs"] != 0 { try await Task.sleep(for: .milliseconds(20)) }
            _ = try await stage.begin(Pipelines.quick)
        }
    }

    @Test func `sixty-four run at once in one store, and each comes to its end`() async throws {
        try await Stage.run { stage in
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<64 { group.addTask { try await stage.begin(Pipelines.gate) } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 64)
            for id in ids { try await stage.wait(id, for: "waiting") }
            try await withThrowingTaskGroup(of: Reply.self) { group in
                for id in ids { group.addTask { try await stage.post("/answer", #"{"id": "\#(id)", "answer": "y"}"#) } }
                for try await reply in group { #expect(reply.status == 200, "\(reply.text)") }
            }
            for id in ids { try await stage.wait(id, for: "completed") }
        }
    }

    @Test func `told to stop, it pauses its runs at their next boundary`() async throws {
        try await Stage.run(
            { $0.drainMax = .seconds(120) },
            body: { stage in
                let asking = try await stage.begin(Pipelines.gate)
                _ = try await stage.begin(Pipelines.slow)
                try await stage.wait(asking, for: "waiting")
                try await stage.waitForFile("begun")
            },
            draining: { stage in
                while let health = try? await stage.get("/healthz"), health["status"] == "ok" {
                    try await Task.sleep(for: .milliseconds(2))
                }
                try Data().write(to: stage.folder.appending(path: "go"))
            },
            after: { sessions in
                let found = try await sessions.list().sorted { $0.name < $1.name }
                // The node at work was let come to its end.
                #expect(found.map(\.name) == ["gate", "slow"] && found.map(\.nextNode) == ["ask", "b"])
                #expect(found.map(\.status) == [.paused, .paused])
            })
    }

    @Test func `a node that does not come to its end in time is stopped, and made again later`() async throws {
        try await Stage.run(
            { $0.drainMax = .milliseconds(100) },
            body: { stage in
                _ = try await stage.begin(Pipelines.slow)
                try await stage.waitForFile("begun")
            },
            after: { sessions in
                let found = try await sessions.list()
                #expect(found.map(\.status) == [.paused] && found.first?.nextNode == "a")
            })
    }
}
