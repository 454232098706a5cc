import AgentCore
import HashTreeCollections
import Synchronization
import Vocabulary

// MARK: - What decisions let out

extension AgentHost {
    /// Sees that effects are carried out; blocks nobody. They may come twice.
    func carryOut(_ effects: [AgentEffect], _ tree: AgentTree) {
        let now = self.options.clock.now()
        var children: [AgentID] = []
        for effect in effects {
            switch effect {
            case .wake(let agent, let cause, let urgency):
                self.floor.withLock { $0.wakes.add(agent, from: cause, urgency: urgency, at: now) }
            case .materialise(let child): children.append(child)
            case .close(let session): self.crew.take { await self.close(session) }
            case .remind(let agent, let reminder, let due):
                self.floor.withLock { $0.reminders[reminder] = DueReminder(agent: agent, due: due) }
            case .userMail: break  // it waits in the operator's inbox
            }
        }
        if !children.isEmpty {
            self.floor.withLock { $0.births += children.count }
            self.crew.take { [children] in await self.materialise(children) }
        }
        self.pump()
    }

    /// Makes the sessions of promised children, one after the other.
    private func materialise(_ children: [AgentID]) async {
        for child in children {
            await self.materialise(child)
            self.floor.withLock { $0.births -= 1 }
            self.pump()
        }
    }

    private func materialise(_ child: AgentID) async {
        let tree = self.tree
        guard tree.isDue(child), let node = tree.nodes[child], let parent = node.parent,
            let intent = tree.ledger(of: parent)?.spawns.first(where: { $0.intent.agent == child })?.intent,
            self.floor.withLock({ $0.phase == .open && $0.forming.insert(child).inserted })
        else { return }
        let command: AgentCommand
        do throws(ProviderFailure) {
            let reference = try await self.create(intent.birth, session: intent.session)
            command = .materialised(child, reference: reference)
        } catch {
            command = .giveUpSpawn(child, reason: error.message)
        }
        _ = try? await self.insist(command)
        self.formed(child)
    }

    /// Has a provider take on an agent.
    func create(_ birth: AgentBirth, session: SessionID) async throws(ProviderFailure) -> JSONValue {
        let name = birth.provider.isEmpty ? self.options.defaultProvider : birth.provider
        guard let provider = self.providers[name] else {
            throw ProviderFailure("no provider is called \(name.quotedForPeople())")
        }
        return try await provider.create(self.opening(birth, session: session))
    }

    func opening(_ birth: AgentBirth, session: SessionID) -> SessionOpening {
        SessionOpening(
            agent: birth.agent, session: session, name: birth.name, model: birth.model,
            instructions: birth.instructions, folder: "\(self.root)/agents/\(session.hex)",
            token: self.tokenText(of: birth.agent), workspace: self.sessionWorkspace(birth),
            hasModelOfOperator: self.hasModelOfOperator(birth))
    }

    /// Its provider has answered for the agent, or never will.
    func formed(_ agent: AgentID) {
        self.floor.withLock { floor in
            floor.forming.remove(agent)
            floor.wakes.add(agent, from: .system, urgency: 2, at: self.options.clock.now())
        }
        self.pump()
    }
}

// MARK: - Wakes

extension AgentHost {
    /// Starts the turns that may begin by themselves now, and sees that it is called again in time.
    func pump() {
        while let (agent, request) = self.nextWake() {
            self.crew.take { await self.wake(agent, request) }
        }
        self.setAlarm()
        let idlers = self.floor.withLock { floor -> [CheckedContinuation<Void, Never>] in
            guard floor.isIdle else { return [] }
            defer { floor.idlers = [] }
            return floor.idlers
        }
        for idler in idlers { idler.resume() }
    }

    /// Returns when no turn is under way and nobody has a reason to begin one, or when the host stops.
    package func waitUntilIdle() async {
        await withCheckedContinuation { continuation in
            let isOver = self.floor.withLock { floor in
                if floor.isIdle || floor.phase >= .closed { return true }
                floor.idlers.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    private func nextWake() -> (AgentID, TurnRequest)? {
        let (tree, now) = (self.tree, self.options.clock.now())
        return self.floor.withLock { floor in
            while floor.phase == .open, let agent = floor.wakes.next(at: now) {
                if floor.active.contains(agent) {
                    floor.missed.insert(agent)
                } else if !floor.forming.contains(agent), let request = floor.request(for: agent, in: tree) {
                    floor.active.insert(agent)
                    return (agent, request)
                }
            }
            return nil
        }
    }

    private func wake(_ agent: AgentID, _ request: TurnRequest) async {
        let result = await self.turn(of: agent, request) { _ in }
        if case .failure(let error) = result, error.code == .busy || error.isPassing {
            // No slot came free in time, or the disk has no room. What waits for the agent waits on.
            if error.isPassing { await self.options.clock.sleep(for: .seconds(1)) }
            self.floor.withLock { _ = $0.missed.insert(agent) }
        }
        self.leave(agent)
    }

    /// The turn of an agent is over, and its end is recorded.
    func leave(_ agent: AgentID) {
        let (endings, quiet) = self.floor.withLock { floor in
            floor.active.remove(agent)
            if floor.missed.remove(agent) != nil {
                floor.wakes.add(agent, from: agent, urgency: 2, at: self.options.clock.now())
            }
            let quiet = floor.active.isEmpty ? floor.quiet.take() : nil
            return (floor.endings.removeValue(forKey: agent) ?? [], quiet)
        }
        for ending in endings { ending.resume() }
        quiet?.resume()
        self.pump()
    }
}

extension Floor {
    fileprivate mutating func request(for agent: AgentID, in tree: AgentTree) -> TurnRequest? {
        switch tree.verdict(on: agent) {
        case .start:
            self.resumes.remove(agent)
            return .wake
        case .skip(.idle): return self.resumes.remove(agent) == nil ? nil : .resume
        case .skip: return nil
        }
    }
}

// MARK: - Alarms

extension AgentHost {
    /// Sees that somebody looks when the next reminder, wait or held-back wake is due.
    private func setAlarm() {
        let moment = self.floor.withLock { floor -> Timestamp? in
            guard floor.phase == .open, let next = floor.nextMoment else { return nil }
            if let alarm = floor.alarm, alarm <= next { return nil }
            floor.alarm = next
            return next
        }
        guard let moment else { return }
        self.crew.take {
            await self.options.clock.sleepUntil(moment)
            await self.ring()
        }
    }

    private func ring() async {
        guard !Task.isCancelled else { return }
        let now = self.options.clock.now()
        let (due, actions) = self.floor.withLock { floor in
            floor.alarm = nil
            let due = floor.reminders.filter { $0.value.due <= now }
            for id in due.keys { floor.reminders[id] = nil }
            var actions: [(String, [SlotAction])] = []
            for name in floor.pools.keys.sorted() {
                actions.append((name, floor.pools[name]?.expire(at: now) ?? []))
            }
            return (due, actions)
        }
        for (pool, actions) in actions { self.carryOut(actions, in: pool) }
        for (id, reminder) in due.sorted(by: { $0.value.due < $1.value.due }) {
            // Refused when it was cancelled meanwhile, or its agent has ended.
            _ = try? await self.insist(.remind(reminder.agent, id))
        }
        self.pump()
    }
}
