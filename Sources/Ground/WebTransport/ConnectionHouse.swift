import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOSSL
import Synchronization

/// What all connections of one server share: who is in, who may come in, and what a new one is made of.
final class ConnectionHouse: Sendable {
    enum Admission { case admitted, tooMany, closing }

    private struct Guests {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var perAddress: [String: Int] = [:]
        var isClosing = false
    }

    let configuration: WebServerConfiguration
    let webSocketLimits: WebSocketLimits
    let logger: Logger
    /// Connections whose first request has come, and that need a task to say what they become.
    let visits: AsyncStream<Visit>

    private let tls: TLSCertificate?
    private let arrivals: AsyncStream<Visit>.Continuation
    private let guests = Mutex(Guests())

    init(configuration: WebServerConfiguration, tls: TLSCertificate?, logger: Logger) {
        self.configuration = configuration
        self.webSocketLimits = configuration.webSocketLimits
        self.tls = tls
        self.logger = logger
        // Each connection arrives once in its life, so there are never more than `connectionsMax` in here.
        (self.visits, self.arrivals) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    var isSecure: Bool { self.tls != nil }

    func makeDecoder() -> ByteToMessageHandler<HTTPRequestDecoder> {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = self.configuration.headMax
        limits.maxHeaderFieldSize = self.configuration.headMax
        return ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
    }

    func receive(_ visit: Visit) {
        // A dropped visit is a connection that is being closed anyway.
        if case .terminated = self.arrivals.yield(visit) { visit.channel.close(promise: nil) }
    }

    // MARK: Coming and going

    /// Makes the pipeline of an accepted connection, or turns it away. On the event loop of `channel`.
    func open(_ channel: any Channel) throws {
        switch self.admit(channel) {
        case .closing:
            throw ChannelError.ioOnClosedChannel
        case .tooMany:
            self.logger.debug("connection refused, too many", metadata: ["peer": "\(channel.remoteAddress.text)"])
            guard self.tls == nil else { throw ChannelError.ioOnClosedChannel }
            try channel.pipeline.syncOperations.addHandler(TurnedAway())
        case .admitted:
            let key = channel.remoteAddress.key
            channel.closeFuture.whenComplete { _ in self.leave(channel, key: key) }
            if let tls = self.tls {
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls.context))
            }
            try UpgradeGate.install(in: channel, house: self)
        }
    }

    private func admit(_ channel: any Channel) -> Admission {
        let key = channel.remoteAddress.key
        return self.guests.withLock { guests in
            guard !guests.isClosing else { return .closing }
            guard guests.channels.count < self.configuration.connectionsMax,
                guests.perAddress[key, default: 0] < self.configuration.connectionsPerAddressMax
            else { return .tooMany }
            guests.channels[ObjectIdentifier(channel)] = channel
            guests.perAddress[key, default: 0] += 1
            return .admitted
        }
    }

    private func leave(_ channel: any Channel, key: String) {
        let isLast = self.guests.withLock { guests in
            guests.channels[ObjectIdentifier(channel)] = nil
            let others = guests.perAddress[key, default: 1] - 1
            guests.perAddress[key] = others == 0 ? nil : others
            return guests.isClosing && guests.channels.isEmpty
        }
        if isLast { self.arrivals.finish() }
    }

    // MARK: The end

    /// Lets nobody in any more, and asks everybody inside to finish; `visits` ends with the last of them.
    func close() {
        let channels = self.guests.withLock { guests in
            guests.isClosing = true
            return Array(guests.channels.values)
        }
        if channels.isEmpty { self.arrivals.finish() }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Drops whoever is still inside.
    func clear() {
        let channels = self.guests.withLock { guests in
            guests.isClosing = true
            return Array(guests.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
        if channels.isEmpty { self.arrivals.finish() }
    }
}

/// A connection whose first request has come.
struct Visit: Sendable {
    /// Set if it wants to become a WebSocket.
    let request: UpgradeRequest?
    let channel: any Channel
    let gate: NIOLoopBound<UpgradeGate>
}

extension Visit {
    func becomeWebSocket(
        for request: UpgradeRequest, session: @escaping @Sendable () -> any WebSocketSession, headers: HTTPHeaders
    ) async throws {
        try await self.channel.eventLoop.submit {
            guard self.channel.isActive else { throw ChannelError.ioOnClosedChannel }
            try self.gate.value.becomeWebSocket(for: request, session: session, headers: headers)
        }.get()
    }

    func becomeHTTP() async throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
        try await self.channel.eventLoop.submit { try self.gate.value.becomeHTTP() }.get()
    }
}

/// Says 429 to a connection over the limit, and waits a second so that the answer is read before the end.
private final class TurnedAway: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        let answer =
            "HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n"
        let channel = context.channel
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in
            channel.close(mode: .output, promise: nil)
        }
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
    }
}

extension SocketAddress? {
    /// The address without its port: what connections are counted by.
    fileprivate var key: String { self?.ipAddress ?? "" }
    fileprivate var text: String { self?.description ?? "unknown" }
}
