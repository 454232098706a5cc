import HashTreeCollections
import Testing
import TrailsCore
import Vocabulary

@Suite struct `A declaration` {
    @Test func `makes a scheduled app with a deadline`() throws {
        var world = World()
        try world.root(1)
        try world.declare(2, under: 1)
        #expect(world.status(2) == .scheduled)
        #expect(world[2].deadline == world.now + .seconds(300))
        #expect(world[2].facts.origin == .declared)
        #expect(world[2].incarnation == 0)
    }

    @Test func `given again is the same one, and given otherwise is refused`() throws {
        var world = World()
        try world.root(1)
        try world.declare(2, under: 1)
        #expect(try world.perform(declaration(facts(2, under: 1))).isEmpty)
        let other = facts(2, under: 1, name: "another")
        #expect(world.refusal(of: declaration(other)) == .declaredDifferently(app(2)))
        try world.perform(.register(wish(2, under: 1)))
        #expect(try world.perform(declaration(facts(2, under: 1))).isEmpty, "registered since")
    }

    @Test func `comes from the parent or above, never from a sibling, a child or the administrator`() throws {
        var world = try line(3)
        try world.grow(4, under: 1)
        for (caller, isAllowed) in [(1, true), (2, true), (3, false), (4, false)] {
            let refusal = world.refusal(of: declaration(facts(5, under: 2), by: .app(caller)))
            #expect(refusal == (isAllowed ? nil : .notAuthorized(app(caller), over: app(2))))
        }
        #expect(
            world.refusal(of: declaration(facts(5, under: 2), by: .administrator))
                == .notAuthorized(nil, over: app(2)))
        #expect(
            world.refusal(of: declaration(facts(5, under: nil), by: .app(1))) == .notAuthorized(app(1), over: app(5)))
    }

    @Test func `needs a parent that lives`() throws {
        var world = try line(2)
        try world.report(2, .result)
        #expect(world.refusal(of: declaration(facts(3, under: 2), by: .app(2))) == .notLive(app(2), .done))
    }

    @Test func `is withdrawn only before the app registers`() throws {
        var world = try line(2)
        try world.declare(3, under: 2)
        #expect(world.refusal(of: .withdraw(app(3), by: .app(3))) == .keyMismatch(app(3)))
        try world.perform(.withdraw(app(3), by: .app(1)))
        #expect(world.status(3) == .cancelled)
        #expect(world.refusal(of: .register(wish(3, under: 2))) == .cancelling(app(3), under: app(3)))
        #expect(world.refusal(of: .withdraw(app(2), by: .app(1))) == .notScheduled(app(2), .connected))
    }

    @Test func `runs out when nobody registers, and not a moment before`() throws {
        var world = try line(1)
        try world.declare(2, under: 1)
        world.wait(.milliseconds(299_999))
        #expect(try world.perform(.wake(.app(app(2)))).isEmpty)
        world.wait(.milliseconds(1))
        try world.perform(.wake(.app(app(2))))
        #expect(world.status(2) == .startFailed)
        #expect(world[2].cause == .neverStarted)
        // Better late than never.
        try world.perform(.register(wish(2, under: 1)))
        #expect(world.status(2) == .connected)
        #expect(world[2].incarnation == 1)
    }
}

@Suite struct `A place in the tree` {
    @Test func `is never below itself`() throws {
        var world = World()
        try world.perform(.register(unsigned(2, under: 1)))
        #expect(world.refusal(of: .register(unsigned(1, under: 2))) == .cyclic(app(1)))
        #expect(world.refusal(of: .register(unsigned(7, under: 7))) == .cyclic(app(7)))
        try world.perform(.register(wish(3, under: 2, level: .open)))
        #expect(world.refusal(of: .register(unsigned(1, under: 3))) == .cyclic(app(1)))
        let loop = facts(1, under: 3, level: .open)
        #expect(world.refusal(of: declaration(loop, by: .app(3))) == .cyclic(app(1)))
    }

    @Test func `is no deeper than it may be, neither from above nor from below`() throws {
        var limits = TreeLimits()
        limits.depthMax = 3
        var world = World(limits: limits)
        try world.root(1)
        try world.grow(2, under: 1)
        try world.grow(3, under: 2)
        #expect(world.refusal(of: declaration(facts(4, under: 3), by: .app(3))) == .tooDeep(app(4), max: 3))
        #expect(
            world.refusal(of: .register(wish(4, under: 3, declaredBy: key(3)))) == .tooDeep(app(4), max: 3))

