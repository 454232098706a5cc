package import AgentCore
import EventLog
import HashTreeCollections
import Synchronization
import Vocabulary

extension AgentHost {
    /// Has an agent go on with what a crash has cut off, whatever the policy says, or look at what waits for it.
    ///
    /// Returns when that is on record; the turn itself begins when there is a slot.
    package func goOn(_ agent: AgentID) async throws(HostError) {
        try self.checkOpen()
        try await self.desk.perform(.goOn(agent))
    }

    /// Makes an agent of a quarantined session again, or gives one whose parent is quarantined another place.
    ///
    /// A damaged log is mended first: what can be read of it is kept, and the damaged file in `quarantine`. A crash
    /// after that leaves the session in quarantine as it was, with a log that is sound.
    ///
    /// - Parameters:
    ///   - parent: `nil` for a root.
    ///   - name: `nil` for the one it has.
    package func adopt(
        _ session: SessionID, under parent: AgentID?, name: String?
    ) async throws(HostError) -> AgentSummary {
        try self.checkOpen()
        if let stray = self.floor.withLock({ $0.strays[session] }) {
            throw HostError(
                .invalid, "session \(session.short) cannot be adopted: \(stray.quarantine ?? "it has no agent")",
                hint: "substrat session delete moves it to the trash")
        }
        let (tree, command) = (self.tree, AgentCommand.adopt(session, under: parent, name: name))
        // A log is not touched for what will be refused.
        var dice = SystemRandomNumberGenerator()
        do throws(AgentRefusal) {
            _ = try tree.decide(command, at: self.options.clock.now(), using: &dice)
        } catch {
            throw HostError(error)
        }
        try await self.mend(session, in: tree)
        try await self.desk.perform(command)
        guard let agent = self.tree.agent(of: session), let summary = self.summary(of: agent, in: self.tree) else {
            throw HostError(.unknownSession(session.hex))
        }
        return summary
    }

    /// Has the log of a session take events again. Nothing can have been added to its ledger since the start.
    private func mend(_ session: SessionID, in tree: AgentTree) async throws(HostError) {
        let name = AgentCore.LogName.session(session)
        guard self.floor.withLock({ $0.damaged.remove(name) != nil }), let ledger = tree.ledgers[name] else { return }
        do throws(LogFault) {
            let last = try await self.logs.mend(name.id, folding: ledger.mended.state)
            self.progress.found(name.id, last: last, folded: last)
        } catch {
            self.floor.withLock { _ = $0.damaged.insert(name) }
            throw HostError(error)
        }
    }
}
