import PipelineCore
import PipelineTurns
import Synchronization
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

/// A pipeline, with what its nodes and people do, that is run through one death after another.
///
/// After each life the record is held against what the handlers were called for:
///
///     handler called         -> a `started` of its key is on record, one for each call
///     attempt concluded      -> never made again
///     result on record       -> its checkpoint is the next turn
///
/// and, at the end, against a run that nobody disturbed.
struct Ordeal: Sendable {
    typealias Act = @Sendable (HandlerCall, CurrentRun) async -> Outcome?

    let text: String
    /// How many sessions a run of it takes.
    var sessions = 1
    /// The first of them is the one to resume; else the newest.
    var isLedByFirst = false
    var act: Act = { call, _ in Self.standard(call) }
    var prepare: @Sendable (inout RunKit) -> Void = { _ in }
    /// What others do to the session while somebody runs it; cancelled when nobody does any more.
    var meanwhile: (@Sendable (Sessions) async throws -> Void)?

    /// The run at work, for what happens in it.
    final class CurrentRun: Sendable {
        private let run = Mutex<SessionRun?>(nil)
        private let deeds = Mutex<Set<String>>([])

        var value: SessionRun? {
            get { self.run.withLock { $0 } }
            set { self.run.withLock { $0 = newValue } }
        }

        /// Whether `deed` is done for the first time.
        func isFirst(_ deed: String) -> Bool { self.deeds.withLock { $0.insert(deed).inserted } }
    }

    /// Fails once at b, in its first attempt.
    static func standard(_ call: HandlerCall) -> Outcome? {
        if call.node.id == "b", call.attempt.number == 1, call.branch == nil { return .retry("not yet") }
        return Crew.standard(call)
    }
}

/// Where a process dies.
struct Death: Hashable, Sendable, CustomStringConvertible {
    let operation: Int
    let moment: MortalStore.Moment

    var description: String { "\(self.moment) operation \(self.operation)" }
}

extension Ordeal {
    /// Runs it undisturbed; answers how many operations that takes, and what the sessions come to.
    func calm() async throws -> (operations: Int, memories: [RunMemory]) {
        let trial = try Trial(self)
        let store = MortalStore(trial.stage.store)
        #expect(try await trial.live(on: store))
        return (store.operations, try await trial.memories())
    }

    /// Dies each of `deaths` in a life of its own, and goes on until the end. Answers whether all of them came.
    @discardableResult
    func suffer(_ deaths: [Death], like calm: [RunMemory]) async throws -> Bool {
        let note = Comment(rawValue: "dies \(deaths.map(\.description).joined(separator: ", then "))")
        let trial = try Trial(self)
        var isOver = false
        var lives = 0
        for death in deaths where !isOver {
            let store = MortalStore(trial.stage.store, dyingAt: death.operation, death.moment)
            isOver = try await trial.live(on: store)
            if store.isDead { lives += 1 }
            try await trial.judge(note)
        }
        if !isOver { #expect(try await trial.live(on: MortalStore(trial.stage.store)), note) }
        try await trial.judge(note)
        #expect(try await trial.memories() == calm, note)
        #expect(try await trial.stage.store.check().violations == [], note)
        return lives == deaths.count
    }
}

/// One run of an ordeal, with its store.
private struct Trial {
    let ordeal: Ordeal
    let stage: Stage
    let current = Ordeal.CurrentRun()

    init(_ ordeal: Ordeal) throws {
        self.ordeal = ordeal
        self.stage = try Stage(ordeal.text)
        self.stage.crew.act { [ordeal, current] call in await ordeal.act(call, current) }
    }

    /// Begins, or goes on where the record ends, until there is nothing left to do or the store has died; answers
    /// whether there is nothing left.
    func live(on store: MortalStore) async throws -> Bool {
        var kit = self.stage.kit()
        self.ordeal.prepare(&kit)
        let sessions = self.stage.sessions(store, kit)
        do throws(SessionRefusal) {
            var run = try await self.next(in: sessions)
            while let playing = run { run = try await self.play(playing, in: sessions) }
        } catch {
            #expect(store.isDead, "a resume works: \(error)")
        }
        self.current.value = nil
        return try await self.isOver
    }

