import AgentCore
import TestKit
import Testing
import Vocabulary

@Suite struct `Slots` {
    static func session(_ number: UInt64) -> SessionID { SessionID(high: 0, low: number) }
    static let now = Timestamp(milliseconds: 0)
    let a = Self.session(1)
    let b = Self.session(2)
    let c = Self.session(3)

    /// Two slots, held by `a` and `b`.
    func full() throws -> SlotTable {
        var table = SlotTable(slotsMax: 2)
        #expect(try table.ask(self.a, at: Self.now) == [.open(self.a)])
        #expect(table.opened(self.a) == [.grant(self.a)])
        #expect(try table.ask(self.b, at: Self.now) == [.open(self.b)])
        #expect(table.opened(self.b) == [.grant(self.b)])
        return table
    }

    @Test func `are given to who asks, and to others by eviction of the least recently used`() throws {
        var table = try self.full()
        #expect(table.release(self.b) == [])
        #expect(table.release(self.a) == [])
        #expect(try table.ask(self.c, at: Self.now) == [.evict(self.b)])
        #expect(table.evicted(self.b) == [.open(self.c)])
        #expect(table.opened(self.c) == [.grant(self.c)])
        #expect(table.slots == [self.a: .live, self.c: .held])
    }

    @Test func `that are held are never evicted: who asks waits (W-10)`() throws {
        var table = try self.full()
        #expect(try table.ask(self.c, at: Self.now) == [])
        #expect(table.isWaiting(self.c))
        #expect(table.release(self.a) == [.evict(self.a)])
        #expect(table.slots[self.b] == .held)
        #expect(table.evicted(self.a) == [.open(self.c)])
    }

    @Test func `under eviction are waited for and never used`() throws {
        var table = try self.full()
        _ = table.release(self.a)
        #expect(try table.ask(self.c, at: Self.now) == [.evict(self.a)])
        #expect(try table.ask(self.a, at: Self.now) == [])
        #expect(table.evicted(self.a) == [.open(self.c)])
        #expect(table.release(self.b) == [.evict(self.b)])
        #expect(table.evicted(self.b) == [.open(self.a)])
    }

    @Test func `are asked for once`() throws {
        var table = try self.full()
        #expect(throws: SlotRefusal.alreadyAsked(self.a)) { try table.ask(self.a, at: Self.now) }
        _ = try table.ask(self.c, at: Self.now)
        #expect(throws: SlotRefusal.alreadyAsked(self.c)) { try table.ask(self.c, at: Self.now) }
    }

    @Test func `are waited for with patience, and by not too many`() throws {
        var table = SlotTable(slotsMax: 1, waitersMax: 1, patience: .seconds(60))
        _ = try table.ask(self.a, at: Self.now)
        _ = table.opened(self.a)
        #expect(try table.ask(self.b, at: Self.now) == [])
        #expect(throws: SlotRefusal.tooManyWait(max: 1)) { try table.ask(self.c, at: Self.now) }
        #expect(table.nextExpiry == Self.now + .seconds(60))
        #expect(table.expire(at: Self.now + .seconds(59)) == [])
        #expect(table.expire(at: Self.now + .seconds(60)) == [.giveUp(self.b)])
        #expect(table.waiting.isEmpty)
    }

    @Test func `come back when a provider cannot be made, or will not be suspended`() throws {
        var table = SlotTable(slotsMax: 1)
        #expect(try table.ask(self.a, at: Self.now) == [.open(self.a)])
        #expect(try table.ask(self.b, at: Self.now) == [])
        #expect(table.failed(self.a) == [.open(self.b)])
        _ = table.opened(self.b)
        _ = table.release(self.b)
        #expect(try table.ask(self.a, at: Self.now) == [.evict(self.b)])
        #expect(table.kept(self.b) == [.evict(self.b)])
        #expect(table.remove(self.b) == [.open(self.a)])
        #expect(table.evicted(self.b) == [])
    }

    @Test func `are released twice without harm`() throws {
        var table = try self.full()
        _ = table.release(self.a)
        let once = table
        #expect(table.release(self.a) == [] && table == once)
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func `are never more than there are, and everybody is served in the end`(seed: UInt64) throws {
        var storm = SlotStorm(seed: seed)
        storm.run(steps: 100)
        storm.settle()
        expectNone(storm.violations, "seed \(seed)")
    }
}

/// Sessions that want slots, and providers that do as dice say.
private struct SlotStorm {
    var dice: SplitMix64
    var table: SlotTable
    var opening: Set<SessionID> = []
    var evicting: Set<SessionID> = []
    var held: Set<SessionID> = []
    var now = Timestamp(milliseconds: 0)
    var violations: [String] = []

    init(seed: UInt64) {
        self.dice = SplitMix64(seed: seed)
        self.table = SlotTable(slotsMax: 1 + Int(seed % 4))
    }

