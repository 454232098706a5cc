import HashTreeCollections
import Logging
import NIOCore
import SQLiteStorage
import Synchronization
import TrailsCore
import TrailsStore
import TrailsWire
import Vocabulary

/// The one place where the tree changes.
///
/// Everything that waits is one transaction: each command is decided and recorded, then all is committed, and only
/// then does anybody hear of it. A commit that fails answers every command of its batch with that failure, and the
/// tree is read from the store again before the next.
final class Writer<Store: TrailsStore>: Sendable {
    private let store: Store
    private let state: Mutex<State>
    private let snapshot: Mutex<ProcessTree>
    private let alarms: AlarmClock
    private let hub: WatchHub
    private let board: AnswerBoard
    private let metrics: ServerMetrics
    private let key: PublicKey
    private let logger: Logger
    private let now: @Sendable () -> Timestamp

    /// What belongs to the writer's thread.
    struct State: Sendable {
        var tree: ProcessTree
        /// Whether the tree may not be what the store holds.
        var isStale = false
        var connections: [AppID: Connection] = [:]
        /// When the nonces that are too old to matter were dropped.
        var lastSweep = Timestamp(milliseconds: 0)
    }

    /// Who speaks for an app.
    struct Connection: Sendable {
        var receiver: any Receiver
        var session: Int
        /// Where it comes from.
        var address: NetworkAddress?
    }

    /// Records that the server has started, and reads the working set: it is there as the start has made it.
    init(
        store: Store, limits: TreeLimits, key: PublicKey, instance: String, alarms: AlarmClock, hub: WatchHub,
        board: AnswerBoard,
        metrics: ServerMetrics, logger: Logger, now: @escaping @Sendable () -> Timestamp
    ) throws(StoreError) {
        self.store = store
        self.alarms = alarms
        self.hub = hub
        self.board = board
        self.metrics = metrics
        self.key = key
        self.logger = logger
        self.now = now
        let time = now()
        try store.begin()
        _ = try store.record(ProcessTree(limits: limits).started(instance: instance, at: time), at: time)
        try store.commit()
        let (tree, sleeping) = try Self.load(from: store, limits: limits)
        alarms.set(tree.alarms + sleeping)
        self.state = Mutex(State(tree: tree))
        self.snapshot = Mutex(tree)
    }

    /// The tree of the last commit.
    var tree: ProcessTree { self.snapshot.withLock { $0 } }

    /// Whether the last transaction went through.
    var isHealthy: Bool { self.state.withLock { !$0.isStale } }

    /// Carries out one batch. Called on the writer's thread only.
    func process(_ jobs: [Job]) {
        self.state.withLock { state in
            var batch = Batch(tree: state.tree, time: self.now())
            do throws(StoreError) {
                if state.isStale {
                    let (tree, sleeping) = try Self.load(from: self.store, limits: state.tree.limits)
                    batch.tree = tree
                    // What the failed commit has left on disk after all has set no alarm yet.
                    self.alarms.set(tree.alarms + sleeping)
                    state.isStale = false
                }
                // A signature is fresh for one window, either way: what is three old can come back no more.
                let isSweeping = batch.time.since(state.lastSweep) > RESTSignature.window
                try self.record(jobs, sweeping: isSweeping, in: &batch)
                if isSweeping { state.lastSweep = batch.time }
            } catch {
                self.giveUp(jobs, because: error, &state)
                return
            }
            state.tree = batch.tree
            self.tell(of: batch, jobs: jobs, &state)
            self.forgetEnded(of: batch, &state.tree)
            state.tree.forgetPast()
            self.snapshot.withLock { $0 = state.tree }
        }
    }

    /// The tree of the store, and the alarms of what is not in it.
    private static func load(
        from store: Store, limits: TreeLimits
    ) throws(StoreError) -> (tree: ProcessTree, sleeping: [Effect]) {
        var tree = ProcessTree(limits: limits)
        let sleeping = try store.load(into: &tree)
        return (tree, sleeping.compactMap(\.alarm))
    }
}

extension ProcessTree {
    fileprivate func started(instance: String, at time: Timestamp) -> [Event] {
        do {
            return try self.decide(.start(instance: instance), at: time)
        } catch {
            preconditionFailure("a start was refused: \(error)")
        }
    }
}

// MARK: - Recording

/// What a transaction has done so far.
struct Batch {
    var tree: ProcessTree
    let time: Timestamp
    var answers: [Job.Answer] = []
    /// What refusals have left behind.
    var remnants: [Job.Done] = []
    var changed: Set<AppID> = []
    var cascades: Set<CascadeID> = []
    /// The apps at the top of the cancels that have made a step.
    var targets: [CascadeID: AppID] = [:]
    /// Of the message that the command at hand repeats.
    var repeated: EventID?

