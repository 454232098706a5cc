import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

/// A model server behind a real port, which can be told to misbehave.
final class ModelHost: Sendable {
    struct State {
        var server: ModelServer
        var connections: [UInt64: WebSocketConnection] = [:]
        var sessions: [UInt64: ModelServer.Session] = [:]
        /// Closes the connection instead of taking the frame of this number.
        var dropsFrame: Int?
        var frames = 0
        /// Keeps its answers to itself.
        var isMute = false
    }

    let state: Mutex<State>
    let port: Int

    private init(_ server: ModelServer, port: Int) {
        self.state = Mutex(State(server: server))
        self.port = port
    }

    /// Serves on a free port while `body` runs.
    static func run(level: SecurityLevel = .open, body: (ModelHost) async throws -> Void) async throws {
        let held = Mutex<ModelHost?>(nil)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "model") { _ in SwiftLogNoOpLogHandler() }
        let router = Router(context: BasicRequestContext.self)
        let server = WebServer(
            configuration: WebServerConfiguration(), router: router,
            upgrade: { _ in
                .accept(
                    {
                        guard let host = held.withLock({ $0 }) else { preconditionFailure("no host") }
                        return ModelSession(host)
                    }, headers: [:])
            }, logger: logger, onBound: { continuation.yield($0) })
        let services = ServiceGroup(configuration: .init(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var bound = ports.makeAsyncIterator()
            guard let port = await bound.next() else { return }
            let host = ModelHost(ModelServer(level: level), port: port)
            held.withLock { $0 = host }
            do { try await body(host) } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    func read<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        self.state.withLock { state in body(&state) }
    }

    /// Ends all connections without a word.
    func dropAll() {
        let connections = self.read { Array($0.connections.values) }
        for connection in connections { connection.close(code: 1011, reason: "dropped") }
    }

    /// What a client of this server is configured with.
    func config(_ name: String = "app") throws -> TrailsConfig {
        TrailsConfig(
            appName: name, server: try ServerEndpoint("ws://127.0.0.1:\(self.port)"),
            serverKey: self.read { $0.server.key.publicKey }, level: self.read { $0.server.level })
    }

    func command(_ frame: ControlFrame) {
        let sent = self.read { state in
            for (id, session) in state.sessions where session.voices[frame.appID] != nil {
                return (state.connections[id], state.server.command(frame, on: session))
            }
            _ = state.server.command(frame, on: ModelServer.Session())
            return (nil, [])
        }
        for bytes in sent.1 { sent.0?.send(text: ByteBuffer(bytes: bytes)) }
    }
}

/// One connection of a model host.
private final class ModelSession: WebSocketSession {
    private let host: ModelHost
    private let connection = Mutex<WebSocketConnection?>(nil)

    init(_ host: ModelHost) { self.host = host }

    func opened(on connection: WebSocketConnection) {
        self.connection.withLock { $0 = connection }
        self.host.read {
            $0.connections[connection.id] = connection
            $0.sessions[connection.id] = ModelServer.Session()
        }
    }

    func received(text: ByteBuffer) {
        guard let connection = self.connection.withLock({ $0 }) else { return }
        let answers: [[UInt8]]? = self.host.read { state in
            state.frames += 1
            guard state.frames != state.dropsFrame else { return nil }
            let answers = state.server.receive(
                Array(text.readableBytesView), on: &state.sessions[connection.id, default: .init()])
            return state.isMute ? [] : answers
        }
        guard let answers else { return connection.close(code: 1011, reason: "dropped") }
        connection.send(texts: answers.map { ByteBuffer(bytes: $0) })
    }

    func received(binary: ByteBuffer) {}
    func received(oversized: Int) {}

    func closed(_ reason: WebSocketCloseReason) {
        guard let id = self.connection.withLock({ $0?.id }) else { return }
        self.host.read {
            $0.connections[id] = nil
            $0.sessions[id] = nil
        }
    }
}
