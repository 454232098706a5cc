import TurnModel
import Vocabulary

extension TurnStoreConformance {
    func numbers() async throws {
        var store = try self.open()
        try expect(try await store.health().lastTurn == nil, "an empty store has no turn")
        let made = try await store.createContext()
        try expect(made.context, is: ContextID(1), "the first context")
        try expect(made.head == nil && made.headDepth == 0, "a new context is empty")
        let first = try await store.append(self.group(made.context, "a", "b"))
        try expect(first.turns.map(\.id), is: [TurnID(1), TurnID(2)], "the ids")
        try expect(first.turns.map(\.depth), is: [0, 1], "the depths")
        try expect(first.turns.map(\.hash), is: [BLAKE3.hash("a".utf8), BLAKE3.hash("b".utf8)], "the hashes")
        try expect(first.head, is: TurnID(2), "the head")
        self.clock.advance(by: .seconds(1))
        let other = try await store.createContext().context
        try expect(try await store.append(self.group(other, "c")).turns.first?.depth, is: 0, "a root's depth")
        let before = try await store.context(made.context)
        store = try self.restart(store)
        try expect(try await store.context(made.context), is: before, "the context after a restart")
        try expect(try await self.texts(store, made.context), is: ["a", "b"], "the history after a restart")
        let next = try await store.append(self.group(made.context, "d"))
        try expect(next.turns.first?.id, is: TurnID(4), "the next id")
        let turn = try await store.turn(TurnID(4), withPayload: true)
        try expect(turn.parent, is: TurnID(2), "its parent")
        try expect(turn.createdAt, is: self.clock.now, "its time")
        try expect(turn.type, is: Self.note, "its type")
        try expect(try await store.context(made.context).firstOwn, is: TurnID(1), "the first own turn")
        try expect(try await store.health().lastTurn, is: TurnID(4), "the last turn")
        let stray = TurnID(9)
        try await self.expectRefusal(.unknownTurn(stray)) { _ = try await store.turn(stray, withPayload: false) }
        let huge = ContextID(.max)
        try await self.expectRefusal(.unknownContext(huge)) { _ = try await store.context(huge) }
        try await self.expectRefusal(.unknownContext(huge)) { _ = try await store.append(self.group(huge, "a")) }
        self.close(store)
    }

    func takesWholeGroups() async throws {
        let store = try self.open()
        let context = try await store.createContext().context
        var bad = self.group(context, "a", "b")
        bad.turns[1].claimedHash = BLAKE3.hash("c".utf8)
        bad.session = NewSession(displayID: try self.displayID("abc123"), name: "p")
        try await self.expectRefusal(.hashMismatch(place: 1)) { _ = try await store.append(bad) }
        try await self.expectRefusal(.emptyGroup) { _ = try await store.append(AppendGroup(to: context)) }
        try expect(try await store.context(context).head == nil, "nothing was appended")
        try expect(try await store.session(of: context) == nil, "there is no session")
        try expect(try await store.blob(BLAKE3.hash("a".utf8)) == nil, "no payload was left behind")
        bad.turns[1].claimedHash = BLAKE3.hash("b".utf8)
        try expect(try await store.append(bad).turns.map(\.id), is: [TurnID(1), TurnID(2)], "no id was lost")
        self.close(store)
    }

    func forks() async throws {
        let store = try self.open()
        let trunk = try await store.createContext().context
        _ = try await store.append(self.group(trunk, "a", "b", "c"))
        let fork = try await store.createContext(base: TurnID(2))
        try expect(fork.head, is: TurnID(2), "the head of the fork")
        try expect(fork.headDepth, is: 1, "its depth")
        try expect(try await store.context(fork.context).firstOwn == nil, "it has no turn of its own")
        _ = try await store.append(self.group(fork.context, "x"))
        let again = try await store.createContext(base: TurnID(4)).context
        _ = try await store.append(self.group(again, "y", "z"))
        try expect(try await self.texts(store, trunk), is: ["a", "b", "c"], "the trunk")
        try expect(try await self.texts(store, fork.context), is: ["a", "b", "x"], "the fork")
        try expect(try await self.texts(store, again), is: ["a", "b", "x", "y", "z"], "the fork of the fork")
        let context = try await store.context(again)
        try expect(context.base, is: TurnID(4), "its base")
        try expect(context.firstOwn, is: TurnID(5), "its first own turn")
        try await self.expectRefusal(.unknownTurn(TurnID(99))) { _ = try await store.createContext(base: TurnID(99)) }
        try expect(try await store.createContext().context, is: ContextID(4), "a refusal takes no id")
        self.close(store)
    }

