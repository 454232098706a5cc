import Foundation
import TestKit
import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A model that the daemon hosts` {
    private static let secret = "sk-0123456789abcdef"

    @Test func `goes on after kill -9 in the middle of its answer`() async throws {
        let replies: [ModelServer.Reply] = [
            .calls(("list_children", "{}"), saying: "I look."), .stream("one"),
            .calls(("send_message", #"{"recipient":"USER","text":"once"}"#)), .hanging("half"), .stream("again"),
            .stream("two"),
        ]
        try await ModelServer.run(replies) { server in
            let stage = try Stage()
            let start = "THE_KEY=\(Self.secret) substrat daemon start --llm \(server.url) --llm-key THE_KEY"
            try await stage.ok("\(start); substrat agent create a --provider llm --model m --instructions 'Be brief.'")
            #expect(try await stage.ok("substrat agent send a first") == "one\n")
            try await stage.killInTurn(of: "a", "lost", then: start)
            #expect(try await stage.ok("substrat agent send a next") == "two\n")
            #expect(try await stage.ok("substrat inbox").split(separator: "\n").count == 1)
            #expect(server.requests.count == 6)
            let asked = try server.requests.map { try JSONValue(parsing: $0.body)["messages"]?.array ?? [] }
            // What was said before the crash is said again, and the turn that was cut off only in the words about it.
            #expect(asked[4].dropLast() == asked[2].dropLast() && asked[3].starts(with: asked[2]))
            #expect(asked[2].last?["content"] == "lost" && asked[3].count == asked[2].count + 2)
            let words = asked[4].last?["content"]?.string ?? ""
            #expect(words.contains("This turn was cut off") && words.contains("took effect: send_message."), "\(words)")
            #expect(asked[5].starts(with: asked[4]))
            #expect(asked[5].suffix(2).map { $0["content"] } == ["again", "next"])
            #expect(asked[5].first?["content"]?.string?.hasSuffix("# Your task\n\nBe brief.") == true)
            #expect(server.requests.allSatisfy { $0.header("Authorization") == "Bearer \(Self.secret)" })
            try await stage.ok("! grep -r \(Self.secret) root")
            #expect(try await stage.ok("substrat daemon log verify").hasSuffix(": sound\n"))
        }
    }

    @Test func `is asked where the environment says, as it says`() async throws {
        try await ModelServer.run([.stream("yes")]) { server in
            let stage = try Stage()
            let answer = try await stage.ok(
                """
                export SUBSTRAT_LLM=\(server.url) SUBSTRAT_LLM_KEY=\(Self.secret) SUBSTRAT_LLM_MODEL=big
                export SUBSTRAT_LLM_TEMPERATURE=0.5 SUBSTRAT_LLM_MAX_TOKENS=100
                substrat daemon start --provider llm >/dev/null
                substrat agent create a >/dev/null
                substrat agent send a hello
                """)
            #expect(answer == "yes\n")
            let body = try JSONValue(parsing: try #require(server.requests.first).body)
            #expect(body["model"] == "big" && body["temperature"] == 0.5 && body["max_tokens"] == 100)
        }
    }

    @Test func `cannot be had with settings that make no sense`() async throws {
        let stage = try Stage()
        for (words, complaint) in [
            ("--llm nonsense", "the address of a model server is like"),
            ("--llm https://me:pw@x.example/v1", "a password in an address"),
            ("--llm https://x.example/v1 --llm-key NO_SUCH", "\"NO_SUCH\", which --llm-key names, is not set"),
        ] {
            let end = try await stage.bash("substrat daemon start \(words)")
            #expect(end.code != 0 && end.errors.contains(complaint) && !end.errors.contains("pw@"), "\(end.errors)")
        }
        let end = try await stage.bash("SUBSTRAT_LLM_MAX_TOKENS=many substrat daemon start")
        #expect(end.errors.contains("SUBSTRAT_LLM_MAX_TOKENS is no number above 0"), "\(end.errors)")
        let none = try await stage.bash("substrat daemon start; substrat agent create a --provider llm --model m")
        #expect(none.code == 1 && none.errors.contains("no model server is named"), "\(none.errors)")
    }
}
