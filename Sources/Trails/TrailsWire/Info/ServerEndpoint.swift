/// Where a server is reached: one host and port for the socket and for REST.
///
///     https://trails.example.com/team  ->  wss://trails.example.com/team/ws
///                                          https://trails.example.com/team/api/v1
public struct ServerEndpoint: Hashable, Sendable {
    /// Whether both go over TLS.
    public let isTLS: Bool
    /// Lower case; an IPv6 address without its brackets.
    public let host: String
    /// That of the scheme where the URL says none.
    public let port: Int
    /// What stands before `/ws` and `/api/v1`: empty, or begins with a slash and does not end with one.
    public let pathPrefix: String

    /// Why a text is no address of a server.
    public struct ParseError: Error, Hashable, Sendable {
        /// What is wrong, as the rest of a sentence that begins with the name of the setting.
        public let problem: String
    }
}

extension ServerEndpoint {
    /// Reads `ws://`, `wss://`, `http://` and `https://` addresses; a missing `/ws` is added.
    public init(_ text: String) throws(ParseError) {
        guard text.utf8.count <= WireLimits.urlBytesMax else {
            throw ParseError(problem: "has \(text.utf8.count) bytes, more than \(WireLimits.urlBytesMax)")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }) else {
            throw ParseError(problem: "holds a character that no URL may hold")
        }
        guard let (scheme, rest) = Self.split(text) else {
            throw ParseError(problem: "is no URL: it has no ws:// or wss:// in front")
        }
        switch scheme.lowercased() {
        case "ws", "http": self.isTLS = false
        case "wss", "https": self.isTLS = true
        default: throw ParseError(problem: "has the scheme \"\(scheme)\", not ws, wss, http or https")
        }
        if rest.contains(where: { $0 == "?" || $0 == "#" }) {
            throw ParseError(problem: "has a query or a fragment, which means nothing here")
        }
        let authority = rest.prefix { $0 != "/" }
        if authority.contains("@") { throw ParseError(problem: "holds a user name, which means nothing here") }
        let (host, port) = try Self.splitAuthority(authority)
        self.host = try Self.checkedHost(host)
        if let port {
            self.port = try Self.checkedPort(port)
        } else {
            self.port = self.isTLS ? 443 : 80
        }
        self.pathPrefix = Self.prefix(of: rest.dropFirst(authority.count))
    }

    private static func split(_ text: String) -> (scheme: Substring, rest: Substring)? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        return (text[..<colon], text[colon...].dropFirst(3))
    }

    /// Takes the brackets from an IPv6 address.
    private static func splitAuthority(_ text: Substring) throws(ParseError) -> (host: Substring, port: Substring?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw ParseError(problem: "has no \"]\" after its host") }
            let host = text[..<end].dropFirst()
            let rest = text[end...].dropFirst()
            guard IPAddress.isIPv6(host) else { throw ParseError(problem: "has no IPv6 address in its brackets") }
            if rest.isEmpty { return (host, nil) }
            guard rest.hasPrefix(":") else { throw ParseError(problem: "has something between host and port") }
            return (host, rest.dropFirst())
        }
        guard let colon = text.firstIndex(of: ":") else { return (text, nil) }
        let port = text[colon...].dropFirst()
        guard !port.contains(":") else { throw ParseError(problem: "has an IPv6 address without brackets") }
        return (text[..<colon], port)
    }

    private static func checkedHost(_ text: Substring) throws(ParseError) -> String {
        let host = text.lowercased()
        guard !host.isEmpty else { throw ParseError(problem: "has no host") }
        guard host.utf8.count <= 253 else { throw ParseError(problem: "has a host of more than 253 bytes") }
        if IPAddress.isIPv6(host[...]) { return host }
        guard host.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) }) else {
            throw ParseError(problem: "has a host with a character that no host name may hold")
        }
        return host
    }

    private static func checkedPort(_ text: Substring) throws(ParseError) -> Int {
        guard text.utf8.count <= 5, text.allSatisfy(\.isNumber), let port = Int(text), (1...65_535).contains(port)
        else {
            throw ParseError(problem: "has a port that is not in 1...65535")
        }
        return port
    }

    private static func prefix(of path: Substring) -> String {
        var path = path
        while path.last == "/" { path = path.dropLast() }
        if path.hasSuffix("/ws") { path = path.dropLast(3) }
        while path.last == "/" { path = path.dropLast() }
        return String(path)
    }
}

extension ServerEndpoint: CustomStringConvertible {
    /// What to connect a socket to.
    public var webSocketURL: String { "\(self.isTLS ? "wss" : "ws")://\(self.hostHeader)\(self.webSocketPath)" }

    /// What the paths of REST are appended to: no slash at the end.
    public var restBase: String { "\(self.isTLS ? "https" : "http")://\(self.hostHeader)\(self.restPath)" }

    /// Where a socket asks for its upgrade.
    public var webSocketPath: String { self.pathPrefix + "/ws" }

    /// What every call of REST begins with.
    public var restPath: String { self.pathPrefix + "/api/v1" }

    /// The Host header of every request: brackets around IPv6, no port where it is that of the scheme.
    public var hostHeader: String {
        let name = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.port == (self.isTLS ? 443 : 80) ? name : "\(name):\(self.port)"
    }

    /// Whether only this machine can be meant.
    public var isLoopback: Bool {
        self.host == "localhost" || self.host.hasSuffix(".localhost") || IPAddress.isLoopback(self.host[...])
    }

    public var description: String { self.webSocketURL }
}