    init(tree: ProcessTree, time: Timestamp) {
        self.tree = tree
        self.time = time
    }

    /// All that was recorded, in that order. Made when somebody wants to hear of it, which most batches are not.
    var recorded: [Job.Done] {
        let answered = self.answers.compactMap { try? $0.get() }.filter { $0.firstID != nil }
        guard !self.remnants.isEmpty else { return answered }
        return (answered + self.remnants).sorted { ($0.firstID ?? EventID(0)) < ($1.firstID ?? EventID(0)) }
    }
}

extension Writer {
    private func record(_ jobs: [Job], sweeping isSweeping: Bool, in batch: inout Batch) throws(StoreError) {
        try self.store.begin()
        if isSweeping { try self.store.forgetNonces(before: batch.time - RESTSignature.window * 3) }
        batch.answers.reserveCapacity(jobs.count)
        for job in jobs {
            let answer = try self.carryOut(job, in: &batch)
            batch.answers.append(answer)
        }
        try self.store.save(batch.changed.compactMap { batch.tree.apps[$0] })
        for id in batch.cascades {
            if let state = batch.tree.cascades[id] { try self.store.save(state) }
        }
        try self.store.commit()
    }

    private func carryOut(_ job: Job, in batch: inout Batch) throws(StoreError) -> Job.Answer {
        if let nonce = job.nonce, try !self.store.spend(nonce.bytes, of: nonce.key, at: batch.time) {
            return .failure(.replayed)
        }
        let command = try self.prepare(job, in: &batch)
        if let origin = job.origin {
            do throws(ProcessTree.Refusal) {
                try batch.tree.admit(origin.app, from: origin.address)
            } catch {
                return .failure(.refused(error))
            }
        }
        if let settled = try self.settled(command, in: &batch) { return settled }
        let events: [ProcessTree.Event]
        do throws(ProcessTree.Refusal) {
            events = try batch.tree.perform(command, at: batch.time)
        } catch {
            return try self.refuse(command, because: error, in: &batch)
        }
        return .success(try self.note(events, of: command, in: &batch))
    }

    /// A repeat of a command or a cancel that is through: its sender may ask again, and nothing happens again.
    private func settled(_ command: ProcessTree.Command, in batch: inout Batch) throws(StoreError) -> Job.Answer? {
        let principal: Principal
        let right: (Right, AppID)
        /// What to say when it was given before, but to others.
        var mismatch: ProcessTree.Refusal?
        switch command {
        case .cancel(let request, let by):
            (principal, right) = (by, (.cancel, request.target))
            guard batch.tree.cascades[request.id] == nil, let known = try self.store.cascade(request.id) else {
                return nil
            }
            if known.cascade.target != request.target { mismatch = .notAuthorized(by.app, over: request.target) }
        case .control(let request, let by):
            (principal, right) = (by, (.command, request.target))
            guard let recipient = try self.store.recipient(ofCommand: request.id) else { return nil }
            try self.load(recipient, into: &batch.tree)
            let line = [recipient] + (request.scope == .subtree ? batch.tree.ancestors(of: recipient) : [])
            if !line.contains(request.target) { mismatch = .commandTaken(request.id) }
        case .rekey(let app, let key, _):
            return try self.store.wasRevoked(key, of: app) ? self.refuseRevived(command, app, in: batch) : nil
        default: return nil
        }
        do throws(ProcessTree.Refusal) {
            try batch.tree.authorize(principal, right.0, right.1)
            if let mismatch { throw mismatch }
        } catch {
            return .failure(.refused(error))
        }
        var done = Job.Done(events: [])
        done.isRepeat = true
        done.state = batch.tree.apps[right.1]
        return .success(done)
    }

    /// A key that was revoked stays worthless, whatever came after it. Who may not replace the key at all is told that.
    private func refuseRevived(_ command: ProcessTree.Command, _ app: AppID, in batch: Batch) -> Job.Answer {
        do throws(ProcessTree.Refusal) {
            _ = try batch.tree.decide(command, at: batch.time)
            return .failure(.refused(.revoked(app)))
        } catch {
            return .failure(.refused(error))
        }
    }

