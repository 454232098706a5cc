import NIOCore
import NIOHTTP1

/// Asks for the WebSocket and, when the server agrees, takes itself and HTTP out of the pipeline.
///
/// It keeps what the server says instead: NIO's own upgrade handler would lose it.
final class ClientHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private enum State {
        case asking
        case accepted(HTTPResponseHead)
        case refused(HTTPResponseHead, body: ByteBuffer)
        case done
    }

    /// Bytes of a refusal's body that are kept.
    private static let bodyMax = 4 << 10

    let encoder = HTTPRequestEncoder()
    let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))

    private let url: WebSocketURL
    private let headers: HTTPHeaders
    private let timeout: Duration
    private let limits: WebSocketLimits
    private let session: any WebSocketSession
    private let result: EventLoopPromise<WebSocketConnection>
    private let key = WebSocketKey.random()
    private var state = State.asking
    private var context: ChannelHandlerContext?
    private var timer: NIOScheduledCallback?

    init(
        url: WebSocketURL, headers: HTTPHeaders, timeout: Duration, limits: WebSocketLimits,
        session: any WebSocketSession, result: EventLoopPromise<WebSocketConnection>
    ) {
        self.url = url
        self.headers = headers
        self.timeout = timeout
        self.limits = limits
        self.session = session
        self.result = result
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.timer = try? context.eventLoop.assumeIsolated()
            .scheduleCallback(in: TimeAmount(self.timeout), handler: self)
        var headers = self.headers
        headers.replaceOrAdd(name: "host", value: self.url.authority)
        headers.replaceOrAdd(name: "upgrade", value: "websocket")
        headers.replaceOrAdd(name: "connection", value: "Upgrade")
        headers.replaceOrAdd(name: "sec-websocket-version", value: "13")
        headers.replaceOrAdd(name: "sec-websocket-key", value: self.key.text)
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: self.url.target, headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.unwrapInboundIn(data), self.state) {
        case (.head(let head), .asking) where head.status == .switchingProtocols:
            self.state = .accepted(head)
        case (.end, .accepted(let head)):
            self.accept(head, context: context)
        case (.head(let head), .asking):
            self.state = .refused(head, body: ByteBuffer())
        case (.body(var part), .refused(let head, var body)):
            if var kept = part.readSlice(length: min(part.readableBytes, Self.bodyMax - body.readableBytes)) {
                body.writeBuffer(&kept)
            }
            self.state = .refused(head, body: body)
            if body.readableBytes == Self.bodyMax { self.fail(self.refusal) }
        case (.end, .refused):
            self.fail(self.refusal)
        default:
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(self.refusal ?? self.closedEarly)
        context.fireChannelInactive()
    }

    private var closedEarly: WebSocketClientError {
        .unreachable(self.url, "it closed the connection during the handshake")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(self.refusal ?? error)
    }

    /// What the server said instead of yes, if it said something.
    private var refusal: (any Error)? {
        guard case .refused(let head, let body) = self.state else { return nil }
        return WebSocketClientError.refused(
            self.url, status: Int(head.status.code), reason: head.status.reasonPhrase, body: String(buffer: body))
    }

    private func fail(_ error: (any Error)?) {
        guard let error else { return }
        if case .done = self.state { return }
        self.state = .done
        self.result.fail(error)
        self.context?.close(promise: nil)
    }

    private func accept(_ head: HTTPResponseHead, context: ChannelHandlerContext) {
        guard head.headers.hasToken("websocket", in: "upgrade"), head.headers.hasToken("upgrade", in: "connection"),
            head.headers["sec-websocket-accept"] == [self.key.accept]
        else { return self.fail(WebSocketClientError.notWebSocket(self.url, "its 101 answer is wrong")) }
        guard !head.headers.contains(name: "sec-websocket-extensions") else {
            return self.fail(WebSocketClientError.notWebSocket(self.url, "it uses an extension nobody asked for"))
        }
        let handler = WebSocketHandler(role: .client, limits: self.limits, session: self.session)
        let sync = context.pipeline.syncOperations
        self.state = .done
        sync.removeHandler(self.encoder, promise: nil)
        do { try sync.addHandler(handler) } catch { return self.result.fail(error) }
        sync.removeHandler(self, promise: nil)
        // The decoder leaves in the next turn of the loop, and then hands over what came behind the answer. Until it
        // has left, nothing but HTTP may be written through it.
        let result = self.result
        let early = self.closedEarly
        sync.removeHandler(self.decoder).assumeIsolated().whenComplete { _ in
            if let connection = handler.start() {
                result.succeed(connection)
            } else {
                result.fail(early)
            }
        }
    }
}

extension ClientHandshake: NIOScheduledCallbackHandler {
    func handleScheduledCallback(eventLoop: some EventLoop) {
        self.fail(self.refusal ?? WebSocketClientError.timeout(self.url, after: self.timeout))
    }
}
