import PipelineCore
import PipelineTurns
package import TurnModel
import Vocabulary

extension SessionLoop {
    /// Pauses because the program ends, and says so in the record: the session goes on by itself when the next program
    /// comes. What a person asked for before, or asks for after, counts more.
    func drain() {
        if self.run.halt == nil { self.isDrained = true }
        self.perform(.requestPause)
    }

    /// The mark is in the turn that says that the session is paused.
    func marked(_ turns: [PipelineTurn]) -> [PipelineTurn] {
        guard self.isDrained else { return turns }
        return turns.map { turn in
            guard case .lifecycle(var lifecycle) = turn, lifecycle.status == .paused else { return turn }
            lifecycle.reason = Word.drained
            return .lifecycle(lifecycle)
        }
    }
}

extension Sessions {
    /// The sessions that a server paused when it ended, and nobody has asked anything else of; oldest first.
    package func drained() async throws(SessionRefusal) -> [SessionRow] {
        var found: [SessionRow] = []
        var query = SessionQuery(limit: 200)
        while true {
            let asked = query
            let rows = try await asking { () async throws(TurnStoreError) in try await self.store.sessions(asked) }
            found += rows.filter { self.isDrained($0) }
            guard rows.count == query.limit, let last = rows.last else { return found.reversed() }
            query.before = last.context.id
        }
    }

    private func isDrained(_ row: SessionRow) -> Bool {
        guard let head = row.head, let payload = head.payload,
            case .lifecycle(let lifecycle)? = try? PipelineTurn(decoding: payload, type: head.type),
            lifecycle.status == .paused, lifecycle.reason == Word.drained
        else { return false }
        let asksToPause = row.openRequests.contains { $0 == RequestWord.pause || $0 == RequestWord.abort }
        return !asksToPause && (try? self.summary(of: row).status) == .paused
    }
}
