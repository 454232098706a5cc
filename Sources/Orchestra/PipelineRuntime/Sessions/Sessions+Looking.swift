import DotLanguage
package import PipelineCore
import PipelineTurns
package import TurnModel
import Vocabulary

extension Sessions {
    /// The DOT text of a session as it began; `nil` when the store does not have it.
    package func text(of story: SessionStory) async -> [UInt8]? {
        guard let digest = story.source else { return nil }
        return try? await self.store.blob(digest)
    }

    /// The same as Graphviz reads it, its nodes in the colours of what came of them. `nil` when the text is not in the
    /// store, or is none.
    package func drawing(of row: SessionRow) async throws(SessionRefusal) -> String? {
        let story = try await self.story(of: row)
        guard let text = await self.text(of: story),
            var drawing = Compilation(text, path: story.file, handlers: self.kit.handlers.types).source
        else { return nil }
        let colours = try await self.colours(of: row)
        for place in drawing.nodes.indices {
            guard let colour = colours[NodeID(drawing.nodes[place].id)] else { continue }
            drawing.nodes[place].attributes.set(DotAttribute(key: "style", value: .bare("filled")))
            drawing.nodes[place].attributes.set(DotAttribute(key: "fillcolor", value: .bare(colour)))
        }
        return drawing.text
    }

    /// The pipeline of a session as it began, whether or not it could be run here; `nil` when its text is not in the
    /// store, or is none.
    func graph(of story: SessionStory) async -> PipelineGraph? {
        guard let text = await self.text(of: story) else { return nil }
        return Compilation(text, path: story.file, handlers: self.kit.handlers.types).graph
    }

    /// What the newest checkpoint of a session comes to; `nil` before its first.
    package func checkpoint(
        of row: SessionRow
    ) async throws(SessionRefusal) -> (turn: TurnID, memory: RunMemory)? {
        let story = try await self.story(of: row)
        let record = try await SessionRecord(of: row.context.id, in: self.store, own: true)
        guard let turn = record.lastCheckpoint else { return nil }
        guard let graph = await self.graph(of: story) else { throw .missingSource(row.displayID) }
        return (turn, RunMemory(try record.chain(in: graph)))
    }

    /// The questions that a session waits with, those of its branches among them. Read is what came after the newest
    /// checkpoint.
    package func questions(of row: SessionRow) async throws(SessionRefusal) -> [SessionSummary.PendingQuestion] {
        let summary = try self.summary(of: row)
        if summary.status.isFinal { return [] }
        if let question = summary.question { return [question] }
        let record = try await SessionRecord(of: row.context.id, in: self.store, own: true)
        var questions: [SessionSummary.PendingQuestion] = []
        for context in record.openBranches {
            let found = try await asking { () async throws(TurnStoreError) in
                try await self.store.session(of: context)
            }
            if let found { questions += try await self.questions(of: found) }
        }
        return questions
    }
}

extension SessionRecord {
    /// The contexts of the branches that have begun and not ended.
    fileprivate var openBranches: [ContextID] {
        var open: [(attempt: AttemptKey, id: BranchID, context: ContextID)] = []
        if let state = self.checkpoints.last?.parallelState.flatMap(ParallelState.init(json:)) {
            for branch in state.branches where branch.result == nil {
                guard let context = branch.session.flatMap({ ContextID($0) }) else { continue }
                open.append((state.key, branch.id, context))
            }
        }
        for case .parallel(let parallel) in self.behind {
            guard let turn = BranchTurn(parallel) else { continue }
            if let context = turn.context {
                open.append((turn.attempt, turn.id, context))
            } else {
                open.removeAll { $0.attempt == turn.attempt && $0.id == turn.id }
            }
        }
        return open.map(\.context)
    }
}
