import PipelineCore
import PipelineTurns
package import TurnModel
package import Vocabulary

/// Two sessions side by side: what they share, and from there on node by node. Durations are not compared.
package struct SessionComparison: Sendable {
    /// The turns that both have, and the last of them.
    package var common: (count: Int, last: TurnID)?
    /// In what the contexts differ before the first node.
    package var opening: [ContextDifference] = []
    package var pairs: [Pair] = []

    /// A step of both, or of one that the other does not have.
    package struct Pair: Sendable {
        package let left: SessionStep?
        package let right: SessionStep?
        /// What differs after it and did not before, or not in this way.
        package let context: [ContextDifference]

        package var hasSameEnd: Bool {
            self.left?.status == self.right?.status && self.left?.failureReason == self.right?.failureReason
                && self.left?.attempt == self.right?.attempt
        }

        package var hasSameTexts: Bool {
            self.left?.promptHash == self.right?.promptHash && self.left?.responseHash == self.right?.responseHash
        }

        package var isSame: Bool {
            self.left != nil && self.right != nil && self.hasSameEnd && self.hasSameTexts && self.context.isEmpty
        }
    }

    package struct ContextDifference: Sendable, Hashable {
        package let key: String
        /// `nil` when it is not there.
        package let left: JSONValue?
        package let right: JSONValue?
    }

    package var isSame: Bool { self.opening.isEmpty && self.pairs.allSatisfy(\.isSame) }
}

extension Sessions {
    /// Compares two sessions as they are now. What they share is found by halving, and not read.
    package func compare(_ left: SessionRow, _ right: SessionRow) async throws(SessionRefusal) -> SessionComparison {
        let store = self.store
        let count = try await asking { () async throws(TurnStoreError) in
            try await Self.commonCount(left.context, right.context, in: store)
        }
        var comparison = SessionComparison()
        var contexts = (left: PipelineContext(), right: PipelineContext())
        if count > 0, let head = left.context.head {
            let last = try await asking { () async throws(TurnStoreError) in
                try await store.ancestor(of: head, atDepth: count - 1)
            }
            guard let last else { throw .damaged(head, "its ancestors are missing") }
            comparison.common = (Int(count), last)
            contexts.left = try await self.context(at: last, of: left.context.id)
            contexts.right = contexts.left
        }
        let first = try await self.steps(of: left, from: count)
        let second = try await self.steps(of: right, from: count)
        comparison.compare(first, second, &contexts)
        return comparison
    }

    /// What a step was told, and what it answered.
    package func texts(
        of step: SessionStep
    ) async throws(SessionRefusal) -> (prompt: String?, response: String?) {
        let turn = try await asking { () async throws(TurnStoreError) in
            try await self.store.turn(step.turn, withPayload: true)
        }
        guard case .node(let execution)? = try? PipelineTurn(decoding: turn.payload ?? [], type: turn.type) else {
            return (nil, nil)
        }
        return (execution.prompt, execution.response)
    }

    private func steps(of row: SessionRow, from depth: UInt32) async throws(SessionRefusal) -> StepReader {
        var reader = StepReader(in: self.store)
        guard let head = row.context.head else { return reader }
        try await reader.read(TurnLane(of: row.context.id, from: depth), to: head)
        return reader
    }

    private func context(at turn: TurnID, of context: ContextID) async throws(SessionRefusal) -> PipelineContext {
        let found = try await asking { () async throws(TurnStoreError) in
            try await self.store.turn(turn, withPayload: false)
        }
        var sum = PipelineContext()
        guard found.type.id == CheckpointTurn.typeID else { return sum }
        for checkpoint in try await SessionRecord(at: turn, of: context, in: self.store).checkpoints {
            ContextChange(checkpoint).apply(to: &sum)
        }
        return sum
    }

