import AsyncHTTPClient
import BenchKit
import Foundation
import HashTreeCollections
import NIOCore
import NIOPosix
import TrailsClient
import TrailsCore
import TrailsStore
import TrailsStoreSQLite
import TrailsWire
import Vocabulary
import WebTransport

/// Durable Status messages acknowledged in a second.
enum StatusBench {
    static func run(_ report: BenchReport, bareRows: Double, echo: Double, verifies: Double, scale: Int) async throws {
        report.title("durable Status messages acknowledged a second")
        for level in [SecurityLevel.open, .signed] {
            for (connections, window) in [(1, Int64(1)), (64, 1), (64, 64)] {
                let rate = try await self.rate(
                    level, connections: connections, window: window, seconds: max(2, 6 / scale))
                let name = "\(level.rawValue), \(connections) connections, \(window) under way on each"
                report.row(name, "\(rate.whole)/s")
                guard connections == 64 else { continue }
                if level == .open {
                    report.ratio("  against min(bare rows, bare echo)", rate / min(bareRows, echo), atLeast: 0.5)
                } else {
                    report.ratio("  against one core's verifications", rate / verifies, atLeast: 0.5)
                }
            }
        }
    }

    private static func rate(
        _ level: SecurityLevel, connections: Int, window: Int64, seconds: Int
    ) async throws -> Double {
        let daemon = try Daemon()
        defer { daemon.stop() }
        let server = try await daemon.key()
        let counter = Counter()
        var clients: [LoadClient] = []
        for _ in 0..<connections {
            let client = LoadClient(level: level, server: server, counter: counter)
            try await client.start(at: daemon.endpoint)
            clients.append(client)
        }
        for client in clients { client.report(window: window) }
        try await Task.sleep(for: .milliseconds(500))
        let begin = (counter.value, ContinuousClock.now)
        try await Task.sleep(for: .seconds(seconds))
        let rate = Double(counter.value - begin.0) / (ContinuousClock.now - begin.1).inSeconds
        for client in clients { client.close() }
        return rate
    }
}

/// Registers in a second: each is one commit, or shares one.
enum RegisterBench {
    static func run(_ report: BenchReport, commits: Double, scale: Int) async throws {
        report.title("registers a second")
        for level in [SecurityLevel.open, .signed] {
            for width in [1, 64] {
                let rate = try await self.rate(level, width: width, count: 2_000 / scale)
                report.row("\(level.rawValue), \(width) at a time, a new connection each", "\(rate.whole)/s")
            }
        }
    }

    private static func rate(_ level: SecurityLevel, width: Int, count: Int) async throws -> Double {
        let daemon = try Daemon()
        defer { daemon.stop() }
        let server = try await daemon.key()
        let endpoint = daemon.endpoint
        let begin = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<width {
                group.addTask {
                    for _ in 0..<count / width {
                        let client = LoadClient(level: level, server: server)
                        try await client.start(at: endpoint)
                        client.close()
                    }
                }
            }
            try await group.waitForAll()
        }
        return Double(count / width * width) / (ContinuousClock.now - begin).inSeconds
    }
}

/// A command from parent to child and its answer back.
enum ControlBench {
    static func run(_ report: BenchReport, commits: Double, echo: Double, scale: Int) async throws {
        report.title("command round trip: REST call of the parent, child's answer, REST answer")
        let limit = 2 / commits + 2 / echo
        report.row("limit: two commits and two bare WebSocket round trips", String(format: "%.2f ms", limit * 1_000))
        // The caller runs on its event loop: to be handed to other threads and back is not what is measured.
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        for (level, target) in [(SecurityLevel.open, 3.0), (.signed, 4.0)] {
            let times = try await withTaskExecutorPreference(LoopExecutor(loop)) {
                try await self.times(level, count: 1_000 / scale, on: loop).sorted()
            }
            let median = times.median
            report.row("\(level.rawValue), p50", String(format: "%.2f ms", median * 1_000))
            let late = times.percentile(0.99)
            report.row("\(level.rawValue), p99 (goal 10 ms)", String(format: "%.2f ms", late * 1_000))
            report.ratio("  p50 against the limit", median / limit, atMost: target)
        }
    }