    mutating func take(_ actions: [SlotAction]) {
        for action in actions {
            switch action {
            case .open(let session):
                if !self.opening.insert(session).inserted { self.violations.append("opened twice") }
            case .evict(let session):
                if self.held.contains(session) { self.violations.append("evicted in a turn") }
                if !self.evicting.insert(session).inserted { self.violations.append("evicted twice") }
            case .grant(let session):
                if self.evicting.contains(session) { self.violations.append("used under eviction") }
                if !self.held.insert(session).inserted { self.violations.append("granted twice") }
            case .giveUp: break
            }
        }
        if self.table.slots.count > self.table.slotsMax { self.violations.append("too many slots") }
        if self.table.waiting.contains(where: { self.table.slots[$0.session] == .held }) {
            self.violations.append("a session waits for what it has")
        }
    }

    mutating func run(steps: Int) {
        for _ in 0..<steps where self.violations.isEmpty {
            self.now = self.now + .seconds(1)
            let session = Slots.session(UInt64.random(in: 1...8, using: &self.dice))
            switch Int.random(in: 0..<8, using: &self.dice) {
            case 0...2: if let actions = try? self.table.ask(session, at: self.now) { self.take(actions) }
            case 3: if let open = self.opening.sorted().first { self.open(open, works: self.dice.chance(0.8)) }
            case 4: if let one = self.held.sorted().first { self.release(one) }
            case 5: if let one = self.evicting.sorted().first { self.evict(one, works: self.dice.chance(0.8)) }
            case 6: self.take(self.table.expire(at: self.now))
            default:
                guard self.dice.chance(0.2) else { break }
                for set in [\SlotStorm.opening, \.evicting, \.held] { self[keyPath: set].remove(session) }
                self.take(self.table.remove(session))
            }
        }
    }

    private mutating func open(_ session: SessionID, works: Bool) {
        self.opening.remove(session)
        self.take(works ? self.table.opened(session) : self.table.failed(session))
    }

    private mutating func release(_ session: SessionID) {
        self.held.remove(session)
        self.take(self.table.release(session))
    }

    private mutating func evict(_ session: SessionID, works: Bool) {
        self.evicting.remove(session)
        self.take(works ? self.table.evicted(session) : self.table.kept(session))
    }

    /// Lets everything that is under way end well.
    mutating func settle() {
        for _ in 0..<1_000 where self.violations.isEmpty {
            if let session = self.opening.first {
                self.open(session, works: true)
            } else if let session = self.held.first {
                self.release(session)
            } else if let session = self.evicting.first {
                self.evict(session, works: true)
            }
        }
        if !self.table.waiting.isEmpty { self.violations.append("somebody waits for ever") }
    }
}

@Suite struct `The queue of wakes` {
    static func agent(_ number: UInt64) -> AgentID { AgentID(high: 1, low: number) }
    let a = Self.agent(1)
    let b = Self.agent(2)
    let c = Self.agent(3)
    let now = Timestamp(milliseconds: 0)

    @Test func `is in order of urgency and then of coming, each once`() {
        var queue = WakeQueue()
        queue.add(self.a, from: .system, urgency: 2, at: self.now)
        queue.add(self.b, from: .system, urgency: 2, at: self.now)
        queue.add(self.c, from: .system, urgency: 0, at: self.now)
        queue.add(self.a, from: .system, urgency: 2, at: self.now)
        #expect((0..<4).map { _ in queue.next(at: self.now) } == [self.c, self.a, self.b, nil])
    }

    @Test func `puts who is woken again behind the others (W-11)`() {
        var queue = WakeQueue()
        queue.add(self.a, from: .system, urgency: 2, at: self.now)
        queue.add(self.b, from: .system, urgency: 2, at: self.now)
        #expect(queue.next(at: self.now) == self.a)
        queue.add(self.a, from: .system, urgency: 2, at: self.now)
        #expect(queue.next(at: self.now) == self.b)
    }

    @Test func `holds a pair that keeps waking each other to a rate, and drops nothing (W-26)`() throws {
        var queue = WakeQueue()
        var (now, wakes) = (self.now, 0)
        while now < self.now + .seconds(600) {
            queue.add(self.a, from: self.b, urgency: 2, at: now)
            if queue.next(at: now) == self.a { wakes += 1 } else { now = try #require(queue.nextMoment) }
        }
        #expect(wakes >= 300 && wakes <= 60 + 300 + 1)
        #expect(queue.delayed(at: self.now) <= 1)
        queue.add(self.c, from: self.b, urgency: 2, at: now)
        #expect(queue.next(at: now) != nil)
    }

    @Test func `lets the daemon pass the brake`() {
        var queue = WakeQueue(
            brake: {
                var brake = WakeQueue.Brake(); brake.burst = 1; return brake
            }())
        queue.add(self.a, from: self.b, urgency: 2, at: self.now)
        #expect(queue.next(at: self.now) == self.a)
        queue.add(self.a, from: self.b, urgency: 2, at: self.now)
        #expect(queue.next(at: self.now) == nil && queue.delayed(at: self.now) == 1)
        queue.add(self.a, from: .user, urgency: 2, at: self.now)
        #expect(queue.next(at: self.now) == self.a)
    }
}
