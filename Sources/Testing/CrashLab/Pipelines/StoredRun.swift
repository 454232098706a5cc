import PipelineTurns
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// What a store holds of one run of a pipeline: its turns, and those of its branches.
struct StoredRun: Sendable {
    struct Session: Sendable {
        let context: ContextID
        let displayID: String
        /// Its own, oldest first.
        let turns: [PipelineTurn]
    }

    let root: Session
    let branches: [Session]

    var sessions: [Session] { [self.root] + self.branches }

    /// The pipeline it is a run of.
    var file: String? {
        guard case .lifecycle(let first)? = self.root.turns.first else { return nil }
        return first.dotFile
    }
}

extension StoredRun {
    /// Reads the runs in the file `path`, oldest first, and holds the file against its promises.
    static func all(in path: String) async throws -> (runs: [Self], violations: [String]) {
        let store = try SQLiteTurnStore.open(path)
        defer { store.close() }
        let violations = try await store.check().violations
        let rows = try await Self.rows(in: store)
        var runs: [Self] = []
        for row in rows where row.branchOf == nil {
            var branches: [Session] = []
            for branch in Self.descendants(of: row.context.id, among: rows) {
                branches.append(try await Self.session(branch, in: store))
            }
            runs.append(Self(root: try await Self.session(row, in: store), branches: branches))
        }
        return (runs, violations)
    }

    private static func rows(in store: SQLiteTurnStore) async throws -> [SessionRow] {
        var rows: [SessionRow] = []
        var query = SessionQuery(limit: 200, includesBranches: true)
        while true {
            let page = try await store.sessions(query)
            rows += page
            guard page.count == query.limit, let last = page.last else { return rows.reversed() }
            query.before = last.context.id
        }
    }

    private static func descendants(of context: ContextID, among rows: [SessionRow]) -> [SessionRow] {
        rows.filter { $0.branchOf == context }.flatMap { [$0] + Self.descendants(of: $0.context.id, among: rows) }
    }

    private static func session(_ row: SessionRow, in store: SQLiteTurnStore) async throws -> Session {
        var turns: [PipelineTurn] = []
        var query = TurnQuery(context: row.context.id, limit: 500)
        reading: while true {
            let page = try await store.turns(query)
            for turn in page.turns {
                guard turn.context == row.context.id else { break reading }
                turns.append(try PipelineTurn(decoding: turn.payload ?? [], type: turn.type))
            }
            guard let next = page.next else { break }
            query.before = next
        }
        return Session(context: row.context.id, displayID: row.displayID.description, turns: turns.reversed())
    }
}

/// What the checkpoints of a session add up to, without what may differ from run to run: times.
struct RunSum: Hashable, Sendable {
    private(set) var context = JSONObject()
    private(set) var completed: [String] = []
    /// How many were completed before those: a whole checkpoint names only the last ones.
    private(set) var completedEarlier = 0
    private(set) var outcomes: [String: String] = [:]
    private(set) var visits: [String: UInt64] = [:]
    private(set) var reroutes: UInt64 = 0
    private(set) var steps: UInt64 = 0
    private(set) var nextNode: String?

    init(_ session: StoredRun.Session) {
        for case .checkpoint(let checkpoint) in session.turns { self.add(checkpoint) }
        self.context = Self.timeless(.object(self.context)).object ?? [:]
    }

    private mutating func add(_ checkpoint: Checkpoint) {
        if let delta = checkpoint.contextDelta {
            for (key, value) in delta { self.context[key] = value }
            for key in checkpoint.contextRemoved { self.context[key] = nil }
            self.completed += checkpoint.completedNodes
            self.outcomes.merge(checkpoint.visitedOutcomes) { _, new in new }
            self.visits.merge(checkpoint.visitCounts) { _, new in new }
        } else {
            self.context = checkpoint.context
            self.completed = checkpoint.completedNodes
            self.completedEarlier = Int(checkpoint.completedEarlier ?? 0)
            self.outcomes = checkpoint.visitedOutcomes
            self.visits = checkpoint.visitCounts
        }
        self.reroutes = checkpoint.rerouteCount ?? 0
        self.steps = checkpoint.stepCount ?? 0
        self.nextNode = checkpoint.nextNode
    }

    private static func timeless(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object):
            var timeless = JSONObject()
            let facts = object.sorted { $0.key < $1.key }
            for (key, value) in facts where !key.hasSuffix("duration_ms") { timeless[key] = Self.timeless(value) }
            return .object(timeless)
        case .array(let array): return .array(array.map(Self.timeless))
        default: return value
        }
    }

    /// In what it differs from `other`; empty when in nothing.
    func differences(from other: Self) -> [String] {
        var differences: [String] = []
        for key in Set(self.context.keys).union(other.context.keys).sorted()
        where self.context[key]?.sortedText() != other.context[key]?.sortedText() {
            let texts = [self.context[key], other.context[key]].map { $0?.text.prefix(300).description ?? "nothing" }
            differences.append("context key \(key) is \(texts[0]), not \(texts[1])")
        }
        let named = min(self.completed.count, other.completed.count)
        if self.completedEarlier + self.completed.count != other.completedEarlier + other.completed.count
            || self.completed.suffix(named) != other.completed.suffix(named)
        {
            differences.append("other nodes were completed, or in another order")
        }
        if self.outcomes != other.outcomes { differences.append("the outcomes are others: \(self.outcomes)") }
        if self.visits != other.visits { differences.append("the visits are others: \(self.visits)") }
        if (self.reroutes, self.steps) != (other.reroutes, other.steps) {
            differences.append("\(self.reroutes) reroutes and \(self.steps) steps, not as many as undisturbed")
        }
        if self.nextNode != other.nextNode { differences.append("it ended elsewhere") }
        return differences
    }
}
