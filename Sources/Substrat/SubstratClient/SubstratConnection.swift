import NIOCore
import NIOPosix
package import SubstratProtocol
package import Vocabulary

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A connection to a daemon, on which any number of calls may be under way.
package final class SubstratConnection: Sendable {
    /// How long a call may take, if nothing else is said.
    package static let callTimeout = Duration.seconds(120)
    /// The same of one that has an agent take a turn.
    package static let turnTimeout = Duration.seconds(600)

    private let channel: any Channel
    private let pending: PendingCalls

    private init(_ channel: any Channel, _ pending: PendingCalls) {
        self.channel = channel
        self.pending = pending
    }

    /// Connects to the daemon at `place`.
    package static func connect(to place: DaemonPlace) async throws(ClientError) -> SubstratConnection {
        guard place.hasUsableSocketPath else {
            throw .unreachable(socket: place.socket, why: "the path is longer than the system takes")
        }
        let pending = PendingCalls()
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ReplyReader(pending))
                    }
                }
                .connect(unixDomainSocketPath: place.socket).get()
            return SubstratConnection(channel, pending)
        } catch let error as IOError where [ENOENT, ECONNREFUSED].contains(error.errnoCode) {
            throw .notRunning(socket: place.socket)
        } catch {
            throw .unreachable(socket: place.socket, why: "\(error)")
        }
    }

    /// Closes the connection; calls that are under way end with `connectionLost`.
    package func close() async {
        self.pending.end(.connectionLost)
        try? await self.channel.close()
    }
}

extension SubstratConnection {
    /// Asks for `method` and waits for its result.
    package func call(
        _ method: String, _ params: JSONObject = [:], timeout: Duration = callTimeout
    ) async throws(ClientError) -> JSONValue {
        var result: JSONValue?
        try await self.stream(method, params, timeout: timeout) { body in
            if case .result(let value) = body { result = value }
        }
        guard let result else { throw .invalidResponse }
        return result
    }

    /// Asks for `method` and hands over every part of the answer as it comes; returns after the last one.
    ///
    /// - Parameter timeout: How long until the end of the answer; `nil` for as long as it takes.
    package func stream(
        _ method: String, _ params: JSONObject = [:], timeout: Duration?, take: (RPCReply.Body) -> Void
    ) async throws(ClientError) {
        let (number, parts) = self.pending.begin()
        defer { self.pending.forget(number) }
        let request = RPCRequest(id: .integer(number), method: method, params: params)
        let pending = self.pending
        let alarm = timeout.map { timeout in
            self.channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) { pending.forget(number) }
        }
        defer { alarm?.cancel() }
        do {
            self.channel.writeAndFlush(ByteBuffer(bytes: request.line), promise: nil)
            for try await body in parts {
                if case .error(let error) = body { throw ClientError.refused(error) }
                take(body)
                switch body {
                case .result, .done: return
                case .chunk, .event, .error: break
                }
            }
        } catch {
            throw error as? ClientError ?? .connectionLost
        }
        // The parts end without a last one only when the alarm, or the caller's own task, has ended them.
        throw .timedOut
    }
}

/// Takes the lines of the daemon apart.
private final class ReplyReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let pending: PendingCalls
    private var splitter = FrameSplitter()

    init(_ pending: PendingCalls) {
        self.pending = pending
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frames = self.splitter.feed(Array(self.unwrapInboundIn(data).readableBytesView))
        for frame in frames where !self.pending.take(frame) {
            self.pending.end(.invalidResponse)
            context.close(promise: nil)
            return
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        self.pending.end(.connectionLost)
        context.fireChannelInactive()
    }
}