    /// Records what was decided and applied.
    private func note(
        _ events: [ProcessTree.Event], of command: ProcessTree.Command, in batch: inout Batch
    ) throws(StoreError) -> Job.Done {
        var done = Job.Done(events: events)
        if !events.isEmpty {
            done.firstID = try self.store.record(events, at: batch.time)
        }
        for event in events {
            switch event {
            case .reported(let report): done.report = report
            case .queued, .answered, .enrolmentConflict, .started: break
            case .cascadeStarted(let cascade):
                batch.cascades.insert(cascade.id)
                batch.targets[cascade.id] = cascade.target
            case .cascadeLevelStarted(let id, _, _):
                batch.cascades.insert(id)
                // One that is through already is found when it says so.
                batch.targets[id] = batch.tree.cascades[id]?.cascade.target ?? batch.targets[id]
            case .cascadeFinished(let id, let at):
                batch.cascades.remove(id)
                if var state = try self.store.cascade(id) {
                    batch.targets[id] = state.cascade.target
                    state.finishedAt = at
                    state.deadline = nil
                    try self.store.save(state)
                }
            default: event.app.map { _ = batch.changed.insert($0) }
            }
        }
        done.state = command.subject.flatMap { batch.tree.apps[$0] }
        if case .report(let incoming) = command, done.report == nil {
            done.report = incoming.stored
            done.repeated = batch.repeated
        }
        return done
    }

    /// A message that is refused for what it says has used up its number all the same.
    private func refuse(
        _ command: ProcessTree.Command, because refusal: ProcessTree.Refusal, in batch: inout Batch
    ) throws(StoreError) -> Job.Answer {
        if case .report(var report) = command, case .permanentRoot = refusal, report.seq != nil {
            report.isTombstone = true
            if let events = try? batch.tree.perform(.report(report), at: batch.time) {
                batch.remnants.append(try self.note(events, of: command, in: &batch))
            }
        }
        return .failure(.refused(refusal))
    }
}

// MARK: - Loading what a command is about

extension Writer {
    private func prepare(_ job: Job, in batch: inout Batch) throws(StoreError) -> ProcessTree.Command {
        for app in job.command.apps {
            try self.load(app, into: &batch.tree)
        }
        switch job.command {
        case .register(let registration):
            try self.loadSequence(of: registration.facts.id, into: &batch.tree)
            return .register(self.completed(registration, by: job.declaration, in: batch.tree))
        case .reregister(let app, _, _):
            // The answer says which messages are stored.
            try self.loadSequence(of: app, into: &batch.tree)
            try self.loadMissedCancel(of: app, into: &batch.tree)
        case .report(var report):
            try self.loadSequence(of: report.app, into: &batch.tree)
            report.stored = try self.storedReport(for: report, in: &batch)
            if let number = report.spool?.number {
                report.takeNumbered(
                    try self.store.report(of: report.app, incarnation: number.incarnation, seq: number.seq))
            }
            report.registration = report.registration.map {
                self.completed($0, by: job.declaration, in: batch.tree)
            }
            return .report(report)
        case .acknowledge(let answer, let session, let signer, _):
            let wasAnswered = try self.store.isAnswered(answer.id, by: answer.app)
            return .acknowledge(answer, session: session, signer: signer, wasAnswered: wasAnswered)
        case .control(var request, let principal):
            if let filter = job.filter {
                request.only = try self.store.apps(under: request.target, matching: filter)
            }
            return .control(request, by: principal)
        default: break
        }
        return job.command
    }

    /// A declaration by somebody who was not in the working set: now it can be told who signed it.
    private func completed(
        _ registration: Registration, by declaration: SignedDeclaration?, in tree: ProcessTree
    ) -> Registration {
        guard let declaration, registration.enrolment != nil, registration.enrolment?.declaredBy == nil else {
            return registration
        }
        var registration = registration
        registration.enrolment?.declaredBy = Enrolling(key: self.key).declarer(of: declaration, in: tree)
        return registration
    }

    /// Adds an app that is not in the working set, and whoever is above it.
    private func load(_ id: AppID, into tree: inout ProcessTree) throws(StoreError) {
        var missing: [AppState] = []
        var next: AppID? = id
        while let app = next, !tree.apps.contains(app), let state = try self.store.state(of: app) {
            missing.append(state)
            next = state.parent
        }
        for state in missing.reversed() {
            tree.load(state)
        }
    }

    /// Who had crashed may have been in nobody's memory when what is above it was cancelled.
    private func loadMissedCancel(of id: AppID, into tree: inout ProcessTree) throws(StoreError) {
        guard let state = tree.apps[id], state.status == .crashed, !state.isFenced, let since = state.registeredAt,
            let cancel = try self.store.pastCancel(over: id, since: since)
        else { return }
        tree.load(past: cancel)
    }

