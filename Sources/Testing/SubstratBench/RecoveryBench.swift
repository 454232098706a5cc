import AgentCore
import AgentRuntime
import BenchKit

/// How long a start takes with many agents, what it holds, and how much of it is saved by what was folded.
enum RecoveryBench {
    static func run(_ report: BenchReport, scale: Int) async throws {
        let agents = 1_000 / scale
        try await self.run(report, agents: agents, events: 100, Goals(seconds: 0.25, folded: 0.08))
        try await self.run(report, agents: agents, events: 1_000, Goals(seconds: 1.5, folded: 0.15))
    }

    /// In seconds.
    private struct Goals {
        let seconds: Double
        let folded: Double
    }

    private static func run(_ report: BenchReport, agents: Int, events: Int, _ goals: Goals) async throws {
        report.title("start with \(agents) agents of \(events) events each")
        let folder = try BenchFolder()
        let root = folder.file("root")
        let host = try await AgentHost.on(root, folds: false)
        let all = try await host.makeAgents(agents)
        // A turn is two events; each has some from its birth.
        try await host.turn(all, max(1, (events - (try host.lastEvent(of: all[0]))) / 2))
        await host.stop()
        let empty = try BenchDaemon(folder.file("empty"))
        let idle = empty.program.resident
        empty.program.stop()
        let plain = try self.starts(root)
        report.row("from the log", plain.text)
        report.ratio("  seconds against the goal of \(goals.seconds)", plain.time / goals.seconds, atMost: 1)
        report.ratio("  open files", Double(plain.files), atMost: 300)
        report.ratio("  MiB more than with an empty root", Double(plain.memory - idle) / 1_024, atMost: 20)
        // An end in peace folds all logs.
        let end = try BenchDaemon(root)
        end.program.stop()
        let folded = try self.starts(root)
        report.row("with what was folded", folded.text)
        report.ratio("  seconds against the goal of \(goals.folded)", folded.time / goals.folded, atMost: 1)
        report.row("  KiB held for each agent", (Double(folded.memory - idle) / Double(agents)).text(places: 1))
    }

    private struct Start {
        /// Seconds to its first word.
        var time: Double
        /// KiB.
        var memory: Int
        var files: Int

        var text: String { "\((self.time * 1_000).whole) ms, \(self.memory / 1_024) MiB, \(self.files) files" }
    }

    /// Of five daemons that are killed at once.
    private static func starts(_ root: String) throws -> Start {
        var times: [Double] = []
        var start = Start(time: 0, memory: 0, files: 0)
        for _ in 0..<5 {
            let daemon = try BenchDaemon(root)
            times.append(daemon.startTime.inSeconds)
            start.memory = max(start.memory, daemon.program.resident)
            start.files = max(start.files, daemon.program.openFiles)
            daemon.program.kill()
        }
        start.time = times.median
        return start
    }
}
