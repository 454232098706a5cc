import Testing
import TrailsCore
import Vocabulary

@Suite struct `A command to an app` {
    @Test func `is delivered at once, and again when the app is back`() throws {
        var world = try tree()
        let events = try world.perform(pause(1, to: 2))
        let control = world[2].controls[0]
        #expect(
            events.flatMap(world.tree.effects)
                == [.deliver(control), .wake(.control(app(2), command(1)), at: world.now + .seconds(3_600))])
        try world.drop(2)
        let effects = try world.comeBack(2).flatMap(world.tree.effects)
        #expect(effects == [.bind(app(2), session: 2), .deliver(control)])
    }

    @Test func `waits in order, and a cancel goes first`() throws {
        var world = try tree()
        try world.perform(pause(1, to: 2))
        try world.perform(pause(2, to: 2))
        try world.cancel(2, as: 1, deep: false)
        try world.perform(pause(3, to: 2))
        try world.cancel(2, as: 2, deep: false)
        #expect(world[2].controls.map(\.isCancel) == [true, true, false, false, false])
        #expect(world[2].controls.compactMap(\.cascade) == [cascade(1), cascade(2)])
        #expect(world[2].controls.suffix(3).map(\.id) == [command(1), command(2), command(3)])
    }

    @Test func `is answered once; what comes later is late`() throws {
        var world = try tree()
        try world.perform(pause(1, to: 2))
        try world.perform(world.answer(of: 2, to: command(1), .failed))
        #expect(world[2].controls.isEmpty)
        #expect(world.status(2) == .connected)
        #expect(world.refusal(of: world.answer(of: 2, to: command(1))) == .unknownControl(command(1)))
        let before = world[2].durable
        let events = try world.perform(world.answer(of: 2, to: command(1), wasAnswered: true))
        guard case .answered(let answer) = events.first else { return #expect(Bool(false)) }
        #expect(answer.isLate)
        #expect(world[2].durable == before)
    }

    @Test func `is answered by its own app, with its key, on its newest connection`() throws {
        var world = try tree()
        try world.perform(pause(1, to: 2))
        #expect(world.refusal(of: world.answer(of: 3, to: command(1))) == .unknownControl(command(1)))
        var forged = ControlAnswer(id: command(1), app: app(2), outcome: .done, at: world.now)
        #expect(
            world.refusal(of: .acknowledge(forged, session: 1, signer: key(3), wasAnswered: false))
                == .keyMismatch(app(2)))
        #expect(
            world.refusal(of: .acknowledge(forged, session: 1, signer: nil, wasAnswered: false))
                == .unproven(app(2)))
        #expect(
            world.refusal(of: .acknowledge(forged, session: 9, signer: key(2), wasAnswered: false))
                == .superseded(app(2)))
        // What an answer says of itself does not count.
        forged = ControlAnswer(
            id: command(1), app: app(2), outcome: .done, at: Timestamp(milliseconds: 0), isLate: true)
        try world.perform(.acknowledge(forged, session: 1, signer: key(2), wasAnswered: false))
        #expect(world[2].controls.isEmpty)
    }

    @Test func `expires, and not a moment early`() throws {
        var world = try tree()
        try world.perform(pause(1, to: 2, timeToLive: .seconds(10)))
        let alarm = Command.wake(.control(app(2), command(1)))
        world.wait(.milliseconds(9_999))
        #expect(try world.perform(alarm).isEmpty)
        world.wait(.milliseconds(1))
        guard case .answered(let answer) = try world.perform(alarm).first else { return #expect(Bool(false)) }
        #expect(answer.outcome == .expired)
        #expect(world[2].controls.isEmpty)
        #expect(try world.perform(alarm).isEmpty)
    }

    @Test func `a cancel does not expire`() throws {
        var world = try tree()
        try world.cancel(2, deep: false)
        #expect(world[2].controls[0].expiresAt == nil)
        world.wait(.seconds(1_000_000))
        #expect(try world.perform(.wake(.control(app(2), world[2].controls[0].id))).isEmpty)
    }

    @Test func `has a place in a queue that is bounded`() throws {
        var limits = TreeLimits()
        limits.controlsMax = 3
        var world = try tree(limits: limits)
        for number in 1...3 {
            try world.perform(pause(number, to: 2))
        }
        #expect(world.refusal(of: pause(4, to: 2)) == .queueFull(app(2), max: 3))
        #expect(world.refusal(of: pause(4, to: 1, scope: .subtree)) == .queueFull(app(2), max: 3))
        try world.cancel(2, deep: false)
        #expect(world[2].controls.count == 4, "there is always room for a cancel")
    }

    @Test func `is queued once, however often it is given`() throws {
        var world = try tree()
        try world.perform(pause(1, to: 2))
        #expect(try world.perform(pause(1, to: 2)).isEmpty)
        try world.perform(pause(2, to: 1, scope: .subtree))
        #expect(try world.perform(pause(2, to: 1, scope: .subtree)).isEmpty)
        #expect(world[2].controls.count == 2)
    }

    @Test func `is not taken for one that has ended, or cannot listen`() throws {
        var world = try tree()
        try world.report(2, .result)
        #expect(world.refusal(of: pause(1, to: 2)) == .notLive(app(2), .done))
        try world.perform(.disconnect(app(3), session: 1, signer: key(3), .detached))
        #expect(world.refusal(of: pause(1, to: 3)) == .detachedTarget(app(3)))
        try world.declare(6, under: 1)
        #expect(world.refusal(of: pause(1, to: 6)) == nil, "it waits for the register")
        try world.crash(4)
        #expect(world.refusal(of: pause(1, to: 4)) == nil, "it waits for the return")
    }

    @Test func `to a subtree reaches those who listen, and only the chosen`() throws {
        var world = try tree()
        try world.report(3, .result)
        try world.perform(.disconnect(app(5), session: 1, signer: key(5), .detached))
        try world.declare(6, under: 2)
        try world.drop(4)
        try world.perform(pause(1, to: 1, scope: .subtree))
        #expect([1, 2, 3, 4, 5, 6].map { world[$0].controls.count } == [1, 1, 0, 1, 0, 0])
        #expect(world[1].controls[0].id == command(1))
        #expect(world[2].controls[0].id != command(1))
        #expect(world[2].controls[0].origin == command(1))
        let some = try world.perform(pause(2, to: 1, scope: .subtree, only: [app(4), app(99)]))
        #expect(some.compactMap(\.app) == [app(4)])
        #expect(try world.perform(pause(3, to: 1, scope: .subtree, only: [])).isEmpty)
    }
}

/// 1 over 2 and 3; 4 and 5 under 2.
private func tree(limits: TreeLimits = TreeLimits()) throws -> World {
    var world = World(limits: limits)
    try world.root(1)
    for (child, parent) in [(2, 1), (3, 1), (4, 2), (5, 2)] {
        try world.grow(child, under: parent)
    }
    return world
}

private func pause(
    _ id: Int, to target: Int, scope: Control.Scope = .node, only: Set<AppID>? = nil, timeToLive: Duration? = nil
) -> Command {
    .control(
        ControlRequest(
            id: command(id), target: app(target), action: "pause", payload: "{}", scope: scope, only: only,
            timeToLive: timeToLive, issuedAt: Timestamp(milliseconds: 0)),
        by: .administrator)
}
