import Testing
import TrailsCore
import Vocabulary

/// A root, 1, and a child, 2.
private func pair(level: SecurityLevel = .signed) throws -> World {
    var world = World()
    try world.root(1, level: level)
    try world.grow(2, under: 1, level: level)
    return world
}

private func reports(in events: [Event]) -> [Report] {
    events.compactMap { if case .reported(let report) = $0 { report } else { nil } }
}

@Suite struct `A report` {
    @Test func `makes an app run, and ends it`() throws {
        for (kind, end) in [(MessageKind.result, AppStatus.done), (.error, .error)] {
            var world = try pair()
            try world.report(2, .status)
            #expect(world.status(2) == .running)
            #expect(try world.report(2, .status).count == 1, "running already")
            try world.report(2, kind)
            #expect(world.status(2) == end)
            #expect(world[2].endedAt == world.now)
        }
    }

    @Test func `ends an app that is out of reach as well`() throws {
        for isLong in [false, true] {
            var world = try pair()
            if isLong { try world.crash(2) } else { try world.drop(2) }
            try world.report(2, .status)
            #expect(world.status(2) == (isLong ? .crashed : .reconnecting), "a status alone brings nobody back")
            try world.report(2, .result)
            #expect(world.status(2) == .done)
            #expect(world[2].deadline == nil)
        }
    }

    @Test func `after the end is kept, and changes nothing`() throws {
        var world = try pair()
        try world.report(2, .result)
        for kind in MessageKind.allCases {
            let before = world[2].durable
            let stored = reports(in: try world.report(2, kind))
            #expect(stored.map(\.isLate) == [true])
            #expect(world[2].durable == before)
        }
        #expect(world[2].sequence?.contiguous == 4)
    }

    @Test func `of an app that is being cancelled is kept, and changes nothing`() throws {
        var world = try pair()
        try world.cancel(1)
        for kind in MessageKind.allCases {
            #expect(reports(in: try world.report(2, kind)).map(\.isLate) == [true])
            #expect(world.status(2) == .connected)
        }
    }

    @Test func `is signed above open, by the key of the app`() throws {
        let world = try pair()
        var report = world.message(of: 2, .status)
        report.signer = nil
        #expect(world.refusal(of: .report(report)) == .unproven(app(2)))
        for signer in [1, 99, 102, 152] {
            report.signer = key(signer)
            #expect(world.refusal(of: .report(report)) == .keyMismatch(app(2)))
        }
    }

    @Test func `at open needs no signature, but none that is wrong`() throws {
        let world = try pair(level: .open)
        var report = world.message(of: 2, .status)
        report.signer = nil
        #expect(world.refusal(of: .report(report)) == nil)
        report.signer = key(99)
        #expect(world.refusal(of: .report(report)) == .keyMismatch(app(2)))
    }

    @Test func `comes by the newest connection`() throws {
        var world = try pair()
        let old = world.message(of: 2, .result)
        try world.comeBack(2)
        #expect(world.refusal(of: .report(old)) == .superseded(app(2)))
        var early = world.message(of: 2, .result)
        early.session = 3
        #expect(world.refusal(of: .report(early)) == .superseded(app(2)))
    }

    @Test func `of an app that nobody knows, or that has not registered, is refused`() throws {
        var world = try pair()
        #expect(world.refusal(of: .report(world.message(of: 77, .status))) == .unknownApp(app(77)))
        try world.declare(3, under: 1)
        var report = world.message(of: 3, .status)
        report.signer = key(3)
        #expect(world.refusal(of: .report(report)) == .notRegistered(app(3)))
    }

    @Test func `never ends a permanent root`() throws {
        var world = World()
        try world.root(1, permanent: true)
        try world.report(1, .status)
        for kind in [MessageKind.result, .error] {
            #expect(world.refusal(of: .report(world.message(of: 1, kind))) == .permanentRoot(app(1)))
        }
        let leaving = Command.disconnect(app(1), session: 1, signer: key(1), .completed)
        #expect(world.refusal(of: leaving) == .permanentRoot(app(1)))
        try world.perform(.disconnect(app(1), session: 1, signer: key(1), .cancelled))
        #expect(world.status(1) == .running)
        var tombstone = world.message(of: 1, .result)
        tombstone.isTombstone = true
        #expect(reports(in: try world.perform(.report(tombstone))).map(\.payload) == ["null"])
        #expect(world.status(1) == .running)
    }
}

