import AgentCore
import AgentRuntime
import ModelClient
import Simulator
import Synchronization
import TestKit
import Testing
import Vocabulary

private let secret = "sk-0123456789abcdef"

/// A provider whose models are on `server`.
private func models(
    _ server: ModelServer, _ change: (inout ModelOptions) -> Void = { _ in }
) throws -> ModelProvider {
    var options = ModelOptions(endpoint: try ChatEndpoint(server.url, key: ModelKey(secret, from: "THE_KEY")))
    options.modelDefault = "m"
    options.limits.attemptsMax = 2
    options.limits.delayFirst = .milliseconds(1)
    change(&options)
    return ModelProvider(options: options)
}

private func open(_ disk: FaultyFileSystem, _ provider: ModelProvider) async throws -> AgentHost {
    try await AgentHost.open("/data", options(disk) { $0.defaultProvider = "llm" }, providers: [provider])
}

extension ModelServer {
    /// What was asked, each as its bytes.
    fileprivate var bodies: [String] { self.requests.map(\.body) }

    fileprivate func messages(of number: Int) throws -> [JSONValue] {
        try JSONValue(parsing: self.bodies[number])["messages"]?.array ?? []
    }
}

@Suite(.timeLimit(.minutes(5))) struct `An agent that is a bare model` {
    /// Answers to four turns with eight questions.
    private static let replies: [ModelServer.Reply] = [
        .calls(
            ("send_message", #"{"text": "größe \"1\"", "recipient": "USER"}"#), ("list_children", ""),
            saying: "I look first."),
        .calls(("poke", #"{"b": {"z": 1.0, "a": [1e3, 12345678901234567890]}, "agent_name": "x"}"#)),
        .stream("first"),
        .stream("Hel", "lo\\n", "all"),
        .calls(("remind_me", #"{"timeout": "#)),
        .calls(("no_such_tool", "[1]"), saying: "Again:"),
        .stream("third"), .stream("fourth"),
    ]

    /// What the server hears of four turns, with a crash before each of `crashes`, and the hashes on record.
    private func heard(crashes: Set<Int>) async throws -> (bodies: [String], hashes: [JSONValue]) {
        var bodies: [String] = []
        var hashes: [JSONValue] = []
        try await ModelServer.run(Self.replies) { server in
            let (disk, provider) = (FaultyFileSystem(), try models(server))
            var host = try await open(disk, provider)
            _ = try await host.createAgent(AgentOrder(name: "a", instructions: "Do it.", requestKey: "a"))
            for turn in 1...4 {
                if crashes.contains(turn) {
                    disk.restart(after: powerCut)
                    let dead = host
                    host = try await open(disk, provider)
                    await dead.stop(grace: .zero)
                }
                let agent = try await host.id("a")
                _ = try await host.send(agent, "prompt \(turn)")
            }
            hashes = try await host.events(of: host.id("a")).compactMap { $0["data"]?["conv"] }
            await host.stop()
            bodies = server.bodies
        }
        return (bodies, hashes)
    }

    @Test func `hears after crashes, byte for byte, what it would have heard without them (I6)`() async throws {
        let whole = try await self.heard(crashes: [])
        #expect(whole.bodies.count == Self.replies.count && Set(whole.hashes).count == 4)
        for crashes: Set<Int> in [[2], [4], [2, 3, 4]] {
            let again = try await self.heard(crashes: crashes)
            for (number, (body, wanted)) in zip(again.bodies, whole.bodies).enumerated() {
                // Ids are thrown by the host's dice: what was called in the first turn is before every crash.
                #expect(body == wanted, "question \(number) after crashes before \(crashes)")
            }
            #expect(again.bodies.count == whole.bodies.count && again.hashes == whole.hashes)
        }
    }

    @Test func `hears who it is, all that was said, and what its tools answered`() async throws {
        try await ModelServer.run(Self.replies) { server in
            let host = try await open(FaultyFileSystem(), try models(server))
            let agent = try await host.createAgent(AgentOrder(name: "lead", instructions: "Do it.")).id
            #expect(try await host.send(agent, "begin") == "first")
            let first = try JSONValue(parsing: server.bodies[0])
            #expect(first["model"] == "m" && first["stream"] == true)
            let tools = (first["tools"]?.array ?? []).compactMap { $0["function"]?["name"]?.string }
            #expect(tools == AgentTool.allCases.map(\.rawValue))
            let messages = try server.messages(of: 2)
            let roles = messages.compactMap { $0["role"]?.string }
            try #require(roles == ["system", "user"] + (0..<3).flatMap { _ in ["assistant", "tool"] })
            let system = messages[0]["content"]?.string ?? ""
            #expect(system.contains(#"the agent "lead""#) && system.hasSuffix("# Your task\n\nDo it."))
            #expect(messages[2]["content"] == "I look first." && messages[4]["content"] == .null)
            let call = messages[2]["tool_calls"]?.array?.first
            #expect(call?["function"]?["arguments"] == #"{"text":"größe \"1\"","recipient":"USER"}"#)
            #expect(call?["id"] == messages[3]["tool_call_id"])
            #expect(messages[3]["content"]?.string?.contains(#""status":"sent""#) == true)
            #expect(try await host.takeOperatorInbox().map(\.text) == ["größe \"1\""])
            #expect(server.requests[0].header("Authorization") == "Bearer \(secret)")
            await host.stop()
        }
    }

    @Test func `is heard piece by piece, and between its calls`() async throws {
        let replies: [ModelServer.Reply] = [.calls(("list_children", "{}"), saying: "I look."), .stream("No", "body.")]
        try await ModelServer.run(replies) { server in
            let host = try await open(FaultyFileSystem(), try models(server))
            let agent = try await host.createAgent(AgentOrder(name: "a")).id
            let heard = Mutex<[String]>([])
            let answer = try await host.send(agent, "x") { chunk in heard.withLock { $0.append(chunk) } }
            #expect(answer == "Nobody." && heard.withLock { $0.joined() } == "I look.\n\nNobody.")
            #expect(heard.withLock { $0.count } >= 2)
            await host.stop()
        }
    }

    @Test func `is told when it calls a tool wrongly, and may end without a word after a call`() async throws {
        let replies: [ModelServer.Reply] = [.calls(("poke", #"{"agent"#)), .calls(("fly", "{}")), .stream("")]
        try await ModelServer.run(replies) { server in
            let host = try await open(FaultyFileSystem(), try models(server))
            let agent = try await host.createAgent(AgentOrder(name: "a")).id
            #expect(try await host.send(agent, "x") == "")
            let answers = try server.messages(of: 2).filter { $0["role"] == "tool" }.map { $0["content"]?.string ?? "" }
            #expect(answers.count == 2 && answers[0].contains("arguments must be an object"), "\(answers)")
            #expect(answers[1].contains("fly"))
            await host.stop()
        }
    }

    private static let failures: [(ModelServer.Reply, String)] = [
        (.init(status: "429 Too Many Requests", type: "application/json", #"{"error":{"message":"slow"}}"#), "429"),
        (.init(status: "500 Internal Server Error", type: "text/plain", "oh"), "500"),
        (.init(status: "503 Service Unavailable", type: "text/html", "<html>"), "503"),
        (
            .init(status: "401 Unauthorized", type: "application/json", #"{"error":{"message":"bad \#(secret)"}}"#),
            "bad [the key]"
        ),
        (.init("data: nonsense\n\n"), "cannot be read"),
        (.init(type: "text/html", "<html>"), "a web page"),
        (.init(["SSH-2.0-OpenSSH_9.2\r\n\r\n"]), "does not speak HTTP"),
        (.stream("half", isWhole: false), "closed in the middle"),
        (.stream("half", reason: "length"), "no tokens left"),
        (.stream("no", reason: "content_filter"), "content filter"),
        (.stream(""), "an empty answer"),
        (.stream(String(repeating: "long", count: 100)), "longer than 100"),
        (.calls(("", "{}")), "has no name"),
        (.calls(("list_children", "{}")), "came to no end"),
    ]

    @Test(arguments: 0..<failures.count)
    func `fails a turn with one clear line, and goes on`(number: Int) async throws {
        let (reply, words) = Self.failures[number]
        let isBusy = words == "429" || words == "503" || words == "came to no end"
        let replies = [.stream("one")] + Array(repeating: reply, count: isBusy ? 2 : 1) + [.stream("two")]
        try await ModelServer.run(replies) { server in
            let provider = try models(server) {
                $0.limits.answerMax = ByteCount(100)
                $0.roundsMax = 2
            }
            let host = try await open(FaultyFileSystem(), provider)
            let agent = try await host.createAgent(AgentOrder(name: "a")).id
            #expect(try await host.send(agent, "good") == "one")
            let error = await #expect(throws: HostError.self) { try await host.send(agent, "bad") }
            let message = error?.message ?? ""
            #expect(message.contains(words) && !message.contains("\n") && message.count < 300, "\(message)")
            #expect(try await host.send(agent, "next") == "two")
            let messages = try server.messages(of: server.requests.count - 1).dropFirst().map { $0["content"] }
            #expect(messages == ["good", "one", "next"])
            let log = try await host.events(of: agent).map { JSONValue.object($0).text }.joined()
            #expect(log.contains("turn.failed") && !log.contains(secret))
            await host.stop()
        }
    }

    @Test func `fails a turn when no server is there, and says so`() async throws {
        var address = ""
        try await ModelServer.run { address = $0.url }
        let disk = FaultyFileSystem()
        var options = ModelOptions(endpoint: try ChatEndpoint(address))
        options.modelDefault = "m"
        let host = try await open(disk, ModelProvider(options: options))
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        await #expect { try await host.send(agent, "x") } throws: { "\($0)".contains("cannot reach http://127.0.0.1:") }
        await host.stop()
        let bare = try await open(FaultyFileSystem(), ModelProvider(options: ModelOptions()))
        await #expect { try await bare.createAgent(AgentOrder(name: "a", model: "m")) } throws: {
            "\($0)".contains("no model server is named (daemon start --llm URL, or SUBSTRAT_LLM)")
        }
        await bare.stop()
    }

    @Test func `has children that are models too, and hears what came of them`() async throws {
        let replies: [ModelServer.Reply] = [
            .calls(
                ("spawn_agent", #"{"name":"w","instructions":"Count."}"#),
                ("send_message", #"{"recipient":"w","text":"begin"}"#)),
            .stream("waiting"), .calls(("complete", #"{"result":"42"}"#)), .stream("over"),
        ]
        try await ModelServer.run(replies) { server in
            let host = try await open(FaultyFileSystem(), try models(server))
            let boss = try await host.createAgent(AgentOrder(name: "boss", model: "big")).id
            #expect(try await host.send(boss, "go") == "waiting")
            await host.waitUntilIdle()
            #expect(await host.agents().map(\.name) == ["boss"])
            let child = try server.messages(of: 2)
            #expect(child[0]["content"]?.string?.hasSuffix("# Your task\n\nCount.") == true)
            #expect(child.last?["content"] == "Message from boss:\nbegin")
            let last = try (3..<server.requests.count).map { try server.messages(of: $0).last }
            let asked = last.map { $0?["content"]?.string ?? "" }
            #expect(asked.contains { $0.contains("Message from") && $0.hasSuffix("42") }, "\(asked)")
            #expect(try server.bodies.allSatisfy { try JSONValue(parsing: $0)["model"] == "big" })
            await host.stop()
        }
    }

    @Test func `is cut off by a stop, at once`() async throws {
        try await ModelServer.run([.stream("one"), .hanging("half"), .stream("two")]) { server in
            let disk = FaultyFileSystem()
            let host = try await open(disk, try models(server))
            let agent = try await host.createAgent(AgentOrder(name: "a")).id
            _ = try await host.send(agent, "first")
            let begun = Door()
            let lost = Task { try await host.send(agent, "lost") { _ in begun.open() } }
            await begun.pass()
            await host.stop(grace: .zero)
            await #expect(throws: HostError.self) { try await lost.value }
            await server.closed()
            let again = try await open(disk, try models(server))
            await again.waitUntilIdle()
            let messages = try server.messages(of: 2).dropFirst().map { $0["content"]?.string ?? "" }
            #expect(messages.prefix(2) == ["first", "one"] && messages.count == 3)
            #expect(messages.last?.contains("This turn was cut off") == true)
            #expect(messages.last?.contains("\nlost\n") == true)
            await again.stop()
        }
    }
}