    /// How many turns two histories share: two chains that meet are the same from there back.
    private static func commonCount(
        _ left: TurnContext, _ right: TurnContext, in store: any TurnStore
    ) async throws(TurnStoreError) -> UInt32 {
        guard let leftHead = left.head, let rightHead = right.head else { return 0 }
        var (low, high) = (UInt32(0), min(left.headDepth, right.headDepth) + 1)
        while low < high {
            let middle = low + (high - low) / 2
            let first = try await store.ancestor(of: leftHead, atDepth: middle)
            if first == (try await store.ancestor(of: rightHead, atDepth: middle)) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}

extension SessionComparison {
    fileprivate mutating func compare(
        _ left: StepReader, _ right: StepReader, _ contexts: inout (left: PipelineContext, right: PipelineContext)
    ) {
        left.opening?.apply(to: &contexts.left)
        right.opening?.apply(to: &contexts.right)
        var known: [String: ContextDifference] = [:]
        self.opening = Self.fresh(contexts.left, contexts.right, &known)
        for (first, second) in Alignment.pairs(left.steps.map(\.key), right.steps.map(\.key)) {
            let (first, second) = (first.map { left.steps[$0] }, second.map { right.steps[$0] })
            first?.change?.apply(to: &contexts.left)
            second?.change?.apply(to: &contexts.right)
            // Where only one has a step, the other has not come to where it could differ.
            let fresh = first == nil || second == nil ? [] : Self.fresh(contexts.left, contexts.right, &known)
            self.pairs.append(Pair(left: first, right: second, context: fresh))
        }
    }

    /// The differences that are not in `known`, which becomes all there are.
    private static func fresh(
        _ left: PipelineContext, _ right: PipelineContext, _ known: inout [String: ContextDifference]
    ) -> [ContextDifference] {
        var all: [String: ContextDifference] = [:]
        let keys = left.values.keys + right.values.keys.filter { left.values[$0] == nil }
        for key in keys where PipelineContext.isWritable(key) && !key.isAboutOneRun {
            let (first, second) = (left.values[key]?.withoutDurations, right.values[key]?.withoutDurations)
            guard first != second else { continue }
            all[key] = ContextDifference(key: key, left: first, right: second)
        }
        defer { known = all }
        return all.values.filter { known[$0.key] != $0 }.sorted { $0.key < $1.key }
    }
}

extension String {
    /// Whether a key of a context says how long something took, or where its files are: never the same twice.
    fileprivate var isAboutOneRun: Bool { self.hasSuffix("duration_ms") || self.hasSuffix("output_file") }
}

extension JSONValue {
    fileprivate var withoutDurations: JSONValue {
        switch self {
        case .array(let elements): return .array(elements.map(\.withoutDurations))
        case .object(let object):
            var kept = JSONObject()
            for (key, value) in object where !key.isAboutOneRun { kept[key] = value.withoutDurations }
            return .object(kept)
        default: return self
        }
    }
}

/// Which elements of two lists belong together.
enum Alignment {
    /// Pairs of places, in the order of both lists; each list names nothing twice (a repeat counts as another name).
    ///
    /// The most pairs that keep the order are the longest ascending row of places in the other list (patience sorting):
    /// `n log n`, however little the lists have in common.
    static func pairs(_ left: [String], _ right: [String]) -> [(Int?, Int?)] {
        var places: [String: Int] = [:]
        for (place, name) in left.enumerated() where places[name] == nil { places[name] = place }
        var piles: [(left: Int, right: Int, before: Int?)] = []
        var tops: [Int] = []
        for (place, name) in right.enumerated() {
            guard let other = places.removeValue(forKey: name) else { continue }
            var (low, high) = (0, tops.count)
            while low < high {
                let middle = (low + high) / 2
                if piles[tops[middle]].left < other { low = middle + 1 } else { high = middle }
            }
            piles.append((other, place, low > 0 ? tops[low - 1] : nil))
            if low == tops.count { tops.append(piles.count - 1) } else { tops[low] = piles.count - 1 }
        }
        var matches: [(left: Int, right: Int)] = []
        var next = tops.last
        while let pile = next {
            matches.append((piles[pile].left, piles[pile].right))
            next = piles[pile].before
        }
        return Self.filled(matches.reversed(), left.count, right.count)
    }

    private static func filled(
        _ matches: [(left: Int, right: Int)], _ leftCount: Int, _ rightCount: Int
    ) -> [(Int?, Int?)] {
        var pairs: [(Int?, Int?)] = []
        var (left, right) = (0, 0)
        for match in matches + [(leftCount, rightCount)] {
            pairs += (left..<match.left).map { ($0, nil) } + (right..<match.right).map { (nil, $0) }
            if match.left < leftCount { pairs.append((match.left, match.right)) }
            (left, right) = (match.left + 1, match.right + 1)
        }
        return pairs
    }
}
