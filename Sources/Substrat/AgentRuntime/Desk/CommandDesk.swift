import AgentCore
import EventLog
import Synchronization
import Vocabulary

/// The one place where the state of all agents changes: decide, record, apply, then tell.
///
/// While one group of commands is on its way to the disk the next one gathers, so a sync serves all that waits. The
/// tree that others see is durable: a group that the disk refuses leaves no trace in it.
///
///     perform -> wait -> decide all that waits -> append (one sync) -> apply -> fold -> effects -> answers
final class CommandDesk: Sendable {
    typealias Answer = @Sendable (Result<JSONValue, HostError>) -> Void

    fileprivate struct Job {
        let command: AgentCommand
        let answer: Answer
    }

    /// What a group of commands comes to, before anybody hears of it.
    fileprivate struct Group {
        var jobs: [Job] = []
        var tree: AgentTree
        var entries: [LogEntry] = []
        var effects: [AgentEffect] = []
        var answers: [Result<JSONValue, HostError>] = []
    }

    private struct State {
        /// Durable.
        var tree: AgentTree
        var waiting: [Job] = []
        var isAtWork = false
        /// How many of those who wait are to go alone: the disk refused one of them, and nobody knows which.
        var aloneCount = 0
    }

    private let logs: EventLogs
    private let clock: HostClock
    private let stamp: LogStamp
    private let dice: HostDice
    private let progress: LogProgress
    private let state: Mutex<State>
    /// Called when a group is durable and before its commands are answered.
    private let tell: @Sendable ([AgentEffect], AgentTree) -> Void

    static let groupMax = 1_024

    init(
        _ found: FoundHost, _ clock: HostClock,
        tell: @escaping @Sendable ([AgentEffect], AgentTree) -> Void
    ) {
        self.logs = found.logs
        self.clock = clock
        self.stamp = found.stamp
        self.dice = found.dice
        self.progress = found.progress
        self.state = Mutex(State(tree: found.plan.tree))
        self.tell = tell
    }

    /// What is durable now.
    var tree: AgentTree { self.state.withLock { $0.tree } }

    /// Carries out a command. When this returns, what it did is durable, and its effects are on their way.
    @discardableResult
    func perform(_ command: AgentCommand) async throws(HostError) -> JSONValue {
        try await withCheckedContinuation { continuation in
            self.perform(command) { continuation.resume(returning: $0) }
        }.get()
    }

    /// The same, for whoever does not wait. `answer` must not block.
    func perform(_ command: AgentCommand, then answer: @escaping Answer) {
        let isFirst = self.state.withLock { state in
            state.waiting.append(Job(command: command, answer: answer))
            defer { state.isAtWork = true }
            return !state.isAtWork
        }
        if isFirst { self.work() }
    }

    /// New ids, of the same dice as all others.
    func newID<Of>() -> Identifier<Of> {
        var dice = self.dice
        return .random(using: &dice)
    }
}

extension CommandDesk {
    /// Sees to all that waits. One thread at a time is in here.
    private func work() {
        while let group = self.next() {
            guard !group.entries.isEmpty else {
                self.finish(group, .success([]))
                continue
            }
            self.logs.append(group.entries) { result in
                self.finish(group, result)
                self.work()
            }
            return
        }
    }

    /// Decides what waits; `nil` when nothing does.
    private func next() -> Group? {
        let (jobs, tree) = self.state.withLock { state -> ([Job], AgentTree) in
            let count = state.aloneCount > 0 ? 1 : min(state.waiting.count, Self.groupMax)
            let jobs = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(jobs.count)
            state.aloneCount = max(0, state.aloneCount - 1)
            if jobs.isEmpty { state.isAtWork = false }
            return (jobs, state.tree)
        }
        guard !jobs.isEmpty else { return nil }
        var group = Group(tree: tree)
        var dice = self.dice
        let now = self.clock.now()
        self.stamp.set(now)
        for job in jobs { group.take(job, at: now, &dice) }
        return group
    }

    private func finish(_ group: Group, _ result: Result<[UInt64], LogFault>) {
        switch result {
        case .success(let numbers):
            self.state.withLock { $0.tree = group.tree }
            // Before the next group is on its way: what is folded is all that the logs have.
            self.logs.fold(self.progress.grown(group.entries, numbers), of: group.tree)
            if !group.effects.isEmpty { self.tell(group.effects, group.tree) }
            for (job, answer) in zip(group.jobs, group.answers) { job.answer(answer) }
        case .failure(let fault) where group.jobs.count > 1 && !fault.isFinal:
            self.state.withLock { state in
                state.waiting.insert(contentsOf: group.jobs, at: 0)
                state.aloneCount = group.jobs.count
            }
        case .failure(let fault):
            for job in group.jobs { job.answer(.failure(HostError(fault))) }
        }
    }
}

extension CommandDesk.Group {
    mutating func take(_ job: CommandDesk.Job, at now: Timestamp, _ dice: inout HostDice) {
        self.jobs.append(job)
        do throws(AgentRefusal) {
            let decision = try self.tree.perform(job.command, at: now, using: &dice)
            self.entries += decision.batch.logEntries()
            self.effects += decision.effects
            self.answers.append(.success(decision.answer))
        } catch {
            self.answers.append(.failure(HostError(error)))
        }
    }
}

extension LogFault {
    /// Nothing will be recorded any more, whatever is tried.
    var isFinal: Bool { [.poisoned, .closed, .locked].contains(self.code) }
}

/// What time the logs say: that of the decision, so that a restart folds the same.
final class LogStamp: Sendable {
    private let moment: Mutex<Timestamp>

    init(_ moment: Timestamp) {
        self.moment = Mutex(moment)
    }

    func set(_ moment: Timestamp) { self.moment.withLock { $0 = moment } }
    var now: Timestamp { self.moment.withLock { $0 } }
}

/// The dice of the options: whoever holds them, no number falls twice.
struct HostDice: RandomNumberGenerator, Sendable {
    private final class Source: Sendable {
        let dice: Mutex<any RandomNumberGenerator & Sendable>

        init(_ dice: any RandomNumberGenerator & Sendable) {
            self.dice = Mutex(dice)
        }
    }

    private let source: Source

    init(_ dice: any RandomNumberGenerator & Sendable) {
        self.source = Source(dice)
    }

    mutating func next() -> UInt64 { self.source.dice.withLock { $0.next() } }
}
