import AgentCore
import AgentWorkspaces
import EventLog
import HashTreeCollections
import Synchronization
import Vocabulary

// MARK: - Births

extension AgentHost {
    /// Makes an agent for the operator. When this returns, its provider has answered for it.
    package func createAgent(_ order: AgentOrder) async throws(HostError) -> AgentSummary {
        try self.checkOpen()
        var parent: AgentID?
        if let reference = order.parent { parent = try await self.resolve(reference) }
        if let key = order.requestKey, let known = self.tree.agentMade(by: key) { return try self.known(known) }
        let wish = try self.wish(order, isRoot: parent == nil)
        self.floor.withLock { _ = $0.forming.insert(wish.agent) }
        defer { self.formed(wish.agent) }
        let answer = try await self.record(wish, under: parent)
        guard answer["agent_id"]?.string == wish.agent.hex else {
            // Another request with the same key came first.
            guard let key = wish.requestKey, let known = self.tree.agentMade(by: key) else {
                throw HostError(.internal, "an agent was made that is not known")
            }
            return try self.known(known)
        }
        try await self.take(wish)
        return try self.known(wish.agent)
    }

    /// Has the provider answer for a new agent; one that it will not have ends again.
    private func take(_ wish: NewAgent) async throws(HostError) {
        guard let birth = self.tree.ledger(of: wish.agent)?.birth else { throw HostError(.unknownAgent(wish.agent)) }
        do throws(ProviderFailure) {
            let reference = try await self.create(birth, session: wish.session)
            do throws(HostError) {
                try await self.desk.perform(.opened(wish.agent, reference: reference))
            } catch {
                throw ProviderFailure(error.message)
            }
        } catch {
            try await self.insist(.terminate(wish.agent, isRecursive: true))
            throw HostError(.invalid, "agent \(wish.name) cannot be made: \(error.message)")
        }
    }

    private func wish(_ order: AgentOrder, isRoot: Bool) throws(HostError) -> NewAgent {
        let provider = order.provider ?? (isRoot ? self.options.defaultProvider : "")
        guard provider.isEmpty || self.providers[provider] != nil else {
            let names = self.providers.keys.sorted().joined(separator: ", ")
            throw HostError(
                .invalid, "no provider is called \(provider.quotedForPeople())", hint: "there are: \(names)")
        }
        return NewAgent(
            agent: self.desk.newID(), session: self.desk.newID(), name: order.name,
            instructions: order.instructions, workspace: order.workspace?.json, metadata: order.metadata,
            provider: provider, model: order.model, requestKey: order.requestKey)
    }

    private func known(_ agent: AgentID) throws(HostError) -> AgentSummary {
        guard let summary = self.summary(of: agent, in: self.tree) else { throw HostError(.unknownAgent(agent)) }
        return summary
    }
}

// MARK: - The end

extension AgentHost {
    /// Refuses new turns, waits for those that are under way, ends all sessions, and closes the logs.
    ///
    /// A turn that is not over after `grace` is cut off: the next start goes on with it as after a crash.
    package func stop(grace: Duration = .seconds(10)) async {
        let isFirst = self.floor.withLock { floor in
            defer { floor.phase = max(floor.phase, .stopping) }
            return floor.phase == .open
        }
        guard isFirst else { return await self.waitForStop() }
        await self.waitForQuiet(grace)
        let (live, seats, endings) = self.floor.withLock { floor in
            floor.phase = .closed
            defer { (floor.live, floor.seats, floor.endings, floor.idlers) = ([:], [:], [:], []) }
            return (
                Array(floor.live.values), Array(floor.seats.values),
                floor.endings.values.flatMap { $0 } + floor.idlers
            )
        }
        self.progress.end()
        for seat in seats { seat.resume(returning: .closed) }
        for ending in endings { ending.resume() }
        await withDiscardingTaskGroup { group in
            for session in live { group.addTask { await session.stop() } }
        }
        await self.crew.end()
        let logs = self.logs
        logs.fold(self.progress.behind(by: self.options.foldAtStop), of: self.tree)
        await onThreadOfItsOwn { logs.close() }
        let stoppers = self.floor.withLock { floor in
            floor.phase = .over
            defer { floor.stoppers = [] }
            return floor.stoppers
        }
        for stopper in stoppers { stopper.resume() }
    }

    private func waitForStop() async {
        await withCheckedContinuation { continuation in
            let isOver = self.floor.withLock { floor in
                if floor.phase != .over { floor.stoppers.append(continuation) }
                return floor.phase == .over
            }
            if isOver { continuation.resume() }
        }
    }

    private func waitForQuiet(_ grace: Duration) async {
        await withCheckedContinuation { continuation in
            let isQuiet = self.floor.withLock { floor in
                if !floor.active.isEmpty { floor.quiet = continuation }
                return floor.active.isEmpty
            }
            if isQuiet { return continuation.resume() }
            self.crew.take {
                await self.options.clock.sleep(for: grace)
                let late = self.floor.withLock { $0.quiet.take() }
                late?.resume()
            }
        }
    }
}
