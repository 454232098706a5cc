/// Why a WebSocket could not be opened.
package struct WebSocketClientError: Error, CustomStringConvertible {
    package struct Code: Sendable, Hashable {
        private enum Value { case refused, unreachable, tls, timeout, badURL, cancelled }
        private let value: Value

        /// The server answered, but not with a WebSocket; `status` and `body` are its answer, if it was HTTP.
        package static let refused = Code(value: .refused)
        /// Nobody answers at the address.
        package static let unreachable = Code(value: .unreachable)
        /// The server's certificate is not trusted, or TLS failed otherwise.
        package static let tls = Code(value: .tls)
        /// The time was over before the handshake was.
        package static let timeout = Code(value: .timeout)
        /// The address is no `ws://` or `wss://` address.
        package static let badURL = Code(value: .badURL)
        /// The task that connected was cancelled.
        package static let cancelled = Code(value: .cancelled)
    }

    package let code: Code
    package let message: String
    package let hint: String
    package let cause: (any Error)?
    /// The HTTP status of a refusal.
    package let status: Int?
    /// The beginning of a refusal's body, at most 4 KiB.
    package let body: String?

    package var description: String { self.message }

    private init(
        _ code: Code, _ message: String, hint: String, cause: (any Error)? = nil, status: Int? = nil,
        body: String? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
        self.status = status
        self.body = body
    }
}

extension WebSocketClientError {
    static func badURL(_ text: String, _ what: String) -> Self {
        Self(.badURL, "\"\(text)\" is not a WebSocket address: \(what)", hint: "write ws://HOST:PORT/PATH")
    }

    static func refused(_ url: WebSocketURL, status: Int, reason: String, body: String) -> Self {
        Self(
            .refused, "\(url) answered \(status) \(reason) instead of opening a WebSocket",
            hint: body.isEmpty ? "check the path, and whether this caller may connect" : body, status: status,
            body: body)
    }

    static func notWebSocket(_ url: WebSocketURL, _ what: String, cause: (any Error)? = nil) -> Self {
        Self(
            .refused, "\(url) does not speak WebSocket: \(what)", hint: "check host, port and ws:// or wss://",
            cause: cause)
    }

    static func unreachable(_ url: WebSocketURL, _ what: String, cause: (any Error)? = nil) -> Self {
        Self(
            .unreachable, "cannot reach \(url.host) port \(url.port): \(what)",
            hint: "check that the server runs and listens on this address", cause: cause)
    }

    static func tls(_ url: WebSocketURL, _ what: String, cause: (any Error)? = nil) -> Self {
        Self(
            .tls, "no secure connection to \(url.host) port \(url.port): \(what)",
            hint: "see the certificate with \"openssl s_client -connect \(url.host):\(url.port)\"; "
                + "a private one needs its CA file named", cause: cause)
    }

    static func timeout(_ url: WebSocketURL, after time: Duration) -> Self {
        Self(.timeout, "\(url) did not answer within \(time)", hint: "check that the server runs, and the network")
    }

    static func cancelled(_ url: WebSocketURL) -> Self {
        Self(.cancelled, "connecting to \(url) was cancelled", hint: "connect again")
    }
}
