import Vocabulary

extension PipelineGraph {
    /// Finds the fan-in of a parallel node; `outer` are those whose own is being looked for already.
    ///
    /// Most branches meet at the first fan-in that they come to. To look behind it is to look at all that follows, and
    /// for each parallel part there again, so that is done only where it must be.
    func nearestFanIn(of node: NodeID, inside outer: Set<NodeID>) -> NodeID? {
        let open = outer.union([node])
        return self.nearestFanIn(of: node, inside: open, stopping: true)
            ?? self.nearestFanIn(of: node, inside: open, stopping: false)
    }

    private func nearestFanIn(of node: NodeID, inside open: Set<NodeID>, stopping: Bool) -> NodeID? {
        let branches = self.edges(from: node).map { self.reachable(from: $0.to, inside: open, stopping: stopping) }
        guard let first = branches.first else { return nil }
        let common = branches.dropFirst().reduce(Set(first.keys)) { $0.intersection($1.keys) }
        let distance = { (fanIn: NodeID) in branches.compactMap { $0[fanIn] }.min() ?? .max }
        return common.filter { self[$0]?.handler == .fanIn }.min { left, right in
            (distance(left), left) < (distance(right), right)
        }
    }

    /// Every node on the way from `node`, itself included, by its distance. A parallel part on the way is stepped over:
    /// its fan-in is no other's.
    ///
    /// - Parameter stopping: Go no further than to the first fan-in on each way.
    private func reachable(from node: NodeID, inside open: Set<NodeID>, stopping: Bool) -> [NodeID: Int] {
        var distances = [node: 0]
        var queue = [node]
        var next = 0
        while next < queue.count {
            let here = queue[next]
            next += 1
            if stopping, self[here]?.handler == .fanIn { continue }
            let isNested = self[here]?.handler == .parallel && !open.contains(here)
            let exit = isNested ? self.nearestFanIn(of: here, inside: open) ?? here : here
            for edge in self.edges(from: exit) where distances[edge.to] == nil {
                distances[edge.to] = distances[here]! + 1
                queue.append(edge.to)
            }
        }
        return distances
    }
}

/// The end of a parallel part: whether the branches are enough, and which is best (spec/orchestra.md 2.10).
package struct FanIn: Sendable {
    /// As `parallel.results` has them.
    package let results: [(id: String, outcome: Outcome)]
    package let policy: JoinPolicy
    package let k: Int
    package let quorumPercent: Double

    /// The fan-in `node` behind the parallel node named in `context`, whose policy comes before its own (D19).
    package init(_ node: PipelineNode, in graph: PipelineGraph, context: PipelineContext) {
        let parallel = context["internal.parallel"]?.string.flatMap { graph[NodeID($0)] }
        let results = context["parallel.results"]?.object ?? JSONObject()
        self.results = results.map { id, value in
            (id, (try? Outcome(statusFile: value)) ?? .fail("the result of branch \(id) cannot be read"))
        }
        self.policy = parallel?.joinPolicy ?? node.joinPolicy ?? .waitAll
        self.k = parallel?.k ?? node.k ?? 1
        self.quorumPercent = parallel?.quorumPercent ?? node.quorumPercent ?? 50
    }
}

extension FanIn {
    /// What the fan-in comes to. `choice` is the branch that a model named, if one was asked.
    package func outcome(choosing choice: String? = nil) -> Outcome {
        var outcome = self.joined
        outcome.isRetryable = outcome.status != .fail  // asking again gives the same answer
        guard let best = self.results.first(where: { $0.id == choice }) ?? self.best else { return outcome }
        var selected = JSONObject()
        for (id, result) in self.results {
            selected[id] = .object(result.json)
        }
        outcome.contextUpdates = [
            "parallel.fan_in.best_id": .string(best.id),
            "parallel.fan_in.best_outcome": .string(best.outcome.status.lowercase),
            "parallel.fan_in.selected_results": .object(selected),
        ]
        return outcome
    }

    /// The branch that `reply` of a model names: the longest id that stands in it as a word.
    package func choice(in reply: String) -> String? {
        let words = Set(reply.split { !($0.isLetter || $0.isNumber || "_#-.".contains($0)) }.map { $0.trimmed(".") })
        return self.results.map(\.id).filter { words.contains($0) }.max { $0.count < $1.count }
    }

    /// By status, then the higher score, then the smaller id.
    private var best: (id: String, outcome: Outcome)? {
        self.results.min { left, right in
            let ranks = (left.outcome.status.rank, right.outcome.status.rank)
            if ranks.0 != ranks.1 { return ranks.0 < ranks.1 }
            let scores = (left.outcome.score, right.outcome.score)
            if scores.0 != scores.1 { return scores.0 > scores.1 }
            return NodeID(left.id) < NodeID(right.id)
        }
    }

    private var joined: Outcome {
        let all = self.results.count
        let good = self.results.count { $0.outcome.status.isGood }
        let successes = self.results.count { $0.outcome.status == .success }
        switch self.policy {
        case .waitAll:
            guard all > 0 else { return .fail("no branch has a result") }
            if successes == all { return .success }
            let failures = self.results.count { $0.outcome.status == .fail }
            return failures == all ? .fail("all \(all) branches failed") : Outcome(.partialSuccess)
        case .firstSuccess:
            return successes > 0 ? .success : .fail("none of \(all) branches succeeded")
        case .kOfN:
            return good >= self.k ? .success : .fail("\(good) of \(all) branches succeeded, and \(self.k) must")
        case .quorum:
            let percent = all == 0 ? 0 : Double(good) * 100 / Double(all)
            guard all > 0, percent >= self.quorumPercent else {
                return .fail("\(good) of \(all) branches succeeded, and \(self.quorumPercent) per cent must")
            }
            return .success
        }
    }
}

extension StageStatus {
    /// The best first.
    fileprivate var rank: Int {
        switch self {
        case .success: 0
        case .partialSuccess: 1
        case .retry: 2
        case .fail: 3
        case .skipped: 4
        }
    }
}

extension Outcome {
    fileprivate var score: Double { self.contextUpdates["score"]?.number ?? 0 }
}

extension StringProtocol {
    /// Without `character` at the end.
    fileprivate func trimmed(_ character: Character) -> String {
        guard let last = self.lastIndex(where: { $0 != character }) else { return "" }
        return String(self[...last])
    }
}
