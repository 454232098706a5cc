import Foundation
import TestKit
import Testing

/// The real program, and a server over a real socket.
@Suite(.timeLimit(.minutes(15))) struct `A run with a model server` {
    private static let pipeline = """
        digraph Ask {
            start -> draft -> test -> end
            draft [prompt="Draft it"]
            test [shape=parallelogram, tool_command="test {{ verdict | sh }} = ship"]
        }
        """

    /// Plays `script` in a folder with the pipeline, where `$LLM` is what names the server.
    private func play(_ script: String, with server: ModelServer) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "orchestra-model-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Self.pipeline.write(to: folder.appending(path: "ask.dot"), atomically: true, encoding: .utf8)
        let setting = """
            export THE_KEY=hunter22-and-more
            LLM='--llm \(server.url) --llm-key THE_KEY --model small'
            id() { orchestra status | awk 'NR == 2 { print $1 }'; }

            """
        return try Play.play(setting + script, in: folder)
    }

    @Test func `shows the answer and its price, and the key nowhere`() async throws {
        try await ModelServer.run(.stream("All good\\n", "verdict: ship")) { server in
            let said = try self.play(
                """
                orchestra run ask.dot $LLM && orchestra status $(id) --detail
                grep -rlF hunter22 . || echo no key
                cat .orchestra/runs/*/draft/response.md
                """, with: server)
            #expect(said.contains("  [Model] draft: All good\n  [Model] draft: verdict: ship\n"))
            #expect(said.contains("[AgentTurn] 1 of draft: 10 tokens\n"))
            #expect(said.contains(#/draft +SUCCESS +7 +3 /#))
            #expect(said.contains("\nno key\n") && said.hasSuffix("verdict: ship"))
            #expect(server.requests.first?.header("Authorization") == "Bearer hunter22-and-more")
        }
    }

    @Test func `asks again under the same key after kill -9, and nobody has to agree to it`() async throws {
        try await ModelServer.run(.hanging("Hm\\n"), .stream("verdict: ship")) { server in
            let said = try self.play(
                """
                orchestra run ask.dot $LLM >out 2>&1 & pid=$!
                until grep -q '\\[Model\\] draft: Hm' out; do sleep 0.05; done
                kill -9 $pid; wait $pid 2>/dev/null
                orchestra resume $(id) $LLM --on-unknown fail
                """, with: server)
            #expect(said.contains("[Pipeline] completed"), "\(said)")
            let keys = server.requests.compactMap { $0.header("Idempotency-Key") }
            #expect(keys.count == 2 && keys[0] == keys[1])
        }
    }

    @Test func `says what is wrong, and asks no second time`() async throws {
        try await ModelServer.run(.init(status: "401 No", type: "text/plain", "not you")) { server in
            let said = try self.play("orchestra run ask.dot $LLM", with: server)
            #expect(
                said.contains(
                    "ms: the model of node draft failed: the model server says 401: not you (is the key right,"))
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: [
        ("--llm x", "the address of a model server is like https://api.example.org/v1"),
        ("--llm http://h/v1 --agent cat", "--agent and --llm cannot both answer for the models"),
        ("--llm http://h/v1 --llm-key sk-abc", "--llm-key takes the name of an environment variable that is set"),
        ("--llm a=http://h/v1 --llm-key b=THE_KEY", "--llm-key names the provider b, which has no server"),
        ("--model m", "--llm-key and --model need a server"),
    ])
    func `refuses what it cannot use, before it runs anything`(options: String, words: String) async throws {
        try await ModelServer.run(.stream("x")) { server in
            let said = try self.play("orchestra run ask.dot \(options); ls .orchestra 2>&1", with: server)
            #expect(said.contains(words) && !said.contains("sk-abc"), "\(said)")
            #expect(said.contains("cannot access"))
        }
    }
}