        // Parents that come after their children push these down.
        try world.perform(.register(unsigned(13, under: 12)))
        try world.perform(.register(unsigned(12, under: 11)))
        #expect(world.refusal(of: .register(unsigned(11, under: 10))) == .tooDeep(app(11), max: 3))
        try world.perform(.register(unsigned(11, under: nil)))
        try world.root(20, level: .open)
        try world.perform(.register(unsigned(32, under: 31)))
        try world.perform(.register(unsigned(33, under: 32)))
        #expect(world.refusal(of: .register(unsigned(31, under: 20))) == .tooDeep(app(31), max: 3))
    }

    @Test func `has room for so many children`() throws {
        var limits = TreeLimits()
        limits.childrenMax = 2
        var world = World(limits: limits)
        try world.root(1)
        try world.grow(2, under: 1)
        try world.grow(3, under: 1)
        #expect(world.refusal(of: declaration(facts(4, under: 1))) == .tooManyChildren(app(1), max: 2))
        #expect(try world.perform(declaration(facts(3, under: 1))).isEmpty)
        try world.crash(3)
        try world.perform(.register(wish(3, under: 1)))
        #expect(world[3].incarnation == 2)
    }

    @Test func `is as secure as the one above, or more`() throws {
        var world = World()
        try world.root(1, level: .encrypted)
        for (level, isEnough) in [
            (SecurityLevel.open, false), (.signed, false), (.encrypted, true), (.full, true),
        ] {
            let refusal = world.refusal(of: declaration(facts(2, under: 1, level: level)))
            #expect(refusal == (isEnough ? nil : .levelTooLow(app(2), atLeast: .encrypted)))
            let registered = world.refusal(of: .register(wish(2, under: 1, level: level, declaredBy: key(1))))
            #expect(registered == (isEnough ? nil : .levelTooLow(app(2), atLeast: .encrypted)))
        }
    }
}

@Suite struct `The first register of an app` {
    @Test func `is not taken without a declaration`() throws {
        var world = try line(2)
        var bare = wish(3, under: 2)
        bare.enrolment = nil
        #expect(world.refusal(of: .register(bare)) == .notEnrolled(app(3)))
        try world.declare(3, under: 2)
        #expect(world.refusal(of: .register(bare)) == .notEnrolled(app(3)))
        var forged = wish(3, under: 2)
        forged.enrolment = .init(declaredBy: nil, enrolmentKey: key(99))
        #expect(world.refusal(of: .register(forged)) == .notEnrolled(app(3)))
        try world.perform(.register(wish(3, under: 2)))
        #expect(world.status(3) == .connected)
        #expect(world[3].deadline == nil, "the start deadline is met")
    }

    @Test func `is taken on a declaration that any ancestor signed, and nobody else`() throws {
        var world = try line(3)
        try world.grow(4, under: 1)
        for (signer, isAllowed) in [(1, true), (2, true), (3, true), (4, false), (5, false), (77, false)] {
            let refusal = world.refusal(of: .register(wish(5, under: 3, declaredBy: key(signer))))
            #expect(refusal == (isAllowed ? nil : .notEnrolled(app(5))), "signed by \(signer)")
        }
        #expect(world.refusal(of: .register(wish(5, under: 3, declaredBy: nil))) == .notEnrolled(app(5)))
        var swapped = wish(5, under: 3, declaredBy: key(3))
        swapped.enrolment?.enrolmentKey = key(99)
        #expect(world.refusal(of: .register(swapped)) == .notEnrolled(app(5)))
        try world.perform(.register(wish(5, under: 3, declaredBy: key(1))))
        #expect(world[5].facts.origin == .declared)
    }

    @Test func `is not taken unsigned above open`() throws {
        var world = try line(1)
        try world.declare(2, under: 1)
        var unproven = wish(2, under: 1)
        unproven.isProven = false
        #expect(world.refusal(of: .register(unproven)) == .unproven(app(2)))
        unproven = wish(2, under: 1)
        unproven.key = nil
        #expect(world.refusal(of: .register(unproven)) == .unproven(app(2)))
        var root = wish(9, under: nil)
        root.isProven = false
        #expect(world.refusal(of: .register(root)) == .unproven(app(9)))
    }

    @Test func `is not taken under an unknown parent above open`() {
        let world = World()
        #expect(world.refusal(of: .register(wish(2, under: 1, declaredBy: key(1)))) == .notEnrolled(app(2)))
    }

    @Test func `of two with a good enrolment goes to the one that came first`() throws {
        var world = try line(2)
        let events = try world.perform(.register(wish(2, under: 1, key: key(99))))
        #expect(events == [.enrolmentConflict(app(2), key: key(99), at: world.now)])
        #expect(world[2].key == key(2))
        #expect(world[2].sessionEpoch == 1)
    }

