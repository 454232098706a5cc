import PipelineCore
import PipelineTurns
package import TurnModel
import Vocabulary

/// Tells what happens in a session, from its record: whoever runs it, now or long ago.
///
/// ```
/// session    1  2  3        7     9  10 …     each context is read forwards; the oldest turn of all comes next,
/// branch           4     6                    so the events come in the order in which the store took them
/// branch              5        8
/// ```
/// A look at a store in which nothing has happened is one read. Turns that came after the look began wait for the next
/// one: none is passed over, so the id of the last turn told is where somebody else can go on.
package struct SessionFollower {
    /// What one turn tells.
    package struct Told: Sendable {
        package let turn: TurnID
        package let events: [RunEvent]
    }

    package enum Step: Sendable {
        case told(Told)
        /// Nothing has happened for as long as the caller wants to wait.
        case quiet
        /// It has ended, or is paused: nothing more is to be told.
        case halted(RunReport)
        /// Nobody works on it, and nobody has said why.
        case abandoned
    }

    private struct Lane {
        var turns: TurnLane
        var teller: TurnTeller
        /// `nil` for the session itself.
        let branch: Branch?
    }

    private struct Branch: Equatable {
        let attempt: AttemptKey
        let id: BranchID
    }

    private let sessions: Sessions
    private let story: SessionStory
    private let graph: PipelineGraph?
    private let since: TurnID?
    private var lanes: [Lane]
    private var horizon: TurnID?
    private var idleLooks = 0
    private var isHalted = false

    /// Between two looks.
    package static let pause = Duration.milliseconds(100)
    /// Looks without news after which it is asked whether somebody works there.
    private static let idleLooksMax = 10

    /// Follows the session from its beginning, or tells only what comes after the turn `since`.
    package init(
        _ row: SessionRow, since: TurnID? = nil, in sessions: Sessions
    ) async throws(SessionRefusal) {
        let store = sessions.store
        let story = try await sessions.story(of: row)
        self.sessions = sessions
        self.story = story
        self.graph = await sessions.graph(of: story)
        self.since = since
        let turns = try await asking { () async throws(TurnStoreError) in
            try await TurnLane(of: row.context.id, since: since, in: store)
        }
        self.lanes = [Lane(turns: turns, teller: TurnTeller(graph: self.graph, story: story), branch: nil)]
    }

    /// The session that is followed.
    package var context: ContextID { self.lanes[0].turns.context }

    /// What comes next; waits until there is something, for `looksMax` looks at most. Throws `CancellationError` when
    /// its task is cancelled.
    package mutating func next(quietAfter looksMax: Int = .max) async throws -> Step {
        var looks = 0
        while true {
            if let told = try await self.take() {
                (self.idleLooks, self.isHalted) = (0, told.events.last?.fact.isHalt ?? false)
                if told.events.isEmpty { continue }
                return .told(told)
            }
            let store = self.sessions.store
            let newest = try await asking { () async throws(TurnStoreError) in try await store.health().lastTurn }
            guard newest == self.horizon else {
                self.horizon = newest
                continue
            }
            if self.isHalted || self.idleLooks.isMultiple(of: Self.idleLooksMax), let end = try await self.end() {
                return end
            }
            self.idleLooks += 1
            looks += 1
            guard looks <= looksMax else { return .quiet }
            try await self.sessions.kit.world.sleep(Self.pause)
        }
    }

    /// How it stands with the session, when nothing more is coming; `nil` as long as somebody works on it.
    private func end() async throws(SessionRefusal) -> Step? {
        let (store, context) = (self.sessions.store, self.context)
        let found = try await asking { () async throws(TurnStoreError) in try await store.session(of: context) }
        guard let row = found, let head = row.head, self.horizon.map({ head.id <= $0 }) ?? false else { return nil }
        let status = try self.sessions.summary(of: row).status
        guard !status.isLive else { return nil }
        let turn = head.payload.flatMap { try? PipelineTurn(decoding: $0, type: head.type) }
        guard case .lifecycle(let lifecycle)? = turn else { return .abandoned }
        let ending: RunReport.Ending
        if let end = RunEnd(lifecycle) {
            ending = .ended(end)
        } else if status == .paused {
            ending = .paused(at: NodeID(lifecycle.checkpointNode ?? ""), isAborted: false)
        } else {
            return .abandoned
        }
        return .halted(RunReport(session: context, displayID: self.story.displayID, ending: ending))
    }
}

// MARK: - Lanes

extension SessionFollower {
    /// The oldest turn on record that was not told; `nil` when all up to the horizon were.
    private mutating func take() async throws(SessionRefusal) -> Told? {
        guard let horizon else { return nil }
        let store = self.sessions.store
        for place in self.lanes.indices {
            var turns = self.lanes[place].turns
            self.lanes[place].turns = try await asking { () async throws(TurnStoreError) in
                try await turns.fill(from: store, upTo: horizon)
                return turns
            }
        }
        let waiting = self.lanes.indices.filter { self.lanes[$0].turns.first != nil }
        let oldest = waiting.min { left, right in
            (self.lanes[left].turns.first?.id.number ?? 0) < (self.lanes[right].turns.first?.id.number ?? 0)
        }
        guard let oldest, let turn = self.lanes[oldest].turns.take() else { return nil }
        return try await self.tell(turn, from: oldest)
    }

    private mutating func tell(_ turn: Turn, from place: Int) async throws(SessionRefusal) -> Told {
        let value: PipelineTurn
        do throws(TurnDecodingError) {
            value = try PipelineTurn(decoding: turn.payload ?? [], type: turn.type)
        } catch {
            throw .damaged(turn.id, error.description)
        }
        let facts = self.lanes[place].teller.facts(of: value, at: turn.createdAt)
        let branch = self.lanes[place].branch?.id
        try await self.follow(value)
        guard self.since.map({ turn.id > $0 }) ?? true else { return Told(turn: turn.id, events: []) }
        let events = facts.map { RunEvent(time: turn.createdAt, session: turn.context, branch: branch, fact: $0) }
        return Told(turn: turn.id, events: events)
    }

    /// Begins to follow branches that began, and stops with those that are over.
    private mutating func follow(_ turn: PipelineTurn) async throws(SessionRefusal) {
        switch turn {
        case .parallel(let parallel):
            guard let turn = BranchTurn(parallel) else { return }
            let branch = Branch(attempt: turn.attempt, id: turn.id)
            if let context = turn.context { return try await self.open(branch, context) }
            self.lanes.removeAll { $0.branch == branch }
        case .checkpoint(let checkpoint):
            guard let state = checkpoint.parallelState.flatMap(ParallelState.init(json:)) else { return }
            for branch in state.branches where branch.result == nil {
                guard let context = branch.session.flatMap({ ContextID($0) }) else { continue }
                try await self.open(Branch(attempt: state.key, id: branch.id), context)
            }
        default: return
        }
    }

    private mutating func open(_ branch: Branch, _ context: ContextID) async throws(SessionRefusal) {
        guard !self.lanes.contains(where: { $0.turns.context == context }) else { return }
        let (store, since) = (self.sessions.store, self.since)
        let turns = try await asking { () async throws(TurnStoreError) in
            try await TurnLane(of: context, since: since, in: store)
        }
        self.lanes.append(Lane(turns: turns, teller: TurnTeller(graph: self.graph, story: nil), branch: branch))
    }
}

extension RunEvent.Fact {
    /// Whether the run stands still after it.
    fileprivate var isHalt: Bool {
        switch self {
        case .pipelineCompleted, .pipelineFailed, .pipelineCancelled, .pipelineRestarted, .pipelinePaused: true
        default: false
        }
    }
}
