import TurnModel
import Vocabulary

extension TurnStoreConformance {
    private func claim(_ owner: String, over: LeaseEpoch? = nil) -> LeaseClaim {
        LeaseClaim(owner: owner, host: "h", pid: 7, bootID: "b", lifetime: .seconds(30), supersedes: over)
    }

    private func acquire(_ store: Store, _ owner: String, over: LeaseEpoch? = nil) async throws -> Lease {
        let lease = try await store.change(leaseOf: ContextID(1), .acquire(self.claim(owner, over: over)))
        guard let lease else { throw UnmetExpectation(description: "no lease for \(owner)") }
        return lease
    }

    func leases() async throws {
        var store = try self.open()
        let context = try await store.createContext().context
        try expect(try await store.lease(of: context) == nil, "nobody owned it")
        let mine = try await self.acquire(store, "me")
        try expect(mine.epoch, is: LeaseEpoch(1), "the first epoch")
        try expect(mine.expiresAt, is: self.clock.now + .seconds(30), "its end")
        try await self.expectRefusal(.leaseHeld(mine)) { _ = try await self.acquire(store, "you") }
        self.clock.advance(by: .seconds(20))
        try expect(try await self.acquire(store, "me").epoch, is: mine.epoch, "my lease again")
        store = try self.restart(store)
        self.clock.advance(by: .seconds(20))
        let renewed = try await store.change(leaseOf: context, .renew(for: .seconds(60)), fence: mine.epoch)
        try expect(renewed?.expiresAt, is: self.clock.now + .seconds(60), "the later end")
        self.clock.advance(by: .seconds(60))
        let yours = try await self.acquire(store, "you")
        try expect(yours.epoch, is: LeaseEpoch(2), "the next epoch, after the end")
        try await self.expectRefusal(.leaseLost(context, shown: mine.epoch, current: yours.epoch)) {
            _ = try await store.change(leaseOf: context, .renew(for: .seconds(60)), fence: mine.epoch)
        }
        try await self.expectRefusal(.leaseHeld(yours)) {
            _ = try await store.change(leaseOf: context, .renew(for: .seconds(60)))
        }
        try await self.expectRefusal(.leaseHeld(yours)) { _ = try await self.acquire(store, "me", over: mine.epoch) }
        let third = try await self.acquire(store, "me", over: yours.epoch)
        try expect(third.epoch, is: LeaseEpoch(3), "what was found dead is superseded")
        try expect(try await store.change(leaseOf: context, .release, fence: third.epoch) == nil, "released")
        try expect(try await store.lease(of: context)?.isReleased, is: true, "the lease is released")
        try await self.expectRefusal(.leaseLost(context, shown: third.epoch, current: third.epoch)) {
            _ = try await store.change(leaseOf: context, .renew(for: .seconds(1)), fence: third.epoch)
        }
        try expect(try await self.acquire(store, "you").epoch, is: LeaseEpoch(4), "a free lease is anybody's")
        self.close(store)
    }

    func rootFences() async throws {
        let store = try self.open()
        _ = try await store.createContext()
        let branch = try await store.createContext().context
        let mine = try await self.acquire(store, "me")
        var group = self.group(branch, "a")
        group.rootFence = RootFence(context: ContextID(1), epoch: mine.epoch)
        let owned = group
        _ = try await store.append(owned)
        _ = try await store.change(leaseOf: ContextID(1), .release, fence: mine.epoch)
        _ = try await store.append(owned)
        let yours = try await self.acquire(store, "you")
        try await self.expectRefusal(.leaseLost(ContextID(1), shown: mine.epoch, current: yours.epoch)) {
            _ = try await store.append(owned)
        }
        self.close(store)
    }

    func fences() async throws {
        var store = try self.open()
        let context = try await store.createContext().context
        let mine = try await self.acquire(store, "me")
        var group = self.group(context, "a", key: "k")
        group.fence = mine.epoch
        let owned = group
        _ = try await store.append(owned)
        try await self.expectRefusal(.leaseHeld(mine)) { _ = try await store.append(self.group(context, "x")) }
        self.clock.advance(by: .seconds(31))
        _ = try await store.append(self.group(context, "free"))
        var late = self.group(context, "late, and nobody came")
        late.fence = mine.epoch
        _ = try await store.append(late)
        let yours = try await self.acquire(store, "you")
        store = try self.restart(store)
        let lost = TurnRefusal.leaseLost(context, shown: mine.epoch, current: yours.epoch)
        let stale = late
        try await self.expectRefusal(lost) { _ = try await store.append(stale) }
        try expect(try await store.append(owned).isRepeat, "what was taken is answered still")
        let fork = try await store.createContext(base: TurnID(1)).context
        _ = try await store.append(self.group(fork, "a fork has its own lease"))
        try expect(try await self.texts(store, context).count, is: 3, "turns")
        self.close(store)
    }

