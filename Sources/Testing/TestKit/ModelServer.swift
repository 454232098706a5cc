import NIOCore
import NIOPosix
import Synchronization

/// A server that answers as a test wants, byte for byte, over a real socket.
package final class ModelServer: Sendable {
    /// What it answers to one request.
    package struct Reply: Sendable {
        let pieces: [String]
        let isClosing: Bool

        /// These bytes, each piece in a write of its own; after them it hangs up, or is silent.
        package init(_ pieces: [String], isClosing: Bool = true) {
            self.pieces = pieces
            self.isClosing = isClosing
        }

        /// A whole answer to a request.
        package init(
            status: String = "200 OK", type: String? = "text/event-stream", headers: [String] = [], _ body: String,
            isClosing: Bool = true
        ) {
            let head = ["HTTP/1.1 \(status)"] + (type.map { ["Content-Type: \($0)"] } ?? []) + headers
            let length = isClosing ? ["Content-Length: \(body.utf8.count)", "Connection: close"] : []
            self.init(
                [(head + length).joined(separator: "\r\n") + "\r\n\r\n" + body], isClosing: isClosing)
        }
    }

    package struct Request: Sendable {
        package let head: String
        package let body: String

        /// `nil` when it has none of this name.
        package func header(_ name: String) -> String? {
            self.head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
    }

    private let state: Mutex<(replies: [Reply], requests: [Request])>
    private let closings: AsyncStream<Void>
    private let closing: AsyncStream<Void>.Continuation
    private let address: Mutex<Int> = Mutex(0)

    private init(_ replies: [Reply]) {
        self.state = Mutex((replies, []))
        (self.closings, self.closing) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(100))
    }

    /// Runs one as long as `body`. The last of `replies` is given again and again.
    package static func run(_ replies: Reply..., body: (ModelServer) async throws -> Void) async throws {
        try await self.run(replies, body: body)
    }

    package static func run(_ replies: [Reply], body: (ModelServer) async throws -> Void) async throws {
        let server = ModelServer(replies)
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Mouth(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.address.withLock { $0 = listener.localAddress?.port ?? 0 }
        do { try await body(server) } catch {
            try await listener.close().get()
            throw error
        }
        try await listener.close().get()
    }

    /// As it is given to a client.
    package var url: String { "http://127.0.0.1:\(self.address.withLock { $0 })/v1" }

    package var requests: [Request] { self.state.withLock { $0.requests } }

    /// Waits until a client has closed a connection.
    package func closed() async {
        var iterator = self.closings.makeAsyncIterator()
        await iterator.next()
    }

    fileprivate func answer(_ request: Request) -> Reply? {
        self.state.withLock { state in
            state.requests.append(request)
            return state.replies.count > 1 ? state.replies.removeFirst() : state.replies.first
        }
    }

    fileprivate func tellClosed() { self.closing.yield() }
}

/// One connection.
private final class Mouth: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: ModelServer
    private var heard = ByteBuffer()

    init(_ server: ModelServer) {
        self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = self.unwrapInboundIn(data)
        self.heard.writeBuffer(&part)
        let bytes = self.heard.readableBytesView
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
        let request = ModelServer.Request(
            head: String(decoding: bytes[..<end.lowerBound], as: UTF8.self),
            body: String(decoding: bytes[end.upperBound...], as: UTF8.self))
        guard request.body.utf8.count >= Int(request.header("Content-Length") ?? "") ?? 0 else { return }
        self.heard.clear()
        guard let reply = self.server.answer(request) else { return }
        for piece in reply.pieces {
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: piece)), promise: nil)
        }
        if reply.isClosing { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.server.tellClosed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

extension ModelServer.Reply {
    /// Events of an answer with these words, ended as OpenAI ends it.
    package static func stream(_ words: String..., reason: String = "stop", isWhole: Bool = true) -> Self {
        Self(self.events(words, reason: isWhole ? reason : nil))
    }

    /// Asks for tools, as JSON their arguments; these come in two pieces, as of a model that thinks on the way.
    package static func calls(_ calls: (name: String, arguments: String)..., saying text: String = "") -> Self {
        var events = [#"{"choices":[{"delta":{"role":"assistant","content":\#(self.quoted(text))}}]}"#]
        for (index, call) in calls.enumerated() {
            let half = call.arguments.index(call.arguments.startIndex, offsetBy: call.arguments.count / 2)
            let (start, rest) = (String(call.arguments[..<half]), String(call.arguments[half...]))
            let head = #""id":"x\#(index)","type":"function","function":{"name":"\#(call.name)","arguments":"#
            for piece in ["\(head)\(self.quoted(start))}", #""function":{"arguments":\#(self.quoted(rest))}"#] {
                events.append(
                    #"{"choices":[{"delta":{"tool_calls":[{"index":\#(index),\#(piece)}]}}]}"#)
            }
        }
        events += [#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#, "[DONE]"]
        return Self(events.map { "data: \($0)\n\n" }.joined())
    }

    private static func quoted(_ text: String) -> String {
        #""\#(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))""#
    }

    /// As `stream`, and then nothing, without an end.
    package static func hanging(_ words: String...) -> Self { Self(self.events(words, reason: nil), isClosing: false) }

    private static func events(_ words: [String], reason: String?) -> String {
        var events = words.map { #"{"model":"m-1","choices":[{"index":0,"delta":{"content":"\#($0)"}}]}"# }
        if let reason {
            events += [
                #"{"choices":[{"index":0,"delta":{},"finish_reason":"\#(reason)"}]}"#,
                #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#, "[DONE]",
            ]
        }
        return events.map { "data: \($0)\n\n" }.joined()
    }
}
