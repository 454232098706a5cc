import TurnModel
import Vocabulary

extension TurnStoreConformance {
    func keepsPayloads() async throws {
        var store = try self.open()
        let context = try await store.createContext().context
        let big = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let odd = NewTurn(
            type: TurnType("名前:Тип 🪨\0", version: .max), payload: [0, 0xFF, 0xC1],
            encoding: TurnEncoding(number: .max), compression: .zstd)
        let turns = [
            NewTurn(type: TurnType("", version: 0), payload: []), odd, NewTurn(type: Self.note, payload: big),
            NewTurn(type: Self.note, payload: big),
        ]
        _ = try await store.append(AppendGroup(to: context, turns))
        store = try self.restart(store)
        let found = try await store.turns(TurnQuery(context: context)).turns.reversed()
        try expect(found.map(\.payload), is: turns.map(\.payload), "the payloads")
        try expect(found.map(\.type), is: turns.map(\.type), "the types")
        try expect(found.map(\.hash), is: turns.map(\.hash), "the hashes")
        try expect(found.map(\.length), is: turns.map { ByteCount($0.payload.count) }, "the lengths")
        try expect(found.map(\.encoding), is: turns.map(\.encoding), "the encodings")
        try expect(found.map(\.compression), is: turns.map(\.compression), "the compressions")
        let bare = try await store.turn(TurnID(3), withPayload: false)
        try expect(bare.payload == nil && bare.length == ByteCount(100_000), "a turn without its payload")
        try expect(try await store.putBlob(big).isNew == false, "a payload is a blob")
        try expect(try await store.putBlob(Array("only a blob".utf8)).isNew, "a new blob")
        try expect(try await store.putBlob(Array("only a blob".utf8)).isNew == false, "the same blob")
        try expect(try await store.blob(BLAKE3.hash("only a blob".utf8)), is: Array("only a blob".utf8), "the blob")
        try expect(try await store.blob(BLAKE3.hash([])), is: [], "the empty payload")
        try expect(try await store.blob(BLAKE3.hash([1, 2, 3])) == nil, "an unknown blob is none")
        var group = AppendGroup(to: context, [self.turn("names a blob")])
        group.blobs = [NewBlob(Array("with a turn".utf8)), NewBlob(big)]
        let head = try await store.append(group).head
        store = try self.restart(store)
        try expect(try await store.blob(BLAKE3.hash("with a turn".utf8)), is: Array("with a turn".utf8), "its blob")
        group.expectedHead = .empty
        group.blobs = [NewBlob(Array("with no turn".utf8))]
        try await self.expectRefusal(.headMoved(context, to: head)) { _ = try await store.append(group) }
        try expect(try await store.blob(BLAKE3.hash("with no turn".utf8)) == nil, "no blob of a group that was refused")
        self.close(store)
    }

    func refusesLarge() async throws {
        let store = try self.open()
        let context = try await store.createContext().context
        func refuse(_ what: String, _ found: Int, _ max: Int, _ body: () async throws -> Void) async throws {
            try await self.expectRefusal(.tooLarge(what, found: found, max: max), body)
        }
        let many = AppendGroup(to: context, Array(repeating: self.turn("a"), count: 1_025))
        try await refuse("turns of a group", 1_025, 1_024) { _ = try await store.append(many) }
        let key = self.group(context, "a", key: String(repeating: "k", count: 513))
        try await refuse("bytes of a key", 513, 512) { _ = try await store.append(key) }
        let type = NewTurn(type: TurnType(String(repeating: "t", count: 4_097), version: 1), payload: [])
        let typed = AppendGroup(to: context, [type])
        try await refuse("bytes of a type id", 4_097, 4_096) { _ = try await store.append(typed) }
        let request = NewRequest(
            context: context, kind: "pause", body: Array(repeating: 0, count: 1 << 20 + 1), key: try self.key("r"))
        try await refuse("bytes of a request", 1 << 20 + 1, 1 << 20) { _ = try await store.post(request) }
        try expect(try await store.context(context).head == nil, "nothing was appended")
        let most = AppendGroup(to: context, Array(many.turns.prefix(1_024)))
        try expect(try await store.append(most).turns.count, is: 1_024, "turns")
        self.close(store)
    }

