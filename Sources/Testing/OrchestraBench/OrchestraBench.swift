import BenchKit

/// Measures the pipeline runner against limits that are measured in the same run (spec/orchestra.md 3.3, 3.10).
///
///     orchestra-bench [--quick] [PART…]   all parts, or those named; --quick with a tenth of the load
@main
struct OrchestraBench {
    static func main() async throws {
        let wanted = try BenchArguments<Part>(CommandLine.arguments.dropFirst())
        SyncCounter.install()
        let report = BenchReport()
        for part in wanted.parts { try await part.run(report, scale: wanted.scale) }
        report.summary()
    }

    private enum Part: String, CaseIterable {
        case effects, pure, tools, shared, size, parse, status, start, history

        func run(_ report: BenchReport, scale: Int) async throws {
            switch self {
            case .effects: try await EffectBench.run(report, nodes: 1_000 / scale)
            case .pure: try await PureBench.run(report, nodes: 1_000 / scale)
            case .tools: try await ToolBench.run(report, nodes: 200 / scale)
            case .shared: try await SharedBench.run(report, nodes: 100 / scale)
            case .size: try await SizeBench.run(report, nodes: 300 / scale)
            case .parse: try await ParseBench.run(report)
            case .status: try await StatusBench.run(report, sessions: 1_000 / scale)
            case .start: try await StartBench.run(report, rounds: 20 / scale)
            case .history: try await HistoryBench.run(report, scale: scale)
            }
        }
    }
}