    private func loadSequence(of id: AppID, into tree: inout ProcessTree) throws(StoreError) {
        guard let state = tree.apps[id], state.incarnation > 0, state.sequence == nil else { return }
        tree.load(try self.store.sequence(of: id, incarnation: state.incarnation), of: id)
    }

    /// What the store holds under the number or the id of a message; a number that can only be new costs nothing.
    private func storedReport(for report: IncomingReport, in batch: inout Batch) throws(StoreError) -> Report? {
        batch.repeated = nil
        if let message = report.messageID {
            let stored = try self.store.report(message)
            batch.repeated = stored?.id
            return stored?.report
        }
        guard let seq = report.seq, let state = batch.tree.apps[report.app], let sequence = state.sequence,
            !sequence.isCertainlyNew(seq)
        else { return nil }
        return try self.store.report(of: report.app, incarnation: state.incarnation, seq: seq)
    }
}

// MARK: - After the commit

extension Writer {
    /// Lets out what the events mean: first who speaks for whom, then the answers and commands, then the watchers.
    private func tell(of batch: Batch, jobs: [Job], _ state: inout State) {
        var post = Post()
        for (job, answer) in zip(jobs, batch.answers) {
            self.bind(job, answer, &state.connections, &post)
            post.answer(job, answer)
            guard case .success(let done) = answer else { continue }
            for event in done.events {
                if case .reported = event { continue }
                for effect in batch.tree.effects(of: event) {
                    self.letOut(effect, batch.tree, &state.connections, &post)
                }
            }
        }
        post.send()
        if self.board.isAwaited || self.hub.isWatched {
            let recorded = batch.recorded
            self.board.publish(recorded)
            self.hub.publish(recorded, tree: batch.tree, targets: batch.targets)
        }
        self.metrics.count(batch.answers)
    }

    /// The connection that registered an app speaks for it from now on; one that ended does not.
    private func bind(_ job: Job, _ answer: Job.Answer, _ connections: inout [AppID: Connection], _ post: inout Post) {
        if case .dropConnection(let app, let session) = job.command, connections[app]?.session == session {
            connections[app] = nil
        }
        guard case .socket(let receiver, .register(let app, _, _)) = job.reply, case .success(let done) = answer,
            let state = done.state, !done.isConflict
        else { return }
        if let older = connections[app], older.receiver !== receiver {
            post.add(.superseded(app), to: older.receiver)
        }
        connections[app] = Connection(
            receiver: receiver, session: state.sessionEpoch, address: job.origin?.address)
    }

    private func letOut(
        _ effect: Effect, _ tree: ProcessTree, _ connections: inout [AppID: Connection], _ post: inout Post
    ) {
        switch effect {
        case .bind(let app, let session):
            if let older = connections[app], older.session < session {
                post.add(.superseded(app), to: older.receiver)
                connections[app] = nil
            }
        case .deliver(let control):
            if let connection = connections[control.app] { post.add(.control(control), to: connection.receiver) }
        case .expel(let app):
            if let connection = connections.removeValue(forKey: app) {
                post.add(.expelled(app), to: connection.receiver)
            }
        case .confine(let app):
            guard let connection = connections[app], let state = tree.apps[app], !state.admits(connection.address)
            else { break }
            connections[app] = nil
            post.add(.confined(app), to: connection.receiver)
        case .wake(let alarm, let moment): self.alarms.set(alarm, at: moment)
        }
    }

    private func giveUp(_ jobs: [Job], because error: StoreError, _ state: inout State) {
        self.store.rollback()
        state.isStale = true
        self.metrics.countStoreFailure()
        self.logger.error("the store refused a batch", metadata: LogKeys.store(error, jobs: jobs.count))
        var post = Post()
        for job in jobs {
            post.answer(job, .failure(.store(error)))
        }
        post.send()
    }

    /// Ended apps leave the working set; the store keeps them.
    private func forgetEnded(of batch: Batch, _ tree: inout ProcessTree) {
        for id in batch.changed {
            var next: AppID? = id
            while let app = next, let state = tree.apps[app], state.status.isEnded,
                !state.cascades.contains(where: { tree.cascades[$0] != nil }), tree.children[app]?.isEmpty ?? true
            {
                tree.forget(app)
                next = state.parent
            }
        }
    }
}

extension Job.Done {
    /// Whether the registration was turned away because another holds the app.
    var isConflict: Bool {
        self.events.contains { if case .enrolmentConflict = $0 { true } else { false } }
    }
}