    func pages() async throws {
        let store = try self.open()
        let context = try await store.createContext().context
        let empty = try await store.turns(TurnQuery(context: context))
        try expect(empty.turns.isEmpty && empty.next == nil, "a page of an empty context")
        _ = try await store.append(self.group(context, "a", "b", "c", "d", "e"))
        func page(_ before: UInt64?, _ limit: Int) async throws -> (ids: [UInt64], next: UInt64?) {
            let page = try await store.turns(
                TurnQuery(context: context, before: before.map { TurnID($0) }, limit: limit, withPayload: false))
            return (page.turns.map(\.id.number), page.next?.number)
        }
        let newest = try await page(nil, 2)
        try expect(newest.ids, is: [5, 4], "the newest page")
        try expect(newest.next, is: 4, "where the next begins")
        try expect(try await page(4, 2).ids, is: [3, 2], "the next page")
        let last = try await page(2, 2)
        try expect(last.ids, is: [1], "the last page")
        try expect(last.next == nil, "nothing is after it")
        try expect(try await page(nil, 5).next == nil, "a page of all has no next")
        try expect(try await page(1, 3).ids, is: [], "before the root")
        try expect(try await page(5, 1).ids, is: [4], "before the head")
        try expect(try await page(nil, 0).ids, is: [], "a page of none")
        try expect(try await page(nil, -1).ids, is: [], "a page of less than none")
        let fork = try await store.createContext(base: TurnID(3)).context
        _ = try await store.append(self.group(fork, "x"))
        let ofFork = try await store.turns(TurnQuery(context: fork, before: TurnID(6), limit: 9))
        try expect(ofFork.turns.map(\.id.number), is: [3, 2, 1], "a page through the fork")
        try await self.expectRefusal(.notInChain(TurnID(6), of: context)) { _ = try await page(6, 1) }
        try await self.expectRefusal(.unknownTurn(TurnID(7))) { _ = try await page(7, 1) }
        let none = ContextID(7)
        try await self.expectRefusal(.unknownContext(none)) { _ = try await store.turns(TurnQuery(context: none)) }
        self.close(store)
    }

    func findsAncestors() async throws {
        let store = try self.open()
        var context = try await store.createContext().context
        var parents: [UInt64: UInt64] = [:]
        var tips: [ContextID] = []
        // A comb of forks of forks: each leaves its origin two turns before its tip.
        for tooth in 0..<12 {
            let answer = try await store.append(self.group(context, "\(tooth)a", "\(tooth)b", "\(tooth)c", "\(tooth)d"))
            for turn in answer.turns {
                parents[turn.id.number] = try await store.turn(turn.id, withPayload: false).parent?.number ?? 0
            }
            tips.append(context)
            context = try await store.createContext(base: answer.turns[1].id).context
        }
        for tip in tips {
            guard var at = try await store.context(tip).head?.number else { continue }
            let head = TurnID(at)
            var chain: [UInt64] = []
            while at > 0 {
                chain.append(at)
                at = parents[at] ?? 0
            }
            for (depth, turn) in chain.reversed().enumerated() {
                let found = try await store.ancestor(of: head, atDepth: UInt32(depth))
                try expect(found, is: TurnID(turn), "the ancestor of \(head) at depth \(depth)")
            }
            try expect(try await store.ancestor(of: head, atDepth: UInt32(chain.count)) == nil, "below \(head)")
            for turn in parents.keys {
                let isThere = try await store.isTurn(TurnID(turn), inChainOf: tip)
                try expect(isThere, is: chain.contains(turn), "turn \(turn) in the chain of context \(tip)")
            }
        }
        let empty = try await store.createContext().context
        try expect(try await store.isTurn(TurnID(1), inChainOf: empty) == false, "an empty chain holds nothing")
        self.close(store)
    }

    func listsContexts() async throws {
        let store = try self.open()
        for _ in 0..<5 {
            _ = try await store.createContext()
            self.clock.advance(by: .seconds(1))
        }
        _ = try await store.append(self.group(ContextID(2), "a"))
        func list(_ after: TurnContext? = nil, _ limit: Int) async throws -> [TurnContext] {
            try await store.contexts(ContextQuery(after: after, limit: limit))
        }
        let all = try await list(nil, 99)
        try expect(all.map(\.id.number), is: [2, 5, 4, 3, 1], "the order")
        try expect(all[0].createdAt < all[0].movedAt, "a context keeps when it was made")
        let first = try await list(nil, 2)
        try expect(first.map(\.id.number), is: [2, 5], "the first page")
        try expect(try await list(first.last, 2).map(\.id.number), is: [4, 3], "the second page")
        try expect(try await list(all.last, 2), is: [], "after the last")
        try expect(try await list(nil, 0), is: [], "a list of none")
        self.close(store)
    }
}
