import Foundation
import NIOHTTP1
import Testing
import TrailsCore
import TrailsWire
import Vocabulary

/// Two families on one server, so that there is somebody of every kind who has no say over `child`.
private struct Families {
    let stage: Stage
    let root: Member
    let parent: Member
    let child: Member
    let sibling: Member
    let stranger: Member
    let lines: [Line]

    init(_ stage: Stage) async throws {
        self.stage = stage
        self.root = try await stage.root("root")
        self.stranger = try await stage.root("stranger")
        self.parent = try await stage.declared(by: self.root, "parent")
        let parentLine = try await stage.line(self.parent)
        self.child = try await stage.declared(by: self.parent, "child")
        self.sibling = try await stage.declared(by: self.parent, "sibling")
        self.lines = [parentLine, try await stage.line(self.child), try await stage.line(self.sibling)]
    }

    /// All that the server knows of both trees.
    func state() async throws -> String {
        let own = try await self.stage.history(of: self.root)
        let other = try await self.stage.history(of: self.stranger)
        return own + other
    }

    /// Every call that needs a right over `app`, with the caller's name on it.
    func calls(on app: Member, by caller: Member) throws -> [(method: String, path: String, body: (any WireRecord)?)] {
        let now = Timestamp.now()
        let issued = IssuedCommand(
            target: app.id, scope: .node, action: "pause", correlationID: .fresh(), payload: [:], issuedAt: now,
            expiresAt: now + .seconds(60))
        let issuer = try issued.issued(by: caller.id, with: caller.key, for: self.stage.key)
        let grandchild = try app.child("grandchild", of: self.stage.key, signer: caller.key)
        return [
            ("GET", "/apps/\(app.id)", nil),
            ("GET", "/apps/\(app.id)/children?recursive=true", nil),
            ("GET", "/apps/\(app.id)/messages", nil),
            ("GET", "/apps/\(app.id)/snapshots/latest", nil),
            ("GET", "/apps/\(app.id)/events", nil),
            ("GET", "/apps/\(app.id)/ancestors", nil),
            ("GET", "/watch?subtree=\(app.id)", nil),
            ("POST", "/children", DeclareChildBody(grandchild.enrolment!.declaration, appName: "grandchild")),
            ("DELETE", "/children/\(app.id)", nil),
            ("POST", "/apps/\(app.id)/control", ControlBody(issued, issuer: issuer)),
            ("POST", "/apps/\(app.id)/cancel?cascade=true", CancelBody(cascadeID: .fresh())),
            ("POST", "/admin/revocations", RevokeBody(appID: app.id)),
            ("POST", "/apps/\(app.id)/rekey", try RekeyBody(app: app.id, key: .fresh(), for: self.stage.key)),
            ("POST", "/apps/\(app.id)/disconnect", DisconnectBody(reason: "completed")),
            (
                "POST", "/apps/\(app.id)/messages",
                PostMessagesBody(PostedMessage(messageID: .fresh(), kind: .result, timestamp: now, payload: [:]))
            ),
        ]
    }
}

@Suite(.serialized, .timeLimit(.minutes(10)))
struct AuthorityTests {
    @Test(arguments: [SecurityLevel.signed, .full])
    func `nobody but an ancestor commands, reads or ends an app`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let families = try await Families(stage)
            let before = try await families.state()
            for caller in [families.sibling, families.stranger] {
                for call in try families.calls(on: families.child, by: caller) {
                    let reply = try await stage.call(call.method, call.path, call.body, as: caller)
                    #expect(reply.status == 403, "\(caller.name) \(call.method) \(call.path): \(reply.text)")
                    #expect(reply.problem?.code == .notAuthorized, "\(call.path)")
                    #expect(reply.headers.first(name: "content-type") == Problem.contentType)
                }
            }
            let after = try await families.state()
            #expect(after == before)
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a descendant has no say over what is above it`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let families = try await Families(stage)
            let before = try await families.state()
            for above in [families.parent, families.root] {
                for call in try families.calls(on: above, by: families.child) where !call.path.contains("ancestors") {
                    let reply = try await stage.call(call.method, call.path, call.body, as: families.child)
                    #expect(reply.status == 403, "\(call.method) \(call.path): \(reply.text)")
                }
            }
            let after = try await families.state()
            #expect(after == before)
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a key that is not the caller's opens nothing`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let families = try await Families(stage)
            let before = try await families.state()
            for call in try families.calls(on: families.child, by: families.parent.impostor()) {
                let reply = try await stage.call(call.method, call.path, call.body, as: families.parent.impostor())
                #expect([401, 403].contains(reply.status), "\(call.method) \(call.path): \(reply.text)")
                if reply.status == 401 {
                    #expect([.keyMismatch, .badSignature].contains(reply.problem?.code), "\(reply.text)")
                }
            }
            // The administrator is known by the key as well.
            let reply = try await stage.call(
                "POST", "/admin/revocations", RevokeBody(appID: families.child.id), as: families.stranger
            ) { $0.headers = $0.headers.map { $0.name == "X-Trails-App" ? ($0.name, "admin") : $0 } }
            #expect(reply.problem?.code == .keyMismatch)
            let after = try await families.state()
            #expect(after == before)
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a replaced key is worth nothing, above and below`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let families = try await Families(stage)
            let old = families.parent
            var new = old
            new.key = .fresh()
            let reply = try await stage.call(
                "POST", "/apps/\(old.id)/rekey", try RekeyBody(app: old.id, key: new.key, for: stage.key),
                as: families.root)
            #expect(reply.status == 200, "\(reply.text)")
            #expect(try await families.lines[0].error().code == .revoked)
            _ = try await families.lines[0].closing()

            let before = try await families.state()
            for call in try families.calls(on: families.child, by: old) {
                let reply = try await stage.call(call.method, call.path, call.body, as: old)
                #expect([401, 403].contains(reply.status), "\(call.method) \(call.path): \(reply.text)")
            }
            let line = try await stage.line()
            let refused = await #expect(throws: Refused.self) { try await line.registerAgain(old) }
            #expect(refused?.frame.code == .keyMismatch)
            let again = await #expect(throws: Refused.self) { try await line.register(old) }
            #expect([.notAuthorized, .keyMismatch].contains(again?.frame.code))
            #expect(try await families.state() == before)

            let shown = try await stage.show(families.child, as: new)
            #expect(shown.appID == families.child.id)
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a revoked key is told so everywhere, and its children go on`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let families = try await Families(stage)
            let reply = try await stage.call(
                "POST", "/admin/revocations", RevokeBody(appID: families.parent.id, reason: "lost"), as: families.root)
            #expect(reply.status == 200, "\(reply.text)")
            #expect(try reply.read(AppView.self).isRevoked)
            #expect(try await families.lines[0].error().code == .revoked)
            _ = try await families.lines[0].closing()

