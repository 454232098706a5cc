import PipelineCore
import PipelineTurns
import TurnModel
import Vocabulary

/// The loop of one session, or of one branch: the one place where its state changes.
///
/// ```
/// signal ──► perform: decide, apply ──► pure attempts run ahead ──► a group departs ──► it lands ──► effects
///                `───────── in memory only ─────────'                              `── on disk ──'
///                     ▲                                                  │
///                     `── where a group has no room for a pure attempt, the next is gathered while it flies
/// ```
///
/// Effects are held until the events before them are on disk; thought is not. If an append fails for good, nothing of
/// its group was ever told to anybody, and the loop ends: the session is resumed from its record.
final class SessionLoop {
    let kit: RunKit
    let store: any TurnStore
    let writer: RecordWriter
    let inbox: Inbox<Signal>
    let scene: Scene
    var run: PipelineRun
    var journal: SessionJournal
    var works = Works()
    /// The inboxes of branches at work, by session.
    var branches: [String: Inbox<Signal>] = [:]
    /// The children of manager loops that are looked after, by session.
    var seats: [String: ChildSeat] = [:]
    /// Where the branches of an attempt were forked.
    var fanOuts: [AttemptKey: TurnID] = [:]
    var notes: [AttemptKey: AttemptNotes] = [:]
    /// To be answered when the run has halted.
    var haltRequests: [RequestID] = []
    var isAborted = false
    /// The program ends, and nobody else asked for the pause.
    var isDrained = false
    /// Of requests, to be said with the next group.
    var settlements: [Settlement] = []
    /// What happened since the last group departed.
    var gathered = HeldGroup()
    /// The group that is on its way to the disk while the run goes on.
    var flight: HeldGroup?
    /// A pure attempt at work for which `gathered` has no room.
    var ahead: Attempt?
    /// Where the record ended that the loop began with.
    let beginning: NodeID?

    /// Where a loop stands among others.
    struct Scene: Sendable {
        let token: String
        /// Of the run as a whole.
        let displayID: DisplayID
        /// Under which a branch writes; `nil` at the root, and where that has no lease yet.
        var rootFence: RootFence?
        /// Takes what a branch says about a request to its parent; `nil` at the root.
        var settle: (@Sendable (RequestID, String) -> Void)?

        var isRoot: Bool { self.settle == nil }
    }

    init(
        _ run: PipelineRun, journal: SessionJournal, writer: RecordWriter, inbox: Inbox<Signal>, scene: Scene,
        kit: RunKit
    ) {
        self.kit = kit
        self.store = journal.store
        self.writer = writer
        self.inbox = inbox
        self.scene = scene
        self.run = run
        self.journal = journal
        self.beginning = run.memory.nextNode
    }

    var isOver: Bool { self.run.end != nil || self.run.isPaused }
}

extension SessionLoop {
    /// Works until the run has ended, is paused, or must stop.
    ///
    /// - Parameter preface: goes into the first group, before what `first` gives.
    func play(
        _ first: PipelineRun.Command, preface: [RecordEntry] = [], settling settlements: [Settlement] = []
    ) async -> RunReport.Ending {
        self.gathered.entries = preface
        self.settlements = settlements
        do throws(RunStop) {
            self.perform(first)
            try await self.commit()
            while !self.isOver || self.flight != nil {
                try await self.handle(await self.inbox.next())
                try await self.commit()
            }
        } catch {
            await self.close(telling: error)
            return .stopped(error)
        }
        await self.close(telling: nil)
        if let end = self.run.end { return .ended(end) }
        return .paused(at: self.run.memory.nextNode ?? NodeID(""), isAborted: self.isAborted)
    }

    private func close(telling stop: RunStop?) async {
        if let stop {
            for inbox in self.branches.values { inbox.put(.stop(stop)) }
            for seat in self.seats.values { seat.stop(stop) }
        }
        await self.works.finish()
    }

    /// Decides and applies; pure attempts follow at once. Answers with the refusal, if there is one.
    @discardableResult
    func perform(_ command: PipelineRun.Command) -> PipelineRun.Refusal? {
        var next: PipelineRun.Command? = command
        while let command = next {
            next = nil
            let group: [PipelineRun.Event]
            do throws(PipelineRun.Refusal) {
                group = try self.run.perform(command, at: self.kit.world.now())
            } catch {
                return error
            }
            for event in group { self.take(event) }
            for effect in self.run.effects(of: group) {
                guard case .run(let attempt) = effect, effect.mayRunAhead else {
                    self.gathered.effects.append(effect)
                    continue
                }
                if self.gathered.hasRoom(within: self.kit.limits) {
                    next = self.finish(attempt)
                } else {
                    self.ahead = attempt
                }
            }
        }
        return nil
    }

    private func take(_ event: PipelineRun.Event) {
        switch event {
        // One attempt at a time: what was noted of an earlier part of a talk is of no use any more.
        case .attemptStarted(let attempt): self.notes = [attempt.key: AttemptNotes(began: self.kit.world.now())]
        case .checkpoint(let checkpoint):
            self.gathered.steps += 1
            self.gathered.bytes += checkpoint.deepSize
        // In a fork, the first turn says it.
        case .resumed: if case .fork? = self.gathered.entries.first { return }
        default: break
        }
        guard event.isRecorded else { return }
        let notes = event.concluded.flatMap { self.notes.removeValue(forKey: $0.key) }
        self.gathered.entries.append(.event(event, notes))
    }

    /// What a pure attempt comes to.
    func finish(_ attempt: Attempt) -> PipelineRun.Command {
        .finish(attempt.key, self.run.pureOutcome(of: attempt), fraction: self.kit.world.fraction())
    }

    /// Adds a turn that is no event.
    func add(_ turn: PipelineTurn) { self.gathered.entries.append(.turn(turn)) }
}

extension PipelineRun.Event {
    /// The attempt that this event is the last word about.
    fileprivate var concluded: Attempt? {
        switch self {
        case .finished(let result): result.attempt
        case .retrying(let retry): retry.attempt
        case .aborted(let attempt): attempt
        default: nil
        }
    }
}
