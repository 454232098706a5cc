package import TurnModel
import Vocabulary

/// Random groups, held against a model that keeps whole histories: slow, and too plain to be wrong.
package struct TurnWalk<Store: TurnStore> {
    private struct Model {
        /// By context, all of its history.
        var histories: [[UInt64]] = []
        var firstOwn: [UInt64?] = []
        /// By turn, its history with itself.
        var ways: [UInt64: [UInt64]] = [:]
        var payloads: [UInt64: [UInt8]] = [:]
    }

    private var dice: SplitMix64
    private var model = Model()
    private var store: Store
    private let suite: TurnStoreConformance<Store>
    package private(set) var repeats = 0

    package init(seed: UInt64, _ suite: TurnStoreConformance<Store>) throws {
        self.dice = SplitMix64(seed: seed)
        self.suite = suite
        self.store = try suite.open()
    }

    package mutating func run(steps: Int) async throws {
        for step in 0..<steps {
            switch Int.random(in: 0..<20, using: &self.dice) {
            case 0: try await self.create()
            case 1, 2, 3: try await self.fork()
            case 4: self.store = try self.suite.restart(self.store)
            case 5, 6: try await self.compare()
            default: try await self.append(step)
            }
        }
        try await self.compareAll()
        self.suite.close(self.store)
    }

    private mutating func create() async throws {
        let answer = try await self.store.createContext()
        self.model.histories.append([])
        self.model.firstOwn.append(nil)
        try expect(answer.context.number, is: UInt64(self.model.histories.count), "the context id")
    }

    private mutating func fork() async throws {
        guard !self.model.ways.isEmpty else { return }
        let base = UInt64.random(in: 1...UInt64(self.model.ways.count), using: &self.dice)
        let answer = try await self.store.createContext(base: TurnID(base))
        self.model.histories.append(self.model.ways[base] ?? [])
        self.model.firstOwn.append(nil)
        try expect(answer.headDepth, is: UInt32((self.model.ways[base] ?? []).count - 1), "the depth of the fork")
    }

    private mutating func append(_ step: Int) async throws {
        guard !self.model.histories.isEmpty else { return }
        let place = Int.random(in: self.model.histories.indices, using: &self.dice)
        let count = Int.random(in: 1...4, using: &self.dice)
        var group = AppendGroup(to: ContextID(UInt64(place) + 1), [])
        for number in 0..<count {
            // Few different payloads, so that many are the same.
            let text = self.dice.chance(0.5) ? "same" : "\(step).\(number)"
            group.turns.append(self.suite.turn(text))
        }
        var way = self.model.histories[place]
        if self.dice.chance(0.1), !self.model.ways.isEmpty {
            let parent = UInt64.random(in: 1...UInt64(self.model.ways.count), using: &self.dice)
            group.parent = .turn(TurnID(parent))
            way = self.model.ways[parent] ?? []
        }
        group.expectedHead = self.model.histories[place].last.map { .turn(TurnID($0)) } ?? .empty
        group.key = self.dice.chance(0.5) ? IdempotencyKey("\(step)") : nil
        let answer = try await self.store.append(group)
        for (number, turn) in answer.turns.enumerated() {
            try expect(turn.id.number, is: UInt64(self.model.ways.count) + 1, "the turn id")
            try expect(turn.depth, is: UInt32(way.count), "the depth of turn \(turn.id)")
            way.append(turn.id.number)
            self.model.ways[turn.id.number] = way
            self.model.payloads[turn.id.number] = group.turns[number].payload
        }
        self.model.histories[place] = way
        self.model.firstOwn[place] = self.model.firstOwn[place] ?? answer.turns.first?.id.number
        guard group.key != nil, self.dice.chance(0.5) else { return }
        let again = try await self.store.append(group)
        try expect(again.isRepeat && again.turns == answer.turns, "a repeat is answered as before")
        self.repeats += 1
    }

    /// One context, at random places.
    private mutating func compare() async throws {
        guard !self.model.histories.isEmpty, !self.model.ways.isEmpty else { return }
        let place = Int.random(in: self.model.histories.indices, using: &self.dice)
        let history = self.model.histories[place]
        let context = ContextID(UInt64(place) + 1)
        let turn = UInt64.random(in: 1...UInt64(self.model.ways.count), using: &self.dice)
        let isThere = try await self.store.isTurn(TurnID(turn), inChainOf: context)
        try expect(isThere, is: history.contains(turn), "turn \(turn) in context \(context)")
        guard let head = history.last else { return }
        let depth = Int.random(in: history.indices, using: &self.dice)
        let ancestor = try await self.store.ancestor(of: TurnID(head), atDepth: UInt32(depth))
        try expect(ancestor?.number, is: history[depth], "the ancestor of \(head) at depth \(depth)")
        let limit = Int.random(in: 0...5, using: &self.dice)
        let page = try await self.store.turns(
            TurnQuery(context: context, before: TurnID(history[depth]), limit: limit))
        try expect(page.turns.map(\.id.number), is: history[..<depth].suffix(limit).reversed(), "a page")
        try expect(page.turns.map(\.payload), is: page.turns.map { self.model.payloads[$0.id.number] }, "payloads")
        try expect(page.hasMore, is: depth > limit, "whether there is more")
    }

    private func compareAll() async throws {
        for (place, history) in self.model.histories.enumerated() {
            let context = try await self.store.context(ContextID(UInt64(place) + 1))
            try expect(context.head?.number, is: history.last, "the head of context \(place + 1)")
            try expect(context.headDepth, is: UInt32(max(0, history.count - 1)), "its depth")
            try expect(context.firstOwn?.number, is: self.model.firstOwn[place], "its first own turn")
            let page = try await self.store.turns(TurnQuery(context: context.id, limit: 1_000, withPayload: false))
            try expect(page.turns.reversed().map(\.id.number), is: history.suffix(1_000), "its history")
        }
    }
}
