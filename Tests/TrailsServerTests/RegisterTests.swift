import Testing
import TrailsCore
import TrailsServer
import TrailsWire
import Vocabulary
import WebTransport

@Suite(.serialized, .timeLimit(.minutes(10)))
struct RegisterTests {
    @Test func `a wrong answer to the challenge ends it, and so does a second one`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line()
            try line.send(.register(child.registerFrame()), key: nil)
            let challenge = try await line.challenge(of: child.id)
            try line.answer(challenge, with: .fresh())
            #expect(try await line.error().code == .badSignature)
            try line.answer(challenge, with: child.key)
            #expect(try await line.error().code == .stale)
            #expect(try await stage.show(child, as: root).status == .scheduled)

            _ = try await line.register(child)
            try line.answer(challenge, with: child.key)
            #expect(try await line.error().code == .stale)
            #expect(try await stage.show(child, as: root).sessionEpoch == 1)
        }
    }

    @Test func `a challenge is for one app, one connection and one level`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let one = try await stage.declared(by: root, "one")
            let two = try await stage.declared(by: root, "two")
            let line = try await stage.line()
            try line.send(.register(one.registerFrame()), key: nil)
            try line.send(.register(two.registerFrame()), key: nil)
            let first = try await line.challenge(of: one.id)
            let second = try await line.challenge(of: two.id)

            // The proof of one, sent as that of two.
            var swapped = first
            swapped.appID = two.id
            try line.answer(swapped, with: two.key)
            #expect(try await line.error().code == .badSignature)
            // A proof of one for another nonce, and one for another level.
            var lower = first
            lower.level = .open
            try line.answer(lower, with: one.key)
            #expect(try await line.error().code == .badSignature)

            let other = try await stage.line()
            try other.answer(second, with: two.key)
            #expect(try await other.error().code == .stale)
            for member in [one, two] {
                #expect(try await stage.show(member, as: root).status == .scheduled)
            }
        }
    }

    @Test func `an answer that comes too late finds nobody`() async throws {
        try await Stage.run(.signed, { $0.unprovenMax = .seconds(60) }) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line()
            try line.send(.register(child.registerFrame()), key: nil)
            let challenge = try await line.challenge(of: child.id)
            let error = try await line.error()
            #expect(error.code == .stale && error.appID == child.id)
            try line.answer(challenge, with: child.key)
            #expect(try await line.error().code == .stale)
            #expect(try await stage.show(child, as: root).status == .scheduled)
        }
    }

    @Test(arguments: [SecurityLevel.open, .signed])
    func `who registers second is told, and so is the parent`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let watcher = try await stage.watch("parent_id=\(root.id)", as: root)
            _ = try await watcher.live()
            let line = try await stage.line(child)
            let other = try await stage.line()
            let refused = await #expect(throws: Refused.self) { try await other.register(child.impostor()) }
            #expect(refused?.frame.code == .keyMismatch)
            _ = try await watcher.event { $0.kind == "enrolment_conflict" && $0.appID == child.id }

            try line.report(child, 1)
            try await line.acknowledged(child.id, 1)
            try other.report(child, 2)
            #expect(try await other.error().code == .notAuthorized)
            #expect(try await stage.show(child, as: root).sessionEpoch == 1)
        }
    }

    @Test func `nobody registers a child without the word of its parent`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let stranger = try await stage.root("stranger")
            let line = try await stage.line()
            var plain = try root.child(of: stage.key)
            plain.enrolment = nil
            let foreign = try root.child(of: stage.key, signer: stranger.key)
            let elsewhere = try root.child(of: SigningKey.fresh().publicKey)
            for (what, child) in [("no declaration", plain), ("a stranger's", foreign), ("other server", elsewhere)] {
                let refused = await #expect(throws: Refused.self, "\(what)") { try await line.register(child) }
                #expect(refused?.frame.code == .notAuthorized, "\(what): \(String(describing: refused))")
                #expect(try await stage.call("GET", "/apps/\(child.id)", as: root).status == 404, "\(what)")
            }
            // The declaration is proof enough, without POST /children.
            let meant = try root.child(of: stage.key)
            _ = try await line.register(meant)
            #expect(try await stage.show(meant, as: root).status == .connected)
        }
    }

    @Test(arguments: [SecurityLevel.open, .signed, .full])
    func `the newest connection speaks, and gets what was not answered`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let old = try await stage.line(child)
            try old.report(child, 1)
            try await old.acknowledged(child.id, 1)
            let command = try await stage.give(root, child, "pause")
            #expect(try await old.control(of: child.id).action == "pause")

            let new = try await stage.line()
            let registered = try await new.registerAgain(child)
            #expect(registered.sessionEpoch == 2 && registered.lastSeq == 1 && registered.status == .running)
            let error = try await old.error()
            #expect(error.code == .superseded && error.appID == child.id)
            #expect(try await old.closing() == .peer(code: 1000, reason: "superseded"))
            let control = try await new.control(of: child.id)
            #expect(control.action == "pause" && control.correlationID == command)

            // The end of the old connection is not the end of the app.
            try new.report(child, 2)
            try await new.acknowledged(child.id, 2)
            #expect(try await stage.show(child, as: root).status == .running)
            #expect(try await stage.show(child, as: root).presence == .attached)
        }
    }

    @Test func `what the old connection said before it knew changes nothing`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let sibling = try await stage.declared(by: root)
            let old = try await stage.line(child)
            // A second app keeps the old connection open.
            _ = try await old.register(sibling)
            let new = try await stage.line()
            _ = try await new.registerAgain(child)
            #expect(try await old.error().code == .superseded)
            try old.report(child, 1, .result)
            #expect(try await old.error().code == .notAuthorized)
            #expect(try await stage.messages(of: child).isEmpty)
            try old.report(sibling, 1)
            try await old.acknowledged(sibling.id, 1)
        }
    }

    @Test(arguments: [SecurityLevel.open, .signed])
    func `many apps share a connection, and each speaks for itself`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let line = try await stage.line()
            var members: [Member] = []
            for number in 1...8 {
                let member = try await stage.declared(by: root, "app-\(number)")
                _ = try await line.register(member)
                members.append(member)
            }
            for seq in 1...5 {
                for member in members { try line.report(member, Int64(seq)) }
            }
            for member in members { try await line.acknowledged(member.id, 5) }
            try line.leave(members[0], .completed)
            line.hangUp()
            _ = try await line.closing()
            try await stage.wait(for: members[1], under: root) { $0.status == .reconnecting }
            #expect(try await stage.show(members[0], as: root).status == .done)
        }
    }

    @Test func `a restarted process is a new life, and both lives are kept`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            try line.report(child, 1)
            try line.report(child, 2, .result, ["rows": 1])
            try await line.acknowledged(child.id, 2)
            line.hangUp()
            _ = try await line.closing()

            let second = try await stage.line()
            let registered = try await second.register(child.impostor())
            #expect(registered.incarnation == 2 && registered.lastSeq == 0 && registered.status == .connected)
            let messages = try await stage.messages(of: child, as: root)
            #expect(messages.map(\.incarnation) == [1, 1])
        }
    }

    @Test func `who says nothing is asked to leave`() async throws {
        try await Stage.run(.signed, { $0.unprovenMax = .seconds(1) }) { stage in
            let line = try await stage.line()
            #expect(try await line.closing() == .peer(code: 1008, reason: "nobody registered in time"))
        }
    }

    @Test func `an address has so many connections and no more`() async throws {
        try await Stage.run(.signed, { $0.connectionsPerAddressMax = 4 }) { stage in
            // One is that of the calls.
            let root = try await stage.root()
            var lines: [Line] = []
            for _ in 1...3 { lines.append(try await stage.line()) }
            await #expect(throws: WebSocketClientError.self) { try await stage.line() }
            lines[0].hangUp()
            _ = try await lines[0].closing()
            _ = try await lines[1].registerAgain(root)
        }
    }

    @Test func `an ended app comes back where open is not allowed`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            try line.report(child, 1, .result)
            try await line.acknowledged(child.id, 1)
            line.hangUp()
            _ = try await line.closing()
            let again = try await stage.line()
            let registered = try await again.registerAgain(child)
            #expect(registered.status == .done && registered.lastSeq == 1)
            try again.report(child, 2)
            try await again.acknowledged(child.id, 2)
            #expect(try await stage.messages(of: child, as: root).map(\.isLate) == [false, true])
        }
    }

    @Test func `an app that falls silent has crashed, and comes back`() async throws {
        try await Stage.run(.signed, { $0.keepalive = .milliseconds(1_500) }) { stage in
            let root = try await stage.root()
            let silent = try await stage.declared(by: root, "silent")
            let alive = try await stage.declared(by: root, "alive")
            let line = try await stage.line(silent)
            let other = try await stage.line(alive)
            let pinging = Task {
                while !Task.isCancelled {
                    try other.send(.pingApp(PingFrame(appID: alive.id)), key: alive.key)
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
            defer { pinging.cancel() }
            let error = try await line.error()
            #expect(error.code == .stale && error.appID == silent.id)
            _ = try await line.closing()
            try await stage.wait(for: silent, under: root) { $0.status == .crashed }
            #expect(try await stage.show(silent, as: root).cause == "heartbeat_timeout")
            #expect(try await stage.show(alive, as: root).status == .connected)
            let again = try await stage.line()
            #expect(try await again.registerAgain(silent).status == .connected)
        }
    }
}

extension Stage {
    /// Gives `target` a command in the name of `issuer`, and does not wait for it.
    @discardableResult
    func give(
        _ issuer: Member, _ target: Member, _ action: String, _ payload: JSONValue = [:],
        scope: ControlScope = .node, filter: JSONObject? = nil, id: CorrelationID = .fresh(),
        timeToLive: Duration? = nil
    ) async throws -> CorrelationID {
        let reply = try await self.command(
            issuer, target, action, payload, scope: scope, filter: filter, id: id, timeToLive: timeToLive)
        guard reply.status == 202 else { throw Inbox<Int>.Missing(description: reply.text) }
        return id
    }

    func command(
        _ issuer: Member, _ target: Member, _ action: String, _ payload: JSONValue = [:],
        scope: ControlScope = .node, filter: JSONObject? = nil, id: CorrelationID = .fresh(),
        timeToLive: Duration? = nil, query: String = ""
    ) async throws -> Reply {
        let now = Timestamp.now()
        let issued = IssuedCommand(
            target: target.id, scope: scope, filter: filter, action: action, correlationID: id, payload: payload,
            issuedAt: now, expiresAt: now + .seconds(600))
        let signed = try issued.issued(by: issuer.id, with: issuer.key, for: self.key)
        let body = ControlBody(issued, issuer: signed, timeToLive: timeToLive)
        return try await self.call("POST", "/apps/\(target.id)/control\(query)", body, as: issuer)
    }

    /// Waits until `member` is as `condition` wants it: watches first and then looks, so that nothing is missed.
    func wait(
        for member: Member, under root: Member, _ condition: @escaping @Sendable (AppView) -> Bool
    ) async throws {
        let watcher = try await self.watch("app_id=\(member.id)", as: root)
        _ = try await watcher.live()
        defer { watcher.socket.close(code: 1000, reason: "") }
        if condition(try await self.show(member, as: root)) { return }
        _ = try await watcher.event { condition($0.app) }
    }
}
