import ArgumentParser
import DurableFiles
import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import TrailsCore
import TrailsServer
import TrailsStoreSQLite
import TrailsWire
import UnixSignals
import Vocabulary
import WebTransport

/// `trailsd serve`: what trailsd is for.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve, in the foreground (the default).")

    @OptionGroup var place: DataOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var windows: WindowOptions

    func run() async throws {
        do {
            try await self.serve()
        } catch let error as ServerError {
            throw fail(error)
        }
    }

    private func serve() async throws {
        OpenFiles.raiseLimit()
        var options = ServerOptions()
        options.version = Trailsd.version
        try self.network.apply(to: &options)
        try self.windows.apply(to: &options)
        let directory = try self.place.directory()
        let lock = try directory.lock()
        defer { lock.release() }
        let key = try directory.key("server.key")
        let adminKey = try directory.key("admin.key")
        let store: SQLiteTrailsStore
        do {
            store = try SQLiteTrailsStore.open(directory.store)
        } catch {
            throw ServerError(error)
        }
        var logger = Logger(label: "trailsd") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = self.place.logLevel
        let scheme = options.tls == nil ? "ws" : "wss"
        let host = options.host.contains(":") ? "[\(options.host)]" : options.host
        let server = try TrailsServer(
            options: options, store: store, key: key, adminKey: adminKey.publicKey, logger: logger,
            now: { Timestamp.now }
        ) { port in
            Output.say("trailsd: listening on \(scheme)://\(host):\(port)/ws")
            Output.say("trailsd: data in \(directory.path), administrator key in \(directory.adminKeyPath)")
            Systemd.notify("READY=1")
        }
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: Serving(server: server), successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        configuration.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// Each connection is an open file.
private enum OpenFiles {
    /// Takes as many as the system gives.
    static func raiseLimit() {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(files, &limit)
    }
}

/// The server as the service group sees it.
private struct Serving: Service {
    let server: TrailsServer<SQLiteTrailsStore>

    func run() async throws { try await self.server.run() }
}

extension Timestamp {
    /// By the system's clock.
    static var now: Timestamp {
        Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000))
    }
}
