import HashTreeCollections
import Testing
import TrailsCore
import Vocabulary

/// 1 over 2 and 3; 4 and 5 under 2; 6 under 3; 7 under 4.
private func tree(permanent: Bool = false, limits: TreeLimits = TreeLimits()) throws -> World {
    var world = World(limits: limits)
    try world.root(1, permanent: permanent)
    for (child, parent) in [(2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 4)] {
        try world.grow(child, under: parent)
    }
    return world
}

@Suite struct `A cancel` {
    @Test func `goes from the deepest level up, and on when all of a level have answered`() throws {
        var world = try tree()
        try world.cancel(1)
        #expect(world.asked == [app(7)])
        #expect(world[4].controls.isEmpty)
        try world.acknowledgeCancel(7)
        #expect(world.asked == [app(4), app(5), app(6)])
        try world.acknowledgeCancel(5)
        try world.acknowledgeCancel(4)
        #expect(world.asked == [app(6)])
        #expect(world[2].controls.isEmpty)
        try world.acknowledgeCancel(6)
        #expect(world.asked == [app(2), app(3)])
        try world.acknowledgeCancel(3)
        try world.acknowledgeCancel(2)
        #expect(world.asked == [app(1)])
        try world.acknowledgeCancel(1)
        #expect(world.tree.cascades.isEmpty)
        #expect((1...7).allSatisfy { world.status($0) == .cancelled })
    }

    @Test func `gives each level its grace, and then goes on without who has not answered`() throws {
        var world = try tree()
        let start = world.now
        try world.cancel(1, grace: .seconds(10))
        for level in 1...4 {
            world.wait(.milliseconds(9_999))
            #expect(try world.perform(.wake(.cascade(cascade(1)))).isEmpty)
            world.wait(.milliseconds(1))
            try world.perform(.wake(.cascade(cascade(1))))
            #expect(world.tree.cascades.isEmpty == (level == 4))
        }
        #expect(world.now == start + .seconds(40), "levels times grace")
        #expect((1...7).allSatisfy { world.status($0) == .forceKilled })
    }

    @Test func `an answer that came too late is kept, and the app stays force-killed`() throws {
        var world = try tree()
        try world.cancel(7)
        world.wait(.seconds(30))
        try world.perform(.wake(.cascade(cascade(1))))
        #expect(world.status(7) == .forceKilled)
        try world.acknowledgeCancel(7)
        #expect(world.status(7) == .forceKilled)
    }

    @Test func `an answer that is no counts as none`() throws {
        for outcome in [AckOutcome.failed, .unknownAction] {
            var world = try tree()
            try world.cancel(7)
            try world.acknowledgeCancel(7, outcome)
            #expect(world.status(7) == .connected)
            #expect(world.asked == [app(7)])
            world.wait(.seconds(30))
            try world.perform(.wake(.cascade(cascade(1))))
            #expect(world.status(7) == .forceKilled)
        }
    }

    @Test func `is answered by leaving, whatever the reason given`() throws {
        for reason in [DisconnectReason.cancelled, .completed, .detached, .other("bye")] {
            var world = try tree()
            try world.cancel(7)
            try world.perform(.disconnect(app(7), session: 1, signer: key(7), reason))
            #expect(world.status(7) == .cancelled)
            #expect(world.tree.cascades.isEmpty)
        }
    }

    @Test func `waits for nobody who cannot answer`() throws {
        var world = try tree()
        try world.declare(8, under: 7)
        try world.perform(.disconnect(app(7), session: 1, signer: key(7), .detached))
        try world.cancel(4)
        #expect(world.statuses(7, 8) == [.cancelled, .cancelled])
        #expect([world[7].cause, world[8].cause] == [.unacknowledged, .unacknowledged])
        #expect(world.asked == [app(4)])
    }