    /// Otherwise whoever knows an identifier could fill the log.
    @Test func `of a stranger without enrolment leaves no trace`() throws {
        let world = try line(2)
        var stranger = wish(2, under: 1, key: key(99))
        stranger.enrolment = nil
        #expect(world.refusal(of: .register(stranger)) == .notEnrolled(app(2)))
        #expect(world.refusal(of: .register(wish(1, under: nil, key: key(99)))) == .keyMismatch(app(1)))
    }
}

@Suite struct `A process that is started again` {
    @Test func `is a new incarnation with a key of its own`() throws {
        var world = try line(2)
        try world.report(2, .status)
        try world.report(2, .result)
        let session = world[2].sessionEpoch
        try world.crash(1)
        try world.drop(2)
        try world.perform(.register(wish(2, under: 1, key: key(99))))
        #expect(world.status(2) == .connected)
        #expect(world[2].incarnation == 2)
        #expect(world[2].sessionEpoch == session + 1)
        #expect(world[2].key == key(99))
        #expect(world[2].sequence?.isEmpty == true)
        #expect(world[2].endedAt == nil)
    }

    @Test(arguments: [AppStatus.reconnecting, .crashed, .done, .error, .lostContact])
    func `may be so from any end but a cancel`(status: AppStatus) throws {
        var world = try line(2)
        try world.report(2, .status)
        switch status {
        case .reconnecting: try world.drop(2)
        case .crashed: try world.crash(2)
        case .done: try world.report(2, .result)
        case .error: try world.report(2, .error)
        default:
            try world.perform(.start(instance: "b"))
            world.wait(.seconds(60))
            try world.perform(.wake(.app(app(2))))
        }
        #expect(world.status(2) == status)
        try world.perform(.register(wish(2, under: 1)))
        #expect(world.status(2) == .connected)
        #expect(world[2].incarnation == 2)
    }

    @Test func `is not let in once it, or one above it, was cancelled`() throws {
        var world = try line(3)
        try world.report(3, .result)
        try world.cancel(2, by: .app(1))
        #expect(world.refusal(of: .register(wish(3, under: 2))) == .cancelling(app(3), under: app(2)))
        #expect(world.refusal(of: .register(wish(2, under: 1))) == .cancelling(app(2), under: app(2)))
        try world.acknowledgeCancel(2)
        #expect(world.refusal(of: .register(wish(3, under: 2))) == .cancelling(app(3), under: app(2)))
        #expect(world.refusal(of: .register(wish(2, under: 1))) == .cancelling(app(2), under: app(2)))
        #expect(
            world.refusal(of: .register(wish(9, under: 3, declaredBy: key(1)))) == .cancelling(app(9), under: app(2)))
    }

    @Test func `is the same life when only the answer to its register was lost`() throws {
        var world = try line(2)
        try world.perform(.register(wish(2, under: 1)))
        #expect(world[2].incarnation == 1)
        #expect(world[2].sessionEpoch == 2)
        try world.report(2, .status)
        try world.perform(.register(wish(2, under: 1)))
        #expect(world[2].incarnation == 2, "it has reported: this is another")
    }

    @Test func `a detached one that says the same again renews its lease`() throws {
        var world = World()
        let shell = wish(1, under: nil, presence: .detached)
        try world.perform(.register(shell))
        world.wait(.seconds(3_600 * 3))
        let events = try world.perform(.register(shell))
        #expect(events == [.leaseExtended(app(1), until: world.now + .seconds(86_400))])
        #expect(world[1].incarnation == 1)
        #expect(world[1].sessionEpoch == 1)
    }
}

@Suite struct `A client that knows only half the protocol` {
    @Test func `registers at open under a parent nobody knows`() throws {
        var world = World()
        let events = try world.perform(.register(unsigned(2, under: 1)))
        #expect(events.count == 2)
        #expect(world.status(1) == .scheduled)
        #expect(world[1].deadline == nil)
        #expect(world[1].facts.origin == .placeholder)
        #expect(world[2].facts.origin == .unverified)
        #expect(world.status(2) == .connected)
        try world.perform(.register(unsigned(3, under: 2)))
        #expect(world[3].facts.origin == .unverified)
    }

