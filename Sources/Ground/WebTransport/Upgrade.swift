package import NIOCore
package import NIOHTTP1

/// A well-formed request to become a WebSocket, as the gate sees it.
package struct UpgradeRequest: Sendable {
    /// Always GET.
    package let method: HTTPMethod
    /// What is before the question mark, as it came.
    package let path: String
    /// What is after the question mark, as it came.
    package let query: String?
    package let headers: HTTPHeaders
    package let peerAddress: SocketAddress?

    /// The `Host` header.
    package var host: String? { self.headers.first(name: "host") }
    /// The `Origin` header: who wrote the page, when a browser asks.
    package var origin: String? { self.headers.first(name: "origin") }
}

/// What the gate says to an `UpgradeRequest`.
package enum UpgradeDecision: Sendable {
    /// Become a WebSocket that belongs to the session made here; `headers` go into the 101 response.
    case accept(@Sendable () -> any WebSocketSession, headers: HTTPHeaders)
    /// Stay HTTP: the router gets the request, without its `Upgrade` header, and answers it.
    case refuse
}

extension UpgradeRequest {
    /// `nil` if `head` does not ask for a WebSocket as RFC 6455, 4.2.1 wants it asked.
    init?(_ head: HTTPRequestHead, peerAddress: SocketAddress?) {
        guard head.method == .GET, head.version == .http1_1,
            head.headers.hasToken("websocket", in: "upgrade"),
            head.headers.hasToken("upgrade", in: "connection"),
            head.headers["sec-websocket-version"] == ["13"],
            head.headers["sec-websocket-key"].count == 1, WebSocketKey(head.headers["sec-websocket-key"][0]) != nil,
            !head.headers.contains(name: "content-length"), !head.headers.contains(name: "transfer-encoding")
        else { return nil }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = head.method
        self.path = String(parts[0])
        self.query = parts.count > 1 ? String(parts[1]) : nil
        self.headers = head.headers
        self.peerAddress = peerAddress
    }
}

extension HTTPHeaders {
    func hasToken(_ token: String, in name: String) -> Bool {
        self[canonicalForm: name].contains { $0.lowercased() == token }
    }

    /// Whether the HTTP decoder stops after a request with these headers, in the belief that another protocol follows.
    var stopsDecoder: Bool {
        self.contains(name: "upgrade") && self.hasToken("upgrade", in: "connection")
    }

    /// Takes back the wish to speak another protocol.
    mutating func removeUpgrade() {
        let kept = self[canonicalForm: "connection"].filter { $0.lowercased() != "upgrade" }
        self.remove(name: "upgrade")
        self.remove(name: "connection")
        if !kept.isEmpty { self.add(name: "connection", value: kept.joined(separator: ", ")) }
    }
}
