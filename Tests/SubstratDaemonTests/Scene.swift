import DurableFiles
import Foundation
import Logging
import SubstratClient
import SubstratDaemon
import SubstratProtocol
import Synchronization
import Testing
import Vocabulary

/// A service of its own: it echoes, counts, waits to be let go, and says things piece by piece.
final class EchoService: RequestHandler {
    private struct State {
        var running = 0
        var runningMax = 0
        var ended = 0
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watchers: [(isEnough: (Int, Int) -> Bool, CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())

    func answer(_ request: RPCRequest, _ stream: ReplyStream) async throws(RPCError) -> RPCAnswer {
        self.change { $0.running += 1 }
        defer {
            self.change {
                $0.running -= 1
                $0.ended += 1
            }
        }
        switch request.method {
        case "echo": return .result(.object(request.params))
        case "hold":
            await self.pass()
            return .result("let go")
        case "count":
            let params = try RPCParameters(request.params, of: "count", known: ["to"])
            for number in 1...(try params.count("to", in: 1...1_000_000, or: 3)) { stream.send("\(number)") }
            return .done
        case "watch":
            while await stream.hasRoom() { try? await Task.sleep(for: .milliseconds(1)) }
            return .done
        default: throw .unknownMethod(request.method)
        }
    }

    func status() async -> JSONObject { ["service": "echo"] }
    func stop(grace: Duration) async { self.letGo() }

    var runningMax: Int { self.state.withLock { $0.runningMax } }

    /// Whoever holds goes on, now and from now on.
    func letGo() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    /// Returns when `isEnough` of the calls under way and those that have ended.
    func wait(until isEnough: @escaping (_ running: Int, _ ended: Int) -> Bool) async {
        await withCheckedContinuation { continuation in
            self.change { $0.watchers.append((isEnough, continuation)) }
        }
    }

    private func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let ready = self.state.withLock { state in
            body(&state)
            state.runningMax = max(state.runningMax, state.running)
            let ready = state.watchers.filter { $0.isEnough(state.running, state.ended) }.map(\.1)
            state.watchers.removeAll { $0.isEnough(state.running, state.ended) }
            return ready
        }
        for one in ready { one.resume() }
    }
}

/// A folder for a daemon, which goes with this.
final class Scene: Sendable {
    let place: DaemonPlace
    let service = EchoService()
    let version = "1.2.3"

    init() { self.place = DaemonPlace("/tmp/substrat-\(UUID().uuidString.prefix(13))") }
    deinit { try? FileManager.default.removeItem(atPath: self.place.root) }

    /// Runs a daemon of the echo service, and `body` while it serves.
    func run(
        _ options: ServerOptions = ServerOptions(), _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        let service = self.service
        try await self.run(options, serving: { _ in service }, body)
    }

    /// Runs a daemon of any service, and `body` while it serves.
    func run<Handler: RequestHandler>(
        _ options: ServerOptions = ServerOptions(),
        serving open: (DaemonPlace) async throws(DaemonError) -> Handler,
        _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        let (stop, stopping) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (ready, reporting) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let daemon = Daemon(at: self.place, version: self.version, options: options, logger: logger)
        let place = self.place
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { stopping.finish() }
                for await _ in ready {
                    try await body()
                    break
                }
            }
            defer { reporting.finish() }
            try await daemon.run(
                startedAt: Timestamp(milliseconds: 0), until: { for await _ in stop {} },
                ready: { reporting.yield() },
                serving: { _ throws(DaemonError) in try await open(place) })
            try await group.waitForAll()
        }
    }

    func connect() async throws -> SubstratConnection { try await SubstratConnection.connect(to: self.place) }

    func permissions(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
    }

    func has(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
