import AgentCore
import AgentRuntime
import BenchKit
import Synchronization
import Vocabulary

/// Answers at once, in this process. Named as the daemon's own provider, which finds its agents later.
struct Instant: AgentProvider {
    let name = "scripted"
    let continuesTurns = true
    var answer: @Sendable (SessionOpening, ProviderTurn) async -> String = { _, _ in "ok" }

    func create(_ opening: SessionOpening) async throws(ProviderFailure) -> JSONValue { [:] }

    func resume(
        _ opening: SessionOpening, reference: JSONValue, history: [PastTurn]
    ) async throws(ProviderFailure) -> any ProviderSession {
        Session(opening: opening, answer: self.answer)
    }

    private struct Session: ProviderSession {
        let opening: SessionOpening
        let answer: @Sendable (SessionOpening, ProviderTurn) async -> String

        func send(_ turn: ProviderTurn) async throws(ProviderFailure) -> String {
            await self.answer(self.opening, turn)
        }

        func stop() async {}
    }
}

extension AgentHost {
    /// Hosts agents of `provider`, all of which may be live.
    static func on(_ root: String, _ provider: Instant = Instant(), folds: Bool = true) async throws -> AgentHost {
        var options = HostOptions()
        options.slotsMax = 100_000
        // Two agents that write to each other all the time are held up, which is not what is measured.
        options.brake.burst = 1_000_000
        if !folds { (options.foldAfter, options.foldAtStop) = (.max, .max) }
        return try await AgentHost.open(root, options, providers: [provider])
    }

    /// Makes `count` agents, many at once.
    func makeAgents(_ count: Int) async throws -> [AgentID] {
        try await withThrowingTaskGroup(of: AgentID.self) { group in
            for number in 0..<count {
                group.addTask { try await self.createAgent(AgentOrder(name: "a\(number)")).id }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Has all of `agents` take `turns` turns, at once.
    func turn(_ agents: [AgentID], _ turns: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for agent in agents {
                group.addTask { for _ in 0..<turns { _ = try await self.send(agent, "count the stars") } }
            }
            try await group.waitForAll()
        }
    }
}

/// Turns of agents that answer at once: what the host itself takes, and how many syncs an event costs.
enum AgentsBench {
    static func run(_ report: BenchReport, turns: Int) async throws {
        report.title("turns of agents that answer at once, in this process")
        for count in [1, 64, 1_000] {
            let folder = try BenchFolder()
            let host = try await AgentHost.on(folder.path)
            let agents = try await host.makeAgents(count)
            try await host.turn(agents, 1)
            let each = max(1, (count == 1 ? turns / 10 : turns) / count)
            let before = try Self.events(of: agents, in: host)
            let gauge = try await Gauge.measure { try await host.turn(agents, each) }
            let events = try Self.events(of: agents, in: host) - before
            let rates = "\(gauge.rate(each * count).whole) turns/s, \(gauge.rate(events).whole) events/s"
            report.row("\(count) agents", rates)
            let syncs = gauge.syncs(each: events)
            if count == 1 {
                report.ratio("  syncs an event", syncs, atMost: 1.05)
            } else {
                report.row("  syncs an event", syncs.text(places: 4))
            }
            report.row("  µs of processor an event", gauge.processor(each: events).whole)
            await host.stop()
        }
    }

    private static func events(of agents: [AgentID], in host: AgentHost) throws -> Int {
        try agents.reduce(0) { try $0 + host.lastEvent(of: $1) }
    }
}

/// From the moment that a message is acknowledged to the turn of whom it is for.
enum WakeBench {
    static func run(_ report: BenchReport, rounds: Int) async throws {
        report.title("a message is acknowledged, to the turn that it begins")
        let sent = Mutex<ContinuousClock.Instant?>(nil)
        let times = Mutex<[Double]>([])
        let provider = Instant { opening, turn in
            if opening.name == "worker" {
                let now = ContinuousClock.now
                if let begin = sent.withLock({ $0.take() }) {
                    times.withLock { $0.append((now - begin).inSeconds * 1_000) }
                }
                return "done"
            }
            if turn.number > 1 {
                _ = await turn.call("send_message", ["recipient": "worker", "text": "count"])
                sent.withLock { $0 = .now }
            } else {
                _ = await turn.call("spawn_agent", ["name": "worker", "instructions": "count"])
            }
            return "ok"
        }
        let folder = try BenchFolder()
        let host = try await AgentHost.on(folder.path, provider)
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        for _ in 0...rounds {
            _ = try await host.send(lead, "go")
            await host.waitUntilIdle()
        }
        await host.stop()
        let all = times.withLock { $0 }
        guard all.count > rounds / 2 else { throw BenchError("only \(all.count) of \(rounds) wakes were measured") }
        report.row("\(all.count) wakes, p50", "\(all.median.text(places: 2)) ms")
        report.ratio("  ms, p99", all.percentile(0.99), atMost: 5)
    }
}
