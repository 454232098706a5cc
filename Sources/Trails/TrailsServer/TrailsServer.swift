import GroupCommit
import Hummingbird
package import Logging
import NIOHTTP1
import NIOPosix
import SQLiteStorage
import ServiceLifecycle
import Synchronization
import TrailsCore
package import TrailsStore
package import TrailsWire
import UnixSignals
package import Vocabulary
import WebTransport

/// A running trailsd: sockets, REST and watchers in front, the writer behind them, the store below.
package struct TrailsServer<Store: TrailsStore>: Sendable {
    private let store: Store
    private let thread: BatchThread<Job>
    private let web: WebServer
    private let pump = Pump()
    private let isDraining: Flag
    private let logger: Logger
    /// What can be called, as `GET /api/v1/apps/{id}`.
    package let routes: [String]

    /// Reads the tree from `store` and records the start. `run` serves; `onReady` gets the port.
    package init(
        options: ServerOptions, store: Store, key: SigningKey, adminKey: PublicKey, logger: Logger,
        now: @escaping @Sendable () -> Timestamp, onReady: @escaping @Sendable (Int) -> Void
    ) throws(ServerError) {
        let metrics = ServerMetrics()
        let hub = WatchHub()
        let board = AnswerBoard()
        let isDraining = Flag()
        let alarms = AlarmClock(on: MultiThreadedEventLoopGroup.singleton.any(), now: now)
        let startedAt = now()
        var dice = SystemRandomNumberGenerator()
        let instance = Identifier<InstanceName>.random(using: &dice).short
        let writer: Writer<Store>
        do {
            writer = try Writer(
                store: store, limits: options.limits, key: key.publicKey, instance: instance, alarms: alarms, hub: hub,
                board: board, metrics: metrics, logger: logger, now: now)
        } catch {
            throw ServerError(error)
        }
        let thread = BatchThread<Job>(name: "writer", batchMax: 1_024, waitingMax: 1 << 20) { writer.process($0) }
        alarms.start { due in
            _ = thread.submit(contentsOf: due.map { Job(command: .wake($0), reply: .none) })
        }
        let service = RESTService(
            reader: store.reader, submit: { thread.take($0) }, board: board, replays: ReplayGuard(), key: key,
            adminKey: adminKey, instance: instance, version: options.version, startedAt: startedAt,
            allowedHosts: options.allowedHosts, isOpenAllowed: options.isOpenAllowed, isSecure: options.tls != nil,
            messageMax: options.messageMax, metrics: metrics, logger: logger, now: now, tree: { writer.tree },
            isDraining: { isDraining.isSet }, isReady: { writer.isHealthy && !isDraining.isSet })
        let house = SocketHouse(
            key: key, instance: instance, isOpenAllowed: options.isOpenAllowed, messageMax: options.messageMax,
            unprovenSecondsMax: options.unprovenMax.components.seconds, keepalive: options.keepalive, metrics: metrics,
            logger: logger, now: now, submit: { thread.take($0) },
            submitSurely: { jobs in
                // Who is still connected when the server stops is reconnecting when it starts: nothing to record.
                guard !isDraining.isSet else { return }
                if !thread.take(jobs) { logger.warning("the end of a connection was not recorded") }
            },
            tree: { writer.tree })
        self.store = store
        self.thread = thread
        self.isDraining = isDraining
        self.logger = logger
        let isSecure = options.tls != nil
        let router = service.router()
        self.routes = router.routes.map { "\($0.method) \($0.path)" }
        self.web = WebServer(
            configuration: options.webServer, router: router,
            upgrade: { [pump] request in
                await Self.decide(request, service: service, house: house, hub: hub, pump: pump, isSecure: isSecure)
            }, logger: logger, onBound: onReady)
    }

    private static func decide(
        _ request: UpgradeRequest, service: RESTService<Store.Reader>, house: SocketHouse, hub: WatchHub, pump: Pump,
        isSecure: Bool
    ) async -> UpgradeDecision {
        switch request.path {
        case "/ws":
            guard (try? service.checkOrigin(host: request.host, origin: request.origin)) != nil else { return .refuse }
            return .accept({ AppSocket(house: house, isSecure: isSecure) }, headers: [:])
        case RESTService<Store.Reader>.prefix + "/watch":
            return await service.decideWatch(request, hub: hub, pump: pump)
        default:
            return .refuse
        }
    }

    /// Serves until it is told to stop; then what was accepted is committed and answered, and the store closed.
    package func run() async throws {
        do {
            try await withGracefulShutdownHandler {
                try await self.serve()
            } onGracefulShutdown: {
                self.isDraining.set()
            }
        } catch let error as WebServerError {
            self.finish()
            throw ServerError(error)
        }
        self.finish()
    }

    private func serve() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.pump.run() }
            group.addTask { await self.reloadOnHangup() }
            try await self.web.run()
            group.cancelAll()
        }
    }

    private func finish() {
        self.thread.stop()
        self.store.close()
    }

    /// SIGHUP: the certificate files as they are now.
    private func reloadOnHangup() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            do {
                try self.web.reloadTLS()
                self.logger.info("reloaded")
            } catch {
                self.logger.error("the certificate was not reloaded", metadata: LogKeys.error(error))
            }
        }
    }
}

extension BatchThread {
    /// Hands over jobs, all or none; `false` when too many wait.
    ///
    /// An event loop lends its own thread when it has read what was there to be read: all of it is one commit, and no
    /// other thread has to be woken for it.
    fileprivate func take(_ jobs: [Job]) -> Bool {
        guard let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop else { return self.submit(contentsOf: jobs) }
        switch self.leave(contentsOf: jobs) {
        case .refused: return false
        case .expected: return true
        case .first:
            eventLoop.execute { self.lend() }
            return true
        }
    }
}

/// What an instance identifier names.
enum InstanceName {}

/// Something that happens once.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { self.value.load(ordering: .relaxed) }
    func set() { self.value.store(true, ordering: .relaxed) }
}