    func startsSessions() async throws {
        let store = try self.open()
        var group = AppendGroup(to: .newContext(base: nil), [self.turn("started")])
        group.key = IdempotencyKey("start")
        group.lease = .acquire(self.claim("me"))
        group.session = NewSession(displayID: try self.displayID("a1b2c3"), name: "deploy")
        let start = group
        let answer = try await store.append(start)
        try expect(answer.lease?.epoch, is: LeaseEpoch(1), "the lease")
        let row = try await store.session(of: answer.context)
        try expect(row?.displayID.description, is: "a1b2c3", "the display id")
        try expect(row?.firstOwn?.payload, is: Array("started".utf8), "the first turn")
        try expect(row?.lease, is: answer.lease, "the lease of the row")
        let again = try await store.append(start)
        try expect(again.isRepeat && again.context == answer.context && again.lease == answer.lease, "the same answer")
        group.key = nil
        let other = group
        try await self.expectRefusal(.displayIDTaken(try self.displayID("a1b2c3"), by: answer.context)) {
            _ = try await store.append(other)
        }
        try expect(try await store.contexts(ContextQuery()).count, is: 1, "contexts")
        var last = self.group(answer.context, "completed")
        last.fence = answer.lease?.epoch
        last.lease = .release
        _ = try await store.append(last)
        try expect(try await store.lease(of: answer.context)?.isReleased, is: true, "released with the last turn")
        var second = self.group(answer.context, "x")
        second.session = NewSession(displayID: try self.displayID("ffffff"), name: "again")
        let twice = second
        try await self.expectRefusal(.alreadyASession(answer.context)) { _ = try await store.append(twice) }
        self.close(store)
    }

    private func start(_ store: Store, _ id: String, base: TurnID? = nil, branchOf: ContextID? = nil) async throws
        -> ContextID
    {
        var group = AppendGroup(to: .newContext(base: base), [self.turn(id)])
        group.session = NewSession(displayID: try self.displayID(id), name: "p", branchOf: branchOf)
        return try await store.append(group).context
    }

    func listsSessions() async throws {
        var store = try self.open()
        let first = try await self.start(store, "abc001")
        let second = try await self.start(store, "abd002")
        let branch = try await self.start(store, "abc003", base: TurnID(1), branchOf: first)
        _ = try await store.createContext()
        _ = try await store.append(self.group(first, "more"))
        store = try self.restart(store)
        func ids(_ query: SessionQuery) async throws -> [ContextID] {
            try await store.sessions(query).map(\.context.id)
        }
        try expect(try await ids(SessionQuery()), is: [second, first], "the list")
        try expect(try await ids(SessionQuery(includesBranches: true)), is: [branch, second, first], "with branches")
        var ofFirst = SessionQuery()
        ofFirst.branchesOf = first
        try expect(try await ids(ofFirst), is: [branch], "the branches of one")
        ofFirst.branchesOf = second
        try expect(try await ids(ofFirst), is: [], "the branches of one that has none")
        try expect(try await ids(SessionQuery(before: second)), is: [first], "the second page")
        try expect(try await ids(SessionQuery(limit: 1)), is: [second], "a short page")
        try expect(try await store.session(of: branch)?.firstOwn?.id, is: TurnID(3), "its first own turn")
        try expect(try await store.session(of: first)?.head?.payload, is: Array("more".utf8), "the head")
        try expect(try await store.session(of: ContextID(4)) == nil, "a context that is no session")
        func found(_ prefix: String) async throws -> [ContextID] {
            try await store.sessions(withPrefix: prefix, limit: 10).map(\.context.id)
        }
        try expect(try await found("abc"), is: [first, branch], "by a prefix")
        try expect(try await found("abc003"), is: [branch], "by the whole name")
        try expect(try await found("b"), is: [], "by no name")
        try expect(try await found("ab%"), is: [], "no character is special")
        _ = try await self.start(store, "abc0")
        try expect(try await found("abc0").count, is: 1, "an exact match alone")
        self.close(store)
    }

