package import Logging
import NIOCore
import NIOPosix
import SubstratProtocol
import Synchronization
import Vocabulary

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Serves a `RequestHandler` on a socket of this machine, to its own user and nobody else.
///
///     bytes ──► ConnectionHandler ──► requests ──► a task each ──► RequestHandler
///       ▲                                                              │
///       └────────────────── Connection: one write for many ◄───────────┘
package final class SocketServer<Handler: RequestHandler>: Sendable {
    private struct Call {
        let request: RPCRequest
        let connection: Connection
    }

    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        var isStopping = false
    }

    private let path: String
    private let handler: Handler
    private let options: ServerOptions
    private let logger: Logger
    private let user = geteuid()
    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)
    private let calls: AsyncStream<Call>
    private let arrivals: AsyncStream<Call>.Continuation

    package init(at path: String, options: ServerOptions = ServerOptions(), logger: Logger, handler: Handler) {
        self.path = path
        self.options = options
        self.logger = logger
        self.handler = handler
        // No more are in here than the limits of the connections let in.
        (self.calls, self.arrivals) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    /// How many clients there are.
    package var connectionCount: Int { self.state.withLock { $0.connections.count } }

    private var isStopping: Bool { self.state.withLock { $0.isStopping } }

    /// From here on clients can connect; they are answered once `serve` runs. Nothing may be at the path.
    package func listen() async throws(DaemonError) {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 256)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(.maxMessagesPerRead, value: 1)
                .childChannelInitializer { self.open($0) }
                .bind(unixDomainSocketPath: self.path).get()
            chmod(self.path, 0o600)
            self.listener.withLock { $0 = channel }
        } catch {
            throw DaemonError(.socket, "cannot listen on \(self.path.shownToPeople()): \(error)")
        }
    }

    /// Answers until `stop` returns; then takes nothing more, lets the handler end, and closes what is open.
    package func serve(until stop: @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.answerCalls() }
            await stop()
            await self.beginStopping()
            await self.handler.stop(grace: self.options.grace)
            group.addTask { try? await Task.sleep(for: self.options.farewell) }
            await group.next()
            group.cancelAll()
        }
        await self.closeAll()
    }

    // MARK: Connections

    private func open(_ channel: any Channel) -> EventLoopFuture<Void> {
        PeerCredentials.read(of: channel).flatMapThrowing { credentials in
            guard credentials.user == self.user else {
                self.logger.warning("connection of another user refused", metadata: LogKeys.peer(credentials.user))
                throw ChannelError.ioOnClosedChannel
            }
            // NIO accepts without: a program started meanwhile would hold the connection open.
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                _ = fcntl($0, F_SETFD, FD_CLOEXEC)
            }
            let connection = Connection(channel, self.options)
            guard self.admit(connection) else { throw ChannelError.ioOnClosedChannel }
            let handler = ConnectionHandler(connection, self.options) { self.take($0, connection) }
            try channel.pipeline.syncOperations.addHandler(handler)
        }
    }

    private func admit(_ connection: Connection) -> Bool {
        let key = ObjectIdentifier(connection)
        let isIn = self.state.withLock { state in
            guard !state.isStopping, state.connections.count < self.options.connectionsMax else { return false }
            state.connections[key] = connection
            return true
        }
        if isIn {
            connection.channel.closeFuture.whenComplete { _ in self.state.withLock { $0.connections[key] = nil } }
        }
        return isIn
    }

    // MARK: Calls

    private func take(_ request: RPCRequest, _ connection: Connection) {
        connection.beginCall()
        if !self.isStopping, case .enqueued = self.arrivals.yield(Call(request: request, connection: connection)) {
            return
        }
        connection.endCall(RPCReply(request.id, .error(.unavailable("the daemon is stopping"))))
    }

    private func answerCalls() async {
        await withDiscardingTaskGroup { group in
            for await call in self.calls { group.addTask { await self.answer(call) } }
        }
    }

    private func answer(_ call: Call) async {
        let id = call.request.id
        let stream = ReplyStream(id: id, connection: call.connection) { self.isStopping }
        do throws(RPCError) {
            switch try await self.handler.answer(call.request, stream) {
            case .result(let value): call.connection.endCall(RPCReply(id, .result(value)))
            case .done: call.connection.endCall(RPCReply(id, .done))
            }
        } catch {
            call.connection.endCall(RPCReply(id, .error(error)))
        }
    }

    // MARK: The end

    private func beginStopping() async {
        self.state.withLock { $0.isStopping = true }
        try? await self.listener.withLock { $0.take() }?.close()
        unlink(self.path)
        self.arrivals.finish()
    }

    /// Closes each connection when what was said on it is written, and after a while in any case.
    private func closeAll() async {
        let connections = self.state.withLock { Array($0.connections.values) }
        for connection in connections {
            connection.end()
            connection.channel.eventLoop.scheduleTask(in: TimeAmount(self.options.farewell)) {
                connection.channel.close(promise: nil)
            }
        }
        for connection in connections { try? await connection.channel.closeFuture.get() }
    }
}
