import PipelineCore
import TestKit
import Vocabulary

/// A shell without clock, process and disk: it drives a run and its branches, keeps what they record, and can lose
/// everything else at any moment.
struct Theatre {
    typealias Event = PipelineRun.Event

    let graph: PipelineGraph
    let settings: RunSettings
    /// What the attempt of a handler comes to.
    var act: (Attempt, PipelineContext) -> Outcome? = { _, _ in .success }
    /// What looks at the child of a manager loop show, one after another.
    var child = [ChildReport(.completed)]
    /// What a person answers.
    var reply: (Question) -> Answer = { .text($0.choices[0].key) }
    var dice: SplitMix64

    /// What each session has on disk.
    private(set) var records: [String: [Event]] = [:]
    private(set) var live: [String: PipelineRun] = [:]
    private(set) var groups = 0
    /// Handlers called, by attempt key.
    private(set) var calls: [String: Int] = [:]
    private(set) var complaints: [String] = []
    /// What was asked of children.
    private(set) var halts: [Halt] = []
    private(set) var told: [String] = []
    private(set) var plans: [ChildPlan] = []
    private var children: [String: [ChildReport]] = [:]
    private var origins: [String: Origin] = [:]
    private var queue: [(session: String, command: PipelineRun.Command)] = []
    private var finishedVisits: Set<String> = []
    private var now: Int64 = 0

    private struct Origin {
        let parent: String
        let plan: BranchPlan
    }

    init(_ graph: PipelineGraph, settings: RunSettings = RunSettings(key: "s"), seed: UInt64 = 1) {
        self.graph = graph
        self.settings = settings
        self.dice = SplitMix64(seed: seed)
    }
}

extension Theatre {
    static let root = "root"

    var run: PipelineRun? { self.live[Self.root] }
    var events: [Event] { self.records[Self.root] ?? [] }
    var isIdle: Bool { self.queue.isEmpty }

    mutating func start(_ variables: JSONObject = [:], at node: NodeID? = nil) {
        self.live[Self.root] = PipelineRun(self.graph, settings: self.settings)
        self.tell(Self.root, .start(variables: variables, at: node))
    }

    /// Plays until nothing is left to do, or `stop` says so after a group.
    mutating func play(until stop: (Theatre) -> Bool = { _ in false }) {
        var steps = 0
        while let (session, command) = self.next(), steps < 5_000 {
            steps += 1
            let before = self.groups
            self.tell(session, command)
            if self.groups > before, stop(self) { return }
        }
        if steps == 5_000 { self.complaints.append("no end after 5000 commands") }
    }

    /// A handler is done before another: branches run at once.
    private mutating func next() -> (session: String, command: PipelineRun.Command)? {
        guard !self.queue.isEmpty else { return nil }
        return self.queue.remove(at: Int.random(in: 0..<self.queue.count, using: &self.dice))
    }

    /// Everything but the records is gone.
    mutating func crash() {
        self.live = [:]
        self.queue = []
    }

    mutating func resume() {
        self.queue = []
        self.restore(Self.root)
        self.tell(Self.root, .resume)
    }

    @discardableResult
    mutating func tell(_ session: String, _ command: PipelineRun.Command) -> PipelineRun.Refusal? {
        guard var run = self.live[session] else { return nil }
        self.now += 1
        do throws(PipelineRun.Refusal) {
            let group = try run.perform(command, at: Timestamp(milliseconds: self.now))
            self.live[session] = run
            self.append(group, to: session)
            for effect in run.effects(of: group) { self.carryOut(effect, in: session, run) }
            return nil
        } catch {
            return error
        }
    }

    private mutating func append(_ group: [Event], to session: String) {
        let recorded = group.filter(\.isRecorded)
        guard !recorded.isEmpty else { return }
        self.groups += 1
        self.records[session, default: []] += recorded
        for case .finished(let result) in recorded {
            let visit = "\(session)/\(result.attempt.node).\(result.attempt.visit)"
            if !self.finishedVisits.insert(visit).inserted { self.complaints.append("\(visit) finished twice") }
        }
    }
}