    func keepsRequests() async throws {
        var store = try self.open()
        let context = try await store.createContext().context
        let mine = try await self.acquire(store, "me")
        let pause = NewRequest(context: context, kind: "pause", body: [1], key: try self.key("p"))
        let posted = try await store.post(pause)
        try expect(try await store.post(pause), is: posted, "the same request again")
        var other = pause
        other.kind = "cancel"
        let reused = other
        try await self.expectRefusal(.keyReused(pause.key)) { _ = try await store.post(reused) }
        other.key = try self.key("c")
        let cancel = try await store.post(other)
        other.context = ContextID(9)
        let stray = other
        try await self.expectRefusal(.unknownContext(ContextID(9))) { _ = try await store.post(stray) }
        store = try self.restart(store)
        func open() async throws -> [RequestID] { try await store.requests(RequestQuery(context: context)).map(\.id) }
        try expect(try await open(), is: [posted.id, cancel.id], "what is open after a restart")
        var group = self.group(context, "paused")
        group.fence = mine.epoch
        group.settlements = [Settlement(posted.id, answer: [7])]
        let settle = group
        _ = try await store.append(settle)
        try expect(try await open(), is: [cancel.id], "what is still open")
        let all = try await store.requests(RequestQuery(context: context, onlyOpen: false))
        try expect(all.map(\.answer), is: [[7], nil], "the answers")
        try expect(all.first?.settledAt, is: self.clock.now, "when it was settled")
        try expect(try await store.post(pause).answer, is: [7], "whoever asks again hears the answer")
        try await store.settle([Settlement(posted.id, answer: [7])], of: context, fence: mine.epoch)
        try await self.expectRefusal(.settledOtherwise(posted.id)) {
            try await store.settle([Settlement(posted.id, answer: [8])], of: context, fence: mine.epoch)
        }
        try await self.expectRefusal(.unknownRequest(RequestID(9), of: context)) {
            try await store.settle([Settlement(RequestID(9))], of: context, fence: mine.epoch)
        }
        try await self.expectRefusal(.leaseHeld(mine)) {
            try await store.settle([Settlement(cancel.id)], of: context, fence: nil)
        }
        let rest = try await store.requests(RequestQuery(context: context, after: posted.id))
        try expect(rest.map(\.kind), is: ["cancel"], "requests after one")
        self.close(store)
    }

    func publishes() async throws {
        var store = try self.open()
        func json(_ id: String, _ fields: String) -> [UInt8] {
            let types = #"{"T":{"versions":{"1":{"fields":{\#(fields)}}}}}"#
            return Array(#"{"registry_version":1,"bundle_id":"\#(id)","types":\#(types)}"#.utf8)
        }
        let one = json("one", #""1":{"name":"a","type":"string"}"#)
        try expect(try await store.publish(bundle: one), "it is new")
        try expect(try await store.publish(bundle: one) == false, "the same bytes again")
        try await self.expectRefusal(.bundleTaken("one")) { _ = try await store.publish(bundle: one + [0x20]) }
        try await self.expectRefusal(.badBundle("T v1 is known with other fields")) {
            _ = try await store.publish(bundle: json("two", #""1":{"name":"b","type":"string"}"#))
        }
        try await self.expectRefusal(.badBundle("tag 1 of T means something else in another version")) {
            _ = try await store.publish(bundle: json("two", #""1":{"name":"a","type":"u64"}"#))
        }
        try await self.expectRefusal(.badBundle("field 2 of T v1 names the enum E, which is nowhere")) {
            _ = try await store.publish(bundle: json("two", #""2":{"name":"e","type":"u32","enum":"E"}"#))
        }
        store = try self.restart(store)
        try expect(try await store.bundles(), is: ["one"], "a rejected bundle leaves nothing behind")
        try expect(try await store.bundle("one"), is: one, "its bytes")
        try expect(try await store.bundle("two") == nil, "an unknown bundle is none")
        let other = Array(#"{"registry_version":1,"bundle_id":"other","types":{}}"#.utf8)
        try expect(try await store.publish(bundle: other), "a later bundle is taken")
        let registry = try await store.registry()
        try expect(registry.types.type(TurnType("T", version: 1))?.fields[1]?.name, is: "a", "the field")
        try expect(registry.broken, is: [], "broken bundles")
        self.close(store)
    }
}
