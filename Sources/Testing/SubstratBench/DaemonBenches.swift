import BenchKit
import Foundation
import SubstratClient
import SubstratProtocol
import Vocabulary

/// A `substrat daemon run` from beside this program. It must be ended by the caller.
struct BenchDaemon {
    let place: DaemonPlace
    let program: BenchProgram
    /// From the start of the process until it serves.
    let startTime: Duration

    init(_ root: String) throws {
        self.place = DaemonPlace(root)
        self.program = try BenchProgram("substrat", ["daemon", "run", "--root", root, "--log-level", "error"])
        self.startTime = try self.program.line().after
    }
}

/// Requests a second, against a server that only sends lines back.
enum RPCBench {
    static func run(_ report: BenchReport, calls: Int) async throws {
        report.title("requests a second")
        let folder = try BenchFolder()
        let bare = try BareSocket.Server(folder.file("bare.sock"))
        defer { bare.stop() }
        let daemon = try BenchDaemon(folder.file("root"))
        defer { daemon.program.stop() }
        let one = try BareSocket.rate(folder.file("bare.sock"), calls: calls)
        let ours = try BareSocket.rate(daemon.place.socket, calls: calls)
        report.row("bare socket, a connection each, one at a time", "\(one.whole)/s")
        report.row("the daemon (ping), the same client", "\(ours.whole)/s")
        report.row("  against the bare socket", (ours / one).text(places: 2))
        report.ratio("  against the goal of 15,000", ours / 15_000, atLeast: 1)
        let piped = try BareSocket.pipelined(daemon.place.socket, calls: calls * 5)
        let limit = try BareSocket.pipelined(folder.file("bare.sock"), calls: calls * 5)
        report.row("bare socket, one connection, 64 under way", "\(limit.whole)/s")
        report.row("the daemon (ping), the same client", "\(piped.whole)/s")
        report.row("  against the bare socket", (piped / limit).text(places: 2))
        report.ratio("  against the goal of 60,000", piped / 60_000, atLeast: 1)
        let connection = try await SubstratConnection.connect(to: daemon.place)
        let begin = ContinuousClock.now
        for _ in 0..<calls / 4 { _ = try await connection.call("agent.list") }
        let listed = Double(calls / 4) / (ContinuousClock.now - begin).inSeconds
        report.row("agent.list with our client, one connection, one at a time", "\(listed.whole)/s")
        await connection.close()
    }
}

/// Turns of agents that are programs, through the daemon.
enum TurnsBench {
    static func run(_ report: BenchReport, turns: Int) async throws {
        report.title("turns of scripted agents, through the daemon")
        let folder = try BenchFolder()
        let daemon = try BenchDaemon(folder.file("root"))
        defer { daemon.program.stop() }
        let connection = try await SubstratConnection.connect(to: daemon.place)
        let swift = Bundle.main.bundlePath + "/script-worker"
        let syncs = try BareSyncs.rate(in: folder, count: turns / 4)
        report.row("bare syncs of a page each", "\(syncs.whole)/s")
        let crew = try await Self.make(8, swift, connection)
        let one = try await Self.rate(crew.prefix(1), turns, connection)
        report.row("Swift, one agent", "\(one.whole) turns/s")
        report.row("  turns to each bare sync (a turn has two)", (one / syncs).text(places: 2))
        report.ratio("  against the goal of 1,500", one / 1_500, atLeast: 1)
        let eight = try await Self.rate(crew[...], turns, connection)
        report.row("Swift, 8 agents", "\(eight.whole) turns/s")
        report.ratio("  against the goal of 3,000", eight / 3_000, atLeast: 1)
        let python = try await Self.make(1, Self.pythonScript(in: folder), connection)
        let helped = try await Self.rate(python[...], turns / 2, connection)
        report.row("Python, one agent", "\(helped.whole) turns/s")
        let tools = 100
        var times: [Double] = []
        for _ in 0..<max(3, turns / 100) {
            let begin = ContinuousClock.now
            try await Self.send(crew[0], "tools \(tools)", connection)
            times.append((ContinuousClock.now - begin).inSeconds * 1_000 / Double(tools))
        }
        report.ratio("  ms of a tool call in a turn, p50", times.median, atMost: 0.3)
        await connection.close()
    }

    private static func make(_ count: Int, _ path: String, _ connection: SubstratConnection) async throws -> [String] {
        var agents: [String] = []
        for number in 0..<count {
            let name = "\(path.suffix(2).filter(\.isLetter))\(number)"
            let made = try await connection.call(
                "agent.create", ["name": .string(name), "provider": "scripted", "model": .string(path)])
            agents.append(made["agent_id"]?.string ?? "")
            try await self.send(agents[number], "first", connection)
        }
        return agents
    }

    private static func send(_ agent: String, _ text: String, _ connection: SubstratConnection) async throws {
        _ = try await connection.call("agent.send", ["agent_id": .string(agent), "message": .string(text)])
    }

    /// Of all agents at once, `turns` in all.
    private static func rate(
        _ agents: ArraySlice<String>, _ turns: Int, _ connection: SubstratConnection
    ) async throws -> Double {
        let begin = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for agent in agents {
                group.addTask {
                    for _ in 0..<turns / agents.count { try await self.send(agent, "hello", connection) }
                }
            }
            try await group.waitForAll()
        }
        return Double(turns / agents.count * agents.count) / (ContinuousClock.now - begin).inSeconds
    }

    private static func pythonScript(in folder: BenchFolder) throws -> String {
        let path = folder.file("agent.py")
        let helper = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../clients/scripts")
        let text = """
            #!/usr/bin/env python3
            import sys
            sys.path.insert(0, "\(helper.standardizedFileURL.path(percentEncoded: false))")
            import substrat_script as agent
            for message in agent.turns():
                agent.done(message)

            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }
}

/// A daemon with nothing to do.
enum StartBench {
    static func run(_ report: BenchReport, rounds: Int) async throws {
        report.title("a daemon with an empty root")
        var (first, again): ([Double], [Double]) = ([], [])
        var memory = 0
        for _ in 0..<rounds {
            let folder = try BenchFolder()
            for isFirst in [true, false] {
                let daemon = try BenchDaemon(folder.file("root"))
                let time = daemon.startTime.inSeconds * 1_000
                if isFirst { first.append(time) } else { again.append(time) }
                memory = max(memory, daemon.program.resident)
                daemon.program.stop()
            }
        }
        report.row("first start of all to serving, p50", "\(first.median.whole) ms")
        report.ratio("  ms to serving, p50", again.median, atMost: 50)
        report.ratio("  MiB held", Double(memory) / 1_024, atMost: 32)
    }
}
