import PipelineCore
import PipelineTurns
package import TurnModel
import Vocabulary

extension Sessions {
    /// The session in `context`, or the last of those that it went on in by edges with `loop_restart`; `nil` when none
    /// has begun there.
    func newestSession(from context: ContextID) async throws(SessionRefusal) -> SessionRow? {
        let found = try await asking { () async throws(TurnStoreError) in try await self.store.session(of: context) }
        guard var row = found else { return nil }
        while let next = try await self.begunSuccessor(of: row) { row = next }
        return row
    }

    /// The session after one that ended at an edge with `loop_restart`; `nil` when it ended otherwise, or nobody has
    /// begun the next.
    package func begunSuccessor(of row: SessionRow) async throws(SessionRefusal) -> SessionRow? {
        guard self.restart(of: row) != nil else { return nil }
        let key = self.restartKey(of: row)
        return try await asking { () async throws(TurnStoreError) in
            try await self.store.session(of: try await self.store.createContext(key: key).context)
        }
    }

    /// Looks at the child in `context`.
    ///
    /// - Parameter isBusy: This process runs it, whatever its lease says.
    func look(at context: ContextID, isBusy: Bool) async throws(SessionRefusal) -> ChildReport {
        guard let row = try await self.newestSession(from: context) else {
            return ChildReport(isBusy ? .working : .resting, facts: ["stack.child.status": "starting"])
        }
        let summary = try self.summary(of: row)
        let (standing, reason) = self.standing(of: row, summary.status, isBusy: isBusy)
        var facts: JSONObject = [
            ChildPlan.sessionKey: .string(row.displayID.description),
            "stack.child.status": .string(
                standing == .working && !summary.status.isLive ? "running" : summary.status.rawValue),
        ]
        facts["stack.child.outcome"] = standing.isOver ? .string(standing == .completed ? "success" : "fail") : nil
        facts["stack.child.reason"] = reason.isEmpty ? nil : .string(reason)
        facts["stack.child.question"] = summary.question.map { .string($0.text) }
        facts["stack.child.node"] = standing.isOver ? nil : summary.nextNode.map { .string($0.text) }
        if let memory = try await self.memory(of: row) { Self.add(memory, to: &facts) }
        return ChildReport(standing, facts: facts, reason: reason)
    }

    /// `nil` before its first checkpoint, and where its record cannot be read: it goes on all the same.
    private func memory(of row: SessionRow) async throws(SessionRefusal) -> RunMemory? {
        do throws(SessionRefusal) {
            return try await self.checkpoint(of: row)?.memory
        } catch {
            if case .store(.failed) = error { throw error }
            return nil
        }
    }

    private func standing(
        of row: SessionRow, _ status: SessionStatus, isBusy: Bool
    ) -> (ChildReport.Standing, reason: String) {
        let turn = row.head.flatMap { head in
            head.payload.flatMap { try? PipelineTurn(decoding: $0, type: head.type) }
        }
        if case .lifecycle(let lifecycle)? = turn {
            switch RunEnd(lifecycle) {
            case .completed: return (.completed, "")
            case .failed(let failure): return (.failed, failure.reason)
            case .cancelled(let reason): return (.cancelled, reason)
            case .restarted: return (.working, "")
            case nil: break
            }
        }
        return (status.isLive || isBusy ? .working : .resting, "")
    }

    /// What its newest checkpoint says; of its context what its nodes wrote, as long as that is small.
    private static func add(_ memory: RunMemory, to facts: inout JSONObject) {
        facts["stack.child.last_node"] = memory.currentNode.map { .string($0.text) }
        facts["stack.child.steps"] = .integer(Int64(memory.stepCount))
        let own = memory.context.values.filter { key, value in
            (key == "last_response" || !PipelineContext.isReserved(key)) && value.deepSize <= self.valueMax
        }
        for (key, value) in own.prefix(self.valuesMax) { facts["stack.child.context.\(key)"] = value }
    }

    private static let valueMax = 4_096
    private static let valuesMax = 200
}