    @Test func `ends what is scheduled, so that a later register is refused`() throws {
        var world = try tree()
        try world.declare(8, under: 4)
        try world.cancel(2)
        #expect(world.asked == [app(7)])
        #expect(world.refusal(of: .register(wish(8, under: 4))) == .cancelling(app(8), under: app(8)))
        #expect(
            world.refusal(of: .register(wish(9, under: 4, declaredBy: key(4)))) == .cancelling(app(9), under: app(4)))
        let late = Command.declare(facts(9, under: 7), startDeadline: .seconds(1), by: .app(7))
        #expect(world.refusal(of: late) == .cancelling(app(9), under: app(7)))
        #expect(world.refusal(of: .declare(facts(9, under: 3), startDeadline: .zero, by: .app(3))) == nil)
    }

    @Test func `of a permanent root takes what is there, and leaves the root usable`() throws {
        var world = try tree(permanent: true)
        try world.cancel(1, by: .app(1))
        try world.grow(8, under: 1)
        for number in [7, 4, 5, 6, 2, 3] {
            try world.acknowledgeCancel(number)
        }
        #expect(world.tree.cascades.isEmpty)
        #expect(world.statuses(1, 8) == [.connected, .connected])
        try world.grow(9, under: 1)
        #expect(world.refusal(of: shallow(1)) == .permanentRoot(app(1)))
    }

    @Test func `of one app leaves its children alone`() throws {
        var world = try tree()
        try world.cancel(2, deep: false)
        try world.acknowledgeCancel(2)
        #expect(world.statuses(2, 4, 5, 7) == [.cancelled, .connected, .connected, .connected])
    }

    @Test(arguments: [false, true])
    func `of one app is not told to a child that is back`(isThrough: Bool) throws {
        var world = try tree()
        try world.crash(5)
        try world.cancel(2, deep: false, grace: .seconds(1_000))
        let cancel = try #require(world.tree.cascades[cascade(1)]?.cascade)
        if isThrough {
            try world.acknowledgeCancel(2)
            world.tree.load(past: cancel)
        }
        try world.comeBack(5)
        #expect(world[5].controls.isEmpty)
        #expect(world[5].cascades.isEmpty)
        #expect(world.status(5) == .connected)
    }

    @Test func `of a root is told to who was away, and not to who came after it`() throws {
        var world = try tree(permanent: true)
        try world.crash(5)
        let kept = world[5].durable
        world.tree.forget(app(5))
        try world.cancel(1)
        let cancel = try #require(world.tree.cascades[cascade(1)]?.cascade)
        for number in [7, 4, 6, 2, 3] {
            try world.acknowledgeCancel(number)
        }
        #expect(world.tree.cascades.isEmpty)
        world.wait(.seconds(1))
        try world.grow(8, under: 1)
        try world.crash(8)
        world.tree.load(kept)
        world.tree.load(past: cancel)
        try world.comeBack(8)
        #expect(world[8].cascades.isEmpty && world[8].controls.isEmpty)
        try world.comeBack(5)
        #expect(world[5].cascades == [cascade(1)] && world[5].controls.map(\.payload) == [cancel.payload])
    }

    @Test func `of what is cancelled has nothing to do`() throws {
        var world = try tree()
        try world.cancel(7)
        #expect(try world.cancel(7).isEmpty, "the same cancel again")
        try world.acknowledgeCancel(7)
        let before = world[7].durable
        let events = try world.cancel(7, as: 2)
        #expect(events.count == 2)
        #expect(world.tree.cascades.isEmpty)
        #expect(world[7].durable == before)
    }

    @Test func `does not use another's name`() throws {
        var world = try tree()
        try world.cancel(7)
        let request = CancelRequest(id: cascade(1), target: app(6), isDeep: true, reason: "")
        #expect(world.refusal(of: .cancel(request, by: .app(3))) == .notAuthorized(app(3), over: app(6)))
    }

    @Test func `is one of so many at a time`() throws {
        var limits = TreeLimits()
        limits.cascadesMax = 1
        var world = try tree(limits: limits)
        try world.cancel(7)
        let request = CancelRequest(id: cascade(2), target: app(6), isDeep: true, reason: "")
        #expect(world.refusal(of: .cancel(request, by: .administrator)) == .tooManyCascades(max: 1))
        try world.acknowledgeCancel(7)
        #expect(world.refusal(of: .cancel(request, by: .administrator)) == nil)
    }

    @Test func `goes on after a restart with a minute at least`() throws {
        var world = try tree()
        try world.cancel(4, grace: .seconds(1))
        try world.perform(.start(instance: "b"))
        world.wait(.seconds(59))
        #expect(try world.perform(.wake(.cascade(cascade(1)))).isEmpty)
        let effects = try world.comeBack(7).flatMap(world.tree.effects)
        #expect(effects.contains(.deliver(world[7].controls[0])), "back, and told at once")
        try world.acknowledgeCancel(7)
        #expect(world.asked == [app(4)])
        world.wait(.seconds(1))
        try world.perform(.wake(.cascade(cascade(1))))
        #expect(world.status(4) == .forceKilled)
    }
}