    private static func times(
        _ level: SecurityLevel, count: Int, on loop: any EventLoop
    ) async throws -> [Double] {
        let daemon = try Daemon()
        defer { daemon.stop() }
        let server = try await daemon.key()
        let http = HTTPClient(eventLoopGroupProvider: .shared(loop))
        let api = TrailsAPI(endpoint: daemon.endpoint, serverKey: server, http: http)
        let parent = LoadClient(level: level, server: server)
        try await parent.start(at: daemon.endpoint)
        let child = try Soldier(
            level: level, parent: parent.app, parentKey: parent.key, server: server, at: .now())
        try await Troop([child], server: server).start(at: daemon.endpoint)
        let credentials = Credentials(app: parent.app, key: parent.key)
        var times: [Double] = []
        var dice = SystemRandomNumberGenerator()
        for _ in 0..<count {
            let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
            let command = IssuedCommand(
                target: child.app, scope: .node, action: "ping", correlationID: .random(using: &dice), payload: [:],
                issuedAt: now, expiresAt: now + .seconds(60))
            let begin = ContinuousClock.now
            let view = try await api.control(command, wait: .seconds(10), as: credentials)
            guard view.answers.count == 1 else { throw BenchError("the child did not answer") }
            times.append((ContinuousClock.now - begin).inSeconds)
        }
        try await http.shutdown()
        return times
    }
}

/// A start with many live apps.
enum RestartBench {
    static func run(_ report: BenchReport, apps: Int) async throws {
        report.title("restart")
        let directory = NSTemporaryDirectory() + "trails-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = try self.fill(directory + "/trails.sqlite", apps: apps)
        let empty = try Daemon()
        empty.stop()
        let daemon = try Daemon(directory: directory)
        report.row("start with an empty store", String(format: "%.3f s", empty.startTime.inSeconds))
        report.row("start with \(apps) live apps", String(format: "%.3f s", daemon.startTime.inSeconds))
        report.ratio("  seconds against the goal of 1", daemon.startTime.inSeconds, atMost: 1)
        daemon.stop()
    }

    /// Ten children each, by the same commands that the server carries out. Hands back who may act for one of them.
    static func fill(_ path: String, apps count: Int, handing chosen: Int = 0) throws -> Owner {
        let store = try SQLiteTrailsStore.open(path)
        defer { store.close() }
        var tree = ProcessTree()
        var dice = SystemRandomNumberGenerator()
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        let ids = (0..<count).map { _ in AppID.random(using: &dice) }
        let owner = Owner(app: ids[chosen], key: .random(using: &dice))
        for start in stride(from: 0, to: count, by: 1_000) {
            try store.begin()
            for number in start..<min(count, start + 1_000) {
                let facts = AppFacts(
                    id: ids[number], parent: number == 0 ? nil : ids[(number - 1) / 10], name: "app-\(number)",
                    level: .open, scheduledAt: now, startDay: Int(now.startDay), origin: .root)
                let key = number == chosen ? owner.key : SigningKey.random(using: &dice)
                let wish = Registration(
                    facts: facts, key: key.publicKey, isProven: true,
                    process: #"{"hostname":"some-machine","pid":1234}"#)
                let events = try tree.perform(.register(wish), at: now)
                _ = try store.record(events, at: now)
                try store.save(tree.apps[ids[number]].map { [$0] } ?? [])
            }
            try store.commit()
        }
        return owner
    }

    /// An app, and the key that it registered with.
    struct Owner {
        let app: AppID
        let key: SigningKey
    }
}

extension Daemon {
    func key(trust: TLSTrust = .system) async throws -> PublicKey {
        let http = HTTPClient.forTrails(trust: trust)
        let api = TrailsAPI(endpoint: self.endpoint, serverKey: nil, trust: trust, http: http)
        let description = try await api.server()
        try await http.shutdown()
        return description.serverKey
    }
}
