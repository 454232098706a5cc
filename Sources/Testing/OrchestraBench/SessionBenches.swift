import BenchKit
import Foundation
import PipelineCore
import PipelineRuntime
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// From a text to a graph that has passed all rules.
enum ParseBench {
    static func run(_ report: BenchReport) async throws {
        report.title("parsing and checking")
        let handlers = HandlerRegistry(["work": Instant()])
        var times: [Double] = []
        for count in [100, 1_000] {
            let text = Array(Pipelines.line(count, "type=work").utf8)
            let each = try (0..<5).map { _ in
                let begin = ContinuousClock.now
                _ = try PipelineSource(text, path: "", handlers: handlers)
                return (ContinuousClock.now - begin).inSeconds * 1_000
            }
            times.append(each.median)
            report.row("\(count) nodes", "\(each.median.text(places: 2)) ms")
        }
        report.ratio("  ms for 1000 nodes", times[1], atMost: 50)
    }
}

/// `status` over many sessions.
enum StatusBench {
    static func run(_ report: BenchReport, sessions count: Int) async throws {
        report.title("status over \(count) sessions")
        let stage = try Stage()
        let sessions = stage.sessions(isSimulated: true)
        let source = try stage.source(Pipelines.line(5, "shape=box"), handlers: sessions.kit.handlers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<32 {
                group.addTask { for _ in 0..<count / 32 + 1 { _ = try await sessions.complete(source) } }
            }
            try await group.waitForAll()
        }
        var times: [Double] = []
        for _ in 0..<5 {
            let begin = ContinuousClock.now
            let found = try await sessions.list(SessionQuery(limit: count))
            guard found.count == count else { throw BenchError("\(found.count) sessions are listed") }
            times.append((ContinuousClock.now - begin).inSeconds * 1_000)
        }
        report.ratio("  ms in the process", times.median, atMost: 200)
        let words = ["status", "--store", stage.folder.file("turns.sqlite")]
        let program = try (0..<5).map { _ in
            try BenchProgram.run("orchestra", words).inSeconds * 1_000
        }
        report.ratio("  ms of \"orchestra status\"", program.median, atMost: 500)
    }
}

/// From the wish to run a pipeline to its first node.
enum StartBench {
    /// Notes when it is first called.
    private struct Bell: NodeHandler {
        let clock: ContinuousClock.Instant
        let ring: @Sendable (Duration) -> Void

        func run(_ call: HandlerCall) async -> Outcome? {
            self.ring(ContinuousClock.now - self.clock)
            return Outcome(.success)
        }
    }

    static func run(_ report: BenchReport, rounds: Int) async throws {
        report.title("run start to first node")
        var times: [Double] = []
        for _ in 0..<max(3, rounds) {
            let stage = try Stage()
            let (heard, bell) = AsyncStream.makeStream(of: Duration.self, bufferingPolicy: .bufferingNewest(1))
            let sessions = stage.sessions(Bell(clock: .now) { bell.yield($0) })
            let source = try stage.source(Pipelines.line(1, "type=work"), handlers: sessions.kit.handlers)
            _ = try await sessions.complete(source)
            for await time in heard {
                times.append(time.inSeconds * 1_000)
                break
            }
        }
        report.ratio("  ms in the process, p50", times.median, atMost: 50)
        let folder = try BenchFolder()
        try Array(Self.tool.utf8).write(to: folder.file("tool.dot"))
        var starts: [Double] = []
        for _ in 0..<max(3, rounds) {
            let begin = Date().timeIntervalSince1970
            _ = try BenchProgram.run(
                "orchestra",
                ["run", folder.file("tool.dot"), "--store", folder.file("turns.sqlite"), "--runs", folder.path])
            let text = try String(contentsOfFile: folder.file("first"), encoding: .utf8)
            guard let time = Double(text.filter { $0.isNumber || $0 == "." }) else { throw BenchError("no first node") }
            starts.append((time - begin) * 1_000)
        }
        report.ratio("  ms of \"orchestra run\" to the command of a tool, p50", starts.median, atMost: 50)
    }

    private static let tool = """
        digraph tool {
            start [shape=Mdiamond]; exit [shape=Msquare]
            first [shape=parallelogram, tool_command="date +%s.%N > first"]
            start -> first -> exit
        }
        """
}

/// Nodes that run a command, against the same commands and nothing else.
enum ToolBench {
    static func run(_ report: BenchReport, nodes: Int) async throws {
        report.title("a line of \(nodes) tool nodes")
        let stage = try Stage()
        let sessions = stage.sessions()
        let text = Pipelines.line(nodes, #"shape=parallelogram, tool_command="true""#)
        let source = try stage.source(text, handlers: sessions.kit.handlers)
        let spawns = try await Gauge.measure { for _ in 0..<nodes { try BareSpawn.shell("true") } }
        let syncs = try BareSyncs.rate(in: stage.folder, count: max(20, nodes / 2))
        let gauge = try await Gauge.measure { _ = try await sessions.complete(source) }
        report.row("bare spawns of /bin/sh -c true", "\(spawns.rate(nodes).whole)/s")
        report.row("the runner", "\(gauge.rate(nodes).whole) nodes/s")
        let limit = spawns.time.inSeconds / Double(nodes) + 1 / syncs
        report.ratio("  against a spawn and a sync each", limit * gauge.rate(nodes), atLeast: 0.5)
        report.row("  syncs a node", gauge.syncs(each: nodes).text(places: 2))
        report.row("  µs of processor a node", gauge.processor(each: nodes).whole)
    }
}

/// The least that it takes to run a command.
enum BareSpawn {
    static func shell(_ command: String) throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/sh"), strdup("-c"), strdup(command), nil]
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        guard posix_spawn(&process, "/bin/sh", nil, nil, &arguments, environ) == 0 else {
            throw BenchError("a bare spawn failed")
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }
}

extension [UInt8] {
    func write(to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: Data(self)) else {
            throw BenchError("\(path) cannot be written")
        }
    }
}