    func branches() async throws {
        let store = try self.open()
        let context = try await store.createContext().context
        _ = try await store.append(self.group(context, "a", "b", "c"))
        var group = self.group(context, "x")
        group.parent = .turn(TurnID(1))
        let answer = try await store.append(group)
        try expect(answer.turns.first?.depth, is: 1, "the depth")
        try expect(try await self.texts(store, context), is: ["a", "x"], "the history went sideways")
        try expect(try await store.turn(TurnID(3), withPayload: true).payload, is: Array("c".utf8), "the old tip")
        try expect(try await store.isTurn(TurnID(3), inChainOf: context) == false, "it is no longer in the chain")
        group.parent = .turn(TurnID(77))
        let lost = group
        try await self.expectRefusal(.unknownTurn(TurnID(77))) { _ = try await store.append(lost) }
        group.target = .context(ContextID(9))
        group.parent = .turn(TurnID(1))
        let stray = group
        try await self.expectRefusal(.unknownContext(ContextID(9))) { _ = try await store.append(stray) }
        try expect(try await store.createContext().context, is: ContextID(2), "no context came into being")
        self.close(store)
    }

    func expectsHeads() async throws {
        let store = try self.open()
        let context = try await store.createContext().context
        var group = self.group(context, "a")
        group.expectedHead = .turn(TurnID(1))
        let early = group
        try await self.expectRefusal(.headMoved(context, to: nil)) { _ = try await store.append(early) }
        group.expectedHead = .empty
        let first = group
        _ = try await store.append(first)
        try await self.expectRefusal(.headMoved(context, to: TurnID(1))) { _ = try await store.append(first) }
        group.expectedHead = .turn(TurnID(1))
        _ = try await store.append(group)
        try expect(try await store.context(context).head, is: TurnID(2), "the head")
        self.close(store)
    }

    func keepsKeys() async throws {
        var store = try self.open()
        let context = try await store.createContext(key: IdempotencyKey("make")).context
        try expect(try await store.createContext(key: IdempotencyKey("make")).context, is: context, "the same context")
        var group = self.group(context, "a", "b", key: "k")
        group.expectedHead = .empty
        let answer = try await store.append(group)
        try expect(!answer.isRepeat, "it is new")
        _ = try await store.append(self.group(context, "c"))
        store = try self.restart(store)
        let repeated = try await store.append(group)
        try expect(repeated.isRepeat, "it is known")
        try expect(repeated.turns, is: answer.turns, "the same answer after a restart")
        try expect(repeated.head, is: answer.head, "the head of then")
        try expect(try await self.texts(store, context), is: ["a", "b", "c"], "the history")
        let reused = TurnRefusal.keyReused(try self.key("k"))
        let others = [self.group(context, "a", key: "k"), self.group(context, "a", "x", key: "k")]
        for other in others { try await self.expectRefusal(reused) { _ = try await store.append(other) } }
        var typed = group
        typed.turns[0].type.version = 3
        let retyped = typed
        try await self.expectRefusal(reused) { _ = try await store.append(retyped) }
        group.parent = .turn(TurnID(1))
        let moved = group
        try await self.expectRefusal(reused) { _ = try await store.append(moved) }
        let fork = try await store.createContext(base: TurnID(1)).context
        try expect(try await store.append(self.group(fork, "d", key: "k")).isRepeat == false, "keys of another context")
        try expect(try await self.texts(store, context), is: ["a", "b", "c"], "the history stayed")
        self.close(store)
    }

    func racesFairly() async throws {
        let store = try self.open()
        let context = try await store.createContext().context
        let keyed = self.group(context, "once", key: "k")
        let answers = try await self.race(16) { _ in try await store.append(keyed) }
        try expect(Set(answers.map(\.turns)).count, is: 1, "different answers to one key")
        try expect(answers.count { !$0.isRepeat }, is: 1, "groups taken")
        var fenced = self.group(context, "next")
        fenced.expectedHead = .turn(TurnID(1))
        let same = fenced
        let taken = try await self.race(16) { _ in
            do throws(TurnStoreError) {
                _ = try await store.append(same)
                return true
            } catch {
                return false
            }
        }
        try expect(taken.count { $0 }, is: 1, "groups taken on one head")
        let free = try await self.race(32) { number in try await store.append(self.group(context, "\(number)")) }
        try expect(Set(free.flatMap { $0.turns.map(\.id) }).count, is: 32, "ids given")
        try expect(try await self.texts(store, context).count, is: 34, "turns in the chain")
        self.close(store)
    }

    private func race<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: Value.self) { tasks in
            for number in 0..<count { tasks.addTask { try await body(number) } }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
    }

    func key(_ text: String) throws -> IdempotencyKey {
        guard let key = IdempotencyKey(text) else { throw UnmetExpectation(description: "no key: \(text)") }
        return key
    }

    func displayID(_ text: String) throws -> DisplayID {
        guard let id = DisplayID(text) else { throw UnmetExpectation(description: "no display id: \(text)") }
        return id
    }
}