    /// The session that is left to do, if there is one.
    private func next(in sessions: Sessions) async throws(SessionRefusal) -> SessionRun? {
        let rows = try await asking { () async throws(TurnStoreError) in try await stage.store.sessions(SessionQuery())
        }
        guard let newest = self.ordeal.isLedByFirst ? rows.last : rows.first else {
            return try await sessions.begin(self.stage.source)
        }
        let status = try sessions.summary(of: newest).status
        if status == .completed, rows.count == self.ordeal.sessions { return nil }
        return try await sessions.resume(newest)
    }

    /// Plays `run` to its end; answers with the run that goes on, if one does.
    private func play(_ run: SessionRun, in sessions: Sessions) async throws(SessionRefusal) -> SessionRun? {
        self.current.value = run
        let others = Task { [ordeal, stage] in
            try await ordeal.meanwhile?(stage.sessions(nil, stage.kit(isDead: false)))
        }
        let report = await run.run()
        others.cancel()
        _ = await others.result
        switch report.ending {
        case .ended(.restarted): return try await sessions.successor(of: run, after: report)
        case .paused:
            let row = try await sessions.find(report.displayID.description)
            return try await sessions.resume(row)
        case .ended, .stopped: return nil
        }
    }

    private var rows: [SessionRow] {
        get async throws { try await self.stage.store.sessions(SessionQuery()).reversed() }
    }

    private var isOver: Bool {
        get async throws {
            let rows = try await self.rows
            guard rows.count == self.ordeal.sessions else { return false }
            return try rows.allSatisfy { try self.stage.sessions().summary(of: $0).status == .completed }
        }
    }

    func memories() async throws -> [RunMemory] {
        var memories: [RunMemory] = []
        for row in try await self.rows { memories.append(try await self.stage.memory(of: row).nameless) }
        return memories
    }

    /// Holds what was called against what is on record.
    func judge(_ note: Comment) async throws {
        // Before the record is read: what a child that nobody waits for calls meanwhile has its cause there later.
        let calls = Dictionary(grouping: self.stage.crew.calls, by: { $0 })
        var started: [String: Int] = [:]
        var concluded: [String: Int] = [:]
        for row in try await self.stage.store.sessions(SessionQuery(includesBranches: true)) {
            let values = try await self.stage.ownValues(of: row.context.id)
            for (place, value) in values.enumerated() {
                guard case .node(let node) = value, let key = node.attemptKey else { continue }
                switch node.status {
                case "started":
                    started[key, default: 0] += 1
                    #expect(concluded[key] == nil, "\(key) is made again: \(note)")
                case "retrying": concluded[key, default: 0] += 1
                case "aborted", "unknown_fate": break
                default:
                    concluded[key, default: 0] += 1
                    let next = place + 1 < values.count ? values[place + 1] : nil
                    guard case .checkpoint? = next else {
                        Issue.record("the result of \(key) has no checkpoint: \(note)")
                        continue
                    }
                }
            }
        }
        #expect(concluded.values.allSatisfy { $0 == 1 }, note)
        for (key, calls) in calls {
            #expect(calls.count <= started[key] ?? 0, "\(key) was called without a cause on record: \(note)")
        }
        let told = self.stage.audience.heard.count { $0 == "checkpointSaved" }
        #expect(try await self.stage.checkpointCount() >= told, "told before it was true: \(note)")
    }
}

extension RunMemory {
    /// Without the names of other sessions, which differ from trial to trial.
    fileprivate var nameless: Self {
        var snapshot = self.snapshot
        for key in ["stack.child.session", "stack.parent.attempt"] where snapshot.context.set[key] != nil {
            snapshot.context.set[key] = "a session"
        }
        return Self([snapshot])
    }
}

extension Stage {
    /// The turns of the context itself, oldest first: for a branch, without those of its parent.
    fileprivate func ownValues(of context: ContextID) async throws -> [PipelineTurn] {
        try await self.turns(of: context).filter { $0.context == context }
            .map { try PipelineTurn(decoding: $0.payload ?? [], type: $0.type) }
    }
}
