import Synchronization
import Testing
import TrailsCore
import TrailsServer
import TrailsWire
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10)))
struct CascadeTests {
    /// Root, two children, and below the first: one of every kind.
    private struct Family {
        var root: Member
        var branch: Member
        var connected: Member
        var detached: Member
        var scheduled: Member
        var offline: Member
        var other: Member
        var lines: [AppID: Line] = [:]

        init(_ stage: Stage) async throws {
            self.root = try await stage.root()
            self.branch = try await stage.declared(by: self.root, "branch")
            self.lines[self.branch.id] = try await stage.line(self.branch)
            self.connected = try await stage.declared(by: self.branch, "connected")
            self.lines[self.connected.id] = try await stage.line(self.connected)
            self.detached = try await stage.declared(by: self.branch, "detached")
            let reply = try await stage.attend(self.detached)
            #expect(reply.status == 201, "\(reply.text)")
            self.scheduled = try await stage.declared(by: self.branch, "scheduled")
            self.offline = try await stage.declared(by: self.branch, "offline")
            let line = try await stage.line(self.offline)
            line.hangUp()
            _ = try await line.closing()
            try await stage.wait(for: self.offline, under: self.root) { $0.status == .reconnecting }
            self.other = try await stage.declared(by: self.root, "other")
            self.lines[self.other.id] = try await stage.line(self.other)
        }

        /// Lets `member` obey the cancel it gets.
        func obey(_ member: Member) async throws {
            let line = self.lines[member.id]!
            let control = try await line.control(of: member.id)
            #expect(control.action == Control.cancelAction)
            try line.acknowledge(control, by: member)
            try line.leave(member, .cancelled)
        }
    }

    @Test(arguments: [SecurityLevel.open, .signed])
    func `takes the deepest first, and each level waits for the one below`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let family = try await Family(stage)
            let id = CascadeID.fresh()
            let reply = try await stage.cancel(family.branch, id, as: family.root, grace: .seconds(30))
            #expect(reply.status == 202)
            let running = try reply.read(CascadeView.self)
            #expect(running.state == .running && running.levels == 2 && running.total == 5)

            // The branch hears nothing as long as somebody below it has not answered.
            try await family.obey(family.connected)
            #expect(!family.lines[family.branch.id]!.heardControl)
            let line = try await stage.line()
            _ = try await line.registerAgain(family.offline)
            let control = try await line.control(of: family.offline.id)
            #expect(!family.lines[family.branch.id]!.heardControl)
            try line.acknowledge(control, by: family.offline)
            try await family.obey(family.branch)

            try await stage.wait(for: family.branch, under: family.root) { $0.status == .cancelled }
            let finished = try await stage.call("GET", "/cascades/\(id)", as: family.root).read(CascadeView.self)
            #expect(finished.state == .finished && finished.cancelled == 5 && finished.pending == 0)
            let below = [family.connected, family.detached, family.scheduled, family.offline]
            for member in below + [family.branch] {
                #expect(try await stage.show(member, as: family.root).status == .cancelled, "\(member.name)")
            }
            for member in [family.detached, family.scheduled] {
                #expect(try await stage.show(member, as: family.root).cause == "unacknowledged", "\(member.name)")
            }
            #expect(try await stage.show(family.other, as: family.root).status == .connected)

