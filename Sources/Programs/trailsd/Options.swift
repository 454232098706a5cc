import ArgumentParser
import Glibc
import Logging
import TrailsCore
import TrailsServer
import Vocabulary
import WebTransport

/// Where the data is, and how much is said about it.
struct DataOptions: ParsableArguments {
    @Option(help: "Directory of the store, the keys and the lock (TRAILSD_DATA; ~/.local/share/cairn).")
    var data: String?

    @Option(
        name: .customLong("log-level"),
        help: "trace, debug, info, notice, warning, error or critical (TRAILSD_LOG_LEVEL; notice).")
    var logLevelName: String?

    var logLevel: Logger.Level {
        (self.logLevelName ?? Environment["TRAILSD_LOG_LEVEL"]).flatMap { Logger.Level(rawValue: $0) } ?? .notice
    }

    var path: String {
        if let path = self.data ?? Environment["TRAILSD_DATA"] { return path }
        if let shared = Environment["XDG_DATA_HOME"] { return "\(shared)/cairn" }
        return "\(Environment["HOME"] ?? ".")/.local/share/cairn"
    }

    /// Whatever is made from now on is the owner's alone.
    func directory() throws(ServerError) -> DataDirectory {
        umask(0o077)
        return try DataDirectory(self.path)
    }

    func validate() throws {
        guard let name = self.logLevelName ?? Environment["TRAILSD_LOG_LEVEL"] else { return }
        guard Logger.Level(rawValue: name) != nil else {
            throw ValidationError("\(name.quotedForPeople()) is no log level")
        }
    }
}

/// Where it listens, and to whom.
struct NetworkOptions: ParsableArguments {
    @Option(help: "HOST:PORT; port 0 lets the system choose (TRAILSD_LISTEN; 127.0.0.1:8443).")
    var listen: String?

    @Option(help: "PEM file of the certificate chain; with --tls-key serves wss and level full (TRAILSD_TLS_CERT).")
    var tlsCert: String?

    @Option(help: "PEM file of the certificate's private key (TRAILSD_TLS_KEY).")
    var tlsKey: String?

    @Flag(help: "Allow level open on an address that other machines reach (TRAILSD_ALLOW_OPEN=1).")
    var allowOpen = false

    @Option(help: "A name this server answers to (repeatable); beyond loopback the default is any.")
    var host: [String] = []

    @Option(help: "NAME=N, one of message (bytes), connections, connections-per-address (repeatable).")
    var limit: [String] = []

    func apply(to options: inout ServerOptions) throws {
        try self.applyAddress(to: &options)
        let certificate = self.tlsCert ?? Environment["TRAILSD_TLS_CERT"]
        let key = self.tlsKey ?? Environment["TRAILSD_TLS_KEY"]
        switch (certificate, key) {
        case (nil, nil): break
        case (let certificate?, let key?): options.tls = TLSFiles(certificate: certificate, key: key)
        default: throw ServerError(.configuration, "--tls-cert and --tls-key go together")
        }
        options.allowsOpen = self.allowOpen || Environment["TRAILSD_ALLOW_OPEN"] == "1"
        options.hosts = self.host
        for limit in self.limit {
            try Self.apply(limit, to: &options)
        }
    }

    private func applyAddress(to options: inout ServerOptions) throws {
        guard let listen = self.listen ?? Environment["TRAILSD_LISTEN"] else { return }
        guard let colon = listen.lastIndex(of: ":"), let port = UInt16(listen[listen.index(after: colon)...]),
            colon > listen.startIndex
        else {
            throw ServerError(
                .configuration, "\(listen.quotedForPeople()) is not HOST:PORT",
                hint: "for example --listen 127.0.0.1:8443")
        }
        var host = String(listen[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        options.host = host
        options.port = Int(port)
    }

    private static func apply(_ limit: String, to options: inout ServerOptions) throws {
        let parts = limit.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let number = Int(parts[1]), number > 0 else {
            throw ServerError(
                .configuration, "\(limit.quotedForPeople()) is not NAME=N", hint: "for example --limit message=65536")
        }
        switch parts[0] {
        case "message":
            guard number <= 16 << 20 else {
                throw ServerError(.configuration, "a message may have 16 MiB at most, not \(number) bytes")
            }
            options.messageMax = number
        case "connections": options.connectionsMax = number
        case "connections-per-address": options.connectionsPerAddressMax = number
        default:
            throw ServerError(
                .configuration, "no limit is called \(String(parts[0]).quotedForPeople())",
                hint: "message, connections, connections-per-address")
        }
    }
}

/// For how long it waits.
struct WindowOptions: ParsableArguments {
    @Option(
        help: "How long a dropped connection may be away before its app is crashed (TRAILSD_RECONNECT_WINDOW; 30s).")
    var reconnectWindow: String?

    @Option(help: "How long apps have to come back after a restart of the server (TRAILSD_RESTART_WINDOW; 60s).")
    var restartWindow: String?

    @Option(help: "How long each level of a cancel has to answer (TRAILSD_GRACE; 30s).")
    var grace: String?

    @Option(help: "End apps that say nothing, not even ping_app, for so long (TRAILSD_KEEPALIVE; off).")
    var keepalive: String?

    func apply(to options: inout ServerOptions) throws {
        if let window = try Self.duration(self.reconnectWindow, "reconnect-window") {
            options.limits.reconnectWindow = window
        }
        if let window = try Self.duration(self.restartWindow, "restart-window") {
            options.limits.restartWindow = window
        }
        if let grace = try Self.duration(self.grace, "grace") { options.limits.grace = grace }
        options.keepalive = try Self.duration(self.keepalive, "keepalive")
    }

    private static func duration(_ text: String?, _ name: String) throws -> Duration? {
        let variable = "TRAILSD_" + name.replacing("-", with: "_").uppercased()
        guard let text = text ?? Environment[variable] else { return nil }
        do {
            return try Duration(parsing: text)
        } catch {
            throw ServerError(.configuration, "--\(name): \(error.message)", hint: error.hint)
        }
    }
}

/// The variables the program was started with.
enum Environment {
    /// `nil` when it is not set or empty.
    static subscript(name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
