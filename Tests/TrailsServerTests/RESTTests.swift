import NIOHTTP1
import Testing
import TrailsCore
import TrailsServer
import TrailsWire
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10)))
struct RESTTests {
    @Test func `says who it is and how it is without a signature, and nothing else`() async throws {
        try await Stage.run { stage in
            let server = try await stage.get("/api/v1/server").read(ServerDescription.self)
            #expect(server.serverKey == stage.key && server.protocolVersion == 1)
            #expect(try await stage.get("/healthz").text == "ok\n")
            #expect(try await stage.get("/readyz").status == 200)
            let root = try await stage.root("a-name-nobody-else-has")
            let metrics = try await stage.get("/metrics").text
            #expect(metrics.contains("trailsd_commits_total") && !metrics.contains(root.name))
            for path in [
                "/api/v1/apps", "/api/v1/apps/\(root.id)", "/api/v1/crashes", "/api/v1/watch?app_id=\(root.id)",
            ] {
                let reply = try await stage.get(path)
                #expect(reply.status == 401 && reply.problem?.code == .badSignature, "\(path): \(reply.text)")
            }
            let nowhere = try await stage.get("/api/v1/nowhere")
            #expect(nowhere.status == 404 && nowhere.problem != nil, "\(nowhere.text)")
        }
    }

    @Test func `its description holds every call, and no other`() async throws {
        try await Stage.run { stage in
            let document = try await stage.get("/api/v1/openapi.json").json
            #expect(document.object?["openapi"] == "3.1.0")
            let paths = try #require(document.object?["paths"]?.object)
            let described = paths.flatMap { path, item in
                (item.object ?? [:]).map { method, _ in "\(method.uppercased()) \(path)" }
            }
            #expect(!stage.routes.isEmpty)
            #expect(Set(described) == Set(stage.routes))
            // Every schema that is named is there.
            let text = document.text
            let schemas = try #require(document.object?["components"]?.object?["schemas"]?.object)
            for part in text.split(separator: "#/components/schemas/").dropFirst() {
                let name = String(part.prefix { $0.isLetter })
                #expect(schemas[name] != nil, "\(name)")
            }
        }
    }