extension Theatre {
    private mutating func carryOut(_ effect: PipelineRun.Effect, in session: String, _ run: PipelineRun) {
        switch effect {
        case .run(let attempt): self.call(attempt, in: session, run)
        case .sleep(let key, _): self.queue.append((session, .wake(key)))
        case .ask(let question):
            self.queue.append((session, .answer(question.id, self.reply(question), by: "test", fraction: nil)))
        case .openBranch(let plan):
            self.queue.append((session, .openBranch(plan.parent, plan.id, session: "branch\(self.dice.next())")))
        case .runBranch(let plan, let branch): self.run(plan, in: branch, of: session)
        case .pauseBranch(_, let branch, let isAborting):
            self.queue.append((branch, isAborting ? .abort : .requestPause))
        case .cancelBranch(_, let branch, let reason, _):
            self.queue.append((branch, .requestCancel(reason: reason)))
        case .stop(let attempt): self.queue.append((session, .confirmAbort(attempt.key)))
        case .askAboutUnknown(let attempt): self.queue.append((session, .resolve(attempt.key, .retry)))
        case .ended: self.report(session)
        case .paused:
            guard let origin = self.origins[session] else { return }
            self.queue.append((origin.parent, .pauseBranch(origin.plan.parent, origin.plan.id)))
        case .openChild(let plan): self.queue.append((session, .openChild(plan.key, session: "child")))
        case .observeChild(let plan, _, _): self.look(plan, for: session)
        case .haltChild(let plan, _, let halt):
            self.halts.append(halt)
            self.children[plan.key.text] = [self.stops(halt)]
        case .steerChild(_, _, let text, _): self.told.append(text)
        case .withdraw, .say, .runChild, .instruct: break
        }
    }

    /// The next of what the child of `plan` shows; the last again and again.
    private mutating func look(_ plan: ChildPlan, for session: String) {
        self.plans.append(plan)
        let reports = self.children[plan.key.text] ?? self.child
        self.children[plan.key.text] = reports.count > 1 ? Array(reports.dropFirst()) : reports
        self.queue.append((session, .observeChild(plan.key, reports[0], fraction: nil)))
    }

    private func stops(_ halt: Halt) -> ChildReport {
        guard case .cancel(let reason) = halt.kind else { return ChildReport(.resting) }
        return ChildReport(.cancelled, reason: reason)
    }

    private mutating func call(_ attempt: Attempt, in session: String, _ run: PipelineRun) {
        let visit = "\(session)/\(attempt.node).\(attempt.visit)"
        if self.finishedVisits.contains(visit) { self.complaints.append("\(visit) runs again") }
        if attempt.number > attempt.max { self.complaints.append("\(attempt.key) is beyond the budget") }
        self.calls[attempt.key.text, default: 0] += 1
        let outcome = attempt.isPure ? run.pureOutcome(of: attempt) : self.act(attempt, run.context)
        self.queue.append((session, .finish(attempt.key, outcome, fraction: nil)))
    }

    private mutating func run(_ plan: BranchPlan, in session: String, of parent: String) {
        self.origins[session] = Origin(parent: parent, plan: plan)
        if self.records[session] == nil {
            self.live[session] = PipelineRun(self.graph, settings: self.settings(of: parent), branch: plan)
            self.queue.append((session, .start(variables: [:], at: nil)))
        } else if self.live[session] == nil || self.live[session]!.isPaused {
            self.restore(session)
            if self.live[session]!.end != nil { return self.report(session) }
            self.queue.append((session, .resume))
        }
    }

    private func settings(of session: String) -> RunSettings { self.live[session]?.settings ?? self.settings }

    private mutating func report(_ session: String) {
        guard let origin = self.origins[session], let result = self.live[session]?.branchResult else { return }
        self.queue.append((origin.parent, .finishBranch(origin.plan.parent, origin.plan.id, result)))
    }

    /// Builds a run from its record only.
    private mutating func restore(_ session: String) {
        let record = self.records[session] ?? []
        var run =
            if let origin = self.origins[session] {
                PipelineRun(self.graph, settings: self.settings(of: origin.parent), branch: origin.plan)
            } else { PipelineRun(self.graph, settings: self.settings) }
        var chain: [Checkpoint] = []
        for case .checkpoint(let checkpoint) in record { chain.append(checkpoint) }
        if let snapshot = chain.lastIndex(where: \.isSnapshot) { chain.removeFirst(snapshot) }
        let last = record.lastIndex { if case .checkpoint = $0 { true } else { false } }
        run.restore(checkpoints: chain, events: Array(record[(last.map { $0 + 1 } ?? 0)...]))
        self.live[session] = run
    }
}
