import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing
import WebTransport

/// A running server and the sessions it made, for the time of one test.
struct TestServer: Sendable {
    let port: Int
    let server: WebServer
    let sessions: Watched<[Recorder]>
    let services: ServiceGroup
    /// How many bodies the server has begun to count.
    let counted: Watched<Int>
    private let ended: Watched<Bool>

    /// Runs a server that accepts WebSockets at `/ws` (each an echo, unless `session` says otherwise), lets `body` use
    /// it, and stops it.
    static func run(
        _ configuration: WebServerConfiguration = .init(),
        gate: @escaping @Sendable (UpgradeRequest) async -> Bool = { $0.path == "/ws" },
        session: @escaping @Sendable () -> Recorder = { .echo() },
        body: (TestServer) async throws -> Void
    ) async throws {
        let sessions = Watched<[Recorder]>([])
        let port = Watched(0)
        let counted = Watched(0)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = WebServer(
            configuration: configuration, router: Self.router(counting: counted),
            upgrade: { request in
                guard await gate(request) else { return .refuse }
                let make: @Sendable () -> any WebSocketSession = {
                    let recorder = session()
                    sessions.change { $0.append(recorder) }
                    return recorder
                }
                return .accept(make, headers: ["x-session": "here"])
            }, logger: logger, onBound: { bound in port.change { $0 = bound } })
        let services = ServiceGroup(configuration: .init(services: [server], logger: logger))
        let ended = Watched(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer {
                    ended.change { $0 = true }
                    port.change { if $0 == 0 { $0 = -1 } }
                }
                try await services.run()
            }
            let bound = await port.wait { $0 != 0 }
            let test = TestServer(
                port: bound, server: server, sessions: sessions, services: services, counted: counted, ended: ended)
            do { try await body(test) } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    static func router(counting counted: Watched<Int> = Watched(0)) -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.get("/health") { _, _ in "well" }
        router.get("/ws") { _, _ in
            Response(
                status: .unauthorized, headers: [.contentType: "application/problem+json"],
                body: .init(byteBuffer: ByteBuffer(string: #"{"title":"who are you?"}"#)))
        }
        router.post("/count") { request, _ in
            counted.change { $0 += 1 }
            var count = 0
            for try await part in request.body { count += part.readableBytes }
            return "\(count)"
        }
        return router
    }

    /// Asks the server to stop gracefully, as SIGTERM does, and does not wait.
    func stop() async { await self.services.triggerGracefulShutdown() }

    /// Waits until `run` has returned.
    func hasEnded() async { await self.ended.wait { $0 } }

    /// The first session, once there is one.
    var session: Recorder {
        get async throws { try #require(await self.sessions.wait { !$0.isEmpty }.first) }
    }

    var url: String { "ws://127.0.0.1:\(self.port)/ws" }

    /// A client on this server.
    func client(
        _ url: String? = nil, trust: TLSTrust = .system, headers: HTTPHeaders = [:], limits: WebSocketLimits = .init(),
        session: Recorder = Recorder()
    ) async throws -> (WebSocketConnection, Recorder) {
        let connection = try await WebSocketClient.connect(
            to: WebSocketURL(url ?? self.url), headers: headers, trust: trust,
            on: .singletonMultiThreadedEventLoopGroup, timeout: .seconds(50), limits: limits, session: session)
        return (connection, session)
    }
}
