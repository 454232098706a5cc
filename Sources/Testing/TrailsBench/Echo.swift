import BenchKit
import Glibc
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import WebTransport

/// A bare WebSocket echo, server and client, in two processes like trailsd and its apps.
enum Echo {
    static func serve() async throws {
        let router = Router()
        let server = WebServer(
            configuration: WebServerConfiguration(), router: router,
            upgrade: { _ in .accept({ EchoSession() }, headers: [:]) }, logger: Logger(label: "echo")
        ) { port in
            print(port)
            fflush(nil)
        }
        try await server.run()
    }

    /// Round trips a second of 64-byte messages, one under way on each connection.
    static func measure(connections: Int, seconds: Int) async throws -> Double {
        let program = try BenchProgram(nil, ["echo-server"])
        defer { program.kill() }
        guard let port = Int(try program.line().text) else { throw BenchError("the echo server did not start") }
        let counter = Counter()
        var open: [WebSocketConnection] = []
        for _ in 0..<connections {
            open.append(
                try await WebSocketClient.connect(
                    to: WebSocketURL("ws://127.0.0.1:\(port)/"), on: MultiThreadedEventLoopGroup.singleton,
                    session: PingSession(counter: counter)))
        }
        for connection in open { connection.send(text: PingSession.message) }
        try await Task.sleep(for: .milliseconds(500))
        let begin = (counter.value, ContinuousClock.now)
        try await Task.sleep(for: .seconds(seconds))
        return Double(counter.value - begin.0) / (ContinuousClock.now - begin.1).inSeconds
    }
}

final class Counter: Sendable {
    private let number = Atomic<Int>(0)

    var value: Int { self.number.load(ordering: .relaxed) }
    func add(_ amount: Int = 1) { self.number.add(amount, ordering: .relaxed) }
}

private final class EchoSession: WebSocketSession {
    private let connection = Mutex<WebSocketConnection?>(nil)

    func opened(on connection: WebSocketConnection) { self.connection.withLock { $0 = connection } }
    func received(text: ByteBuffer) { self.connection.withLock { $0 }?.send(text: text) }
    func received(binary: ByteBuffer) {}
    func received(oversized: Int) {}
    func closed(_ reason: WebSocketCloseReason) { self.connection.withLock { $0 = nil } }
}

private final class PingSession: WebSocketSession {
    static let message = ByteBuffer(string: String(repeating: "x", count: 64))

    private let connection = Mutex<WebSocketConnection?>(nil)
    private let counter: Counter

    init(counter: Counter) { self.counter = counter }

    func opened(on connection: WebSocketConnection) { self.connection.withLock { $0 = connection } }
    func received(text: ByteBuffer) {
        self.counter.add()
        self.connection.withLock { $0 }?.send(text: text)
    }
    func received(binary: ByteBuffer) {}
    func received(oversized: Int) {}
    func closed(_ reason: WebSocketCloseReason) { self.connection.withLock { $0 = nil } }
}
