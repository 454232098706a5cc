import PipelineCore
import PipelineTurns
import Synchronization
import TrailsClient
import TrailsCore
import TrailsWire
package import TurnModel
import Vocabulary

// A run that comes back after a crash: apps of its nodes whose end trailsd was never told.

extension PipelineApps {
    /// Tells trailsd what became of nodes that ended when nobody could say so any more, and takes up again those that
    /// go on. Beside the run; a server that is away is asked again until the task is cancelled.
    package func settleNodes(from store: any TurnStore) async {
        guard self.scene.displayID != nil, let play = await self.begun() else { return }
        while !Task.isCancelled {
            do {
                let open = try await play.client.tree().filter { $0.parentID == play.identity.info.appID }
                let stages = open.filter { !$0.status.isTerminal }.compactMap { Stage(tags: $0.tags) }
                if !stages.isEmpty { try await self.settle(Set(stages), in: play, from: store) }
                return
            } catch {
                if (try? await Task.sleep(for: .seconds(2))) == nil { return }
            }
        }
    }

    /// The play, once the run has told that it goes on.
    private func begun() async -> Play? {
        while !Task.isCancelled {
            if let play { return play }
            if (try? await Task.sleep(for: .milliseconds(20))) == nil { return nil }
        }
        return nil
    }

    private func settle(_ stages: Set<Stage>, in play: Play, from store: any TurnStore) async throws {
        for session in Set(stages.map(\.session)) {
            let ends = try await Self.ends(of: stages.filter { $0.session == session }, in: session, from: store)
            let unknown = stages.filter { $0.session == session }
            self.enqueue {
                guard !self.cast.withLock({ $0.hasEnded }) else { return }
                for stage in unknown where self.cast.withLock({ $0.nodes[stage] == nil }) {
                    self.open(stage, in: play)
                    if let end = ends[stage] { self.end(stage, end, in: play) }
                }
            }
        }
    }

    /// What is on record of the ends of stages, newest first; one that has none is at work, or will be again.
    private static func ends(
        of stages: Set<Stage>, in session: ContextID, from store: any TurnStore
    ) async throws -> [Stage: StageEnd] {
        var (missing, ends) = (stages, [Stage: StageEnd]())
        var query = TurnQuery(context: session, limit: 64)
        while !missing.isEmpty {
            let page = try await store.turns(query)
            for turn in page.turns where turn.type.id == NodeExecution.typeID {
                guard let payload = turn.payload,
                    case .node(let execution)? = try? PipelineTurn(decoding: payload, type: turn.type),
                    let stage = missing.first(where: { $0.isMeant(by: execution) })
                else { continue }
                missing.remove(stage)
                ends[stage] = StageEnd(execution)
            }
            guard let next = page.next else { break }
            query.before = next
        }
        return ends
    }
}

extension Stage {
    fileprivate func isMeant(by execution: NodeExecution) -> Bool {
        execution.attemptKey?.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
            == self.text
    }
}

extension StageEnd {
    /// `nil` for a turn that ends nothing.
    fileprivate init?(_ execution: NodeExecution) {
        let isFailure = execution.status == "failed"
        guard isFailure || StageStatus(rawValue: execution.status) != nil else { return nil }
        var facts: JSONObject = ["status": .string(execution.status), "told": "after a crash"]
        if let duration = execution.duration { facts["duration_ms"] = .integer(duration.wholeMilliseconds) }
        self.init(facts, failure: isFailure ? execution.failureReason ?? "" : nil)
    }
}
