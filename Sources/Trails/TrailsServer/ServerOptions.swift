package import TrailsCore
package import WebTransport

/// What a server is told when it starts.
package struct ServerOptions: Sendable {
    package var host = "127.0.0.1"
    /// 0 lets the system choose.
    package var port = 8443
    /// `nil`: no TLS, so no level `full`.
    package var tls: TLSFiles?
    /// Level `open` on an address that others reach.
    package var allowsOpen = false
    /// Names the server answers to besides its own address; empty: any, when it listens beyond loopback.
    package var hosts: [String] = []
    package var limits = TreeLimits()
    /// Bytes of one message.
    package var messageMax = 1 << 20
    package var connectionsMax = 50_000
    package var connectionsPerAddressMax = 20_000
    /// How long a connection may stay without a registered app.
    package var unprovenMax: Duration = .seconds(10)
    /// How long a connected app may say nothing, not even `ping_app`; `nil`: for ever.
    package var keepalive: Duration?
    package var version = "0"

    package init() {}

    /// Whether nobody but this machine reaches it.
    package var isLoopback: Bool {
        self.host == "localhost" || self.host == "::1" || self.host.hasPrefix("127.")
    }

    package var isOpenAllowed: Bool { self.isLoopback || self.allowsOpen }

    var allowedHosts: AllowedHosts {
        if self.isLoopback {
            return AllowedHosts(names: Set(["127.0.0.1", "localhost", "::1", self.host] + self.hosts))
        }
        return AllowedHosts(names: self.hosts.isEmpty ? nil : Set(self.hosts.map { $0.lowercased() } + [self.host]))
    }

    var webServer: WebServerConfiguration {
        var configuration = WebServerConfiguration(host: self.host, port: self.port, tls: self.tls)
        configuration.messageMax = self.messageMax
        configuration.bodyMax = max(configuration.bodyMax, self.messageMax * 2)
        configuration.connectionsMax = self.connectionsMax
        configuration.connectionsPerAddressMax = self.connectionsPerAddressMax
        return configuration
    }
}
