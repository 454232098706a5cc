import NIOCore
import NIOPosix
import Testing
import WebTransport

@Suite(.timeLimit(.minutes(10))) struct ClientTests {
    private func error(connecting url: String, timeout: Duration = .seconds(50)) async -> WebSocketClientError? {
        await #expect(throws: WebSocketClientError.self) {
            try await WebSocketClient.connect(
                to: WebSocketURL(url), on: .singletonMultiThreadedEventLoopGroup, timeout: timeout, session: Recorder())
        }
    }

    @Test func `a refusal brings its status and its body`() async throws {
        try await TestServer.run(gate: { _ in false }) { server in
            let error = await self.error(connecting: server.url)
            #expect(error?.code == .refused)
            #expect(error?.status == 401)
            #expect(error?.body == #"{"title":"who are you?"}"#)
            #expect(error?.message == "\(server.url) answered 401 Unauthorized instead of opening a WebSocket")
            let elsewhere = await self.error(connecting: "ws://localhost:\(server.port)/nowhere?a=b")
            #expect(elsewhere?.status == 404)
        }
    }

    @Test func `a refusal's body is cut at 4 KiB, and its length may be a lie`() async throws {
        try await answering("HTTP/1.1 403 No\r\ncontent-length: 99999\r\n\r\n" + String(repeating: "x", count: 5_000)) {
            #expect(await self.error(connecting: $0)?.body == String(repeating: "x", count: 4_096))
        }
        try await answering("HTTP/1.1 503 Later\r\ncontent-length: 10\r\n\r\nshort", closing: true) {
            #expect(await self.error(connecting: $0)?.status == 503)
        }
    }

    @Test func `nobody there is unreachable, with host, port and what the system says`() async throws {
        let error = await self.error(connecting: "ws://127.0.0.1:1/ws")
        #expect(error?.code == .unreachable)
        #expect(error?.message == "cannot reach 127.0.0.1 port 1: connection refused (errno 111)")
        #expect(await self.error(connecting: "ws://no-such-host.invalid/")?.code == .unreachable)
    }

    @Test func `who is no WebSocket server is found out`() async throws {
        try await answering("220 mail.example.org ESMTP\r\n") {
            #expect(await self.error(connecting: $0)?.code == .refused)
        }
        try await answering("", closing: true) {
            #expect(await self.error(connecting: $0)?.code == .unreachable)
        }
        let wrong =
            "HTTP/1.1 101 Yes\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: AAAA\r\n\r\n"
        try await answering(wrong) { #expect(await self.error(connecting: $0)?.code == .refused) }
    }

    @Test func `who never answers is given up on in time`() async throws {
        try await answering("") { url in
            let error = await self.error(connecting: url, timeout: .milliseconds(200))
            #expect(error?.code == .timeout)
        }
    }

    @Test func `a cancelled task gives up connecting`() async throws {
        try await answering("") { url in
            let task = Task { await self.error(connecting: url, timeout: .seconds(600)) }
            task.cancel()
            #expect(await task.value?.code == .cancelled)
        }
    }

    @Test func `a greeting in the packet of the handshake is not lost`() async throws {
        try await TestServer.run(session: {
            Recorder { connection, event in
                if event == .opened { connection.send(texts: [ByteBuffer(string: "a"), ByteBuffer(string: "b")]) }
            }
        }) { server in
            for _ in 0..<50 {
                let (_, client) = try await server.client()
                #expect(await client.texts(2) == ["a", "b"])
            }
        }
    }

    @Test(arguments: [
        ("ws://localhost", "localhost", 80, "/"), ("wss://example.org/ws?a=b", "example.org", 443, "/ws?a=b"),
        ("WS://[::1]:8443/x", "::1", 8443, "/x"), ("ws://h:9?q", "h", 9, "/?q"),
    ])
    func `reads addresses`(text: String, host: String, port: Int, target: String) throws {
        let url = try WebSocketURL(text)
        #expect((url.host, url.port, url.target) == (host, port, target))
    }

    @Test(arguments: [
        "", "localhost", "http://x/", "ws://", "ws:///path", "ws://h:0/", "ws://h:70000/", "ws://h:x/", "ws://u@h/",
        "ws://h/#f", "ws://h/a b", "ws://h/ü", "ws://[::1", "ws://[::1]x/", "ws://h/\r\nX: y",
    ])
    func `refuses what is no address`(text: String) {
        let error = #expect(throws: WebSocketClientError.self) { try WebSocketURL(text) }
        #expect(error?.code == .badURL)
    }
}

/// Runs a server that says `answer` to whatever comes.
private func answering(
    _ answer: String, closing: Bool = false, _ body: (String) async throws -> Void
) async throws {
    let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Mouth(answer: answer, closing: closing))
            }
        }
        .bind(host: "127.0.0.1", port: 0).get()
    do { try await body("ws://127.0.0.1:\(listener.localAddress?.port ?? 0)/") } catch {
        try await listener.close().get()
        throw error
    }
    try await listener.close().get()
}

private final class Mouth: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: String
    private let closing: Bool

    init(answer: String, closing: Bool) {
        self.answer = answer
        self.closing = closing
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: self.answer)), promise: nil)
        if self.closing { context.close(promise: nil) }
    }
}
