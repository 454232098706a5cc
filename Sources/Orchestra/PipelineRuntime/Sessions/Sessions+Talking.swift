import PipelineCore
import PipelineTurns
package import TurnModel
import Vocabulary

extension Sessions {
    /// The checkpoint at which a person has the floor after `turn`, which an agent took in a talk: there a fork goes on
    /// in that conversation.
    package func checkpoint(
        afterAgentTurn turn: TurnID, in row: SessionRow
    ) async throws(SessionRefusal) -> TurnID {
        guard try await self.turn(turn, of: row).type.id == AgentTurn.typeID else { throw .notAnAgentTurn(turn) }
        var query = TurnQuery(context: row.context.id)
        var next: Turn?
        while true {
            let asked = query
            let page = try await asking { () async throws(TurnStoreError) in try await self.store.turns(asked) }
            for found in page.turns {
                if found.id == turn { return try Self.talk(next, after: found) }
                if found.type.id == CheckpointTurn.typeID { next = found }
            }
            guard page.hasMore, let oldest = page.turns.last else { throw .missingTurn(turn, of: row.displayID) }
            query.before = oldest.id
        }
    }

    /// A talk keeps what its agent said in the first checkpoint after the turn of the agent, and stays where it is.
    private static func talk(_ checkpoint: Turn?, after turn: Turn) throws(SessionRefusal) -> TurnID {
        guard let checkpoint,
            case .checkpoint(let kept)? = try? PipelineTurn(decoding: checkpoint.payload ?? [], type: checkpoint.type),
            case .agent(let said)? = try? PipelineTurn(decoding: turn.payload ?? [], type: turn.type),
            kept.nextNode == said.node, (kept.contextDelta ?? kept.context)[Talk.key(of: NodeID(said.node))] != nil
        else { throw .noConversation(turn.id) }
        return checkpoint.id
    }
}
