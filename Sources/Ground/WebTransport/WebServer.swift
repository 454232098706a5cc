package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOHTTPTypes
import NIOPosix
import ServiceLifecycle

/// HTTP and WebSockets on one port.
///
/// Requests go to a Hummingbird router. A request that asks for a WebSocket, and is the first on its connection, goes
/// to the gate `upgrade`; what the gate refuses goes to the router too. A WebSocket costs no task: its session is
/// called on the event loop.
package struct WebServer: Service {
    package typealias Gate = @Sendable (UpgradeRequest) async -> UpgradeDecision

    private let configuration: WebServerConfiguration
    private let responder: HTTPChannelHandler.Responder
    private let gate: Gate
    private let logger: Logger
    private let onBound: @Sendable (Int) -> Void
    private let tls: Result<TLSCertificate, WebServerError>?

    /// A server that has not begun to listen; `run` does. `onBound` gets the port when it listens.
    package init<Context: RequestContext>(
        configuration: WebServerConfiguration, router: some HTTPResponder<Context>, upgrade: @escaping Gate,
        logger: Logger, onBound: @escaping @Sendable (Int) -> Void = { _ in }
    ) where Context.Source == ApplicationRequestContextSource {
        self.configuration = configuration
        self.responder = RouterBridge.responder(for: router, bodyMax: configuration.bodyMax, logger: logger)
        self.gate = upgrade
        self.logger = logger
        self.onBound = onBound
        self.tls = configuration.tls.map { files in
            Result { () throws(WebServerError) in try TLSCertificate(files) }
        }
    }

    /// The same with a router that is still to be built.
    package init<Builder: HTTPResponderBuilder>(
        configuration: WebServerConfiguration, router: Builder, upgrade: @escaping Gate,
        logger: Logger, onBound: @escaping @Sendable (Int) -> Void = { _ in }
    )
    where Builder.Responder.Context: RequestContext, Builder.Responder.Context.Source == ApplicationRequestContextSource
    {
        self.init(
            configuration: configuration, router: router.buildResponder(), upgrade: upgrade, logger: logger,
            onBound: onBound)
    }

    /// Takes the certificate files as they are now for the connections to come; those that are open keep theirs.
    ///
    /// When it throws, the server goes on with the certificate it had.
    package func reloadTLS() throws(WebServerError) {
        try self.tls?.get().reload()
    }

    /// Serves until it is told to stop, or cannot listen.
    ///
    /// A graceful stop accepts nobody any more, lets requests finish, closes WebSockets with 1001, and drops after
    /// `shutdownGrace` what is left. Cancellation drops everything at once.
    package func run() async throws {
        let house = ConnectionHouse(configuration: self.configuration, tls: try self.tls?.get(), logger: self.logger)
        guard let count = self.configuration.numberOfThreads else {
            return try await self.serve(house, on: .singleton)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await self.serve(house, on: group)) } catch { outcome = .failure(error) }
        try await group.shutdownGracefully()
        try outcome.get()
    }

    private func serve(_ house: ConnectionHouse, on group: MultiThreadedEventLoopGroup) async throws {
        let listener = try await self.listen(house, on: group)
        let port = listener.localAddress?.port ?? self.configuration.port
        self.logger.info("listening", metadata: ["host": "\(self.configuration.host)", "port": "\(port)"])
        self.onBound(port)
        let grace = TimeAmount(self.configuration.shutdownGrace)
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await self.attend(house)
            } onGracefulShutdown: {
                listener.close(promise: nil)
                house.close()
                listener.eventLoop.scheduleTask(in: grace) { house.clear() }
            }
        } onCancel: {
            house.clear()
        }
        house.clear()
        listener.close(promise: nil)
        try? await listener.closeFuture.get()
    }

    private func listen(_ house: ConnectionHouse, on group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        // When two event loops are the first to make the type of a decoder, in the same moment, the runtime may crash
        // (docs/decisions.md, 90). So it is there before any connection is.
        _ = UpgradeGate(house: house)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: CInt(clamping: self.configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptFailures(logger: house.logger))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try house.open(channel) }
            }
        do {
            return try await bootstrap.bind(host: self.configuration.host, port: self.configuration.port).get()
        } catch {
            throw WebServerError.cannotListen(
                on: self.configuration.host, port: self.configuration.port, cause: error)
        }
    }

    /// Gives every connection a task until it is clear what it becomes and, if that is HTTP, until it ends.
    private func attend(_ house: ConnectionHouse) async {
        let http = HTTP1Channel(responder: self.responder)
        await withDiscardingTaskGroup { group in
            for await visit in house.visits {
                group.addTask(executorPreference: LoopExecutor(visit.channel.eventLoop)) {
                    await self.attend(visit, http: http)
                }
            }
            house.clear()
            group.cancelAll()
        }
    }

    private func attend(_ visit: Visit, http: HTTP1Channel) async {
        do {
            if let request = visit.request, case .accept(let session, let headers) = await self.gate(request) {
                try await visit.becomeWebSocket(for: request, session: session, headers: headers)
            } else {
                await http.handle(value: try await visit.becomeHTTP(), logger: self.logger)
            }
        } catch {
            self.logger.debug("connection ended in its handshake", metadata: ["error": "\(error)"])
            visit.channel.close(promise: nil)
        }
    }
}

/// Lets the listener rest for a second when the system gives it no connection, as when there are no more descriptors.
///
/// NIO's own `AcceptBackoffHandler` is there too, but cannot hold back a read that is pending already: the event loop
/// would spin, with an error each time.
private final class AcceptFailures: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.logger.error("cannot accept a connection", metadata: ["error": "\(error)"])
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.setOption(.autoRead, value: true) }
        context.fireErrorCaught(error)
    }
}
