import WebTransport

/// What a server of pipelines is told when it starts.
package struct ServerOptions: Sendable {
    package var host = "127.0.0.1"
    /// 0 lets the system choose.
    package var port = 9_080
    /// Names the server answers to besides its own address.
    package var names: [String] = []
    /// Whether reading takes the token too; beyond loopback it always does.
    package var isPrivate = false
    /// Runs at once.
    package var runsMax = 64
    /// Whether it goes on with what an earlier server paused when it ended.
    package var resumes = true
    /// From a request to stop until the nodes at work are stopped as well.
    package var drainMax: Duration = .seconds(10)

    /// Of the body of a request, a pipeline among it.
    static let bodyMax = 4 << 20
    static let connectionsMax = 1_024
    /// Drawings at once; each is a process.
    static let drawingsMax = 2

    package init() {}

    /// Whether nobody but this machine reaches it.
    package var isLoopback: Bool {
        self.host == "localhost" || self.host == "::1" || self.host.hasPrefix("127.")
    }

    var allowedNames: Set<String> {
        let own = self.isLoopback ? ["127.0.0.1", "localhost", "::1", self.host] : [self.host]
        return Set((own + self.names).map { $0.lowercased() })
    }

    var webServer: WebServerConfiguration {
        var configuration = WebServerConfiguration(host: self.host, port: self.port)
        // What is a little too long is answered by the router, as a problem.
        configuration.bodyMax = 4 * Self.bodyMax
        configuration.connectionsMax = Self.connectionsMax
        configuration.connectionsPerAddressMax = Self.connectionsMax
        return configuration
    }
}
