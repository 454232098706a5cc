import BenchKit
import PipelineCore
import PipelineRuntime
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// A store in a folder of its own, and what pipelines need to run on it.
final class Stage: Sendable {
    let folder: BenchFolder
    let store: SQLiteTurnStore

    init() throws {
        self.folder = try BenchFolder()
        self.store = try SQLiteTurnStore.open(self.folder.file("turns.sqlite"))
    }

    deinit { self.store.close() }

    /// Nodes of type `work` are done by `worker`; boxes are simulated when `isSimulated` says so.
    func sessions(_ worker: some NodeHandler = Instant(), isSimulated: Bool = false) -> Sessions {
        var handlers = HandlerRegistry([.tool: ToolHandler()])
        handlers["work"] = worker
        handlers[.codergen] = worker
        var kit = RunKit(handlers: handlers, place: HandlerPlace(workingDirectory: self.folder.path))
        kit.isSimulated = isSimulated
        return Sessions(store: self.store, kit: kit)
    }

    /// A pipeline, and its file for those who read it again.
    func source(_ text: String, handlers: HandlerRegistry) throws -> PipelineSource {
        let path = self.folder.file("pipeline.dot")
        try Array(text.utf8).write(to: path)
        return try PipelineSource(Array(text.utf8), path: path, handlers: handlers)
    }
}

/// Is done at once.
struct Instant: NodeHandler {
    func run(_ call: HandlerCall) async -> Outcome? { Outcome(.success) }
}

enum Pipelines {
    /// `count` nodes, one after the other.
    static func line(_ count: Int, _ attributes: String) -> String {
        let names = (1...count).map { "n\($0)" }
        return """
            digraph line {
                start [shape=Mdiamond]; exit [shape=Msquare]
                node [\(attributes)]
                start -> \(names.joined(separator: " -> ")) -> exit
            }
            """
    }
}

extension Sessions {
    /// Runs `source` to its end.
    func complete(_ source: PipelineSource) async throws -> RunReport {
        let report = await (try await self.begin(source)).run()
        guard report.ending == .ended(.completed) else { throw BenchError(report.message) }
        return report
    }
}
