import Foundation
import ModelClient
import PipelineCore
import PipelineTurns
import Simulator
import Synchronization
import TestKit
import Testing
import TurnModel
import Vocabulary

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(10))) struct ChatBackEndTests {
    private func backEnd(_ server: ModelServer, model: String = "small") throws -> ChatBackEnd {
        let endpoint = try ChatEndpoint(server.url, key: ModelKey("hunter22", from: "THE_KEY"))
        return ChatBackEnd(
            ModelDirectory(anyProvider: endpoint, modelDefault: model, aliases: ["smart": "large-1"]))
    }

    private func told(_ reports: borrowing Mutex<[HandlerReport]>) -> [String] {
        reports.withLock { $0.compactMap { if case .saying(let line) = $0 { line } else { nil } } }
    }

    @Test func `makes an outcome, files and a turn of an answer`() async throws {
        let reports = Mutex<[HandlerReport]>([])
        let runs = ScratchDirectory()
        try await ModelServer.run(.stream("Looks ", "good\\nverdict: ", "ship")) { server in
            let call = Scene.call(
                #"prompt="Review it", llm_model=smart, temperature=0.2, max_tokens=50, reasoning_effort=low"#,
                of: "box", runs: runs.path
            ) { report in reports.withLock { $0.append(report) } }
            let outcome = try #require(await CodergenHandler(try self.backEnd(server)).run(call))
            #expect(outcome.status == .success && outcome.notes == "Looks good\nverdict: ship")
            #expect(outcome.contextUpdates["verdict"] == "ship")
            let body = try JSONValue(parsing: try #require(server.requests.first).body)
            #expect(body["model"] == "large-1" && body["temperature"] == 0.2 && body["max_tokens"] == 50)
            #expect(body["reasoning_effort"] == "low")
            #expect(server.requests.first?.header("Idempotency-Key") == "a1b2c3/n/1/1")
        }
        #expect(self.told(reports) == ["Looks good", "verdict: ship"])
        let turns = reports.withLock { $0.compactMap { if case .agent(let turn) = $0 { turn } else { nil } } }
        let turn = try #require(turns.first)
        #expect(turn.model == "m-1" && turn.tokenUsage == ["input_tokens": 7, "output_tokens": 3])
        let messages = try JSONValue(parsing: turn.messages ?? "").array ?? []
        #expect(messages.map { $0["role"] } == ["user", "assistant"])
        #expect(messages.last?["content"] == "Looks good\nverdict: ship")
        for (file, text) in [("prompt.md", "Review it"), ("response.md", "verdict: ship")] {
            #expect(try String(contentsOfFile: "\(runs.path)/a1b2c3/n/\(file)", encoding: .utf8).hasSuffix(text))
        }
    }

    @Test func `an answer without an end is a partial success`() async throws {
        try await ModelServer.run(.stream("Once upon a", reason: "length")) { server in
            let outcome = await CodergenHandler(try self.backEnd(server)).run(Scene.call(#"prompt="x""#, of: "box"))
            #expect(outcome?.status == .partialSuccess && outcome?.notes == "Once upon a")
        }
    }

    @Test func `closes the connection when the time of the node is over`() async throws {
        try await ModelServer.run(.hanging("Hel")) { server in
            let call = Scene.call(#"prompt="x", timeout=100ms"#, of: "box")
            let outcome = await CodergenHandler(try self.backEnd(server)).run(call)
            #expect(outcome?.failureReason == "the model of node n failed: it timed out after 100 ms")
            #expect(outcome?.isRetryable == true)
            await server.closed()
        }
    }

    @Test func `closes the connection when the attempt is stopped`() async throws {
        try await ModelServer.run(.hanging("Hello\\n")) { server in
            let (heard, hear) = AsyncStream.makeStream(of: Void.self)
            let call = Scene.call(#"prompt="x""#, of: "box") { if case .saying = $0 { hear.yield() } }
            let backEnd = try self.backEnd(server)
            let work = Task { await CodergenHandler(backEnd).run(call) }
            for await _ in heard { break }
            work.cancel()
            await server.closed()
            #expect(await work.value?.failureReason == "node n was stopped on request")
        }
    }

    @Test(arguments: [
        (ModelServer.Reply(status: "401 No", type: "text/plain", "bad key hunter22"), false),
        (.init(status: "500 No", type: "text/plain", "crashed with hunter22"), true),
    ])
    func `fails with a reason, less the key`(reply: ModelServer.Reply, isRetryable: Bool) async throws {
        try await ModelServer.run(reply) { server in
            let outcome = await CodergenHandler(try self.backEnd(server)).run(Scene.call(#"prompt="x""#, of: "box"))
            #expect(outcome?.status == .fail && outcome?.isRetryable == isRetryable)
            #expect(outcome?.failureReason.contains("with [redacted]") == true || !isRetryable)
            #expect(outcome?.failureReason.contains("hunter22") == false)
        }
    }

    @Test func `keeps the key out of an answer that repeats it`() async throws {
        try await ModelServer.run(.stream("you sent hun", "ter22, ghp_0123456789abcdef")) { server in
            let reports = Mutex<[HandlerReport]>([])
            let call = Scene.call(#"prompt="x""#, of: "box") { report in reports.withLock { $0.append(report) } }
            let outcome = await CodergenHandler(try self.backEnd(server)).run(call)
            #expect(outcome?.notes == "you sent [redacted], ghp_0123456789abcdef")
            #expect(!reports.withLock { "\($0)" }.contains("hunter22"))
        }
    }

    @Test func `goes on in the conversation of a thread`() async throws {
        try await ModelServer.run(.stream("One"), .stream("Two")) { server in
            let backEnd = try self.backEnd(server)
            for prompt in ["first", "second"] {
                let call = Scene.call(#"prompt="\#(prompt)", fidelity=full, thread_id=t"#, of: "box")
                _ = await CodergenHandler(backEnd).run(call)
            }
            let bodies = try server.requests.map { try JSONValue(parsing: $0.body)["messages"]?.array ?? [] }
            #expect(bodies.map { $0.compactMap { $0["content"]?.string } } == [["first"], ["first", "One", "second"]])
        }
    }

    @Test func `a node without a model or a server fails for good`() async throws {
        try await ModelServer.run(.stream("x")) { server in
            let backEnd = try self.backEnd(server, model: "")
            let outcome = await CodergenHandler(backEnd).run(Scene.call(#"prompt="x""#, of: "box"))
            #expect(outcome?.isRetryable == false && outcome?.failureReason.contains("--model") == true)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `a provider has a server of its own, or that of all others`() throws {
        let (any, own) = (try ChatEndpoint("http://any/"), try ChatEndpoint("http://own/"))
        var directory = ModelDirectory(byProvider: ["a": own], modelDefault: "m", aliases: ["m": "M"])
        #expect(try directory.choose(model: "", provider: "a").endpoint == own)
        #expect(try directory.choose(model: "", provider: "a").model == "M")
        #expect(throws: ModelDirectory.Refusal.noServer(provider: "b")) {
            try directory.choose(model: "x", provider: "b")
        }
        directory.anyProvider = any
        #expect(try directory.choose(model: "x", provider: "b").endpoint == any)
        #expect(try directory.choose(model: "x", provider: "b").model == "x")
    }

    @Test func `tells lines, and long ones in parts that end between words`() {
        let lines = Mutex<[String]>([])
        let teller = ToldLines(redaction: Redaction(environment: [:])) { line in lines.withLock { $0.append(line) } }
        teller.take("a\nb")
        teller.take("c\n\nlost")
        teller.drop()
        teller.take(String(repeating: "word ", count: 100))
        teller.finish()
        let told = lines.withLock { $0 }
        #expect(told.prefix(2) == ["a", "bc"])
        #expect(told.count > 2 && told.dropFirst(2).joined(separator: " ").split(separator: " ").count == 100)
    }
}
