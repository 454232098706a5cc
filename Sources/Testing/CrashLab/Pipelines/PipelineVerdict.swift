import PipelineTurns
import Vocabulary

/// Compares what was seen from outside of a run of a pipeline with what is on record. Changes nothing.
///
/// What it claims, at any moment:
///
///     tool began                -> a `started` of its key is on record, one for each beginning
///     node completed            -> none of its visits starts again
///     attempt                   -> in order, never more than the budget, the same one only if its fate was unknown
///     result on record          -> its tool began and ended; its checkpoint is the next turn
///     event printed             -> on record, as often as it was printed
///
/// and, once it has ended, that it ended as an undisturbed run of the same pipeline did.
struct PipelineVerdict {
    private(set) var complaints: [String] = []
    private var started: [String: Int] = [:]
    private var visits: [String: VisitHistory] = [:]
    /// Turns by what is printed about them.
    private var recorded: [String: Int] = [:]

    init(_ run: StoredRun, _ executions: [Execution], events: [JSONValue]) {
        for session in run.sessions { self.read(session, isRoot: session.context == run.root.context) }
        self.complaints += self.visits.values.flatMap(\.complaints).sorted()
        self.judge(executions)
        self.judge(events)
    }

    private mutating func read(_ session: StoredRun.Session, isRoot: Bool) {
        var resumptions = 0
        for (place, turn) in session.turns.enumerated() {
            if case .lifecycle(let lifecycle) = turn {
                if lifecycle.status == .resumed { resumptions += 1 }
                if isRoot { self.recorded["pipeline_\(lifecycle.status)", default: 0] += 1 }
            }
            if case .human(let human) = turn, human.answer != nil {
                self.recorded["interview_completed \(human.questionID ?? "")", default: 0] += 1
            }
            if case .checkpoint = turn { self.recorded["checkpoint_saved", default: 0] += 1 }
            guard case .node(let node) = turn, let key = node.attemptKey else { continue }
            self.visits[key.visit, default: VisitHistory(key.visit)].add(node, resumptions: resumptions)
            self.record(node, key)
            guard node.isResult else { continue }
            let next = place + 1 < session.turns.count ? session.turns[place + 1] : nil
            if case .checkpoint(let checkpoint)? = next, checkpoint.currentNode == node.node { continue }
            self.complaints.append("the result of \(key) stands without its checkpoint")
        }
    }

    private mutating func record(_ node: NodeExecution, _ key: String) {
        switch node.status {
        case "started":
            self.started[key, default: 0] += 1
            self.recorded["stage_started \(key)", default: 0] += 1
        case "retrying": self.recorded["stage_retrying \(key)", default: 0] += 1
        case "aborted": self.recorded["stage_aborted \(key)", default: 0] += 1
        default: self.recorded["stage_ended \(key)", default: 0] += 1
        }
    }

    private mutating func judge(_ executions: [Execution]) {
        let byKey = Dictionary(grouping: executions, by: \.key)
        for (key, executions) in byKey where executions.count > self.started[key] ?? 0 {
            let count = self.started[key] ?? 0
            self.complaints.append("\(key) was executed \(executions.count) times, and started \(count) on record")
        }
        for execution in executions {
            // It dies a moment after its runner; the next one must wait for that.
            guard execution.hasOutlived else { continue }
            self.complaints.append("process \(execution.pid) of \(execution.key) ran on beside the next runner")
        }
    }

    private mutating func judge(_ events: [JSONValue]) {
        var printed: [String: Int] = [:]
        for event in events {
            guard var name = event["event"]?.string else { continue }
            if ["stage_completed", "stage_failed"].contains(name) { name = "stage_ended" }
            let isRoot = name.hasPrefix("pipeline_")
            let isOther = ["checkpoint_saved", "interview_completed"].contains(name)
            guard name.hasPrefix("stage_") || isRoot || isOther else { continue }
            let key = (event["attempt_key"] ?? event["question"])?.string.map { " \($0)" } ?? ""
            printed[name + key, default: 0] += 1
        }
        for (what, count) in printed where count > self.recorded[what] ?? 0 {
            let known = self.recorded[what] ?? 0
            self.complaints.append("\(what) was printed \(count) times, and is on record \(known) times")
        }
    }
}

extension PipelineVerdict {
    /// Adds what is to be said of a run that has ended, beside `calm`, which nobody disturbed.
    mutating func compare(_ run: StoredRun, _ executions: [Execution], with calm: StoredRun) {
        self.complaints += RunSum(run.root).differences(from: RunSum(calm.root))
        let (results, expected) = (Self.results(of: run), Self.results(of: calm))
        for key in Set(results.keys).union(expected.keys).sorted() where results[key] != expected[key] {
            self.complaints.append(
                "visit \(key) came to \(results[key] ?? ["nothing"]), not to \(expected[key] ?? ["nothing"])")
        }
        let ended = Set(executions.filter { $0.lifeAtEnd != nil }.map(\.key))
        for case .node(let node) in run.sessions.flatMap(\.turns) where node.isResult && node.handler == "tool" {
            guard let key = node.attemptKey, !ended.contains(key) else { continue }
            self.complaints.append("\(key) has a result, and its tool never came to its end")
        }
    }

    /// How each visit ended, in all sessions; one result each.
    private static func results(of run: StoredRun) -> [String: [String]] {
        var results: [String: [String]] = [:]
        for case .node(let node) in run.sessions.flatMap(\.turns) where node.isResult {
            results[(node.attemptKey ?? "").withoutSession.visit, default: []].append(node.status)
        }
        return results
    }
}

extension NodeExecution {
    /// The last word about a visit.
    var isResult: Bool { !["started", "retrying", "aborted", "unknown_fate"].contains(self.status) }
}
