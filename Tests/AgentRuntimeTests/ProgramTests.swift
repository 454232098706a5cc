import AgentCore
import AgentRuntime
import Foundation
import Simulator
import Synchronization
import Testing
import Vocabulary

/// Command lines of agents that are shell scripts, in a folder of their own, with real processes.
private struct Bench {
    let folder = ScratchDirectory()
    let host: AgentHost

    /// - Parameter body: What the program does in each turn; its prompt is on its standard input.
    init(_ body: String, patience: Duration = .seconds(60)) async throws {
        let path = "\(self.folder.path)/claude"
        try "#!/bin/sh\n\(body)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        var options = ProgramOptions(
            environment: ["PATH": "/usr/bin:/bin", "NOTES": self.folder.path], toolServer: ["false"])
        options.patience = patience
        options.grace = .milliseconds(100)
        let provider = ProgramProvider(AgentProgram(.claude, command: "\(path) --more"), options: options)
        var host = HostOptions()
        host.defaultProvider = "claude"
        self.host = try await AgentHost.open("\(self.folder.path)/root", host, providers: [provider])
    }

    func agent() async throws -> AgentID { try await self.host.createAgent(AgentOrder(name: "a")).id }
}

@Suite(.timeLimit(.minutes(5))) struct `An agent that is a command line` {
    @Test func `is told a long prompt, and says long lines`() async throws {
        let bench = try await Bench(
            """
            text=$(cat)
            printf '{"type":"result","result":"%s"}\\n' "$text$text"
            """)
        let prompt = String(repeating: "abcdefgh", count: 100_000)
        #expect(try await bench.host.send(bench.agent(), prompt) == prompt + prompt)
        await bench.host.stop()
    }

    @Test func `is heard message by message, and its last words come after all others`() async throws {
        let bench = try await Bench(
            """
            cat >/dev/null
            echo "$@" >"$NOTES/words"
            for text in "I look." "Nobody."; do
                echo '{"type":"assistant","message":{"content":[{"type":"text","text":"'$text'"}]}}'
            done
            echo '{"type":"result","result":"Nobody."}'
            """)
        let heard = Mutex<[String]>([])
        let answer = try await bench.host.send(bench.agent(), "x") { chunk in heard.withLock { $0.append(chunk) } }
        #expect(answer == "Nobody." && heard.withLock { $0 } == ["I look.", "\n\nNobody."])
        let words = try String(contentsOfFile: "\(bench.folder.path)/words", encoding: .utf8)
        #expect(words.hasPrefix("--print --output-format stream-json --verbose"))
        let name = #/--session-id [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12} --more\n/#
        #expect(words.contains(name), "\(words)")
        await bench.host.stop()
    }

    @Test func `is ended when it has said its result and goes on, and the result counts`() async throws {
        let bench = try await Bench(
            """
            cat >/dev/null
            echo '{"type":"result","result":"done"}'
            echo $$ >"$NOTES/pid"
            trap '' TERM
            while :; do sleep 1; done
            """)
        #expect(try await bench.host.send(bench.agent(), "x") == "done")
        let text = try String(contentsOfFile: "\(bench.folder.path)/pid", encoding: .utf8)
        let pid = try #require(Int32(text.dropLast()))
        #expect(kill(pid, 0) == -1)
        await bench.host.stop()
    }

    @Test(arguments: [
        ("exit 7", "it ended with 7"),
        ("cat >/dev/null", "it ended before its turn did"), ("kill -9 $$", "it was killed"),
        ("echo nonsense; echo '{}'; echo bad >&2; exit 1", "it ended with 1: bad"),
    ])
    func `fails a turn with one clear line, and goes on`(body: String, words: String) async throws {
        let bench = try await Bench(
            """
            if [ -e "$NOTES/bad" ]; then rm "$NOTES/bad"; \(body); exit; fi
            cat >/dev/null
            echo '{"type":"result","result":"good"}'
            """)
        let agent = try await bench.agent()
        try "".write(toFile: "\(bench.folder.path)/bad", atomically: true, encoding: .utf8)
        let error = await #expect(throws: HostError.self) { try await bench.host.send(agent, "x") }
        let message = error?.message ?? ""
        #expect(message.contains(words) && !message.contains("\n"), "\(message)")
        #expect(try await bench.host.send(agent, "y") == "good")
        #expect(try await bench.host.kinds(agent).contains("turn.failed"))
        await bench.host.stop()
    }

    @Test func `is ended when it says nothing for too long`() async throws {
        let bench = try await Bench("sleep 600", patience: .milliseconds(500))
        await #expect { try await bench.host.send(bench.agent(), "x") } throws: {
            "\($0)".contains("it said nothing for")
        }
        await bench.host.stop()
    }
}
