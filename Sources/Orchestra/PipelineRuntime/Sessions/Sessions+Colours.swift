import PipelineCore
import TurnModel
import Vocabulary

/// In which colours a session is drawn.
extension Sessions {
    /// Branches that are read for one drawing, at most: the newest.
    private static let branchesMax = 200
    private static let atWork = "lightskyblue"

    /// Of each node that was visited, or comes next: in the session itself, else in the newest branch that knows it.
    func colours(of row: SessionRow) async throws(SessionRefusal) -> [NodeID: String] {
        guard let graph = await self.graph(of: try await self.story(of: row)) else { return [:] }
        let isOver = try self.summary(of: row).status.isFinal
        var (colours, waiting, left) = ([NodeID: String](), [row], Self.branchesMax)
        while !waiting.isEmpty, colours.count < graph.nodes.count {
            let next = waiting.removeFirst()
            let own = try await self.ownColours(of: next, in: graph, isOver: isOver)
            // Where somebody is at work now matters more than what came of an earlier visit.
            colours.merge(own) { known, found in found == Self.atWork ? found : known }
            var query = SessionQuery(limit: left)
            query.branchesOf = next.context.id
            let asked = query
            let branches = try await asking { () async throws(TurnStoreError) in
                try await self.store.sessions(asked)
            }
            left -= branches.count
            waiting += branches
        }
        return colours
    }

    private func ownColours(
        of row: SessionRow, in graph: PipelineGraph, isOver: Bool
    ) async throws(SessionRefusal) -> [NodeID: String] {
        let summary = try self.summary(of: row)
        let record = try await SessionRecord(of: row.context.id, in: self.store, own: true)
        let memory = record.lastCheckpoint == nil ? nil : RunMemory(try record.chain(in: graph))
        var colours: [NodeID: String] = [:]
        for outcome in memory?.outcomes ?? [] { colours[outcome.node] = Self.colour(of: outcome.status) }
        let next = summary.nextNode ?? memory?.nextNode
        if !isOver, !summary.status.isFinal, let next { colours[next] = Self.atWork }
        return colours
    }

    private static func colour(of status: StageStatus) -> String {
        switch status {
        case .success: "palegreen"
        case .partialSuccess: "khaki"
        case .fail, .retry: "lightcoral"
        case .skipped: "lightgrey"
        }
    }
}
