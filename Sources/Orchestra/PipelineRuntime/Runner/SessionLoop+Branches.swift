import PipelineCore
import TurnModel
import Vocabulary

extension SessionLoop {
    /// Makes the session of a branch: a context forked at the fan-out turn, in which nothing has happened yet.
    ///
    /// The key makes it the same context if this is done twice. One that was made before a crash and never came on
    /// record is empty, and nobody's.
    func open(_ plan: BranchPlan) async throws(RunStop) {
        let base = self.fanOuts[plan.parent] ?? self.journal.head
        self.fanOuts[plan.parent] = base
        var group = AppendGroup(to: .newContext(base: base))
        let name = "\(plan.parent)/\(plan.id)@\(base.map { "\($0)" } ?? "")"
        group.rootFence = self.rootFence
        group.key = IdempotencyKey(BLAKE3.hash(Array(name.utf8)).bytes)
        let answer = try await self.journal.send(group) { _ in }
        self.perform(.openBranch(plan.parent, plan.id, session: "\(answer.context)"))
    }

    /// Starts the loop of a branch, or resumes it; one that is at work goes on.
    func start(_ plan: BranchPlan, in session: String) {
        guard self.branches[session] == nil, let context = ContextID(session) else { return }
        let (parent, inbox) = (self.inbox, Inbox<Signal>())
        let above = self.scene.settle
        let branch = BranchStart(
            plan: plan, context: context, graph: self.run.graph, settings: self.run.settings,
            writer: self.writer, kit: self.kit, store: self.store, parent: self.journal.context,
            scene: Scene(
                token: self.scene.token, displayID: self.scene.displayID, rootFence: self.rootFence
            ) { request, text in
                if let above { above(request, text) } else { parent.put(.settle(request, text)) }
            })
        self.branches[session] = inbox
        self.works.start(.branch(session)) {
            parent.put(.branch(plan, session: session, await branch.play(inbox)))
        }
    }

    /// The lease of the run as a whole.
    var rootFence: RootFence? {
        guard self.scene.isRoot, case .open(let context, let epoch) = self.journal.footing else {
            return self.scene.rootFence
        }
        return RootFence(context: context, epoch: epoch)
    }

    func end(_ plan: BranchPlan, _ ending: BranchEnding) throws(RunStop) {
        switch ending {
        case .finished(let result): self.perform(.finishBranch(plan.parent, plan.id, result))
        case .paused: self.perform(.pauseBranch(plan.parent, plan.id))
        case .stopped(let stop): throw stop
        }
    }
}

/// What the loop of a branch begins with.
struct BranchStart: Sendable {
    let plan: BranchPlan
    let context: ContextID
    let graph: PipelineGraph
    /// Of the parent.
    let settings: RunSettings
    /// Of the parent.
    let writer: RecordWriter
    let kit: RunKit
    let store: any TurnStore
    let parent: ContextID?
    let scene: SessionLoop.Scene

    /// Plays the branch to its end, from where its record ends.
    func play(_ inbox: Inbox<Signal>) async -> BranchEnding {
        do {
            var run = PipelineRun(self.graph, settings: self.settings, branch: self.plan)
            let record = try await SessionRecord(of: self.context, in: self.store, own: true, patience: self.patience)
            if record.head != nil { try record.restore(&run) }
            if let result = run.branchResult { return .finished(result) }
            let isNew = record.head == nil
            let loop = try await self.loop(run, record, inbox)
            return Self.ending(await loop.play(isNew ? .start(variables: [:], at: nil) : .resume), of: loop)
        } catch SessionRefusal.store(.failed(let fault)) {
            return .stopped(.storeLost(fault))
        } catch {
            return .stopped(.branch("branch \(self.plan.id) cannot go on: \(error)"))
        }
    }

    private static func ending(_ ending: RunReport.Ending, of loop: SessionLoop) -> BranchEnding {
        if let result = loop.run.branchResult { return .finished(result) }
        if case .stopped(let stop) = ending { return .stopped(stop) }
        return .paused
    }

    /// Whoever owns the parent owns its branches: a lease on one of them that is still in force is one that was left.
    private func loop(
        _ run: PipelineRun, _ record: SessionRecord, _ inbox: Inbox<Signal>
    ) async throws -> SessionLoop {
        let context = try await asking(self.patience) { () async throws(TurnStoreError) in
            try await self.store.context(self.context)
        }
        let lease = try await asking(self.patience) { () async throws(TurnStoreError) in
            try await self.store.lease(of: self.context)
        }
        let displayID = self.displayID
        let session =
            record.head == nil
            ? NewSession(displayID: displayID, name: self.writer.story.name, branchOf: self.parent) : nil
        let journal = SessionJournal(
            .claiming(self.context, session), head: record.head ?? context.head,
            lastCheckpoint: record.lastCheckpoint, in: self.store,
            claim: self.kit.owner.claim(token: self.scene.token, for: self.kit.limits.lease, over: lease),
            kit: self.kit, rootFence: self.scene.rootFence)
        let writer = RecordWriter(
            story: self.writer.story.of(self.plan.id, displayID: displayID, at: self.kit.world.now()),
            owner: self.writer.owner, start: self.writer.start)
        return SessionLoop(run, journal: journal, writer: writer, inbox: inbox, scene: self.scene, kit: self.kit)
    }

    private var patience: Patience { Patience(world: self.kit.world, outageMax: self.kit.limits.outage) }

    /// Nobody types it, so it need not be short; with a letter in front it never reads as a number.
    private var displayID: DisplayID {
        let hash = BLAKE3.hash(Array("\(self.plan.parent)/\(self.plan.id)/\(self.context)".utf8))
        return DisplayID("b" + Hex.encode(Array(hash.bytes.prefix(8)))) ?? self.scene.displayID
    }
}