    @Test func `comes back without a key, and reports in any order`() throws {
        var world = World()
        try world.root(1, level: .open)
        try world.perform(.register(unsigned(2, under: 1)))
        for seq in [7, 3, 4, 1] as [Int64] {
            try world.report(2, .status, seq)
        }
        #expect(world[2].sequence?.contiguous == 1)
        try world.crash(2)
        try world.perform(.reregister(app(2), key: nil, isProven: false))
        #expect(world.status(2) == .running)
        #expect(world[2].incarnation == 1)
    }

    @Test func `is a new incarnation when it registers again`() throws {
        var world = World()
        try world.perform(.register(unsigned(2, under: 1)))
        try world.report(2, .status)
        try world.perform(.register(unsigned(2, under: 1)))
        #expect(world[2].incarnation == 2)
    }

    @Test func `placeholder keeps what was queued for it when it turns out to be somebody`() throws {
        var world = World()
        try world.root(5, level: .open)
        try world.perform(.register(unsigned(2, under: 1)))
        let request = ControlRequest(
            id: command(1), target: app(1), action: "pause", payload: "{}", issuedAt: world.now)
        try world.perform(.control(request, by: .administrator))
        var declared = world
        try world.perform(.register(unsigned(1, under: nil)))
        #expect(world[1].controls.map(\.id) == [command(1)])
        #expect(world.tree.children[app(1)] == [app(2)])
        try declared.perform(declaration(facts(1, under: 5, level: .open), by: .app(5)))
        #expect(declared[1].controls.map(\.id) == [command(1)])
        #expect(declared.status(1) == .scheduled)
        #expect(declared[1].parent == app(5))
    }

    @Test func `placeholder that was cancelled does not come to life by a declaration`() throws {
        var world = World()
        try world.root(5, level: .open)
        try world.perform(.register(unsigned(2, under: 1)))
        try world.cancel(1)
        let late = declaration(facts(1, under: 5, level: .open), by: .app(5))
        #expect(world.refusal(of: late) == .cancelling(app(1), under: app(1)))
        #expect(world.refusal(of: .register(unsigned(1, under: nil))) == .cancelling(app(1), under: app(1)))
        try world.acknowledgeCancel(2)
        #expect(world.status(1) == .cancelled)
        #expect(world.refusal(of: late) == .cancelling(app(1), under: app(1)))
    }
}

@Suite struct `At open, a key that only came along` {
    private func taken() throws -> World {
        var world = World()
        try world.root(1, level: .open)
        try world.grow(2, under: 1, level: .open)
        try world.grow(3, under: 2, level: .open)
        try world.report(2, .status)
        try world.crash(2)
        var stranger = wish(2, under: 1, level: .open, key: key(99))
        stranger.enrolment = nil
        try world.perform(.register(stranger))
        return world
    }

    @Test func `never commands what is below`() throws {
        let world = try self.taken()
        #expect(world[2].key == key(2))
        #expect(world[2].claimedKey == key(99))
        #expect(world[2].incarnation == 2)
        let thief = Principal.app(app(2), key: key(99))
        #expect(world.refusal(of: cancelling(3, by: thief)) == .keyMismatch(app(2)))
        #expect(world.refusal(of: declaration(facts(9, under: 2, level: .open), by: thief)) == .keyMismatch(app(2)))
        #expect(world.refusal(of: cancelling(3, by: .app(2))) == nil, "the proven key still does")
        var child = wish(9, under: 2, level: .signed, declaredBy: key(99))
        #expect(world.refusal(of: .register(child)) == .notEnrolled(app(9)))
        child.enrolment?.declaredBy = key(2)
        #expect(world.refusal(of: .register(child)) == nil)
    }

    @Test func `brings its owner back, and signs its reports`() throws {
        var world = try self.taken()
        try world.drop(2)
        try world.perform(.reregister(app(2), key: key(99), isProven: true))
        #expect(world.status(2) == .connected)
        var report = world.message(of: 2, .status)
        report.signer = key(99)
        try world.perform(.report(report))
        #expect(world.status(2) == .running)
        report.signer = key(98)
        report.seq = 2
        #expect(world.refusal(of: .report(report)) == .keyMismatch(app(2)))
    }

    @Test func `holds the app against a third, and not against itself`() throws {
        var world = try self.taken()
        try world.report(2, .status)
        var third = wish(2, under: 1, level: .open, key: key(98))
        third.enrolment = nil
        #expect(try world.perform(.register(third)) == [.enrolmentConflict(app(2), key: key(98), at: world.now)])
        third.key = nil
        #expect(try world.perform(.register(third)) == [.enrolmentConflict(app(2), key: nil, at: world.now)])
        third.key = key(99)
        try world.perform(.register(third))
        #expect(world[2].incarnation == 3)
        #expect(world[2].key == key(2))
    }