@Suite struct `The number of a report` {
    @Test func `is given by the server over REST, after the highest`() throws {
        var world = try pair()
        try world.report(2, .status, 5)
        var report = world.message(of: 2, .status)
        report.seq = nil
        report.session = nil
        #expect(reports(in: try world.perform(.report(report))).map(\.seq) == [6])
        #expect(reports(in: try world.perform(.report(report))).map(\.seq) == [7])
    }

    @Test func `starts again with each incarnation`() throws {
        var world = try pair()
        try world.report(2, .status, 5)
        try world.crash(2)
        try world.perform(.register(wish(2, under: 1)))
        let stored = reports(in: try world.report(2, .status))
        #expect(stored.map(\.seq) == [1])
        #expect(stored.map(\.incarnation) == [2])
    }

    @Test func `goes on where it was when a shell registers again after a restart of the server`() throws {
        var world = World()
        var shell = wish(1, under: nil, presence: .detached)
        try world.perform(.register(shell))
        try world.report(1, .status)
        var restarted = World()
        restarted.tree.load(world[1].durable)
        try restarted.perform(.start(instance: "b"))
        shell.process = "{}"
        try restarted.perform(.register(shell))
        #expect(restarted[1].incarnation == 1)
        #expect(restarted[1].sequence == nil, "what is stored of this life is for the store to say")
    }

    @Test func `that is stored is acknowledged for the same words, and a conflict for others`() throws {
        var world = try pair()
        let first = reports(in: try world.report(2, .status, 1))[0]
        var again = world.message(of: 2, .status, 1)
        again.stored = first
        #expect(try world.perform(.report(again)).isEmpty)
        again.payload = "[]"
        #expect(world.refusal(of: .report(again)) == .conflict(app(2), seq: 1))
        again.payload = "{}"
        again.kind = .result
        #expect(world.refusal(of: .report(again)) == .conflict(app(2), seq: 1))
        again.kind = .status
        again.signer = key(99)
        #expect(world.refusal(of: .report(again)) == .keyMismatch(app(2)), "not even an acknowledgement")
    }

    @Test func `of another app's message id is a conflict`() throws {
        var world = try pair()
        var mine = world.message(of: 1, .status)
        mine.messageID = message(1)
        let stored = reports(in: try world.perform(.report(mine)))[0]
        var other = world.message(of: 2, .status)
        other.messageID = message(1)
        other.stored = stored
        #expect(world.refusal(of: .report(other)) == .conflict(app(2), seq: 1))
    }

    @Test func `of a tombstone is taken for good`() throws {
        var world = try pair()
        var refused = world.message(of: 2, .result, 1)
        refused.isTombstone = true
        let stored = reports(in: try world.perform(.report(refused)))[0]
        #expect(world.status(2) == .connected)
        #expect(stored.isTombstone)
        var again = world.message(of: 2, .result, 1)
        again.stored = stored
        #expect(try world.perform(.report(again)).isEmpty)
        #expect(world[2].sequence?.contiguous == 1)
    }

    @Test(arguments: [0, -1, .min, .max] as [Int64])
    func `that cannot be one is refused`(seq: Int64) throws {
        let world = try pair(level: .open)
        #expect(world.refusal(of: .report(world.message(of: 2, .status, seq))) == .conflict(app(2), seq: seq))
    }
}

@Suite struct `A report that brings its registration` {
    @Test func `registers first, in the same record`() throws {
        var world = try pair()
        try world.declare(3, under: 1)
        var report = world.message(of: 3, .result, 1)
        report.signer = key(3)
        report.registration = wish(3, under: 1, presence: .detached)
        let events = try world.perform(.report(report))
        #expect(events.count >= 3)
        #expect(world.status(3) == .done)
        #expect(world[3].incarnation == 1)
        // A second one does not register again.
        report.seq = 2
        #expect(reports(in: try world.perform(.report(report))).map(\.isLate) == [true])
        #expect(world[3].incarnation == 1)
    }

    @Test func `is refused whole when the registration is`() throws {
        var world = try pair()
        try world.declare(3, under: 1)
        var report = world.message(of: 3, .status, 1)
        report.signer = key(3)
        report.registration = wish(3, under: 1, presence: .detached)
        report.registration?.enrolment = nil
        #expect(world.refusal(of: .report(report)) == .notEnrolled(app(3)))
        report.registration = wish(3, under: 1, presence: .detached)
        report.signer = key(99)
        #expect(world.refusal(of: .report(report)) == .keyMismatch(app(3)))
    }
}

@Suite struct `A lease` {
    private func shell() throws -> World {
        var world = World()
        var registration = wish(1, under: nil, presence: .detached)
        registration.lease = .seconds(1_600)
        try world.perform(.register(registration))
        return world
    }

