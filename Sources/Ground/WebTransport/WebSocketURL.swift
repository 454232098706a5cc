/// Where a WebSocket server is: `ws://HOST[:PORT][/PATH][?QUERY]`, or `wss://`.
package struct WebSocketURL: Hashable, Sendable {
    /// Whether TLS is spoken (`wss`).
    package let isSecure: Bool
    /// A name or a numeric address, an IPv6 one without its brackets.
    package let host: String
    package let port: Int
    /// Path and query, as they stand in the request line.
    package let target: String

    /// Reads `text`; throws `badURL` with what is wrong with it.
    package init(_ text: String) throws(WebSocketClientError) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
            throw .badURL(text, "it does not begin with ws:// or wss://")
        }
        switch text[..<colon].lowercased() {
        case "ws": self.isSecure = false
        case "wss": self.isSecure = true
        default: throw .badURL(text, "it does not begin with ws:// or wss://")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .badURL(text, "it has characters that must be percent-encoded")
        }
        let rest = text[colon...].dropFirst(3)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        guard !rest[end...].contains("#") else { throw .badURL(text, "it has a fragment (#)") }
        guard !rest[..<end].contains("@") else { throw .badURL(text, "it has a user name") }
        guard let (host, port) = Self.split(rest[..<end]) else { throw .badURL(text, "its host or port is wrong") }
        self.host = host
        self.port = port ?? (self.isSecure ? 443 : 80)
        self.target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }

    private static func split(_ authority: Substring) -> (host: String, port: Int?)? {
        let isBracketed = authority.hasPrefix("[")
        let hostEnd = isBracketed ? authority.firstIndex(of: "]") : authority.firstIndex(of: ":") ?? authority.endIndex
        guard let hostEnd else { return nil }
        let host = isBracketed ? authority[..<hostEnd].dropFirst() : authority[..<hostEnd]
        let rest = isBracketed ? authority[hostEnd...].dropFirst() : authority[hostEnd...]
        guard !host.isEmpty else { return nil }
        guard !rest.isEmpty else { return (String(host), nil) }
        guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), port > 0 else { return nil }
        return (String(host), Int(port))
    }

    /// Host and port, as in a `Host` header.
    var authority: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.isSecure ? 443 : 80) ? host : "\(host):\(self.port)"
    }
}

extension WebSocketURL: CustomStringConvertible {
    package var description: String { "\(self.isSecure ? "wss" : "ws")://\(self.authority)\(self.target)" }
}
