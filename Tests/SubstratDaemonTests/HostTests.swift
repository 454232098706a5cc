import AgentRuntime
import DurableFiles
import Foundation
import Logging
import SubstratClient
import SubstratDaemon
import SubstratProtocol
import Testing
import Vocabulary

/// Answers in pieces of one word, in this very process.
struct WordProvider: AgentProvider {
    let name = "words"
    let continuesTurns = false

    func create(_ opening: SessionOpening) async throws(ProviderFailure) -> JSONValue { .null }

    func resume(
        _ opening: SessionOpening, reference: JSONValue, history: [PastTurn]
    ) async throws(ProviderFailure) -> any ProviderSession { WordSession() }
}

struct WordSession: ProviderSession {
    func send(_ turn: ProviderTurn) async throws(ProviderFailure) -> String {
        if turn.prompt.hasPrefix("wait for ") {
            turn.onChunk("so far.")
            while access(String(turn.prompt.dropFirst(9)), F_OK) != 0, !Task.isCancelled { await Task.yield() }
            return "so far. done."
        }
        if turn.prompt == "fail" { throw ProviderFailure("it was told to") }
        if turn.prompt.hasPrefix("tell ") {
            _ = await turn.call(
                "send_message", ["recipient": "USER", "text": .string(String(turn.prompt.dropFirst(5)))])
        }
        for word in turn.prompt.split(separator: " ") { turn.onChunk("\(word).") }
        return turn.prompt.split(separator: " ").map { "\($0)." }.joined()
    }

    func stop() async {}
}

