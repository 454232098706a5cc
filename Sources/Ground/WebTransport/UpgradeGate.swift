import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Stands behind the HTTP decoder of a new connection until it is clear what the connection becomes.
///
///     waiting ── first request head ──► holding ── accepted ──► (a WebSocket; the gate leaves)
///        │                                 └────── HTTP ──────► passing
///        └── garbage, EOF, time over ──► closed
///
/// While holding, a task decides (`Visit`), the parts of the request are kept, and nothing more is read.
///
/// The HTTP decoder stops for good after a request that has an `Upgrade` header, also when that is refused. So with
/// the end of such a request a new decoder takes the place of the old one; else the next request on the connection
/// (`curl --http2` sends such) would never be seen.
final class UpgradeGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        case holding([HTTPServerRequestPart])
        case passing
        case closed
    }

    private let house: ConnectionHouse
    private let encoder = HTTPResponseEncoder()
    private var decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private var state = State.waiting
    private var timer: NIOScheduledCallback?
    private var owesRead = false
    private var hasInputEnded = false
    /// The server was told to stop while the request was held.
    private var isQuiescing = false
    private var replacesDecoder = false
    private var context: ChannelHandlerContext?

    init(house: ConnectionHouse) {
        self.house = house
        self.decoder = house.makeDecoder()
    }

    /// Makes the pipeline of a new connection, TLS aside.
    static func install(in channel: any Channel, house: ConnectionHouse) throws {
        let gate = UpgradeGate(house: house)
        try channel.pipeline.syncOperations.addHandlers([gate.encoder, gate.decoder, gate])
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.timer = try? context.eventLoop.assumeIsolated()
            .scheduleCallback(in: TimeAmount(self.house.configuration.handshakeTimeout), handler: self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        if case .passing = self.state {} else { self.state = .closed }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = self.unwrapInboundIn(data)
        switch self.state {
        case .waiting:
            guard case .head(let head) = part else { return }
            self.state = .holding([part])
            let request = UpgradeRequest(head, peerAddress: context.channel.remoteAddress)
            self.house.receive(
                Visit(
                    request: request, channel: context.channel, gate: NIOLoopBound(self, eventLoop: context.eventLoop)))
        case .holding(var parts):
            self.state = .waiting  // so that the array is not copied
            parts.append(part)
            self.state = .holding(parts)
        case .passing:
            self.pass(part, context: context)
        case .closed:
            break
        }
    }

    func read(context: ChannelHandlerContext) {
        if case .holding = self.state {
            self.owesRead = true
        } else {
            context.read()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch self.state {
        case .passing:
            context.fireErrorCaught(error)
        case .waiting, .holding:
            self.state = .closed
            guard error is HTTPParserError else { return context.close(promise: nil) }
            let head = HTTPResponseHead(
                version: .http1_1, status: .badRequest, headers: ["connection": "close", "content-length": "0"])
            context.write(self.wrapOutboundOut(.head(head)), promise: nil)
            let closing = context.channel
            context.writeAndFlush(self.wrapOutboundOut(.end(nil))).whenComplete { _ in closing.close(promise: nil) }
        case .closed:
            break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (event, self.state) {
        case (_, .passing):
            context.fireUserInboundEventTriggered(event)
        case (ChannelEvent.inputClosed, .holding):
            self.hasInputEnded = true
        case (is ChannelShouldQuiesceEvent, .holding):
            self.isQuiescing = true
        case (ChannelEvent.inputClosed, _), (is ChannelShouldQuiesceEvent, .waiting):
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: What the connection becomes

    /// Turns the connection into a WebSocket: answers 101, and takes everything of HTTP out of the pipeline.
    func becomeWebSocket(
        for request: UpgradeRequest, session: () -> any WebSocketSession, headers: HTTPHeaders
    ) throws {
        guard case .holding = self.state, let context = self.context, !self.hasInputEnded,
            let key = request.headers.first(name: "sec-websocket-key").flatMap(WebSocketKey.init)
        else { throw ChannelError.ioOnClosedChannel }
        self.state = .closed
        var headers = headers
        headers.replaceOrAdd(name: "upgrade", value: "websocket")
        headers.replaceOrAdd(name: "connection", value: "upgrade")
        headers.replaceOrAdd(name: "sec-websocket-accept", value: key.accept)
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.writeAndFlush(self.wrapOutboundOut(.head(head)), promise: nil)

        let channel = context.channel
        let sync = channel.pipeline.syncOperations
        sync.removeHandler(self.encoder, promise: nil)
        let handler = WebSocketHandler(role: .server, limits: self.house.webSocketLimits, session: session())
        try sync.addHandler(handler)
        if self.isQuiescing { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        sync.removeHandler(self, promise: nil)
        // The decoder leaves in the next turn of the loop, and then hands over what came behind the request.
        sync.removeHandler(self.decoder).assumeIsolated().whenComplete { _ in
            handler.start()
            channel.read()
        }
    }

    /// Lets the connection be HTTP for the rest of its life.
    func becomeHTTP() throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
        guard case .holding(let parts) = self.state, let context = self.context else {
            throw ChannelError.ioOnClosedChannel
        }
        self.timer?.cancel()
        let channel = context.channel
        let sync = channel.pipeline.syncOperations
        try sync.addHandler(HTTP1ToHTTPServerCodec(secure: self.house.isSecure))
        try sync.addHandler(
            HTTPConnectionStateHandler(
                idleTimeout: self.house.configuration.idleHTTPTimeout, logger: self.house.logger))
        let http = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        self.state = .passing
        for part in parts { self.pass(part, context: context) }
        context.fireChannelReadComplete()
        if self.isQuiescing { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        if self.hasInputEnded { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        if self.owesRead {
            self.owesRead = false
            context.read()
        }
        return http
    }

    private func pass(_ part: HTTPServerRequestPart, context: ChannelHandlerContext) {
        switch part {
        case .head(var head):
            self.replacesDecoder = head.headers.stopsDecoder || head.method == .CONNECT
            head.headers.removeUpgrade()
            context.fireChannelRead(self.wrapInboundOut(.head(head)))
        case .body:
            context.fireChannelRead(self.wrapInboundOut(part))
        case .end:
            context.fireChannelRead(self.wrapInboundOut(part))
            if self.replacesDecoder { self.replaceDecoder(context: context) }
        }
    }

    private func replaceDecoder(context: ChannelHandlerContext) {
        self.replacesDecoder = false
        let sync = context.pipeline.syncOperations
        let old = self.decoder
        self.decoder = self.house.makeDecoder()
        do {
            try sync.addHandler(self.decoder, position: .after(old))
            let pipeline = context.pipeline
            sync.removeHandler(old).assumeIsolated().whenComplete { _ in pipeline.fireChannelReadComplete() }
        } catch {
            context.close(promise: nil)
        }
    }
}

extension UpgradeGate: NIOScheduledCallbackHandler {
    /// The first request took too long.
    func handleScheduledCallback(eventLoop: some EventLoop) {
        self.context?.close(promise: nil)
    }
}
