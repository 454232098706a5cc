import PipelineCore
import PipelineTurns
package import TurnModel
import Vocabulary

// MARK: - Going on from a failure

extension Sessions {
    /// A fork of a failed session at its last checkpoint, in which the node that failed is entered once more, with
    /// fresh attempts; the session itself is not touched (spec/orchestra.md 3.5).
    package func retry(
        failureOf row: SessionRow, _ options: ReplayOptions = ReplayOptions()
    ) async throws(SessionRefusal) -> SessionRun {
        let story = try await self.story(of: row)
        let status = try self.summary(of: row).status
        guard status == .failed else { throw .notFailed(row.displayID, status) }
        let record = try await SessionRecord(of: row.context.id, in: self.store, own: true)
        guard let checkpoint = record.lastCheckpoint else { throw .noCheckpoint(row.displayID) }
        let source = try await self.source(of: story, options)
        var replay = options
        replay.from = RunMemory(try record.chain(in: source.graph)).failedNode(in: source.graph, record.failure)
        return try await self.replay(row, at: checkpoint, replay)
    }
}

extension SessionRecord {
    /// Why the run failed that this is the record of.
    fileprivate var failure: RunFailure.Kind? {
        guard case .lifecycle(let last)? = self.behind.last, case .failed(let failure)? = RunEnd(last) else {
            return nil
        }
        return failure.kind
    }
}

extension RunMemory {
    /// The node to be done again. At unmet goal gates, the first of them; for branches that did not come to what their
    /// fan-in asks for, the node that sent them out.
    fileprivate func failedNode(in graph: PipelineGraph, _ failure: RunFailure.Kind?) -> NodeID? {
        if failure == .goalGate {
            let visited = self.outcomes.map { (node: $0.node, status: $0.status) }
            if case .unmet(let gates, _) = GoalGates(of: graph, visited: visited), let first = gates.first {
                return first
            }
        }
        guard let node = self.currentNode, graph[node]?.handler == .fanIn else { return self.currentNode }
        return self.context["internal.parallel"]?.string.map { NodeID($0) } ?? node
    }
}