@Suite(.timeLimit(.minutes(5))) struct `The methods of the daemon` {
    /// Runs a daemon of agents, and `body` with a connection to it.
    static func host(_ body: @Sendable @escaping (SubstratConnection) async throws -> Void) async throws {
        let scene = Scene()
        var options = HostOptions()
        options.defaultProvider = "words"
        let chosen = options
        try await scene.run(serving: { place throws(DaemonError) in
            try await HostHandler.open(place, chosen, providers: [WordProvider()])
        }) {
            let connection = try await scene.connect()
            try await body(connection)
            await connection.close()
        }
    }

    static func refusal(_ body: () async throws(ClientError) -> JSONValue) async -> RPCError? {
        do throws(ClientError) {
            _ = try await body()
        } catch {
            if case .refused(let refusal) = error { return refusal }
        }
        return nil
    }

    @Test func `make an agent, talk to it and end it`() async throws {
        try await Self.host { daemon in
            let made = try await daemon.call("agent.create", ["name": "a", "instructions": "say words"])
            let id = try #require(made["agent_id"])
            #expect(made["name"] == "a" && id.string?.utf8.count == 32)
            #expect(
                try await daemon.call("agent.send", ["agent_id": "a", "message": "one two"])
                    == ["response": "one.two."])
            var chunks: [String] = []
            try await daemon.stream("agent.stream", ["agent_id": id, "message": "three four"], timeout: nil) {
                if case .chunk(let text) = $0 { chunks.append(text) }
            }
            #expect(chunks == ["three.", "four."])
            let list = try await daemon.call("agent.list")
            #expect(list["agents"]?.array?.first?["path"] == "a" && list["agents"]?.array?.count == 1)
            #expect(
                try await daemon.call("agent.terminate", ["agent_id": "a"])
                    == ["status": "terminated", "agent_id": id])
            #expect(try await daemon.call("agent.list") == ["agents": []])
            let events = try await daemon.call("agent.events", ["agent_id": id])
            #expect(events["events"]?.array?.last?["event"] == "agent.terminated")
        }
    }

    @Test func `list sessions, suspend them, resume them and delete them`() async throws {
        try await Self.host { daemon in
            let made = try await daemon.call("agent.create", ["name": "a"])
            let session = try #require(made["session_id"])
            _ = try await daemon.call("agent.send", ["agent_id": "a", "message": "one"])
            #expect(
                try await daemon.call("session.suspend", ["session_id": "a"])
                    == ["session_id": session, "status": "suspended"])
            let listed = try await daemon.call("session.list")["sessions"]?.array?.first
            #expect(listed?["state"] == "suspended" && listed?["by_hand"] == true && listed?["path"] == "a")
            #expect(listed?["suspended_at"]?.string != nil && listed?["session_id"] == session)
            let refusal = await Self.refusal { () throws(ClientError) in
                try await daemon.call("agent.send", ["agent_id": "a", "message": "two"])
            }
            #expect(refusal?.code == .invalid && refusal?.hint == "substrat session resume lets it go on")
            _ = try await daemon.call("session.resume", ["session_id": session])
            _ = try await daemon.call("agent.send", ["agent_id": "a", "message": "two"])
            _ = try await daemon.call("agent.terminate", ["agent_id": "a"])
            let deleted = try await daemon.call("session.delete", ["session_id": session])
            #expect(deleted["status"] == "deleted")
            #expect(deleted["trash"]?.string?.hasSuffix(session.string ?? "?") == true)
            #expect(try await daemon.call("session.list") == ["sessions": []])
        }
    }

    @Test func `say by name what is missing, wrong or not known`() async throws {
        try await Self.host { daemon in
            _ = try await daemon.call("agent.create", ["name": "a"])
            let cases: [(String, JSONObject, RPCError.Code, String)] = [
                ("agent.create", [:], .invalid, "name is missing"),
                ("agent.create", ["name": 7], .invalid, "name must be a text"),
                ("agent.create", ["name": "b", "workspace": "w"], .notFound, "there is no workspace USER/w"),
                ("agent.create", ["name": "b", "workspace": 1], .invalid, "workspace must be a name, or an object"),
                ("agent.create", ["name": "b", "workspace": ["scope": "a"]], .invalid, "workspace must have a name"),
                ("agent.create", ["name": "b", "color": "red"], .invalid, "agent.create has no parameter"),
                ("agent.create", ["name": "b", "metadata": ["x": 1]], .invalid, "metadata must be an object of texts"),
                ("agent.create", ["name": "a"], .invalid, "is the name of an agent close by"),
                ("agent.create", ["name": "b", "provider": "p"], .invalid, "no provider is called \"p\""),
                ("agent.create", ["name": "b", "parent": "p"], .notFound, "no agent \"p\" is known"),
                ("agent.send", ["agent_id": "a"], .invalid, "message is missing"),
                ("agent.send", ["message": "m"], .invalid, "agent_id is missing"),
                ("agent.send", ["agent_id": nil, "message": "m"], .invalid, "agent_id is missing"),
                ("agent.send", ["agent_id": "x", "message": "m"], .notFound, "no agent \"x\" is known"),
                ("agent.stream", ["agent_id": "a"], .invalid, "message is missing"),
                ("agent.inspect", [:], .invalid, "agent_id is missing"),
                ("agent.terminate", ["agent_id": "a", "recursive": 1], .invalid, "recursive must be true or false"),
                ("agent.events", ["agent_id": "a", "limit": 0], .invalid, "limit must be a whole number from 1"),
                ("agent.wait", ["agent_id": "a", "timeout": -1], .invalid, "timeout must be a whole number from 0"),
                ("agent.gate", [:], .invalid, "agent_id is missing"),
                ("agent.resume", [:], .invalid, "agent_id is missing"),
                ("agent.resume", ["agent_id": "a", "now": true], .invalid, "agent.resume has no parameter \"now\""),
                ("agent.resume", ["agent_id": "a"], .invalid, "nothing waits for it"),
                ("agent.adopt", [:], .invalid, "session_id is missing"),
                ("agent.adopt", ["session_id": "a", "parent": 1], .invalid, "parent must be a text"),
                ("agent.adopt", ["session_id": "a", "name": []], .invalid, "name must be a text"),
                ("agent.adopt", ["session_id": "a", "to": "b"], .invalid, "agent.adopt has no parameter \"to\""),
                ("agent.adopt", ["session_id": "x"], .notFound, "no session \"x\" is known"),
                ("agent.adopt", ["session_id": "a", "parent": "x"], .notFound, "no agent \"x\" is known"),
                ("agent.adopt", ["session_id": "a"], .invalid, "is not quarantined, and neither is the parent"),
                ("session.list", ["all": true], .invalid, "session.list has no parameter \"all\""),
                ("session.suspend", [:], .invalid, "session_id is missing"),
                ("session.resume", ["session_id": 7], .invalid, "session_id must be a text"),
                ("session.delete", ["session_id": "a", "x": 1], .invalid, "session.delete has no parameter \"x\""),
                ("session.delete", ["session_id": nil], .invalid, "session_id is missing"),
                ("session.delete", ["session_id": "x"], .notFound, "no session \"x\" is known"),
                ("session.delete", ["session_id": "a"], .invalid, "is that of an agent that has not ended"),
                ("session.suspend", ["session_id": "a"], .invalid, "is created and cannot become suspended"),
                ("session.resume", ["session_id": "a"], .invalid, "is not suspended by hand"),
                ("tool.call", ["agent_id": "a", "token": "t"], .invalid, "tool is missing"),
                ("tool.call", ["agent_id": "a", "tool": "list_children"], .invalid, "token is missing"),
                ("agent.list", ["x": 1], .invalid, "agent.list has no parameter \"x\""),
                ("workspace.fly", [:], .unknownMethod, "no method is called \"workspace.fly\""),
            ]
            for (method, params, code, message) in cases {
                let refusal = await Self.refusal { () throws(ClientError) in try await daemon.call(method, params) }
                #expect(refusal?.code == code, "\(method) \(JSONValue.object(params).text)")
                #expect(refusal?.message.contains(message) == true, "\(method): \(refusal?.message ?? "taken")")
            }
            let failed = await Self.refusal { () throws(ClientError) in
                try await daemon.call("agent.send", ["agent_id": "a", "message": "fail"])
            }
            #expect(failed?.message.contains("it was told to") == true, "\(failed as Any)")
            #expect(try await daemon.call("agent.wait", ["agent_id": "a"])["state"] == "idle")
        }
    }

    @Test func `take an agent's token for its word, and no other`() async throws {
        try await Self.host { daemon in
            _ = try await daemon.call("agent.create", ["name": "a"])
            for token in ["", "x", String(repeating: "0", count: 64)] {
                let refusal = await Self.refusal { () throws(ClientError) in
                    try await daemon.call(
                        "tool.call", ["agent_id": "a", "tool": "list_children", "token": .string(token)])
                }
                #expect(refusal?.kind == "token", "\(token)")
            }
        }
    }

    @Test func `tell events from a place on, and those to come`() async throws {
        try await Self.host { daemon in
            _ = try await daemon.call("agent.create", ["name": "a"])
            let first = try await daemon.call("agent.events", ["agent_id": "a", "limit": 1])
            #expect(first["offset"] == 1 && first["events"]?.array?.count == 1)
            let rest = try await daemon.call("agent.events", ["agent_id": "a", "offset": 1])
            #expect(rest["events"]?.array?.first?["seq"] == 2)
            _ = try await daemon.call("agent.send", ["agent_id": "a", "message": "tell me more"])
            #expect(try await daemon.call("agent.events", ["agent_id": "user"])["events"]?.array?.isEmpty == false)
            let mail = try await daemon.call("inbox.list")["messages"]?.array
            #expect(mail?.first?["from"] == "a" && mail?.first?["text"] == "me more")
            #expect(try await daemon.call("inbox.list") == ["messages": []])
        }
    }

    @Test func `keep the operator's mail until it is acknowledged, and take it out once`() async throws {
        try await Self.host { daemon in
            _ = try await daemon.call("agent.create", ["name": "a"])
            for text in ["one", "two"] {
                _ = try await daemon.call("agent.send", ["agent_id": "a", "message": .string("tell \(text)")])
            }
            let mail = try #require(try await daemon.call("inbox.list", ["keep": true])["messages"]?.array)
            #expect(mail.compactMap { $0["text"]?.string } == ["one", "two"])
            #expect(try await daemon.call("inbox.list", ["keep": true])["messages"]?.array == mail)
            let first = try #require(mail[0]["message_id"])
            #expect(try await daemon.call("inbox.ack", ["message_ids": [first]]) == ["message_ids": [first]])
            #expect(try await daemon.call("inbox.ack", ["message_ids": [first]]) == ["message_ids": []])
            await #expect(throws: ClientError.self) {
                try await daemon.call("inbox.ack", ["message_ids": ["no id"]])
            }
            #expect(try await daemon.call("inbox.list")["messages"]?.array == [mail[1]])
        }
    }

    @Test func `tell those who follow an agent of each event once, as it comes`() async throws {
        try await Self.host { daemon in
            _ = try await daemon.call("agent.create", ["name": "a"])
            let (seen, seeing) = AsyncStream<JSONObject>.makeStream(bufferingPolicy: .unbounded)
            let follower = Task {
                try? await daemon.stream("agent.events", ["agent_id": "a", "follow": true], timeout: nil) {
                    if case .event(let event) = $0 { seeing.yield(event) }
                }
                seeing.finish()
            }
            var events = seen.makeAsyncIterator()
            var number: Int64 = 0
            for _ in 1...3 {
                _ = try await daemon.call("agent.send", ["agent_id": "a", "message": "go on"])
                while let event = await events.next() {
                    number += 1
                    #expect(event["seq"]?.integer == number)
                    if event["event"] == "turn.complete" { break }
                }
            }
            #expect(number == 8)
            follower.cancel()
            await follower.value
        }
    }

    @Test func `end a turn whose client went away, as if it had stayed (W-09)`() async throws {
        try await Self.host { daemon in
            _ = try await daemon.call("agent.create", ["name": "a"])
            let file = FileManager.default.temporaryDirectory.appending(path: "go-\(UUID())").path
            defer { try? FileManager.default.removeItem(atPath: file) }
            let status = try await daemon.call("daemon.status")
            let client = try await SubstratConnection.connect(to: DaemonPlace(status["root"]?.string ?? ""))
            let (chunks, heard) = AsyncStream<String>.makeStream(bufferingPolicy: .unbounded)
            let call = Task {
                try? await client.stream(
                    "agent.stream", ["agent_id": "a", "message": .string("wait for \(file)")], timeout: nil
                ) {
                    if case .chunk(let text) = $0 { heard.yield(text) }
                }
            }
            for await chunk in chunks {
                #expect(chunk == "so far.")
                break
            }
            await client.close()
            await call.value
            #expect(try await daemon.call("agent.inspect", ["agent_id": "a"])["state"] == "busy")
            let waiting = Task { try await daemon.call("agent.wait", ["agent_id": "a"]) }
            _ = FileManager.default.createFile(atPath: file, contents: nil)
            #expect(try await waiting.value["state"] == "idle")
            let events = try await daemon.call("agent.events", ["agent_id": "a"])["events"]?.array ?? []
            let ends = events.filter { ["turn.complete", "turn.failed"].contains($0["event"]?.string) }
            #expect(ends.map { $0["data"]?["response"] } == ["so far. done."])
        }
    }

    @Test func `make no second agent and no second turn for a request that is repeated`() async throws {
        try await Self.host { daemon in
            let order: JSONObject = ["name": "a", "request_key": "k"]
            let first = try await daemon.call("agent.create", order)
            #expect(try await daemon.call("agent.create", order)["agent_id"] == first["agent_id"])
            let message: JSONObject = ["agent_id": "a", "message": "hello", "request_key": "m"]
            let answer = try await daemon.call("agent.send", message)
            var chunks: [String] = []
            try await daemon.stream("agent.stream", message, timeout: nil) {
                if case .chunk(let text) = $0 { chunks.append(text) }
            }
            #expect(answer == ["response": "hello."] && chunks == ["hello."])
            let events = try await daemon.call("agent.events", ["agent_id": "a"])["events"]?.array ?? []
            #expect(events.count { $0["event"] == "turn.start" } == 1)
        }
    }

    @Test func `tell what the start has found, and how it stands`() async throws {
        try await Self.host { daemon in
            #expect(try await daemon.call("daemon.recovery")["agents"] == 0)
            _ = try await daemon.call("agent.create", ["name": "a"])
            let status = try await daemon.call("daemon.status")
            #expect(status["agents"] == 1 && status["states"] == ["idle": 1, "busy": 0, "waiting": 0])
            #expect(try await daemon.call("agent.gate", ["agent_id": "a"])["status"] == "gated")
            #expect(try await daemon.call("agent.inspect", ["agent_id": "a"])["gated"] == true)
            #expect(try await daemon.call("agent.ungate", ["agent_id": "a"])["status"] == "ungated")
        }
    }
}
