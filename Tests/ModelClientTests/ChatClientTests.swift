import Synchronization
import TestKit
import Testing
import Vocabulary

@testable import ModelClient

@Suite(.timeLimit(.minutes(10))) struct ChatClientTests {
    private static let secret = "sk-0123456789abcdef"

    private func request() -> ChatRequest {
        ChatRequest(model: "m", messages: [ChatMessage(.user, "Hi")], idempotencyKey: "a1b2c3/n/1/1")
    }

    private func endpoint(_ server: ModelServer) throws -> ChatEndpoint {
        try ChatEndpoint(server.url, key: ModelKey(Self.secret, from: "THE_KEY"))
    }

    private var hasty: ChatLimits {
        var limits = ChatLimits()
        limits.delayFirst = .milliseconds(1)
        return limits
    }

    private func failure(_ reply: ModelServer.Reply, _ change: (inout ChatLimits) -> Void = { _ in }) async throws
        -> ChatError
    {
        var found: ChatError?
        var limits = self.hasty
        change(&limits)
        let client = ChatClient(limits: limits)
        try await ModelServer.run(reply) { server in
            found = await #expect(throws: ChatError.self) {
                try await client.ask(self.request(), at: self.endpoint(server))
            }
        }
        return try #require(found)
    }

    @Test(
        arguments: [
            // Each call in an event of its own, with an index; with none; all with the same one; and all at once.
            [
                #"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
                #"{"index":1,"id":"b","function":{"name":"g","arguments":""}}"#,
                #"{"index":0,"function":{"arguments":":1}"}}"#,
            ],
            [
                #"{"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#, #"{"function":{"arguments":"1}"}}"#,
                #"{"id":"b","function":{"name":"g"}}"#,
            ],
            [
                #"{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}"#,
                #"{"index":0,"id":"b","function":{"name":"g","arguments":""}}"#,
            ],
            [
                #"{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","function":{"name":"g"}}"#
            ],
        ])
    func `puts calls of tools together from their pieces`(pieces: [String]) async throws {
        let events = pieces.map { #"data: {"choices":[{"delta":{"tool_calls":[\#($0)]}}]}"# }
        let end = [#"data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#, "data: [DONE]", ""]
        try await ModelServer.run(.init((events + end).joined(separator: "\n\n"))) { server in
            var request = self.request()
            request.tools = [["type": "function"]]
            let answer = try await ChatClient().ask(request, at: self.endpoint(server))
            #expect(answer.calls.map(\.name) == ["f", "g"])
            #expect(answer.calls.map(\.arguments) == [#"{"x":1}"#, ""])
            #expect(answer.text == "" && answer.ending == .finished)
            #expect(try JSONValue(parsing: server.requests[0].body)["tools"] == [["type": "function"]])
        }
    }

    @Test func `asks once, and tells the answer as it comes`() async throws {
        try await ModelServer.run(.stream("Hel", "lo\\n", "all")) { server in
            let told = Mutex("")
            let answer = try await ChatClient().ask(self.request(), at: self.endpoint(server)) { progress in
                if case .text(let text) = progress { told.withLock { $0 += text } }
            }
            #expect(answer.text == "Hello\nall")
            #expect(
                answer
                    == ChatAnswer(text: answer.text, model: "m-1", ending: .finished, usage: .init(input: 7, output: 3))
            )
            #expect(told.withLock { $0 } == answer.text)
            let asked = try #require(server.requests.first)
            #expect(asked.head.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
            #expect(asked.header("Authorization") == "Bearer \(Self.secret)")
            #expect(asked.header("Idempotency-Key") == "a1b2c3/n/1/1")
            #expect(
                try JSONValue(parsing: asked.body) == [
                    "model": "m", "messages": [["role": "user", "content": "Hi"]], "stream": true,
                    "stream_options": ["include_usage": true],
                ])
        }
    }

    @Test func `says what is asked for and nothing else`() {
        var request = self.request()
        (request.temperature, request.maxTokens, request.reasoningEffort) = (0.5, 9, "low")
        let json = request.json
        #expect(json["temperature"] == 0.5 && json["max_tokens"] == 9 && json["reasoning_effort"] == "low")
    }

    @Test(arguments: [
        #"{"choices":[{"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}"#,
        #"{"choices":[{"message":{"content":[{"type":"text","text":"Hel"},{"text":"lo"}]},"finish_reason":"stop"}]}"#,
    ])
    func `takes the answer of a server that does not stream`(body: String) async throws {
        try await ModelServer.run(.init(type: "application/json; charset=utf-8", body)) { server in
            let answer = try await ChatClient().ask(self.request(), at: self.endpoint(server))
            #expect(answer.text == "Hello")
        }
    }

    @Test func `takes an answer that ends without its last word, once it says why it ends`() async throws {
        let events = #"data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"length"}]}"#
        try await ModelServer.run(.init(["HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", events])) {
            let answer = try await ChatClient().ask(self.request(), at: self.endpoint($0))
            #expect(answer.text == "Hi" && answer.ending == .cut)
        }
    }

    @Test(arguments: [
        (ModelServer.Reply.stream("Hel", isWhole: false), ChatError.Code.cut, "in the middle"),
        (
            .init(["HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: "]), .cut,
            "middle"
        ),
        (
            .init(["HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nda"]),
            .cut, "middle"
        ),
        (.init([]), .cut, "closed"),
        (.init("data: {\"choices\":[}\n\n"), .broken, "cannot be read"),
        (.init("data: 17\n\n"), .broken, "no part of an answer"),
        (.init("{\"choices\":[]}\n\n"), .broken, "no event"),
        (.stream(), .broken, "empty"),
        (.stream(reason: "tool_calls"), .refused, "tools"),
        (.stream("x", reason: "content_filter"), .refused, "content filter"),
        (.init(type: "text/html", "<html>Welcome</html>"), .notAChat, "web page"),
        (.init(type: "text/plain", "hello"), .notAChat, "text/plain"),
        (.init(type: nil, "hello"), .notAChat, "no type"),
        (.init(type: "application/json", "[1"), .broken, "cannot be read"),
        (.init(["SSH-2.0-OpenSSH\r\n\r\n"]), .notAChat, "does not speak HTTP"),
        (.init(status: "302 Found", headers: ["Location: http://127.0.0.1:1/"], ""), .notAChat, "redirect"),
        (
            .init(status: "404 Not Found", type: "text/html", "<html>no such page</html>"), .refused,
            "404 with a web page"
        ),
        (
            .init(status: "401 No", type: "application/json", #"{"error":{"message":"bad key"}}"#), .refused,
            "says 401: bad key"
        ),
        (.init(status: "400 No", type: "application/json", #"{"error":"no such thing"}"#), .refused, "no such thing"),
        (.init(status: "500 Oops", type: "text/plain", "out of memory"), .failed, "out of memory"),
        (.init("data: {\"error\":{\"message\":\"it broke\",\"code\":500}}\n\n"), .failed, "says 500: it broke"),
    ])
    func `gives one reason for what goes wrong`(reply: ModelServer.Reply, code: ChatError.Code, words: String)
        async throws
    {
        let error = try await self.failure(reply)
        #expect(error.code == code)
        #expect(error.message.contains(words), "\(error)")
        #expect(!error.hint.isEmpty && !error.description.contains("sk-"))
        #expect(error.isRetryable == ![.refused, .notAChat].contains(code))
    }

    @Test func `is not drowned by a server that never ends`() async throws {
        let reply = ModelServer.Reply.stream(String(repeating: "x", count: 3_000))
        let isTooLarge = [
            try await self.failure(reply) { $0.answerMax = .bytes(2_000) },
            try await self.failure(reply) { $0.streamMax = .bytes(1_000) },
            try await self.failure(reply) { $0.lineMax = .bytes(1_000) },
            try await self.failure(reply) { $0.requestMax = .bytes(10) },
        ].map { $0.code == .tooLarge }
        #expect(isTooLarge == [true, true, true, true])
    }

    @Test func `gives up on a server that says nothing any more`() async throws {
        #expect(try await self.failure(.hanging("Hel")) { $0.silence = .milliseconds(50) }.code == .silent)
    }

    @Test func `says that nobody is there`() async throws {
        let endpoint = try ChatEndpoint("http://127.0.0.1:1/v1")
        let error = await #expect(throws: ChatError.self) { try await ChatClient().ask(self.request(), at: endpoint) }
        #expect(error?.code == .unreachable)
        #expect(error?.message == "cannot reach http://127.0.0.1:1: connection refused")
    }

    @Test func `closes the connection at once when its task is cancelled`() async throws {
        try await ModelServer.run(.hanging("Hel")) { server in
            let (heard, hear) = AsyncStream.makeStream(of: Void.self)
            let endpoint = try self.endpoint(server)
            let question = Task { try await ChatClient().ask(self.request(), at: endpoint) { _ in hear.yield() } }
            for await _ in heard { break }
            question.cancel()
            await server.closed()
            let error = await #expect(throws: ChatError.self) { try await question.value }
            #expect(error?.code == .cancelled)
        }
    }
}

// MARK: - Tries

extension ChatClientTests {
    @Test func `asks a busy server again, under the same key, and forgets what it had begun to say`() async throws {
        let overloaded = #"{"error":{"type":"overloaded_error","message":"Overloaded"}}"#
        try await ModelServer.run(
            .init(status: "429 Slow", type: "text/plain", ""), .init(status: "503 Later", type: "text/html", "<html>"),
            .init(status: "500 Oops", type: "application/json", overloaded),
            .init("data: {\"choices\":[{\"delta\":{\"content\":\"Ouch\"}}]}\n\ndata: \(overloaded)\n\n"),
            .stream("Hello")
        ) { server in
            let tries = Mutex<[Int]>([])
            let answer = try await ChatClient(limits: self.hasty).ask(self.request(), at: self.endpoint(server)) {
                if case .again(let attempt, 5, _, _) = $0 { tries.withLock { $0.append(attempt) } }
            }
            #expect(answer.text == "Hello")
            #expect(tries.withLock { $0 } == [2, 3, 4, 5])
            #expect(server.requests.map { $0.header("Idempotency-Key") } == Array(repeating: "a1b2c3/n/1/1", count: 5))
        }
    }

    @Test(arguments: ["429 Slow", "502 Bad", "503 Later", "529 Full"])
    func `gives up after five tries`(status: String) async throws {
        try await ModelServer.run(.init(status: status, type: "text/plain", "not now")) { server in
            let error = await #expect(throws: ChatError.self) {
                try await ChatClient(limits: self.hasty).ask(self.request(), at: self.endpoint(server))
            }
            #expect(error?.code == .busy && error?.message.hasSuffix("not now, after 5 tries") == true)
            #expect(server.requests.count == 5)
        }
    }

    @Test(arguments: ["400 No", "401 No", "404 No", "500 Oops", "504 Late"])
    func `asks nobody else again`(status: String) async throws {
        try await ModelServer.run(.init(status: status, type: "text/plain", "no")) { server in
            await #expect(throws: ChatError.self) {
                try await ChatClient(limits: self.hasty).ask(self.request(), at: self.endpoint(server))
            }
            #expect(server.requests.count == 1)
        }
    }

    @Test func `comes back when the server says, unless that is too late`() async throws {
        let soon = ModelServer.Reply(status: "429 Slow", type: nil, headers: ["Retry-After: 0"], "")
        try await ModelServer.run(soon, .stream("Hello")) { server in
            var limits = ChatLimits()
            (limits.delayFirst, limits.delayMax) = (.seconds(3_600), .seconds(3_600))
            let answer = try await ChatClient(limits: limits).ask(self.request(), at: self.endpoint(server))
            #expect(answer.text == "Hello")
        }
        let late = ModelServer.Reply(status: "429 Slow", type: nil, headers: ["Retry-After: 7200"], "")
        #expect(try await self.failure(late).hint == "it asks to be left alone for 2h")
    }

    @Test func `waits twice as long each time, up to a minute`() {
        var limits = ChatLimits()
        limits.attemptsMax = 9
        let busy = ServerComplaint(body: []).chatError(status: 503)
        let delays = (1...9).map { limits.delay(after: busy, attempt: $0) }
        #expect(delays == [2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) } + [nil])
    }

    @Test(arguments: [
        ("3", Duration.seconds(3)), ("0", .zero), ("Sat, 21 Nov 2026 15:00:10 GMT", .seconds(10)),
        ("Sat, 21 Nov 2026 14:00:00 GMT", .zero), ("-1", nil), ("soon", nil), ("99999999999999999999", nil),
    ])
    func `reads when to come back`(text: String, delay: Duration?) throws {
        let now = try #require(Timestamp("2026-11-21T15:00:00Z"))
        #expect(RetryAfter.duration(text, at: now) == delay)
    }
}