            let before = try await families.state()
            for call in try families.calls(on: families.child, by: families.parent)
            where !call.path.hasSuffix("/messages") && !call.path.hasSuffix("/disconnect") {
                let reply = try await stage.call(call.method, call.path, call.body, as: families.parent)
                #expect(reply.status == 401, "\(call.method) \(call.path): \(reply.text)")
                #expect(reply.problem?.code == .revoked, "\(call.path): \(reply.text)")
            }
            let line = try await stage.line()
            let refused = await #expect(throws: Refused.self) { try await line.registerAgain(families.parent) }
            #expect(refused?.frame.code == .revoked)
            let again = await #expect(throws: Refused.self) { try await line.register(families.parent) }
            #expect(again?.frame.code == .revoked)
            #expect(try await families.state() == before)

            try families.lines[1].report(families.child, 1)
            try await families.lines[1].acknowledged(families.child.id, 1)
            #expect(try await stage.show(families.child, as: families.root).status == .running)
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a call is believed once, in time, and as it was signed`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let before = try await stage.history(of: root)

            let nonce = Nonce.fresh()
            let first = try await stage.call("GET", "/apps/\(child.id)", as: root, nonce: nonce)
            #expect(first.status == 200)
            let second = try await stage.call("GET", "/apps/\(child.id)", as: root, nonce: nonce)
            #expect(second.problem?.code == .replayed && second.status == 401)

            for late in [Duration.seconds(-400), .seconds(400)] {
                let reply = try await stage.call("GET", "/apps/\(child.id)", as: root, at: .now() + late)
                #expect(reply.problem?.code == .stale && reply.status == 401, "\(late): \(reply.text)")
            }
            let body = RevokeBody(appID: child.id)
            let other = RevokeBody(appID: root.id).json.utf8
            let spoilings: [(String, @Sendable (inout Envelope) -> Void)] = [
                ("body", { $0.body = other }),
                ("path", { $0.path += "?cascade=true" }),
                ("method", { $0.method = "DELETE" }),
                ("nonce", { $0.set("X-Trails-Nonce", Nonce.fresh().description) }),
                ("time", { $0.set("X-Trails-Timestamp", String(Timestamp.now().milliseconds + 5)) }),
                ("key", { $0.set("X-Trails-PubKey", SigningKey.fresh().publicKey.description) }),
                ("host", { $0.headers.append(("Host", "127.0.0.1:1")) }),
                ("signature", { $0.set("X-Trails-Sig", "ed25519:AAAA") }),
                ("no signature", { $0.headers.removeAll { $0.name == "X-Trails-Sig" } }),
                ("no headers", { $0.headers = [] }),
            ]
            for (name, spoil) in spoilings {
                let path = name == "method" ? "/children/\(child.id)" : "/admin/revocations"
                let reply = try await stage.call("POST", path, body, as: root, spoil: spoil)
                #expect(reply.status == 401, "\(name): \(reply.status) \(reply.text)")
                #expect(reply.problem?.code == .badSignature, "\(name): \(reply.text)")
                #expect(reply.problem?.detail.isEmpty == false)
            }
            let after = try await stage.history(of: root)
            #expect(after == before)
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a call that changes something is made once`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let body = CancelBody(cascadeID: .fresh())
            let nonce = Nonce.fresh()
            let first = try await stage.call("POST", "/apps/\(child.id)/cancel", body, as: root, nonce: nonce)
            #expect(first.status == 202, "\(first.text)")
            let before = try await stage.history(of: root)
            let second = try await stage.call("POST", "/apps/\(child.id)/cancel", body, as: root, nonce: nonce)
            #expect(second.problem?.code == .replayed, "\(second.text)")
            #expect(try await stage.history(of: root) == before)
        }
    }

    @Test func `pages of strangers and names of strangers are turned away before all else`() async throws {
        try await Stage.run { stage in
            for path in ["/api/v1/server", "/metrics", "/ws", "/api/v1/apps"] {
                let page = try await stage.send(
                    Envelope(method: "GET", path: path, headers: [("Origin", "https://evil.example")], body: []))
                #expect(page.status == 403, "\(path): \(page.status)")
                #expect(page.problem?.code == .notAuthorized)
                let name = try await stage.send(
                    Envelope(method: "GET", path: path, headers: [("Host", "evil.example")], body: []))
                #expect(name.status == 403, "\(path): \(name.status)")
            }
        }
    }
}

extension Envelope {
    mutating func set(_ name: String, _ value: String) {
        self.headers = self.headers.map { $0.name == name ? (name, value) : $0 }
    }
}