    @Test func `what is not there is unknown`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let id = AppID.fresh()
            for path in [
                "/apps/\(id)", "/apps/\(id)/children", "/apps/\(id)/messages", "/apps/\(id)/snapshots/latest",
                "/apps/\(id)/events", "/apps/\(id)/ancestors", "/cascades/\(id)", "/controls/\(id)",
                "/apps/\(root.id)/snapshots/latest",
            ] {
                let reply = try await stage.call("GET", path, as: root)
                #expect(reply.status == 404 && reply.problem?.code == .unknownApp, "\(path): \(reply.text)")
            }
            let reply = try await stage.call("GET", "/apps/nonsense", as: root)
            #expect(reply.status == 400 && reply.problem?.code == .badMessage)
            for query in ["limit=0", "limit=1001", "limit=x", "status=asleep", "since=x", "tag=x"] {
                let reply = try await stage.call("GET", "/apps?\(query)", as: root)
                #expect(reply.status == 400, "\(query): \(reply.text)")
            }
        }
    }

    @Test func `lists are filtered and paged, and pages hold everything once`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let parent = try await stage.declared(by: root, "parent", tags: ["kind": "branch"])
            _ = try await stage.line(parent)
            var below: Set<AppID> = []
            for number in 0..<23 {
                let child = try await stage.declared(
                    by: parent, "child-\(number % 2)", tags: ["device_type": number < 5 ? "x" : "y"])
                below.insert(child.id)
            }
            func ids(_ path: String) async throws -> [AppID] {
                try await stage.call("GET", path, as: root).read(Page<AppView>.self).items.map(\.appID)
            }
            #expect(try await ids("/apps/\(root.id)/children") == [parent.id])
            #expect(try await Set(ids("/apps/\(root.id)/children?recursive=true")) == below.union([parent.id]))
            #expect(try await Set(ids("/apps?limit=1000")) == below.union([parent.id, root.id]))
            #expect(try await ids("/apps?tag=device_type:x").count == 5)
            #expect(try await ids("/apps?name=child-1").count == 11)
            #expect(try await ids("/apps?status=scheduled").count == 23)
            #expect(try await ids("/apps/\(parent.id)/children?status=connected,done") == [])
            let prefix = parent.id.description.prefix(13)
            #expect(try await ids("/apps?idPrefix=\(prefix)") == [parent.id])

            var seen: [AppID] = []
            var cursor: String?
            repeat {
                let path = "/apps/\(parent.id)/children?limit=5" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page = try await stage.call("GET", path, as: root).read(Page<AppView>.self)
                #expect(page.items.count <= 5)
                seen += page.items.map(\.appID)
                cursor = page.cursor
            } while cursor != nil
            #expect(seen.count == 23 && Set(seen) == below)
        }
    }

    @Test func `a child is declared once, the same again is the same, another is a conflict`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try root.child(of: stage.key)
            #expect(try await stage.declare(child, as: root, tags: ["a": "b"]).status == 201)
            let before = try await stage.history(of: root)
            #expect(try await stage.declare(child, as: root, tags: ["a": "b"]).status == 200)
            let other = try await stage.declare(child, as: root, tags: ["a": "c"])
            #expect(other.status == 409 && other.problem?.code == .conflict)
            #expect(try await stage.history(of: root) == before)

            let gone = try await stage.call("DELETE", "/children/\(child.id)", as: root)
            #expect(try gone.read(AppView.self).status == .cancelled)
            #expect(try await stage.call("DELETE", "/children/\(child.id)", as: root).status == 409)
            let line = try await stage.line()
            let refused = await #expect(throws: Refused.self) { try await line.register(child) }
            #expect(refused?.frame.code == .cancelling)
        }
    }

    @Test(arguments: [SecurityLevel.open, .signed, .full])
    func `a message by call is stored once, under the number of the first time`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            #expect(try await stage.attend(child).status == 201)
            let message = PostedMessage(
                messageID: .fresh(), kind: .status, timestamp: .now(), payload: ["progress": 0.25])
            let path = "/apps/\(child.id)/messages"
            let first = try await stage.call("POST", path, PostMessagesBody(message), as: child)
            let receipt = try first.read(MessageReceipt.self)
            #expect(receipt.seq == 1 && receipt.status == .running && receipt.eventID > 0)
            let again = try await stage.call("POST", path, PostMessagesBody(message), as: child)
            #expect(try again.read(MessageReceipt.self) == receipt)
            var other = message
            other.payload = ["progress": 0.5]
            let conflict = try await stage.call("POST", path, PostMessagesBody(other), as: child)
            #expect(conflict.status == 409 && conflict.problem?.code == .conflict)
            #expect(try await stage.call("POST", path, PostMessagesBody(message), as: root).status == 403)

            let several = (1...3).map { number in
                PostedMessage(
                    messageID: .fresh(), kind: number == 3 ? .result : .status, timestamp: .now(),
                    payload: ["number": .integer(Int64(number))])
            }
            for _ in 1...2 {
                let reply = try await stage.call("POST", path, PostMessagesBody([message] + several), as: child)
                #expect(try reply.read(Page<MessageReceipt>.self).items.map(\.seq) == [1, 2, 3, 4])
            }
            let view = try await stage.show(child)
            #expect(view.status == .done && view.result == ["number": 3] && view.lastSeq == 4)

            let results = try await stage.messages(of: child, as: root, "?type=Result")
            #expect(results.map(\.seq) == [4])
            let all = try await stage.messages(of: child, as: root)
            let rest = try await stage.messages(of: child, as: root, "?after=\(all[1].eventID)&limit=1")
            #expect(rest.map(\.seq) == [3])
            let latest = try await stage.call("GET", "/apps/\(child.id)/snapshots/latest", as: root)
            #expect(try latest.read(MessageView.self).seq == 3)
        }
    }

    @Test func `a declared child registers with its first message, in one commit`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try root.child(of: stage.key)
            let nonce = Nonce.fresh()
            let proof = child.enrolment!.proof(of: child.key.publicKey, nonce: nonce)
            let enrolment = EnrolmentBody(
                declaration: child.enrolment!.declaration, enrolSignature: proof.signature, appName: "script")
            let message = PostedMessage(
                messageID: .fresh(), kind: .result, timestamp: .now(), payload: ["ok": true], enrolment: enrolment)
            let path = "/apps/\(child.id)/messages"
            let reply = try await stage.call("POST", path, PostMessagesBody(message), as: child, nonce: nonce)
            #expect(try reply.read(MessageReceipt.self).status == .done, "\(reply.text)")
            let view = try await stage.show(child, as: root)
            #expect(view.status == .done && view.presence == .detached && view.result == ["ok": true])
        }
    }

    @Test func `registers without a connection once, and again the same`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let first = try await stage.attend(child)
            #expect(first.status == 201)
            let registered = try first.read(RegisteredAppView.self)
            #expect(registered.app.presence == .detached && registered.incarnation == 1)
            let again = try await stage.attend(child)
            #expect(again.status == 200, "\(again.text)")
            #expect(try again.read(RegisteredAppView.self).sessionEpoch == 1)
            let other = try await stage.attend(child.impostor())
            #expect(other.status == 401 && other.problem?.code == .keyMismatch)

            let left = try await stage.call(
                "POST", "/apps/\(child.id)/disconnect", DisconnectBody(reason: "completed"), as: child)
            #expect(try left.read(AppView.self).status == .done)
        }
    }

    @Test(arguments: [SecurityLevel.open, .signed])
    func `a command is queued once, delivered, answered, and its giver may wait`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            let id = CorrelationID.fresh()
            async let waiting = stage.command(root, child, "pause", ["why": "lunch"], id: id, query: "?wait=30")
            let control = try await line.control(of: child.id)
            #expect(control.payload == ["why": "lunch"] && control.issuer?.appID == root.id)
            let again = try await stage.command(root, child, "pause", ["why": "lunch"], id: id)
            #expect(again.status == 202)
            try line.acknowledge(control, by: child, result: ["paused": true])
            let view = try await waiting.read(ControlView.self)
            #expect(view.answers.map(\.outcome) == [.done] && view.answers[0].result == ["paused": true])

            // Once answered it is not given again, and an answer that comes later changes nothing.
            let third = try await stage.command(root, child, "pause", ["why": "lunch"], id: id, query: "?wait=5")
            #expect(try third.read(ControlView.self).answers.count == 1, "\(third.text)")
            try line.acknowledge(control, by: child, result: ["paused": false])
            try line.report(child, 1)
            try await line.acknowledged(child.id, 1)
            let stored = try await stage.call("GET", "/controls/\(id)", as: root).read(ControlView.self)
            #expect(stored.answers.map(\.result) == [["paused": true]])
            #expect(!line.heardControl)

            let cancel = try await stage.command(root, child, "cancel")
            #expect(cancel.status == 400, "\(cancel.text)")
        }
    }

    @Test func `a command to a subtree reaches those with the tags, and each sees its own answer only`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let branch = try await stage.declared(by: root, "branch")
            _ = try await stage.line(branch)
            var lines: [(Member, Line)] = []
            for tag in ["x", "x", "y"] {
                let member = try await stage.declared(by: branch, tag, tags: ["device_type": .string(tag)])
                lines.append((member, try await stage.line(member)))
            }
            let id = CorrelationID.fresh()
            async let waiting = stage.command(
                root, branch, "blink", scope: .subtree, filter: ["device_type": "x"], id: id, query: "?wait=30")
            for (member, line) in lines.prefix(2) {
                let control = try await line.control(of: member.id)
                try line.acknowledge(control, by: member, result: .string(member.id.description))
            }
            let view = try await waiting.read(ControlView.self)
            #expect(view.answers.count == 2 && view.pending == 0)
            #expect(!lines[2].1.heardControl)
            for (member, _) in lines.prefix(2) {
                let own = try await stage.call("GET", "/controls/\(id)", as: member).read(ControlView.self)
                #expect(own.answers.map(\.appID) == [member.id])
            }
            let reply = try await stage.call("GET", "/controls/\(id)", as: lines[2].0)
            #expect(reply.status == 403)
        }
    }

    @Test func `commands wait for who is away, in order, until they expire or the queue is full`() async throws {
        try await Stage.run(.signed, { $0.limits.controlsMax = 4 }) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let short = try await stage.give(root, child, "short", timeToLive: .seconds(1))
            for number in 1...3 { try await stage.give(root, child, "command-\(number)") }
            let full = try await stage.command(root, child, "too-many")
            #expect(full.status == 429 && full.problem?.code == .queueFull)
            #expect(full.headers.first(name: "retry-after") != nil)

            let watcher = try await stage.watch("app_id=\(child.id)&since=0", as: root)
            _ = try await watcher.event { $0.kind == "answered" }
            let expired = try await stage.call("GET", "/controls/\(short)", as: root).read(ControlView.self)
            #expect(expired.answers.map(\.outcome) == [.expired])
            let line = try await stage.line(child)
            for number in 1...3 {
                #expect(try await line.control(of: child.id).action == "command-\(number)")
            }
            let late = ControlFrame(
                IssuedCommand(
                    target: child.id, scope: .node, action: "short", correlationID: short, payload: [:],
                    issuedAt: .now(), expiresAt: .now()), to: child.id, issuer: nil)
            try line.acknowledge(late, by: child)
            try line.report(child, 1)
            try await line.acknowledged(child.id, 1)
            let still = try await stage.call("GET", "/controls/\(short)", as: root).read(ControlView.self)
            #expect(still.answers.map(\.outcome) == [.expired])
        }
    }

    @Test func `crashes are listed`() async throws {
        try await Stage.run(.signed, { $0.limits.reconnectWindow = .milliseconds(200) }) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let never = try await stage.declared(by: root, startDeadline: .seconds(1))
            let line = try await stage.line(child)
            line.hangUp()
            try await stage.wait(for: child, under: root) { $0.status == .crashed }
            try await stage.wait(for: never, under: root) { $0.status == .startFailed }
            let page = try await stage.call("GET", "/crashes", as: root).read(Page<AppView>.self)
            #expect(Set(page.items.map(\.cause)) == ["connection_drop", "never_started"])
        }
    }

    @Test func `a body that is no JSON, or has everything but what is needed, is a bad message`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let paths = [
                "/children", "/apps", "/apps/\(root.id)/messages", "/apps/\(root.id)/control",
                "/apps/\(root.id)/cancel", "/apps/\(root.id)/rekey", "/apps/\(root.id)/disconnect",
                "/apps/\(root.id)/bind", "/admin/revocations",
            ]
            for path in paths {
                for body in ["", "x", "{}", "[]", #"{"a":1,"a":2}"#] {
                    let reply = try await stage.call("POST", path, text: body, as: root)
                    #expect(reply.status == 400, "\(path) \(body): \(reply.status) \(reply.text)")
                    #expect(reply.problem?.code == .badMessage, "\(path) \(body)")
                }
            }
        }
    }

    @Test func `a lost key is replaced by recovery, and a stolen recovery is no key`() async throws {
        try await Stage.run { stage in
            let root = Member.root(level: stage.level)
            let recovery = SigningKey.fresh()
            let body = RegisterAppBody(
                appID: root.id, parentID: nil, appName: "root", childKey: root.key.publicKey, lease: .seconds(3_600),
                isPermanentRoot: true, recoveryKey: recovery.publicKey, level: root.level,
                scheduledAt: root.scheduledAt)
            #expect(try await stage.call("POST", "/apps", body, as: root).status == 201)
            var holder = root
            holder.key = recovery
            #expect(try await stage.call("GET", "/apps/\(root.id)", as: holder).status == 401)
            var renewed = root
            renewed.key = .fresh()
            let path = "/apps/\(root.id)/rekey"
            let unproven = try await stage.call("POST", path, RekeyBody(publicKey: renewed.key.publicKey), as: holder)
            #expect(unproven.problem?.code == .badSignature)
            let rekey = try RekeyBody(app: root.id, key: renewed.key, for: stage.key)
            #expect(try await stage.call("POST", path, rekey, as: root).status == 401)
            #expect(try await stage.call("POST", path, rekey, as: holder).status == 200)
            #expect(try await stage.call("GET", "/apps/\(root.id)", as: root).status == 401)
            #expect(try await stage.show(renewed).appID == root.id)
            let back = try RekeyBody(app: root.id, key: root.key, for: stage.key)
            let admin = try await stage.call("POST", path, back, as: nil)
            #expect(admin.status == 200, "\(admin.text)")
        }
    }

    @Test func `a key that was revoked is never taken again, whatever came after it`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            _ = try await stage.line(child)
            let path = "/apps/\(child.id)/rekey"
            func rekey(_ key: SigningKey, as caller: Member) async throws -> Reply {
                try await stage.call("POST", path, RekeyBody(app: child.id, key: key, for: stage.key), as: caller)
            }
            let revoked = try await stage.call("POST", "/admin/revocations", RevokeBody(appID: child.id), as: root)
            #expect(revoked.status == 200, "\(revoked.text)")
            for _ in 1...2 {
                #expect(try await rekey(child.key, as: root).problem?.code == .revoked)
                #expect(try await rekey(.fresh(), as: root).status == 200)
            }
            let before = try await stage.history(of: root)
            #expect(try await rekey(child.key, as: root).problem?.code == .revoked)
            #expect(try await rekey(child.key, as: stage.root("stranger")).status == 403)
            #expect(try await stage.history(of: root) == before)
        }
    }
}