    @Test func `is replaced by the enrolled one, which commands`() throws {
        var world = try self.taken()
        try world.drop(2)
        try world.perform(.register(wish(2, under: 1, level: .open, key: key(97))))
        #expect(world[2].key == key(97))
        #expect(world[2].claimedKey == nil)
    }
}

@Suite struct `An app that is back` {
    @Test(arguments: [AppStatus.connected, .running])
    func `is what it was before it was out of reach`(before: AppStatus) throws {
        for isLong in [false, true] {
            var world = try line(2)
            if before == .running { try world.report(2, .status) }
            let session = world[2].sessionEpoch
            let since = world.now
            if isLong { try world.crash(2) } else { try world.drop(2) }
            #expect(world.status(2) == (isLong ? .crashed : .reconnecting))
            let events = try world.comeBack(2)
            #expect(world.status(2) == before)
            #expect(world[2].sessionEpoch == session + 1)
            #expect(world[2].deadline == nil)
            #expect(world[2].cause == nil)
            guard case .returned(let returned) = events.first else { return #expect(Bool(false)) }
            #expect(returned.gapSince == (isLong ? since + .seconds(30) : since))
        }
    }

    @Test func `supersedes its older connection`() throws {
        var world = try line(2)
        let old = world.message(of: 2, .status)
        try world.comeBack(2)
        #expect(world.refusal(of: .report(old)) == .superseded(app(2)))
        #expect(try world.perform(.dropConnection(app(2), session: 1)).isEmpty)
        #expect(try world.perform(.missKeepalive(app(2), session: 1)).isEmpty)
        #expect(
            world.refusal(of: .disconnect(app(2), session: 1, signer: key(2), .completed)) == .superseded(app(2)))
        #expect(world.status(2) == .connected)
    }

    @Test func `proves itself above open`() throws {
        var world = try line(2)
        try world.drop(2)
        #expect(world.refusal(of: .reregister(app(2), key: key(2), isProven: false)) == .unproven(app(2)))
        #expect(world.refusal(of: .reregister(app(2), key: key(99), isProven: true)) == .keyMismatch(app(2)))
        #expect(world.refusal(of: .reregister(app(2), key: nil, isProven: true)) == .keyMismatch(app(2)))
        #expect(world.refusal(of: .reregister(app(77), key: key(77), isProven: true)) == .unknownApp(app(77)))
        try world.declare(3, under: 2)
        #expect(world.refusal(of: .reregister(app(3), key: key(3), isProven: true)) == .notRegistered(app(3)))
    }

    @Test func `after its end stays ended, and gets what waits for it`() throws {
        var world = try line(2)
        let request = ControlRequest(
            id: command(1), target: app(2), action: "pause", payload: "{}", issuedAt: world.now)
        try world.perform(.control(request, by: .app(1)))
        try world.report(2, .result)
        let events = try world.comeBack(2)
        #expect(world.status(2) == .done)
        let effects = events.flatMap(world.tree.effects)
        #expect(effects == [.bind(app(2), session: 2), .deliver(world[2].controls[0])])
    }

    @Test func `after a restart of the server is found where it was, and lost after the window`() throws {
        var world = try line(3)
        try world.report(2, .status)
        try world.perform(.start(instance: "b"))
        #expect(world.statuses(1, 2, 3) == [.reconnecting, .reconnecting, .reconnecting])
        try world.comeBack(2)
        #expect(world.status(2) == .running)
        world.wait(.seconds(59))
        #expect(try world.perform(.wake(.app(app(3)))).isEmpty)
        world.wait(.seconds(1))
        try world.perform(.wake(.app(app(3))))
        #expect(world.status(3) == .lostContact)
        try world.comeBack(3)
        #expect(world.status(3) == .connected)
    }
}

// MARK: - Shared

/// Apps 1 to `count`, each under the one before.
private func line(_ count: Int) throws -> World {
    var world = World()
    try world.root(1)
    for number in 1..<count where count > 1 {
        try world.grow(number + 1, under: number)
    }
    return world
}

private func declaration(_ facts: AppFacts, by principal: Principal = .app(1)) -> Command {
    .declare(facts, startDeadline: .seconds(300), by: principal)
}

/// A register without any signature, as at `open` it may be.
private func unsigned(_ number: Int, under parent: Int?) -> Registration {
    Registration(facts: facts(number, under: parent, level: .open), key: nil, isProven: false)
}

private func cancelling(_ number: Int, by principal: Principal) -> Command {
    .cancel(CancelRequest(id: cascade(1), target: app(number), isDeep: true, reason: ""), by: principal)
}