@Suite struct `Two cancels over the same apps` {
    @Test func `both end when all have answered once`() throws {
        var world = try tree()
        try world.cancel(2, as: 1, by: .app(2))
        try world.cancel(1, as: 2)
        for number in [7, 4, 5, 6, 2, 3, 1] {
            try world.acknowledgeCancel(number)
        }
        #expect(world.tree.cascades.isEmpty)
        #expect((1...7).allSatisfy { world.status($0) == .cancelled })
    }
}

@Suite struct `In the middle of a cancel` {
    @Test func `a member that is gone for a moment is waited for, and told when it is back`() throws {
        var world = try tree()
        try world.cancel(4)
        try world.drop(7)
        #expect(world.asked == [app(7)])
        let effects = try world.comeBack(7).flatMap(world.tree.effects)
        #expect(effects == [.bind(app(7), session: 2), .deliver(world[7].controls[0])])
        #expect(world[7].deadline == nil, "the level has a deadline of its own")
        try world.acknowledgeCancel(7)
        #expect(world.asked == [app(4)])
    }

    @Test func `a member that crashes is not waited for`() throws {
        var world = try tree()
        try world.cancel(4, grace: .seconds(1_000))
        try world.crash(7)
        #expect(world.status(7) == .crashed)
        #expect(world.asked == [app(4)])
    }

    @Test func `a member that was gone and is back has a grace, and is not left alive`() throws {
        var world = try tree()
        try world.cancel(4, grace: .seconds(1_000))
        try world.crash(7)
        let events = try world.comeBack(7)
        #expect(world.status(7) == .connected)
        let until = world.now + .seconds(30)
        #expect(
            events.flatMap(world.tree.effects)
                == [.bind(app(7), session: 2), .deliver(world[7].controls[0]), .wake(.app(app(7)), at: until)])
        world.wait(.seconds(20))
        try world.comeBack(7)
        #expect(world[7].deadline == until, "coming back again wins no time")
        world.wait(.seconds(10))
        try world.perform(.wake(.app(app(7))))
        #expect(world.status(7) == .forceKilled)
    }

    @Test func `a member whose turn is still to come has the grace of its level`() throws {
        var world = try tree()
        try world.cancel(2, grace: .seconds(1_000))
        try world.crash(5)
        try world.comeBack(5)
        #expect(world[5].deadline == nil)
        try world.acknowledgeCancel(7)
        #expect(world.asked == [app(4), app(5)])
    }

    @Test func `a member that was forgotten is fenced when it is back`() throws {
        var world = try tree()
        try world.crash(7)
        let kept = world[7].durable
        world.tree.forget(app(7))
        try world.cancel(2)
        let cancel = try #require(world.tree.cascades[cascade(1)]?.cascade)
        for number in [4, 5, 2] {
            try world.acknowledgeCancel(number)
        }
        #expect(world.tree.cascades.isEmpty)
        world.tree.load(kept)
        world.tree.load(past: cancel)
        try world.comeBack(7)
        #expect(world[7].controls.map(\.cascade) == [cascade(1)])
        #expect(world[7].isFenced)
        world.wait(.seconds(30))
        try world.perform(.wake(.app(app(7))))
        #expect(world.status(7) == .forceKilled)
    }

    @Test func `a crashed app hears of it once, however often it is cancelled`() throws {
        var world = try tree()
        try world.crash(7)
        for id in 1...5 {
            try world.cancel(7, as: id)
        }
        #expect(world[7].controls.count == 1)
        #expect(world[7].cascades.count == 1)
    }

    @Test func `a deadline that passes or a withdrawal ends a member as well`() throws {
        var world = try tree()
        try world.declare(8, under: 2)
        try world.declare(9, under: 2)
        try world.cancel(2, grace: .seconds(1_000))
        try world.perform(.withdraw(app(9), by: .app(1)))
        world.wait(.seconds(300))
        try world.perform(.wake(.app(app(8))))
        #expect(world.statuses(8, 9) == [.startFailed, .cancelled])
        for number in [7, 4, 5, 2] {
            try world.acknowledgeCancel(number)
        }
        #expect(world.tree.cascades.isEmpty)
    }

    @Test func `a revoked key leaves the app to the grace`() throws {
        var world = try tree()
        try world.cancel(4)
        try world.perform(.revoke(app(7), reason: "lost", by: .app(1)))
        #expect(world.status(7) == .lostContact)
        #expect(world.asked == [app(7)])
        world.wait(.seconds(30))
        try world.perform(.wake(.cascade(cascade(1))))
        #expect(world.status(7) == .forceKilled)
    }
}

private func shallow(_ number: Int) -> Command {
    .cancel(CancelRequest(id: cascade(9), target: app(number), isDeep: false, reason: ""), by: .administrator)
}
