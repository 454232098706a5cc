import AgentCore
import HashTreeCollections
import Synchronization
import Vocabulary

/// Of a turn: whose, and in which pool it gets a slot.
struct Place: Sendable {
    let agent: AgentID
    let session: SessionID
    let provider: String
    let birth: AgentBirth
}

extension AgentHost {
    func place(of agent: AgentID) throws(HostError) -> Place {
        let tree = self.tree
        guard let node = tree.nodes[agent] else { throw HostError(.unknownAgent(agent)) }
        if let why = node.quarantine { throw HostError(.quarantined(agent, why)) }
        guard let birth = tree.ledger(of: agent)?.birth, !node.isPending else { throw HostError(.notReady(agent)) }
        let provider = self.providerName(of: node.session, in: tree)
        return Place(agent: agent, session: node.session, provider: provider, birth: birth)
    }

    /// Waits for a slot with a live session in it.
    func seat(_ place: Place) async -> (seat: Seat, hasWaited: Bool) {
        let isWatched = self.tree.watchers[place.agent] != nil
        let waited = Waited()
        let seat = await withCheckedContinuation { continuation in
            let asked = self.ask(place, continuation)
            switch asked {
            case .failure(let seat): continuation.resume(returning: seat.seat)
            case .success(let (actions, waits)):
                if waits && isWatched {
                    waited.note()
                    self.desk.perform(.wait(place.agent, isOver: false)) { _ in }
                }
                self.carryOut(actions, in: place.provider)
                self.pump()
            }
        }
        if waited.isNoted, case .gaveUp = seat { _ = try? await self.insist(.wait(place.agent, isOver: true)) }
        return (seat, waited.isNoted)
    }

    private struct NoSeat: Error {
        let seat: Seat
    }

    private func ask(
        _ place: Place, _ continuation: CheckedContinuation<Seat, Never>
    ) -> Result<([SlotAction], waits: Bool), NoSeat> {
        let now = self.options.clock.now()
        return self.floor.withLock { floor in
            guard floor.phase == .open else { return .failure(NoSeat(seat: .closed)) }
            var pool = floor.pool(place.provider, self.options)
            do throws(SlotRefusal) {
                let actions = try pool.ask(place.session, at: now)
                floor.pools[place.provider] = pool
                floor.poolNames[place.session] = place.provider
                floor.seats[place.session] = continuation
                return .success((actions, pool.isWaiting(place.session)))
            } catch {
                return .failure(NoSeat(seat: .refused(error.message)))
            }
        }
    }

    /// Does what a pool says.
    func carryOut(_ actions: [SlotAction], in pool: String) {
        for action in actions {
            switch action {
            case .open(let session): self.crew.take { await self.open(session, in: pool) }
            case .grant(let session): self.grant(session)
            case .evict(let session): self.crew.take { await self.evict(session, in: pool) }
            case .giveUp(let session): self.answer(session, .gaveUp)
            }
        }
    }

    private func grant(_ session: SessionID) {
        let live = self.floor.withLock { $0.live[session] }
        self.answer(session, live.map(Seat.live) ?? .closed)
    }

    private func answer(_ session: SessionID, _ seat: Seat) {
        let waiter = self.floor.withLock { $0.seats.removeValue(forKey: session) }
        waiter?.resume(returning: seat)
    }

    /// Makes a session live. What it was told is in its log.
    private func open(_ session: SessionID, in pool: String) async {
        let result: Result<any ProviderSession, ProviderFailure>
        do throws(ProviderFailure) {
            result = .success(try await self.resume(session, by: pool))
        } catch {
            result = .failure(error)
        }
        let (actions, stray) = self.floor.withLock { floor -> ([SlotAction], (any ProviderSession)?) in
            guard case .success(let live) = result else { return (floor.pools[pool]?.failed(session) ?? [], nil) }
            floor.live[session] = live
            let actions = floor.pools[pool]?.opened(session) ?? []
            guard actions.isEmpty || floor.phase >= .closed else { return (actions, nil) }
            floor.live[session] = nil
            return (actions, live)
        }
        if case .failure(let failure) = result { self.answer(session, .failed(failure)) }
        self.carryOut(actions, in: pool)
        await stray?.stop()
    }

    private func resume(
        _ session: SessionID, by name: String
    ) async throws(ProviderFailure) -> any ProviderSession {
        guard let provider = self.providers[name] else {
            throw ProviderFailure("no provider is called \(name.quotedForPeople())")
        }
        guard let ledger = self.tree.ledgers[.session(session)], var birth = ledger.birth else {
            throw ProviderFailure("the agent has ended")
        }
        // Logs of other programs say it elsewhere.
        birth.provider = name
        if birth.model.isEmpty { birth.model = ledger.session?.model ?? "" }
        let reference = try await self.reference(of: birth, session, ledger)
        var opening = self.opening(birth, session: session)
        do throws(HostError) {
            opening.log = try await self.history(of: .session(session))
        } catch {
            throw ProviderFailure("the log of the session cannot be read: \(error.message)")
        }
        let history = PastTurn.read(opening.log)
        let live = try await provider.resume(opening, reference: reference, history: history)
        if !history.isEmpty { self.desk.perform(.restored(birth.agent)) { _ in } }
        return live
    }

    /// By what the provider knows the conversation; it is asked for it when a crash came before its answer was
    /// recorded.
    private func reference(
        of birth: AgentBirth, _ session: SessionID, _ ledger: Ledger
    ) async throws(ProviderFailure) -> JSONValue {
        if let known = ledger.reference { return known }
        let reference = try await self.create(birth, session: session)
        do throws(HostError) {
            try await self.desk.perform(.opened(birth.agent, reference: reference))
        } catch {
            throw ProviderFailure("what the provider answered cannot be recorded: \(error.message)")
        }
        return reference
    }

    private func evict(_ session: SessionID, in pool: String) async {
        let live = self.floor.withLock { $0.live.removeValue(forKey: session) }
        await live?.stop()
        if let agent = self.tree.agent(of: session) { self.desk.perform(.suspended(agent, size: 0)) { _ in } }
        self.carryOut(self.floor.withLock { $0.pools[pool]?.evicted(session) ?? [] }, in: pool)
    }

    /// The turn is over and the session goes on living.
    func release(_ place: Place) {
        let actions = self.floor.withLock { $0.pools[place.provider]?.release(place.session) ?? [] }
        self.carryOut(actions, in: place.provider)
    }

    /// The session is of no more use: its next turn gets a new one. Also after the end of its agent.
    func close(_ session: SessionID) async {
        let (live, waiter, pool, actions) = self.floor.withLock { floor in
            let pool = floor.poolNames.removeValue(forKey: session)
            let actions = pool.flatMap { floor.pools[$0]?.remove(session) } ?? []
            return (
                floor.live.removeValue(forKey: session), floor.seats.removeValue(forKey: session), pool, actions
            )
        }
        waiter?.resume(returning: .closed)
        await live?.stop()
        if let pool { self.carryOut(actions, in: pool) }
    }
}

/// Whether a turn had to wait, as far as others were told.
private final class Waited: Sendable {
    private let flag = Atomic(false)

    func note() { self.flag.store(true, ordering: .relaxed) }
    var isNoted: Bool { self.flag.load(ordering: .relaxed) }
}

extension SlotRefusal {
    fileprivate var message: String {
        switch self {
        case .alreadyAsked: "the agent's turn waits already"
        case .tooManyWait(let max): "\(max) turns wait already, and more do not"
        }
    }
}