@Suite struct ChatEndpointTests {
    @Test(arguments: [
        ("http://h:8080/v1", "http://h:8080/v1/chat/completions"), ("https://h", "https://h/chat/completions"),
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ("https://h/a/?api-version=1", "https://h/a/chat/completions?api-version=1"),
    ])
    func `finds the chat of an address`(base: String, url: String) throws {
        #expect(try ChatEndpoint(base).url == url)
    }

    @Test(arguments: ["", "h", "ftp://h/", "http://", "https://h/#a", "http://me:pass@h/v1"])
    func `refuses what is no address`(base: String) {
        #expect(throws: ChatAddressError.self) { try ChatEndpoint(base) }
    }

    @Test func `shows no secret`() throws {
        let key = try #require(ModelKey(" sk-secret\n", from: "THE_KEY"))
        let endpoint = try ChatEndpoint("http://h/v1?key=hidden", key: key)
        for text in ["\(endpoint)", "\(key)", "\([key])", "\(ChatError.cut)"] {
            #expect(!text.contains("secret") && !text.contains("hidden"))
        }
        #expect(endpoint.isOpenToEavesdroppers)
        #expect(try !ChatEndpoint("http://localhost:1/v1").isOpenToEavesdroppers)
        #expect(ModelKey("a\nb", from: "K") == nil && ModelKey(" ", from: "K") == nil)
    }
}
