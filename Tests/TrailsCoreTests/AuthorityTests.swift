import Testing
import TrailsCore
import Vocabulary

/// Four levels, a second tree, and a parent (9) of which only the identifier is known.
///
///     1            8    9
///     ├── 2             └── 10
///     │   ├── 4
///     │   │   └── 7
///     │   └── 5
///     └── 3
///         └── 6
private func forest() throws -> World {
    var world = World()
    try world.root(1)
    for (child, parent) in [(2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 4)] {
        try world.grow(child, under: parent)
    }
    try world.root(8)
    try world.perform(.register(Registration(facts: facts(10, under: 9, level: .open), key: nil, isProven: false)))
    return world
}

/// How the row stands to the column: `=` itself, a number of levels above, `.` a stranger.
private let standings = """
       1 2 3 4 5 6 7 8 9 10
    1  = 1 1 2 2 2 3 . . .
    2  . = . 1 1 . 2 . . .
    3  . . = . . 1 . . . .
    4  . . . = . . 1 . . .
    5  . . . . = . . . . .
    6  . . . . . = . . . .
    7  . . . . . . = . . .
    8  . . . . . . . = . .
    9  . . . . . . . . = 1
    10 . . . . . . . . . =
    """

private let rights = """
                  read command cancel declareChild revoke rekey
    administrator yes  yes     yes    no           yes    yes
    itself        yes  no      yes    yes          yes    no
    parent        yes  yes     yes    yes          yes    yes
    grandparent   yes  yes     yes    yes          yes    yes
    stranger      no   no      no     no           no     no
    """

@Suite struct `Who may do what` {
    @Test func `is written here for every right`() {
        let rows = rights.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows[0] == Right.allCases.map { "\($0)" })
        let standings: [String: Standing] = [
            "administrator": .administrator, "itself": .itself, "parent": .ancestor(1), "grandparent": .ancestor(2),
            "stranger": .stranger,
        ]
        for row in rows.dropFirst() {
            for (right, cell) in zip(Right.allCases, row.dropFirst()) {
                #expect(ProcessTree.may(standings[row[0]]!, right) == (cell == "yes"), "\(row[0]) \(right)")
            }
        }
    }

    @Test func `follows the parent links and nothing else`() throws {
        let tree = try forest().tree
        let rows = standings.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        for row in rows.dropFirst() {
            for (column, cell) in zip(rows[0], row.dropFirst()) {
                let principal = Principal.app(app(Int(row[0])!), key: key(1))
                let expected: Standing = cell == "=" ? .itself : cell == "." ? .stranger : .ancestor(Int(cell)!)
                #expect(tree.standing(of: principal, to: app(Int(column)!)) == expected, "\(row[0]) to \(column)")
                #expect(tree.standing(of: .administrator, to: app(Int(column)!)) == .administrator)
            }
        }
    }

    @Test func `is the same for every pair when it comes to a command`() throws {
        let world = try forest()
        for caller in 1...8 {
            for target in 1...10 {
                let standing = world.tree.standing(of: .app(caller), to: app(target))
                let request = ControlRequest(
                    id: command(1), target: app(target), action: "pause", payload: "{}", issuedAt: world.now)
                let refusal = world.refusal(of: .control(request, by: .app(caller)))
                let isAncestor = if case .ancestor = standing { true } else { false }
                #expect(refusal == (isAncestor ? nil : .notAuthorized(app(caller), over: app(target))))
            }
        }
    }

    @Test func `does not change because an app names another parent later`() throws {
        var world = try forest()
        try world.crash(7)
        try world.perform(.register(wish(7, under: 3)))
        #expect(world[7].parent == app(4))
        #expect(world.tree.standing(of: .app(3), to: app(7)) == .stranger)
        #expect(world.tree.standing(of: .app(4), to: app(7)) == .ancestor(1))
    }

    @Test func `belongs to a placeholder's app only once that app has a key`() throws {
        var world = try forest()
        #expect(world.refusal(of: cancel(10, by: .app(9))) == .keyMismatch(app(9)))
        try world.perform(.register(wish(9, under: nil, level: .open)))
        #expect(world.refusal(of: cancel(10, by: .app(9))) == nil)
    }

    @Test func `an app that is gone or never was has none`() throws {
        let world = try forest()
        #expect(world.refusal(of: cancel(2, by: .app(77))) == .unknownApp(app(77)))
        #expect(world.refusal(of: cancel(77, by: .app(1))) == .notAuthorized(app(1), over: app(77)))
        #expect(world.refusal(of: cancel(77, by: .administrator)) == .unknownApp(app(77)))
    }

    @Test func `an ancestor keeps it when it has ended`() throws {
        var world = try forest()
        try world.report(2, .result)
        #expect(world.refusal(of: cancel(7, by: .app(2))) == nil)
        try world.crash(1)
        #expect(world.refusal(of: cancel(7, by: .app(1))) == nil)
    }
}