            // The log says in which order.
            let order = try await stage.cancellations(under: family.root)
            #expect(order.last == family.branch.id && Set(order.dropLast()) == Set(below.map(\.id)))
        }
    }

    @Test func `who does not answer is given up after the grace, level by level`() async throws {
        try await Stage.run { stage in
            let family = try await Family(stage)
            let id = CascadeID.fresh()
            _ = try await stage.cancel(family.branch, id, as: family.root, grace: .seconds(1))
            try await stage.wait(for: family.branch, under: family.root) { $0.status == .forceKilled }
            let view = try await stage.call("GET", "/cascades/\(id)", as: family.root).read(CascadeView.self)
            #expect(view.state == .finished && view.forceKilled == 3 && view.cancelled == 2)

            // It was told at its turn, not before, and what it says now changes nothing.
            let line = family.lines[family.branch.id]!
            let control = try await line.control(of: family.branch.id)
            try line.report(family.branch, 1, .result, ["done": true])
            try await line.acknowledged(family.branch.id, 1)
            try line.acknowledge(control, by: family.branch)
            #expect(try await stage.show(family.branch, as: family.root).status == .forceKilled)
            #expect(try await stage.messages(of: family.branch, as: family.root)[0].isLate)
        }
    }

    @Test func `who comes back while it is cancelled hears of it at once`() async throws {
        try await Stage.run { stage in
            let family = try await Family(stage)
            _ = try await stage.cancel(family.offline, .fresh(), as: family.branch, grace: .seconds(60))
            let line = try await stage.line()
            let registered = try await line.registerAgain(family.offline)
            #expect(registered.status == .connected)
            let control = try await line.control(of: family.offline.id)
            #expect(control.action == "cancel" && control.issuer != nil)
            let ancestors = try await stage.call("GET", "/apps/\(family.offline.id)/ancestors", as: family.offline)
                .read(Page<Ancestor>.self)
            #expect(ancestors.items.map(\.appID) == [family.branch.id, family.root.id])
            try control.command.check(
                issuer: control.issuer, app: family.offline.id, ancestors: ancestors.items, serverKey: stage.key,
                now: .now())
            try line.acknowledge(control, by: family.offline)
            try await stage.wait(for: family.offline, under: family.root) { $0.status == .cancelled }
        }
    }

    @Test(arguments: [true, false])
    func `who comes back when the cancel is through hears of it, if it was meant`(isDeep: Bool) async throws {
        try await Stage.run(.signed, { $0.limits.reconnectWindow = .milliseconds(100) }) { stage in
            let root = try await stage.root()
            let branch = try await stage.declared(by: root, "branch")
            let branchLine = try await stage.line(branch)
            let away = try await stage.declared(by: branch, "away")
            try await stage.line(away).hangUp()
            try await stage.wait(for: away, under: root) { $0.status == .crashed }

            _ = try await stage.cancel(branch, .fresh(), as: root, isDeep: isDeep)
            try branchLine.acknowledge(try await branchLine.control(of: branch.id), by: branch)
            try await stage.wait(for: branch, under: root) { $0.status == .cancelled }

            let line = try await stage.line()
            _ = try await line.registerAgain(away)
            try line.report(away, 1, .result)
            try await line.acknowledged(away.id, 1)
            if isDeep {
                let control = try await line.control(of: away.id)
                #expect(control.action == "cancel" && control.issuer?.appID == root.id)
                #expect(try await stage.messages(of: away, as: root)[0].isLate)
                try line.acknowledge(control, by: away)
                try await stage.wait(for: away, under: root) { $0.status == .cancelled }
            } else {
                #expect(!line.heardControl)
                #expect(try await stage.show(away, as: root).status == .done)
            }
        }
    }

    @Test func `nobody joins a subtree that is being cancelled`() async throws {
        try await Stage.run { stage in
            let family = try await Family(stage)
            let late = try family.branch.child("late", of: stage.key)
            _ = try await stage.cancel(family.branch, .fresh(), as: family.root, grace: .seconds(60))
            #expect(try await stage.declare(late, as: family.branch).problem?.code == .cancelling)
            let line = try await stage.line()
            for member in [late, family.scheduled] {
                let refused = await #expect(throws: Refused.self) { try await line.register(member) }
                #expect(refused?.frame.code == .cancelling, "\(member.name)")
            }
            #expect(try await stage.attend(family.detached).problem?.code == .cancelling)
        }
    }

    @Test func `a root outlives its own cancel, and has new children at once`() async throws {
        try await Stage.run { stage in
            let family = try await Family(stage)
            let reply = try await stage.cancel(family.root, .fresh(), as: family.root, grace: .seconds(1))
            #expect(reply.status == 202, "\(reply.text)")
            let child = try await stage.declared(by: family.root, "new")
            let line = try await stage.line(child)
            try await stage.wait(for: family.branch, under: family.root) { $0.status == .forceKilled }
            #expect(try await stage.show(family.root).status.isLive)
            #expect(try await stage.show(child).status == .connected)
            #expect(!line.heardControl)
            let alone = try await stage.call(
                "POST", "/apps/\(family.root.id)/cancel", CancelBody(cascadeID: .fresh()), as: family.root)
            #expect(alone.status == 403)
        }
    }

    @Test func `a cancel that is asked for again is the same one, also when it is through`() async throws {
        try await Stage.run { stage in
            let family = try await Family(stage)
            let id = CascadeID.fresh()
            #expect(try await stage.cancel(family.connected, id, as: family.root).status == 202)
            #expect(try await stage.cancel(family.connected, id, as: family.root).status == 200)
            try await family.obey(family.connected)
            try await stage.wait(for: family.connected, under: family.root) { $0.status == .cancelled }
            let before = try await stage.history(of: family.root)
            let again = try await stage.cancel(family.connected, id, as: family.root)
            #expect(again.status == 200)
            #expect(try again.read(CascadeView.self).state == .finished)
            // Under that name another app cannot be cancelled, and nobody may believe that it was.
            let other = try await stage.cancel(family.other, id, as: family.root)
            #expect(other.status == 403, "\(other.text)")
            #expect(try await stage.history(of: family.root) == before)
        }
    }
}

extension Line {
    var heardControl: Bool {
        self.inbox.items.contains {
            if case .frame(let received) = $0, case .control = received.frame { true } else { false }
        }
    }
}

extension Stage {
    /// Registers without a connection.
    func attend(_ member: Member, lease: Duration = .seconds(3_600)) async throws -> Reply {
        let nonce = Nonce.fresh()
        let body = RegisterAppBody(
            appID: member.id, parentID: member.parent, appName: member.name, childKey: member.key.publicKey,
            lease: lease, level: member.level, scheduledAt: member.scheduledAt,
            declaration: member.enrolment?.declaration,
            enrolSignature: member.enrolment?.proof(of: member.key.publicKey, nonce: nonce).signature)
        return try await self.call("POST", "/apps", body, as: member, nonce: nonce)
    }

    func cancel(
        _ target: Member, _ id: CascadeID, as issuer: Member, grace: Duration = .seconds(30), isDeep: Bool = true
    ) async throws -> Reply {
        let now = Timestamp.now()
        var body = CancelBody(
            cascadeID: id, reason: "enough", grace: grace, issuedAt: now, expiresAt: now + .seconds(600))
        let command = body.command(to: target.id, cascade: isDeep)!
        body.issuer = try command.issued(by: issuer.id, with: issuer.key, for: self.key)
        return try await self.call("POST", "/apps/\(target.id)/cancel?cascade=\(isDeep)", body, as: issuer)
    }

    /// Who was cancelled, in the order of the log.
    func cancellations(under root: Member) async throws -> [AppID] {
        let path = "/apps/\(root.id)/events?subtree=true&limit=1000"
        let events = try await self.call("GET", path, as: root).read(Page<EventView>.self).items
        return events.compactMap { event in
            event.event["kind"] == "status" && event.event["status"] == "cancelled" ? event.appID : nil
        }
    }
}
