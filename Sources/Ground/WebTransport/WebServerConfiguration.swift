/// Where a `WebServer` listens, and what it lets strangers cost it.
package struct WebServerConfiguration: Sendable {
    /// The address or name to listen on.
    package var host: String
    /// The port to listen on; 0 lets the system choose, and `onBound` says which.
    package var port: Int
    /// The certificate to serve `https` and `wss` with; `nil` serves `http` and `ws`.
    package var tls: TLSFiles?

    /// Bytes of a WebSocket message. A longer one is thrown away as it comes in, and the session is told.
    package var messageMax = 1 << 20
    /// Bytes of a WebSocket message, at which the connection is closed with 1009.
    package var frameWall = 16 << 20
    /// Fragments of a WebSocket message, at which the connection is closed with 1008.
    package var fragmentsMax = 16_384
    /// How long a peer may take to answer a close frame.
    package var closeTimeout: Duration = .seconds(2)
    /// After how much silence a WebSocket is pinged; after twice that it is taken for dead. `nil`: never.
    package var pingInterval: Duration? = .seconds(60)

    /// Bytes of a HTTP request's body; a longer one is answered with 413.
    package var bodyMax = 2 << 20
    /// Bytes of a HTTP request's head.
    package var headMax = 64 << 10
    /// Open connections in all.
    package var connectionsMax = 50_000
    /// Open connections from one address.
    package var connectionsPerAddressMax = 10_000
    /// How long a HTTP connection may do nothing.
    package var idleHTTPTimeout: Duration = .seconds(60)
    /// From a connection's beginning to its first whole request head and, for a WebSocket, the gate's answer.
    package var handshakeTimeout: Duration = .seconds(10)
    /// How long a graceful stop waits for requests and close frames.
    package var shutdownGrace: Duration = .seconds(10)

    /// Connections that the system may hold until they are accepted (it has a limit of its own, `somaxconn`).
    package var backlog = 4_096
    /// Event loops; `nil` shares the process-wide ones, one a core.
    package var numberOfThreads: Int?

    package init(host: String = "127.0.0.1", port: Int = 0, tls: TLSFiles? = nil) {
        self.host = host
        self.port = port
        self.tls = tls
    }

    var webSocketLimits: WebSocketLimits {
        WebSocketLimits(
            messageMax: self.messageMax, frameWall: self.frameWall, fragmentsMax: self.fragmentsMax,
            closeTimeout: self.closeTimeout, pingInterval: self.pingInterval)
    }
}

/// A server's certificate: two PEM files.
package struct TLSFiles: Sendable, Hashable {
    /// The path of the certificate, followed by those that lead to its root.
    package var certificate: String
    /// The path of the private key.
    package var key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
