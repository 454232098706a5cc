import Foundation
import PipelineCore
import Simulator
import Testing
import Vocabulary

@testable import PipelineRuntime

@Suite(.timeLimit(.minutes(10))) struct AgentHandlerTests {
    private func ask(_ command: String, _ call: HandlerCall) async throws -> Outcome {
        try #require(await CodergenHandler(AgentCommand(command)).run(call))
    }

    @Test func `gives the agent the prompt, and the context its answer`() async throws {
        let reports = Reports()
        let runs = ScratchDirectory()
        let call = Scene.call(
            #"prompt="Write it", llm_model="opus""#, of: "box", context: ["a": 1], runs: runs.path, report: reports.take
        )
        let command = "echo model: $ORCHESTRA_MODEL; tail -n 1; echo; cat $ORCHESTRA_CONTEXT_FILE"
        let outcome = try await self.ask(command, call)
        #expect(outcome.status == .success)
        #expect(outcome.notes == "model: opus\nWrite it\n{\"a\":1}")
        #expect(outcome.contextUpdates["last_response"] == .string(outcome.notes))
        #expect(outcome.contextUpdates["model"] == "opus")
        #expect(reports.prompts.count == 1)
        #expect(reports.prompts[0].hasSuffix("\n\nWrite it"))
        #expect(reports.prompts[0].contains("ship"))
        let folder = "\(runs.path)/a1b2c3/n"
        for file in ["1.1/prompt.md", "prompt.md"] {
            #expect(try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8) == reports.prompts[0])
        }
        #expect(try String(contentsOfFile: "\(folder)/response.md", encoding: .utf8) == outcome.notes)
    }

    @Test func `fails with the last words, less their secrets`() async throws {
        let call = Scene.call(#"prompt="x""#, of: "box")
        let outcome = try await self.ask("echo Authorization: Bearer abcdefghijkl >&2; exit 4", call)
        #expect(outcome.failureReason == "the agent of node n failed: exit code 4: Authorization: Bearer [redacted]")
    }

    @Test func `takes the status that the agent wrote`() async throws {
        let call = Scene.call(#"prompt="x""#, of: "box")
        let outcome = try await self.ask(
            #"echo done; echo '{"outcome":"fail","failure_reason":"no"}' > $ORCHESTRA_STATUS_FILE"#, call)
        #expect(outcome.status == .fail)
        #expect(outcome.failureReason == "no")
        #expect(outcome.contextUpdates["last_response"] == "done")
    }

    @Test func `an agent that does not come back times out`() async throws {
        let call = Scene.call(#"prompt="x", timeout=200ms"#, of: "box")
        #expect(try await self.ask("sleep 60", call).failureReason.contains("timed out"))
    }

    private static let results: JSONObject = [
        "parallel.results": ["a": ["outcome": "success"], "b": ["outcome": "success"]]
    ]

    @Test(arguments: [("echo b is better", "b"), ("echo neither", "a"), ("exit 1", "a")])
    func `lets an agent choose a branch, or else the rules`(command: String, best: String) async throws {
        let call = Scene.call(#"prompt="Which?""#, of: "tripleoctagon", context: Self.results)
        let outcome = try #require(await FanInHandler(AgentCommand(command)).run(call))
        #expect(outcome.status == .success)
        #expect(outcome.contextUpdates["parallel.fan_in.best_id"] == .string(best))
    }
}
