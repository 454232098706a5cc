import PipelineCore
import TurnModel
import Vocabulary

extension SessionLoop {
    /// Makes the context of a child, in which nothing has happened yet, or finds the session to watch.
    ///
    /// The key makes it the same context if this is done twice.
    func open(_ plan: ChildPlan) async throws(RunStop) {
        guard plan.isOwn else { return try await self.find(plan) }
        var group = AppendGroup(to: .newContext(base: nil))
        group.rootFence = self.rootFence
        group.key = IdempotencyKey(BLAKE3.hash(Array("child/\(plan.key)".utf8)).bytes)
        let answer = try await self.journal.send(group) { _ in }
        self.perform(.openChild(plan.key, session: "\(answer.context)"))
    }

    private func find(_ plan: ChildPlan) async throws(RunStop) {
        do throws(SessionRefusal) {
            let row = try await Sessions(store: self.store, kit: self.kit).find(plan.watched)
            self.perform(.openChild(plan.key, session: "\(row.context.id)"))
        } catch {
            if case .store(.failed(let fault)) = error { throw .storeLost(fault) }
            self.perform(.failChild(plan.key, reason: error.description))
        }
    }

    /// Sees to it that the child is run; one that is looked after already goes on.
    func start(_ plan: ChildPlan, in session: String, halting halt: Halt? = nil) {
        guard self.seats[session] == nil, let context = ContextID(session) else { return }
        let (seat, inbox, world) = (ChildSeat(), self.inbox, self.kit.world)
        if let halt { seat.ask(halt) }
        self.seats[session] = seat
        let runner = ChildRunner(plan: plan, context: context, store: self.store, kit: self.kit)
        self.works.start(.child(session)) {
            inbox.put(.child(plan, session: session, await runner.run(seat)))
        }
        guard let timeout = plan.timeout, halt == nil else { return }
        self.works.start(.clock(plan.key.text)) {
            guard (try? await world.sleep(timeout)) != nil else { return }
            inbox.put(.command(.expireChild(plan.key)))
        }
    }

    func halt(_ plan: ChildPlan, in session: String, _ halt: Halt) {
        guard let seat = self.seats[session] else { return self.start(plan, in: session, halting: halt) }
        seat.ask(halt)
    }

    /// The child stands still, or cannot be run.
    func end(_ plan: ChildPlan, _ session: String, _ ending: ChildEnding) throws(RunStop) {
        self.works.forget(.child(session))
        let halt = self.seats.removeValue(forKey: session)?.halt
        switch ending {
        // Asked for when the runner had left already.
        case .paused where halt?.isForGood == true: self.start(plan, in: session, halting: halt)
        // Under a name of its own, so that the next regular look does not take its place.
        case .over, .paused: self.look(plan, session, at: nil, as: .rest(session))
        case .refused(let reason): self.perform(.failChild(plan.key, reason: reason))
        case .stopped(let stop): throw stop
        }
    }

    func observe(_ plan: ChildPlan, _ session: String, at time: Timestamp?) {
        self.look(plan, session, at: time, as: .look(session))
    }

    /// Looks until the store answers.
    private func look(_ plan: ChildPlan, _ session: String, at time: Timestamp?, as name: Works.Name) {
        guard let context = ContextID(session) else { return }
        let (inbox, kit, seat) = (self.inbox, self.kit, self.seats[session])
        let sessions = Sessions(store: self.store, kit: kit)
        self.works.start(name) {
            let left = time?.since(kit.world.now()) ?? .zero
            if left > .zero, (try? await kit.world.sleep(left)) == nil { return }
            var outage = Outage(world: kit.world, max: kit.limits.outage)
            while !Task.isCancelled {
                do throws(SessionRefusal) {
                    let report = try await sessions.look(at: context, isBusy: seat?.isTaken ?? false)
                    return inbox.put(.looked(plan, session: session, report))
                } catch {
                    if let fault = outage.fault(of: error) {
                        return inbox.put(.child(plan, session: session, .stopped(.storeLost(fault))))
                    }
                    guard case .store(.failed) = error else {
                        return inbox.put(.command(.failChild(plan.key, reason: error.description)))
                    }
                }
                if (try? await kit.world.sleep(kit.limits.poll)) == nil { return }
            }
        }
    }

    /// A look may be old when it is heard of: as long as somebody here runs the child, or stands by, it does not rest.
    func note(_ report: ChildReport, of plan: ChildPlan, _ session: String) {
        var report = report
        if report.standing == .resting, self.seats[session] != nil { report.standing = .working }
        self.perform(.observeChild(plan.key, report, fraction: self.kit.world.fraction()))
    }

    /// Tells the child something, once however often this is done.
    func steer(_ plan: ChildPlan, _ session: String, _ text: String, number: Int) {
        guard let context = ContextID(session) else { return }
        let (kit, sessions) = (self.kit, Sessions(store: self.store, kit: self.kit))
        self.works.start(.steering(session)) {
            while !Task.isCancelled {
                if await sessions.steer(context, plan, text, number: number) { return }
                if (try? await kit.world.sleep(kit.limits.poll)) == nil { return }
            }
        }
    }
}

extension Sessions {
    /// Answers whether nothing is left to do.
    fileprivate func steer(_ context: ContextID, _ plan: ChildPlan, _ text: String, number: Int) async -> Bool {
        do throws(SessionRefusal) {
            guard let row = try await self.newestSession(from: context) else { return false }
            let name = "steer/\(plan.key)/\(number)/\(row.context.id)"
            try await self.ask(
                .steer(text, by: "manager \(plan.node)"), of: row,
                key: IdempotencyKey(BLAKE3.hash(Array(name.utf8)).bytes))
            return true
        } catch {
            if case .store(.failed) = error { return false }
            return true
        }
    }
}
