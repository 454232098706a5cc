import BenchKit
import PipelineCore
import PipelineRuntime
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// Durable nodes a second whose work counts as an effect: each waits for its own record.
enum EffectBench {
    private static let rounds = 3

    static func run(_ report: BenchReport, nodes: Int) async throws {
        report.title("a line of \(nodes) in-process nodes with effects")
        var ratios: [Double] = []
        var ours: [Gauge] = []
        var bares: [Gauge] = []
        var commits = 0
        for _ in 0..<Self.rounds {
            let stage = try Stage()
            let sessions = stage.sessions()
            let source = try stage.source(Pipelines.line(nodes, "type=work"), handlers: sessions.kit.handlers)
            let gauge = try await Gauge.measure { _ = try await sessions.complete(source) }
            let record = try BareRecord(of: stage.folder.file("turns.sqlite"))
            let bare = try await record.write()
            commits = record.commitCount
            ratios.append(bare.time.inSeconds / gauge.time.inSeconds)
            ours.append(gauge)
            bares.append(bare)
        }
        report.row(
            "the same rows, bytes and commits in a bare loop", "\(bares.map { $0.rate(nodes) }.median.whole) nodes/s")
        report.row("the runner", "\(ours.map { $0.rate(nodes) }.median.whole) nodes/s")
        report.ratio("  against the bare loop", ratios.median, atLeast: 0.7)
        // The first commits are the types of turns, and the session with the pipeline's text and the start node.
        report.ratio("  commits a node", Double(commits - 2) / Double(nodes), atMost: 1)
        report.ratio("  syncs a node", ours.map { Double($0.syncs - 2) / Double(nodes) }.median, atMost: 1)
        report.row("  syncs a node, bare loop", bares.map { $0.syncs(each: nodes) }.median.text(places: 2))
        let bare = bares.map { $0.processor(each: nodes) }.median
        report.row("  µs of processor a node, bare loop", bare.whole)
        report.row("  µs of processor a node, the runner", ours.map { $0.processor(each: nodes) }.median.whole)
        let own = zip(ours, bares).map { $0.processor(each: nodes) - $1.processor(each: nodes) }
        report.ratio("  µs of processor a node beyond the bare loop", own.median, atMost: 60)
    }
}

/// Durable nodes a second that happen in memory: effects are held back instead, and many share a sync.
enum PureBench {
    static func run(_ report: BenchReport, nodes: Int) async throws {
        report.title("a line of \(nodes) pure nodes")
        var ratios: [Double] = []
        var ours: [Gauge] = []
        var limits: [Double] = []
        for _ in 0..<3 {
            let stage = try Stage()
            let sessions = stage.sessions(isSimulated: true)
            let source = try stage.source(Pipelines.line(nodes, "shape=box"), handlers: sessions.kit.handlers)
            let limit = try BareSyncs.rate(in: stage.folder, count: max(20, nodes / 4))
            let gauge = try await Gauge.measure { _ = try await sessions.complete(source) }
            ratios.append(gauge.rate(nodes) / limit)
            limits.append(limit)
            ours.append(gauge)
        }
        report.row("bare syncs of a page each", "\(limits.median.whole)/s")
        report.row("the runner", "\(ours.map { $0.rate(nodes) }.median.whole) nodes/s")
        report.ratio("  nodes to each bare sync", ratios.median, atLeast: 5)
        report.row("  syncs a node", ours.map { $0.syncs(each: nodes) }.median.text(places: 3))
        report.row("  µs of processor a node", ours.map { $0.processor(each: nodes) }.median.whole)
    }
}

/// Many runs in one process, on one store.
enum SharedBench {
    static func run(_ report: BenchReport, nodes: Int) async throws {
        let runs = 64
        report.title("\(runs) runs at once in one process, \(nodes) in-process nodes with effects each")
        let stage = try Stage()
        let sessions = stage.sessions()
        let source = try stage.source(Pipelines.line(nodes, "type=work"), handlers: sessions.kit.handlers)
        let gauge = try await Gauge.measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<runs { group.addTask { _ = try await sessions.complete(source) } }
                try await group.waitForAll()
            }
        }
        let count = runs * nodes
        report.row("the runner", "\(gauge.rate(count).whole) nodes/s")
        report.ratio("  syncs a node", gauge.syncs(each: count), atMost: 0.1)
        report.row("  µs of processor a node", gauge.processor(each: count).whole)
    }
}

/// What a run with a big context takes on disk.
enum SizeBench {
    private static let contextBytes = 100_000

    /// The first visit of all fills the context; every node changes a little of it.
    private struct Filling: NodeHandler {
        func run(_ call: HandlerCall) async -> Outcome? {
            var updates: JSONObject = ["small": .string(call.attempt.key.text)]
            guard call.context["big.0"] == nil else { return Outcome(.success, contextUpdates: updates) }
            for place in 0..<100 {
                updates["big.\(place)"] = .string(String(repeating: "x", count: SizeBench.contextBytes / 100))
            }
            return Outcome(.success, contextUpdates: updates)
        }
    }

    static func run(_ report: BenchReport, nodes: Int) async throws {
        report.title("bytes stored a node, with a context of \(self.contextBytes / 1_000) KB")
        var each: [Double] = []
        // So many that each run has some snapshots.
        for count in [nodes, nodes * 3] {
            let stage = try Stage()
            let sessions = stage.sessions(Filling())
            let source = try stage.source(Pipelines.line(count, "type=work"), handlers: sessions.kit.handlers)
            _ = try await sessions.complete(source)
            let bytes = try BareRecord(of: stage.folder.file("turns.sqlite")).bytes
            // The context itself, once, is no node's.
            each.append(Double(bytes - self.contextBytes) / Double(count))
            report.row("\(count) nodes", "\(each.last?.whole ?? "") bytes a node")
        }
        report.ratio("  growth from \(nodes) to \(nodes * 3) nodes", each[1] / each[0], atMost: 1.25)
        report.ratio("  of a context", each[1] / Double(self.contextBytes), atMost: 0.05)
    }
}
