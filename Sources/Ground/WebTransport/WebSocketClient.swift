package import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Whom a client believes. There is no way to believe everybody.
package enum TLSTrust: Sendable, Hashable {
    /// The certificate authorities that the system trusts.
    case system
    /// Only the authorities (or the one self-signed certificate) in this PEM file.
    case authority(file: String)
}

/// The client's end of WebSockets.
package enum WebSocketClient {
    /// Opens a WebSocket; `session` hears of it as on the server, beginning with `opened`.
    ///
    /// `timeout` covers name, connection, TLS and handshake together. A cancelled task gives up at once.
    package static func connect(
        to url: WebSocketURL, headers: HTTPHeaders = [:], trust: TLSTrust = .system, on group: any EventLoopGroup,
        timeout: Duration = .seconds(10), limits: WebSocketLimits = WebSocketLimits(), session: any WebSocketSession
    ) async throws(WebSocketClientError) -> WebSocketConnection {
        let tls = url.isSecure ? try Self.context(trust, for: url) : nil
        let attempt = ConnectAttempt()
        do {
            return try await withTaskCancellationHandler {
                let result = group.any().makePromise(of: WebSocketConnection.self)
                let bootstrap = ClientBootstrap(group: group)
                    .connectTimeout(TimeAmount(timeout))
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try attempt.adopt(channel)
                            let handshake = ClientHandshake(
                                url: url, headers: headers, timeout: timeout, limits: limits, session: session,
                                result: result)
                            try Self.fill(channel.pipeline.syncOperations, tls: tls, url: url, handshake: handshake)
                        }
                    }
                do {
                    _ = try await bootstrap.connect(host: url.host, port: url.port).get()
                } catch {
                    result.fail(error)
                }
                return try await result.futureResult.get()
            } onCancel: {
                attempt.cancel()
            }
        } catch {
            if attempt.isCancelled { throw .cancelled(url) }
            throw Self.translate(error, url: url, timeout: timeout)
        }
    }

    private static func fill(
        _ pipeline: ChannelPipeline.SynchronousOperations, tls: NIOSSLContext?, url: WebSocketURL,
        handshake: ClientHandshake
    ) throws {
        if let tls {
            // A numeric address has no place in SNI; the certificate is then checked against the address itself.
            let isNumeric = (try? SocketAddress(ipAddress: url.host, port: url.port)) != nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isNumeric ? nil : url.host))
        }
        try pipeline.addHandlers([handshake.encoder, handshake.decoder, handshake])
    }

    private static func context(
        _ trust: TLSTrust, for url: WebSocketURL
    ) throws(WebSocketClientError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        do {
            if case .authority(let file) = trust {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .tls(url, "the trusted certificates cannot be read (\(trust))", cause: error)
        }
    }

    private static func translate(
        _ error: any Error, url: WebSocketURL, timeout: Duration
    ) -> WebSocketClientError {
        switch error {
        case let error as WebSocketClientError:
            error
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first {
                Self.translate(failure.error, url: url, timeout: timeout)
            } else {
                .unreachable(url, "the name is not known", cause: error)
            }
        case let error as IOError:
            .unreachable(url, error.errnoText, cause: error)
        case ChannelError.connectTimeout:
            .timeout(url, after: timeout)
        case let error as HTTPParserError:
            .notWebSocket(url, "the answer is not HTTP", cause: error)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            .tls(url, "\(error)", cause: error)
        default:
            .unreachable(url, "\(error)", cause: error)
        }
    }
}

/// The channels of one `connect`, so that a cancellation finds them.
private final class ConnectAttempt: Sendable {
    private struct State {
        var channels: [any Channel] = []
        var isCancelled = false
    }

    private let state = Mutex(State())

    var isCancelled: Bool { self.state.withLock { $0.isCancelled } }

    func adopt(_ channel: any Channel) throws {
        let isCancelled = self.state.withLock { state in
            state.channels.append(channel)
            return state.isCancelled
        }
        if isCancelled { throw ChannelError.ioOnClosedChannel }
    }

    func cancel() {
        let channels = self.state.withLock { state in
            state.isCancelled = true
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }
}
