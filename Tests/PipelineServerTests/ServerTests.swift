import Foundation
import NIOCore
import NIOHTTP1
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@Suite(.timeLimit(.minutes(15)))
struct ServerTests {
    @Test func `runs a pipeline, and tells what happens, from the beginning or from any turn on`() async throws {
        try await Stage.run { stage in
            let begun = try await stage.post("/pipelines?colour=red", Pipelines.quick)
            let id = try #require(begun["id"])
            #expect(begun.status == 201 && begun.headers.first(name: "location") == "/pipelines/\(id)")
            let events = try await stage.events(id)
            #expect(events.map(\.name).first == "pipeline_started")
            #expect(events.suffix(2).map(\.name) == ["pipeline_completed", "ended"])
            #expect(events.filter { $0.name == "tool" }.map(\.data).joined().contains("hello"))
            for (place, event) in events.enumerated() {
                guard let turn = event.id, place < events.count - 2 else { continue }
                #expect(try await stage.events(id, since: turn) == Array(events[(place + 1)...]))
            }
            let last = events.compactMap(\.id).last
            let nothing = try await stage.get("/pipelines/\(id)/events", headers: [("Last-Event-ID", last ?? "")])
            #expect(nothing.status == 204 && nothing.text.isEmpty)

            let context = try await stage.get("/pipelines/\(id)/context").json["context"]
            #expect(context?["colour"] == "red" && context?["tool.output"] == "again")
            let checkpoint = try await stage.get("/pipelines/\(id)/checkpoint").json
            #expect(checkpoint["completed_nodes"] == ["start", "a", "b"] && checkpoint["next_node_id"] == "exit")
            #expect(try await stage.get("/pipelines/\(id)/graph").text.hasPrefix("<svg>digraph quick {"))
            #expect(try await stage.get("/pipelines/\(id)/graph?format=dot").text == Pipelines.quick)
            let list = try await stage.get("/status").json["pipelines"]?.array
            #expect(list?.map { $0["status"] } == ["completed"])
        }
    }

    @Test func `a stream that is open hears what happens later`() async throws {
        try await Stage.run { stage in
            let id = try await stage.begin(Pipelines.gate)
            async let events = stage.events(id)
            try await stage.wait(id, for: "waiting")
            let question = try #require(
                try await stage.get("/pipelines/\(id)/questions").json["questions"]?.array?.first)
            #expect(question["text"] == "Ship it?" && question["options"]?.array?.count == 2)
            let path = "/pipelines/\(id)/questions/\(question["id"]?.string ?? "")/answer"
            let wrong = try await stage.post(path, #"{"answer": "perhaps"}"#)
            #expect(wrong.status == 409 && wrong["code"] == "answer_refused")
            #expect(try await stage.get("/pipelines/\(id)")["status"] == "waiting")
            let right = try await stage.post(path, #"{"answer": "n", "by": "ada"}"#)
            #expect(right.status == 200 && right["status"] == "answered", "\(right.text)")
            let heard = try await events
            #expect(heard.last?.name == "ended")
            let answered = try #require(heard.first { $0.name == "interview_completed" })
            #expect(answered.data.contains(#""by":"ada""#))
            #expect(heard.contains { $0.name == "stage_completed" && $0.data.contains(#""node":"no""#) })
            #expect(try await stage.post(path, #"{"answer": "y"}"#)["code"] == "unknown_question")
        }
    }

    @Test func `questions of branches are listed, and answered one by one`() async throws {
        try await Stage.run { stage in
            let id = try await stage.begin(Pipelines.parallel)
            var questions: [JSONValue] = []
            while questions.count < 2 {
                questions = try await stage.get("/pipelines/\(id)/questions").json["questions"]?.array ?? []
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(Set(questions.compactMap { $0["node"]?.string }) == ["one", "two"])
            let several = try await stage.post("/answer", #"{"id": "\#(id)", "answer": "y"}"#)
            #expect(several.status == 409 && several["code"] == "conflict")
            for question in questions {
                let body = #"{"id": "\#(id)", "question": "\#(question["id"]?.string ?? "")", "answer": "yes"}"#
                #expect(try await stage.post("/answer", body)["status"] == "answered")
            }
            let events = try await stage.events(id)
            #expect(events.suffix(2).map(\.name) == ["pipeline_completed", "ended"])
            #expect(events.count { $0.name == "interview_completed" } == 2)
        }
    }

    @Test func `pauses, resumes, replays and cancels`() async throws {
        try await Stage.run { stage in
            let id = try await stage.begin(Pipelines.gate)
            try await stage.wait(id, for: "waiting")
            #expect(try await stage.post("/pipelines/\(id)/pause").status == 202)
            try await stage.wait(id, for: "paused")
            let twice = try await stage.post("/pipelines/\(id)/pause")
            #expect(twice.status == 409 && twice["code"] == "conflict")
            let resumed = try await stage.post("/pipelines/\(id)/resume")
            #expect(resumed.status == 201 && resumed["id"] == id, "\(resumed.text)")
            #expect(try await stage.post("/pipelines/\(id)/resume").status == 409)
            try await stage.wait(id, for: "waiting")
            #expect(try await stage.post("/answer", #"{"id": "\#(id)", "answer": "yes"}"#).status == 200)
            try await stage.wait(id, for: "completed")

            let checkpoint = try #require(try await stage.events(id).first { $0.name == "checkpoint_saved" }?.id)
            let replayed = try await stage.post(
                "/pipelines/\(id)/replay", #"{"checkpoint": \#(checkpoint), "set": {"mood": "calm"}, "from": "no"}"#)
            let fork = try #require(replayed["id"], "\(replayed.text)")
            try await stage.wait(fork, for: "completed")
            #expect(try await stage.get("/pipelines/\(fork)/context").json["context"]?["mood"] == "calm")

            let other = try await stage.begin(Pipelines.gate)
            try await stage.wait(other, for: "waiting")
            #expect(try await stage.post("/pipelines/\(other)/cancel", #"{"reason": "no time"}"#).status == 202)
            try await stage.wait(other, for: "cancelled")
            #expect(try await stage.events(other).suffix(2).first?.data.contains("no time") == true)
        }
    }

    @Test func `says in one form what is wrong with a request`() async throws {
        try await Stage.run { stage in
            let unsound = try await stage.post("/pipelines", "digraph x { a -> b }")
            #expect(unsound.status == 422 && unsound["code"] == "unsound_pipeline")
            #expect(unsound.headers.first(name: "content-type") == "application/problem+json")
            #expect(unsound.json["diagnostics"]?.array?.isEmpty == false)
            #expect(try await stage.post("/pipelines").status == 400)
            let json = [("Content-Type", "application/json")]
            for body in ["{", "[]", #"{"dot": 3}"#, #"{"dot": "digraph x {}", "variables": []}"#] {
                let reply = try await stage.call(.POST, "/pipelines", body, headers: json)
                #expect((400...422).contains(reply.status) && reply["detail"] != nil, "\(body): \(reply.text)")
            }
            for path in ["/pipelines/nobody", "/pipelines/nobody/events", "/nowhere"] {
                let reply = try await stage.get(path)
                #expect(reply.status == 404 && reply["code"] != nil, "\(path): \(reply.text)")
            }
            #expect(try await stage.post("/pipelines", String(repeating: "x", count: 5 << 20)).status == 413)
            #expect(try await stage.get("/pipelines?limit=0").status == 400)
            #expect(try await stage.store.sessions(SessionQuery()).isEmpty)
        }
    }
}