    @Test func `ends in lost contact, and any call brings the app back`() throws {
        var world = try self.shell()
        world.wait(.seconds(1_600))
        try world.perform(.wake(.app(app(1))))
        #expect(world.status(1) == .lostContact)
        #expect(world[1].cause == .leaseEnded)
        try world.perform(.renew(app(1), key: key(1)))
        #expect(world.status(1) == .connected)
        #expect(world[1].deadline == world.now + .seconds(1_600))
    }

    @Test func `is renewed by a call, once that is worth a record`() throws {
        var world = try self.shell()
        world.wait(.seconds(99))
        #expect(try world.perform(.renew(app(1), key: key(1))).isEmpty)
        world.wait(.seconds(1))
        let events = try world.perform(.renew(app(1), key: key(1)))
        #expect(events == [.leaseExtended(app(1), until: world.now + .seconds(1_600))])
        #expect(events.flatMap(world.tree.effects) == [.wake(.app(app(1)), at: world.now + .seconds(1_600))])
    }

    @Test func `is renewed by the app's own report`() throws {
        var world = try self.shell()
        world.wait(.seconds(800))
        try world.report(1, .status)
        #expect(world[1].deadline == world.now + .seconds(1_600))
        #expect(world.status(1) == .running)
    }

    @Test func `is renewed by what a descendant reports`() throws {
        var world = try self.shell()
        try world.grow(2, under: 1)
        try world.grow(3, under: 2)
        world.wait(.seconds(1_000))
        try world.report(3, .status)
        world.wait(.seconds(600))
        let events = try world.perform(.wake(.app(app(1))))
        #expect(events == [.leaseExtended(app(1), until: world.now + .seconds(1_000))])
        world.wait(.seconds(1_000))
        try world.perform(.wake(.app(app(1))))
        #expect(world.status(1) == .lostContact)
    }

    @Test func `begins when an app detaches, and ends when it connects`() throws {
        var world = try pair()
        try world.perform(.disconnect(app(2), session: 1, signer: key(2), .detached))
        #expect(world[2].presence == .detached)
        #expect(world[2].deadline == world.now + .seconds(86_400))
        #expect(try world.drop(2).isEmpty)
        try world.comeBack(2)
        #expect(world[2].presence == .attached)
        #expect(world[2].lease == nil)
        #expect(world[2].deadline == nil)
    }

    @Test func `is not for an app that has not registered, or is out of reach`() throws {
        var world = try pair(level: .open)
        try world.declare(3, under: 1, level: .open)
        let leaving = Command.disconnect(app(3), session: nil, signer: nil, .detached)
        #expect(world.refusal(of: leaving) == .notRegistered(app(3)))
        #expect(
            world.refusal(of: .disconnect(app(3), session: nil, signer: nil, .cancelled)) == .notRegistered(app(3)))
        try world.drop(2)
        #expect(try world.perform(.disconnect(app(2), session: nil, signer: key(2), .detached)).isEmpty)
        #expect(world[2].presence == .attached)
    }

    @Test func `survives a restart of the server with a minute at least`() throws {
        var world = try self.shell()
        world.wait(.seconds(1_590))
        try world.perform(.start(instance: "b"))
        #expect(world.status(1) == .connected, "a shell has no connection to lose")
        #expect(world[1].deadline == world.now + .seconds(60))
    }
}

@Suite struct `An app that leaves` {
    @Test func `is done when it says that it is, and may be back when it says anything else`() throws {
        var world = try pair()
        var other = world
        try world.perform(.disconnect(app(2), session: 1, signer: key(2), .completed))
        #expect(world.status(2) == .done)
        try other.perform(.disconnect(app(2), session: 1, signer: key(2), .other("lunch")))
        #expect(other.status(2) == .reconnecting)
        #expect(other[2].deadline == other.now + .seconds(30))
    }

    @Test func `without a sign of life crashes at once, where that is watched`() throws {
        var world = try pair()
        try world.perform(.missKeepalive(app(2), session: 1))
        #expect(world.status(2) == .crashed)
        #expect(world[2].cause == .heartbeatTimeout)
    }

    @Test func `signs its leave above open`() throws {
        let world = try pair()
        #expect(world.refusal(of: .disconnect(app(2), session: 1, signer: nil, .completed)) == .unproven(app(2)))
        #expect(
            world.refusal(of: .disconnect(app(2), session: 1, signer: key(1), .completed)) == .keyMismatch(app(2)))
    }
}
