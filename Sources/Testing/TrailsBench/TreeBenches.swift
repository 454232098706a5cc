import AsyncHTTPClient
import BenchKit
import Foundation
import NIOCore
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

/// A whole tree of connected apps is cancelled from its root, a level at a time from the bottom.
enum CascadeBench {
    static func run(_ report: BenchReport, scale: Int) async throws {
        let widths = [10, 90, 900, 9_000].map { max(1, $0 / scale) }
        let count = widths.reduce(0, +)
        report.title("cancel of \(count) connected apps on 4 levels, at least 100 sockets")
        for (level, goal) in [(SecurityLevel.open, 2.0), (.signed, 5.0)] {
            let time = try await self.time(level, widths: widths, share: max(1, 90 / scale))
            report.row(level.rawValue, String(format: "%.2f s", time))
            report.ratio("  seconds against the goal of \(Int(goal))", time, atMost: goal)
        }
    }

    private static func time(_ level: SecurityLevel, widths: [Int], share: Int) async throws -> Double {
        let daemon = try Daemon()
        defer { daemon.stop() }
        let server = try await daemon.key()
        let root = LoadClient(level: level, server: server)
        try await root.start(at: daemon.endpoint)
        var troops: [Troop] = []
        var parents = [(app: root.app, key: root.key)]
        for width in widths {
            let soldiers = try (0..<width).map { number in
                let parent = parents[number % parents.count]
                return try Soldier(
                    level: level, parent: parent.app, parentKey: parent.key, server: server, at: .now())
            }
            for start in stride(from: 0, to: width, by: share) {
                let troop = Troop(Array(soldiers[start..<min(start + share, width)]), server: server)
                try await troop.start(at: daemon.endpoint)
                troops.append(troop)
            }
            parents = soldiers.map { ($0.app, $0.key) }
        }
        let time = try await self.cancel(root, of: daemon, server, count: widths.reduce(0, +))
        for troop in troops { troop.close() }
        return time
    }

    private static func cancel(
        _ root: LoadClient, of daemon: Daemon, _ server: PublicKey, count: Int
    ) async throws -> Double {
        let http = HTTPClient()
        let api = TrailsAPI(endpoint: daemon.endpoint, serverKey: server, http: http)
        let credentials = Credentials(app: root.app, key: root.key)
        var dice = SystemRandomNumberGenerator()
        let id = CascadeID.random(using: &dice)
        let begin = ContinuousClock.now
        var view = try await api.cancel(
            root.app, cascade: true, cascadeID: id, grace: .seconds(60), as: credentials)
        while view.state != .finished {
            guard ContinuousClock.now - begin < .seconds(120) else { throw BenchError("the cancel does not end") }
            try await Task.sleep(for: .milliseconds(10))
            view = try await api.cascade(id, as: credentials)
        }
        let time = (ContinuousClock.now - begin).inSeconds
        try await http.shutdown()
        // The root is cancelled with the others.
        guard view.cancelled == Int64(count) + 1, view.lost == 0, view.forceKilled == 0 else {
            throw BenchError("of \(count + 1) apps \(view.cancelled) were cancelled")
        }
        return time
    }
}

/// All clients of a server that was away for a while come back, each by the library's own rules.
enum HerdBench {
    static func run(_ report: BenchReport, clients count: Int) async throws {
        report.title("a herd of \(count) clients after an outage of 4 s")
        let first = try Daemon()
        let key = try await first.key()
        let engines = (0..<count).map { _ in self.client(of: first.endpoint, key) }
        try await self.wait(for: count, at: first.endpoint)
        first.kill()
        try await Task.sleep(for: .seconds(4))
        let second = try Daemon(directory: first.directory, port: first.endpoint.port)
        let begin = ContinuousClock.now
        try await self.wait(for: count, at: second.endpoint)
        let time = (ContinuousClock.now - begin).inSeconds
        for (engine, app) in engines { engine.tell(.leave(app, .completed)) }
        for (engine, _) in engines { await engine.finished() }
        second.stop()
        first.clear()
        report.row("all are back after", String(format: "%.2f s", time))
        report.ratio("  seconds against the goal of 10", time, atMost: 10)
    }

    private static func client(of endpoint: ServerEndpoint, _ server: PublicKey) -> (ClientEngine, AppID) {
        var dice = SystemRandomNumberGenerator()
        let (app, key) = (AppID.random(using: &dice), SigningKey.random(using: &dice))
        let engine = ClientEngine(endpoint: endpoint, trust: .system)
        let frame = RegisterFrame(
            appID: app, parentID: nil, appName: "herd", childKey: key.publicKey, level: .open)
        engine.tell(
            .adopt(ClientIdentity(appID: app, key: key, level: .open, serverKey: server, registration: frame)))
        return (engine, app)
    }

    /// Until the server itself says that so many are connected.
    private static func wait(for count: Int, at endpoint: ServerEndpoint) async throws {
        let http = HTTPClient()
        let url = endpoint.restBase.replacingOccurrences(of: endpoint.restPath, with: "/metrics")
        let deadline = ContinuousClock.now + .seconds(120)
        var found = 0
        while found < count {
            guard ContinuousClock.now < deadline else { throw BenchError("only \(found) of \(count) are connected") }
            try await Task.sleep(for: .milliseconds(50))
            guard let answer = try? await http.execute(HTTPClientRequest(url: url), timeout: .seconds(20)),
                let body = try? await answer.body.collect(upTo: 1 << 20)
            else { continue }
            let line = String(buffer: body).split(separator: "\n").first { $0.hasPrefix("trailsd_connections ") }
            found = line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
        }
        try await http.shutdown()
    }
}

/// A list of a thousand apps out of very many.
enum SubtreeBench {
    static func run(_ report: BenchReport, apps: Int) async throws {
        report.title("a subtree out of \(apps) live apps")
        let directory = NSTemporaryDirectory() + "trails-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // Three levels below the root of a million there are 1,110 apps under each; two levels below, of 100,000.
        let owner = try RestartBench.fill(directory + "/trails.sqlite", apps: apps, handing: (apps - 1) / 9_000)
        let credentials = Credentials(app: owner.app, key: owner.key)
        let daemon = try Daemon(directory: directory)
        defer { daemon.stop() }
        let http = HTTPClient()
        let api = TrailsAPI(endpoint: daemon.endpoint, serverKey: try await daemon.key(), http: http)
        var times: [Double] = []
        var count = 0
        for _ in 0..<20 {
            let begin = ContinuousClock.now
            count = try await api.children(of: owner.app, recursive: true, as: credentials).count
            times.append((ContinuousClock.now - begin).inSeconds)
        }
        try await http.shutdown()
        let median = times.sorted()[times.count / 2] * 1_000
        report.row("its \(count) apps, listed by REST, two pages, p50", String(format: "%.1f ms", median))
        report.ratio("  milliseconds for 1,000 of them", median * 1_000 / Double(count), atMost: 50)
    }
}
