package import AgentCore
import EventLog
import HashTreeCollections
import Synchronization
import Vocabulary

// MARK: - Looking

extension AgentHost {
    /// All sessions: those of agents first, each before its children; then those that have ended, and those of nobody.
    package func sessions() async -> [SessionSummary] {
        let (tree, strays) = (self.tree, self.floor.withLock { $0.strays })
        let tops = tree.breadthFirst.filter { tree.nodes[$0]?.parent == nil }
        let living = tops.flatMap { [$0] + tree.subtree(of: $0) }.compactMap { tree.nodes[$0]?.session }
        let ended = tree.ended.values.sorted { tree.birthTime(of: $0) < tree.birthTime(of: $1) }
        let (folder, files) = (self.logs.folder, self.options.files)
        let all = living + ended + strays.keys.sorted()
        let sizes = await onThreadOfItsOwn {
            Dictionary(all.map { ($0, folder.size(of: AgentCore.LogName.session($0).id, on: files)) }) { $1 }
        }
        return all.map { self.summary(of: $0, in: tree, strays[$0], bytes: sizes[$0] ?? 0) }
    }

    /// The session that `reference` means: its id, a beginning of it that only one has, or its agent.
    package func resolveSession(_ reference: String) async throws(HostError) -> SessionID {
        let (tree, strays) = (self.tree, self.floor.withLock { $0.strays })
        let known = Set(tree.nodes.values.map(\.session)).union(tree.ended.values).union(strays.keys)
        if let session = SessionID(hexOrDashed: reference), known.contains(session) { return session }
        do throws(AgentRefusal) {
            if let session = tree.nodes[try tree.resolve(reference)]?.session { return session }
        } catch {
            guard case .unknownReference = error else { throw HostError(error) }
        }
        if let agent = AgentID(hexOrDashed: reference), let session = tree.ended[agent] { return session }
        let digits = reference.filter { $0 != "-" }.lowercased()
        let found = digits.isEmpty ? [] : known.filter { $0.hex.hasPrefix(digits) }
        guard found.count < 2 else {
            throw HostError(.ambiguousReference(reference, found.map(\.hex).sorted()))
        }
        guard let session = found.first else { throw HostError(.unknownSession(reference)) }
        return session
    }

    private func summary(
        of session: SessionID, in tree: AgentTree, _ stray: StraySession?, bytes: Int64
    ) -> SessionSummary {
        let log = AgentCore.LogName.session(session)
        let agent = tree.agent(of: session)
        let ledger = tree.ledgers[log] ?? stray?.ledger ?? Ledger(log)
        let quarantine = agent.flatMap { tree.nodes[$0]?.quarantine } ?? stray?.quarantine
        let isLive = self.floor.withLock { $0.live[session] != nil }
        let isOrphan = stray != nil && quarantine == nil
        let standing = isOrphan ? .terminated : SessionStanding(ledger, quarantine: quarantine, isLive: isLive)
        let birth = ledger.birth ?? tree.promise(of: agent)
        return SessionSummary(
            id: session, agent: agent ?? birth?.agent, path: agent.map(tree.path) ?? tree.formerPath(of: ledger),
            standing: standing, isSuspendedByHand: ledger.suspendedAt != nil,
            provider: birth == nil ? "" : self.providerName(of: ledger, birth),
            model: birth?.model.isEmpty == false ? birth?.model ?? "" : ledger.session?.model ?? "",
            createdAt: ledger.bornAt,
            suspendedAt: standing == .suspended ? ledger.suspendedAt ?? ledger.evictedAt ?? self.openedAt : nil,
            events: max(ledger.count, Int(self.progress.last(of: log.id))), bytes: bytes,
            remark: quarantine ?? (isOrphan ? "its agent was never made" : nil))
    }
}

extension AgentTree {
    fileprivate func birthTime(of session: SessionID) -> Timestamp {
        self.ledgers[.session(session)]?.bornAt ?? Timestamp(milliseconds: 0)
    }

    /// What the parent of a child that is not born yet has asked for.
    fileprivate func promise(of agent: AgentID?) -> AgentBirth? {
        guard let agent, let parent = self.nodes[agent]?.parent else { return nil }
        return self.ledger(of: parent)?.spawns.first { $0.intent.agent == agent }?.intent.birth
    }

    /// The names from the root on of an agent that has ended.
    fileprivate func formerPath(of ledger: Ledger) -> String {
        var names: [String] = []
        var next: Ledger? = ledger
        // Damaged logs may say that they are their own ancestors.
        while let each = next, names.count <= self.limits.depthMax {
            if !each.name.isEmpty { names.append(each.name) }
            next = each.birth?.parentSession.flatMap { self.ledgers[.session($0)] }
        }
        return names.reversed().joined(separator: "/")
    }
}

// MARK: - Changing

extension AgentHost {
    /// Keeps the agent of a session from its turns, and stops its provider. Mail waits, also over restarts.
    package func suspend(_ session: SessionID) async throws(HostError) {
        try self.checkOpen()
        guard let agent = self.tree.agent(of: session) else {
            try await self.desk.perform(.suspend(session))
            return
        }
        // As for a turn: none is under way, and none begins before the provider has stopped.
        try self.enter(agent)
        do throws(HostError) {
            try await self.desk.perform(.suspend(session))
        } catch {
            self.leave(agent)
            throw error
        }
        await self.close(session)
        self.leave(agent)
    }

    /// Lets the agent of a session that was suspended by hand go on.
    package func resumeSession(_ session: SessionID) async throws(HostError) {
        try self.checkOpen()
        try await self.desk.perform(.resume(session))
    }

    /// Moves the folder of a session to the trash, and says where it is then: only of one that nobody lives in.
    ///
    /// That it goes is durable before it is touched: after a crash the next start does the rest.
    package func deleteSession(_ session: SessionID) async throws(HostError) -> String? {
        try self.checkOpen()
        let isStray = self.floor.withLock { $0.strays[session] != nil }
        try await self.desk.perform(.deleteSession(session, isStray: isStray))
        self.floor.withLock { _ = $0.strays.removeValue(forKey: session) }
        let log = AgentCore.LogName.session(session).id
        let place: String?
        do throws(LogFault) {
            place = try await self.logs.discard(log)
        } catch {
            throw HostError(
                .unavailable, "the session is deleted, but its folder is still there: \(error.message)",
                hint: "the next start of the daemon moves it")
        }
        self.progress.forget(log)
        try await self.insist(.sessionDeleted(session))
        return place
    }
}
