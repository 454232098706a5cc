import BenchKit
import Glibc
import Logging
import NIOPosix
import Vocabulary

/// Measures trailsd against limits that are measured in the same run (spec/trails.md §16).
///
///     trails-bench [--quick] [PART…]   the parts status, registers, command, cascade, herd, memory, restart, subtree,
///                                  or all of them; --quick with a tenth of the load
///     trails-bench echo-server     the bare WebSocket server that is one of the limits; started by the above
@main
struct TrailsBench {
    static func main() async throws {
        FileLimit.raise()
        // Thousands of clients lose their server here, and each would say so.
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "echo-server" {
            return try await Echo.serve()
        }
        let wanted = try BenchArguments<Part>(arguments)
        let report = BenchReport()
        try await self.measure(report, wanted.parts, scale: wanted.scale)
        report.summary()
    }

    private enum Part: String, CaseIterable {
        case status, registers, command, cascade, herd, memory, restart, subtree
    }

    private nonisolated static func measure(_ report: BenchReport, _ parts: [Part], scale: Int) async throws {
        report.title("limits on this machine, now")
        let rows = try Limits.bareRows(count: 256_000 / scale)
        report.row("bare SQLite loop, 64 rows a commit", "\(rows.whole) rows/s")
        let commits = try Limits.bareRows(count: 8_000 / scale, batch: 1)
        report.row("bare SQLite loop, 1 row a commit", "\(commits.whole) commits/s")
        let echo = try await Echo.measure(connections: 64, seconds: 4)
        report.row("bare WebSocket echo, 64 connections", "\(echo.whole) round trips/s")
        let echoOne = try await Echo.measure(connections: 1, seconds: 2)
        report.row("bare WebSocket echo, 1 connection", "\(echoOne.whole) round trips/s")
        let verifies = Limits.verifyRate()
        report.row("Ed25519 verification, one core", "\(verifies.whole) a second")

        for part in parts {
            switch part {
            case .status:
                try await StatusBench.run(report, bareRows: rows, echo: echo, verifies: verifies, scale: scale)
            case .registers: try await RegisterBench.run(report, commits: commits, scale: scale)
            case .command: try await ControlBench.run(report, commits: commits, echo: echoOne, scale: scale)
            case .cascade: try await CascadeBench.run(report, scale: scale)
            case .herd: try await HerdBench.run(report, clients: 5_000 / scale)
            case .memory: try await IdleBench.run(report, connections: 10_000 / scale)
            case .restart: try await RestartBench.run(report, apps: 100_000 / scale)
            case .subtree: try await SubtreeBench.run(report, apps: 1_000_000 / scale)
            }
        }
    }
}

/// Ten thousand connections need as many descriptors.
enum FileLimit {
    static func raise() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
