import Foundation
import Glibc
import Logging
import NIOPosix
import Synchronization
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
        let scale = arguments.contains("--quick") ? 10 : 1
        let parts = try arguments.filter { $0 != "--quick" }.map(Part.init(named:))
        let report = Report()
        try await self.measure(report, parts.isEmpty ? Part.allCases : parts, scale: scale)
        report.summary()
    }

    private enum Part: String, CaseIterable {
        case status, registers, command, cascade, herd, memory, restart, subtree

        init(named name: String) throws {
            guard let part = Self(rawValue: name) else {
                let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
                throw BenchError("\"\(name)\" is neither --quick nor a part: \(names)")
            }
            self = part
        }
    }

    private nonisolated static func measure(_ report: Report, _ parts: [Part], scale: Int) async throws {
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

/// What was measured, a line each, and which targets were missed.
final class Report: Sendable {
    private let missed = Mutex<[String]>([])

    func title(_ text: String) { self.print("\n\(text)") }

    func row(_ name: String, _ figure: String) {
        self.print("  \(name.padding(toLength: 58, withPad: " ", startingAt: 0)) \(figure)")
    }

    /// A figure with its target: `ratio` must be at least (or at most) `target`.
    func ratio(_ name: String, _ ratio: Double, atLeast target: Double) {
        self.judge(name, ratio, isMet: ratio >= target, "at least \(target)")
    }

    func ratio(_ name: String, _ ratio: Double, atMost target: Double) {
        self.judge(name, ratio, isMet: ratio <= target, "at most \(target)")
    }

    private func judge(_ name: String, _ ratio: Double, isMet: Bool, _ target: String) {
        self.row(name, String(format: "%.2f  (%@: %@)", ratio, target, isMet ? "met" : "MISSED"))
        if !isMet { self.missed.withLock { $0.append(name) } }
    }

    func summary() {
        let missed = self.missed.withLock { $0 }
        self.print(missed.isEmpty ? "\nall targets met" : "\nmissed: \(missed.joined(separator: "; "))")
    }

    private func print(_ line: String) {
        Swift.print(line)
        fflush(nil)
    }
}

extension Double {
    var whole: String { String(Int(self.rounded())) }
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
