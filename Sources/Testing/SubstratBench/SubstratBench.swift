import BenchKit

/// Measures the daemon of agents against limits that are measured in the same run (Substrat spec, chapter 6).
///
///     substrat-bench [--quick] [PART…]    all parts, or those named; --quick with a tenth of the load
///     substrat-bench echo-server SOCKET   the bare socket server that is one of the limits; started by the above
@main
struct SubstratBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "echo-server", let socket = arguments.dropFirst().first {
            return try BareSocket.serve(socket)
        }
        let wanted = try BenchArguments<Part>(arguments)
        let report = BenchReport()
        for part in wanted.parts { try await part.run(report, scale: wanted.scale) }
        report.summary()
    }

    private enum Part: String, CaseIterable {
        case log, agents, wake, recovery, rpc, turns, start

        func run(_ report: BenchReport, scale: Int) async throws {
            switch self {
            case .log: try await LogBench.run(report, events: 20_000 / scale)
            case .agents: try await AgentsBench.run(report, turns: 10_000 / scale)
            case .wake: try await WakeBench.run(report, rounds: 1_000 / scale)
            case .recovery: try await RecoveryBench.run(report, scale: scale)
            case .rpc: try await RPCBench.run(report, calls: 20_000 / scale)
            case .turns: try await TurnsBench.run(report, turns: 2_000 / scale)
            case .start: try await StartBench.run(report, rounds: max(3, 20 / scale))
            }
        }
    }
}