@Suite struct `A key` {
    @Test func `that is wrong opens nothing`() throws {
        let world = try forest()
        let thief = Principal.app(app(1), key: key(8))
        #expect(world.refusal(of: cancel(2, by: thief)) == .keyMismatch(app(1)))
        #expect(world.refusal(of: .withdraw(app(2), by: thief)) == .keyMismatch(app(1)))
        #expect(world.refusal(of: .revoke(app(2), reason: "", by: thief)) == .keyMismatch(app(1)))
        #expect(world.refusal(of: .rekey(app(2), key: key(99), by: thief)) == .keyMismatch(app(1)))
        #expect(world.refusal(of: .renew(app(1), key: key(8))) == .keyMismatch(app(1)))
        #expect(
            world.refusal(of: .declare(facts(20, under: 1), startDeadline: .seconds(9), by: thief))
                == .keyMismatch(app(1)))
    }

    @Test func `that was revoked opens nothing, from the next command on`() throws {
        var world = try forest()
        let session = world[2].sessionEpoch
        try world.perform(.revoke(app(2), reason: "lost", by: .app(1)))
        #expect(world.status(2) == .lostContact)
        #expect(world[2].cause == .revoked)
        #expect(world.refusal(of: cancel(4, by: .app(2))) == .revoked(app(2)))
        #expect(world.refusal(of: .renew(app(2), key: key(2))) == .revoked(app(2)))
        #expect(world.refusal(of: .reregister(app(2), key: key(2), isProven: true)) == .revoked(app(2)))
        #expect(world.refusal(of: .register(wish(2, under: 1))) == .revoked(app(2)))
        #expect(world.refusal(of: .register(wish(2, under: 1, key: key(99)))) == .revoked(app(2)))
        #expect(world.refusal(of: .report(world.message(of: 2, .status))) == .revoked(app(2)))
        #expect(
            world.refusal(of: .disconnect(app(2), session: session, signer: key(2), .completed)) == .revoked(app(2)))
        #expect(world.refusal(of: .register(wish(21, under: 2, declaredBy: key(2)))) == .revoked(app(2)))
        // What is below it goes on, and its ancestors still reach that.
        #expect(world.statuses(4, 5, 7) == [.connected, .connected, .connected])
        #expect(world.refusal(of: cancel(7, by: .app(4))) == nil)
        #expect(world.refusal(of: cancel(7, by: .app(1))) == nil)
        #expect(world.refusal(of: .declare(facts(22, under: 2), startDeadline: .zero, by: .app(1))) == .revoked(app(2)))
    }

    @Test func `that was revoked twice leaves one trace`() throws {
        var world = try forest()
        try world.perform(.revoke(app(2), reason: "lost", by: .app(2)))
        #expect(try world.perform(.revoke(app(2), reason: "lost", by: .app(1))).isEmpty)
        #expect(world.refusal(of: .revoke(app(2), reason: "lost", by: .app(2))) == .revoked(app(2)))
    }

    @Test func `that was replaced is worth nothing, and the new one everything`() throws {
        var world = try forest()
        let events = try world.perform(.rekey(app(2), key: key(99), by: .app(1)))
        #expect(events.flatMap(world.tree.effects) == [.expel(app(2))])
        #expect(world[2].keyEpoch == 1)
        #expect(world.refusal(of: cancel(4, by: .app(2))) == .keyMismatch(app(2)))
        #expect(world.refusal(of: cancel(4, by: .app(app(2), key: key(99)))) == nil)
        #expect(world.refusal(of: .reregister(app(2), key: key(2), isProven: true)) == .keyMismatch(app(2)))
        #expect(world.refusal(of: .reregister(app(2), key: key(99), isProven: true)) == nil)
        #expect(world.refusal(of: .register(wish(23, under: 2, declaredBy: key(2)))) == .notEnrolled(app(23)))
        #expect(world.refusal(of: .register(wish(23, under: 2, declaredBy: key(99)))) == nil)
    }

    /// Who has read TRAILS_INFO has the enrolment seed; after the key was replaced that must not bring him back.
    @Test func `that was replaced does not come back by the old enrolment`() throws {
        var world = try forest()
        try world.perform(.revoke(app(2), reason: "stolen", by: .app(1)))
        try world.perform(.rekey(app(2), key: key(99), by: .app(1)))
        #expect(world.refusal(of: .register(wish(2, under: 1))) == .notEnrolled(app(2)))
        #expect(world.refusal(of: .register(wish(2, under: 1, key: key(77)))) == .notEnrolled(app(2)))
        #expect(world.refusal(of: .register(wish(2, under: 1, key: key(99)))) == nil)
    }

    @Test func `that was revoked can be replaced, but not by itself`() throws {
        var world = try forest()
        try world.perform(.revoke(app(2), reason: "lost", by: .app(1)))
        #expect(world.refusal(of: .rekey(app(2), key: key(2), by: .app(1))) == .revoked(app(2)))
        #expect(world.refusal(of: .rekey(app(2), key: key(99), by: .app(2))) == .revoked(app(2)))
        try world.perform(.rekey(app(2), key: key(99), by: .administrator))
        #expect(!world[2].isRevoked)
        try world.perform(.reregister(app(2), key: key(99), isProven: true))
        #expect(world.status(2) == .connected)
    }

    @Test func `for recovery replaces the key of its own app and does nothing else`() throws {
        var world = try forest()
        let owner = Principal.recovery(app(2), key: recoveryKey(2))
        #expect(world.refusal(of: cancel(2, by: owner)) == .notAuthorized(app(2), over: app(2)))
        #expect(world.refusal(of: cancel(4, by: owner)) == .notAuthorized(app(2), over: app(2)))
        #expect(world.refusal(of: .revoke(app(2), reason: "", by: owner)) == .notAuthorized(app(2), over: app(2)))
        #expect(
            world.refusal(of: .declare(facts(20, under: 2), startDeadline: .zero, by: owner))
                == .notAuthorized(app(2), over: app(2)))
        #expect(world.refusal(of: .rekey(app(4), key: key(99), by: owner)) == .keyMismatch(app(4)))
        let other = Principal.recovery(app(2), key: recoveryKey(4))
        #expect(world.refusal(of: .rekey(app(2), key: key(99), by: other)) == .keyMismatch(app(2)))
        try world.perform(.rekey(app(2), key: key(99), by: owner))
        #expect(world[2].key == key(99))
    }

    @Test func `an app does not replace by itself`() throws {
        let world = try forest()
        #expect(
            world.refusal(of: .rekey(app(2), key: key(99), by: .app(2))) == .notAuthorized(app(2), over: app(2)))
        #expect(world.refusal(of: .rekey(app(2), key: key(99), by: .app(3))) == .notAuthorized(app(3), over: app(2)))
    }

    @Test func `of an app that has not registered can be neither revoked nor replaced`() throws {
        var world = try forest()
        try world.declare(20, under: 1)
        #expect(world.refusal(of: .revoke(app(20), reason: "", by: .app(1))) == .notRegistered(app(20)))
        #expect(world.refusal(of: .rekey(app(20), key: key(99), by: .app(1))) == .notRegistered(app(20)))
    }
}

private func cancel(_ number: Int, by principal: Principal) -> Command {
    .cancel(CancelRequest(id: cascade(1), target: app(number), isDeep: true, reason: ""), by: principal)
}
