import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing
import TrailsCore
import TrailsWire
import Vocabulary
import WebTransport

@Suite(.serialized, .timeLimit(.minutes(10)))
struct ProgramTests {
    @Test func `what was acknowledged is there after a kill, and everybody goes on`() async throws {
        let folder = try ScratchFolder()
        let first = try Trailsd(folder.path)
        let stage = try await Stage(first, data: folder.path)
        let root = try await stage.root()
        let child = try await stage.declared(by: root)
        let waiting = try await stage.declared(by: root, "waiting")
        let line = try await stage.line(child)
        let command = try await stage.give(root, waiting, "hello")
        let watcher = try await stage.watch("subtree=\(root.id)", as: root)
        let since = try await watcher.live()
        var acknowledged: Int64 = 0
        for seq: Int64 in 1...500 { try line.report(child, seq) }
        while acknowledged < 100 {
            let ack = try await line.frame { frame -> AckFrame? in
                if case .ack(let ack) = frame { ack } else { nil }
            }
            acknowledged = max(acknowledged, ack.seq)
        }
        first.signal(SIGKILL)
        #expect(try await first.exit() == -SIGKILL)
        for item in line.inbox.items {
            if case .frame(let received) = item, case .ack(let ack) = received.frame {
                acknowledged = max(acknowledged, ack.seq)
            }
        }
        try await stage.http.shutdown()

        let second = try Trailsd(folder.path)
        let later = try await Stage(second, data: folder.path)
        #expect(later.key == stage.key)
        #expect(try await later.show(child, as: root).status == .reconnecting)
        let again = try await later.line()
        let registered = try await again.registerAgain(child)
        #expect(registered.lastSeq >= acknowledged && registered.status == .running)
        try again.report(child, registered.lastSeq + 1, .result, ["ok": true])
        try await again.acknowledged(child.id, registered.lastSeq + 1)
        let other = try await later.line(waiting)
        #expect(try await other.control(of: waiting.id).correlationID == command)

        // A watcher goes on where it was.
        let next = try await later.watch("subtree=\(root.id)&since=\(since)", as: root)
        _ = try await next.event { $0.message?.kind == .result }
        #expect(next.events.compactMap { $0.message?.seq } == Array(1...(registered.lastSeq + 1)))

        second.signal(SIGTERM)
        #expect(try await second.exit() == 0)
        try await later.http.shutdown()
        let check = try Finished.run(Trailsd.program, ["check", "--data", folder.path])
        #expect(check.status == 0 && check.output.contains("clean"), "\(check.output)")
    }

    @Test func `a cancel that a kill interrupts goes on after the restart`() async throws {
        let folder = try ScratchFolder()
        let first = try Trailsd(folder.path, ["--restart-window", "30s"])
        let stage = try await Stage(first, data: folder.path)
        let root = try await stage.root()
        let parent = try await stage.declared(by: root, "parent")
        let parentLine = try await stage.line(parent)
        let child = try await stage.declared(by: parent, "child")
        let line = try await stage.line(child)
        let id = CascadeID.fresh()
        #expect(try await stage.cancel(parent, id, as: root).status == 202)
        _ = try await line.control(of: child.id)
        first.signal(SIGKILL)
        _ = try await first.exit()
        _ = try await parentLine.closing()
        try await stage.http.shutdown()

        let second = try Trailsd(folder.path)
        let later = try await Stage(second, data: folder.path)
        for member in [child, parent] {
            let line = try await later.line()
            _ = try await line.registerAgain(member)
            try line.acknowledge(try await line.control(of: member.id), by: member)
        }
        try await later.wait(for: parent, under: root) { $0.status == .cancelled }
        let view = try await later.call("GET", "/cascades/\(id)", as: root).read(CascadeView.self)
        #expect(view.state == .finished && view.cancelled == 2)
        second.signal(SIGTERM)
        #expect(try await second.exit() == 0)
        try await later.http.shutdown()
    }

    @Test func `a command to an app that is gone expires although the server was started anew`() async throws {
        let folder = try ScratchFolder()
        let first = try Trailsd(folder.path, ["--reconnect-window", "100ms"])
        let stage = try await Stage(first, data: folder.path)
        let root = try await stage.root()
        let child = try await stage.declared(by: root)
        let line = try await stage.line(child)
        line.hangUp()
        try await stage.wait(for: child, under: root) { $0.status == .crashed }
        let command = try await stage.give(root, child, "hello", timeToLive: .seconds(3))
        first.signal(SIGKILL)
        _ = try await first.exit()
        try await stage.http.shutdown()

        let second = try Trailsd(folder.path)
        let later = try await Stage(second, data: folder.path)
        let watcher = try await later.watch("app_id=\(child.id)&since=0", as: root)
        _ = try await watcher.inbox.next(within: .seconds(30)) { frame in
            if case .event(let event) = frame, event.kind == "answered" { true } else { nil }
        }
        let view = try await later.call("GET", "/controls/\(command)", as: root).read(ControlView.self)
        #expect(view.answers.map(\.outcome) == [.expired])
        second.signal(SIGTERM)
        #expect(try await second.exit() == 0)
        try await later.http.shutdown()
    }

    @Test func `stops when it is asked to, and says goodbye`() async throws {
        let folder = try ScratchFolder()
        let trailsd = try Trailsd(folder.path)
        let stage = try await Stage(trailsd, data: folder.path)
        let root = try await stage.root()
        let child = try await stage.declared(by: root)
        let line = try await stage.line(child)
        let watcher = try await stage.watch("subtree=\(root.id)", as: root)
        _ = try await watcher.live()
        trailsd.signal(SIGTERM)
        for reason in [try await line.closing(), try await watcher.closing()] {
            guard case .peer(let code, _) = reason else {
                Issue.record("\(reason)")
                continue
            }
            #expect(code == 1001)
        }
        #expect(try await trailsd.exit() == 0)
        try await stage.http.shutdown()
    }

    @Test func `what arrives while it stops is refused, with a time to try again, and leaves nothing`() async throws {
        let folder = try ScratchFolder()
        let first = try Trailsd(folder.path)
        let stage = try await Stage(first, data: folder.path)
        let root = try await stage.root()
        let child = try await stage.declared(by: root)
        let line = try await stage.line(child)

        // The head of the call comes before the end, its body after.
        let body = PostMessagesBody(
            PostedMessage(messageID: .fresh(), kind: .result, timestamp: .now(), payload: [:])
        ).json.utf8
        let path = "/api/v1/apps/\(child.id)/messages"
        let signature = try RESTSignature(
            of: RESTCall(method: "POST", host: stage.host, path: path, body: body), by: .app(child.id),
            with: child.key, for: stage.key, at: .now(), nonce: .fresh())
        var request = HTTPClientRequest(url: "http://\(stage.host)\(path)")
        request.method = .POST
        request.headers = HTTPHeaders(signature.headers.map { ($0.name, $0.value) })
        let (parts, source) = AsyncStream.makeStream(of: ByteBuffer.self)
        request.body = .stream(parts, length: .known(Int64(body.count)))
        source.yield(ByteBuffer(bytes: body.prefix(1)))
        async let response = stage.http.execute(request, timeout: .seconds(60))
        for _ in 0..<20 { _ = try await stage.get("/api/v1/server") }
        first.signal(SIGTERM)
        _ = try await line.closing()
        source.yield(ByteBuffer(bytes: body.dropFirst()))
        source.finish()
        let refused = try await response
        #expect(refused.status.code == 503)
        #expect(refused.headers.first(name: "retry-after") != nil)
        let text = try await refused.body.collect(upTo: 1 << 20)
        #expect(try Problem(parsing: Array(text.readableBytesView)).code == .serverDraining)
        #expect(try await first.exit() == 0)
        try await stage.http.shutdown()

        let second = try Trailsd(folder.path)
        let later = try await Stage(second, data: folder.path)
        #expect(try await later.messages(of: child, as: root).isEmpty)
        second.signal(SIGTERM)
        #expect(try await second.exit() == 0)
        try await later.http.shutdown()
    }

    @Test func `a second one on the same data, or the same port, says so and ends`() async throws {
        let folder = try ScratchFolder()
        let other = try ScratchFolder()
        let trailsd = try Trailsd(folder.path)
        let port = try await trailsd.port()
        let second = try Finished.run(Trailsd.program, ["--data", folder.path, "--listen", "127.0.0.1:0"])
        #expect(second.status == 75)
        let complaint = "trailsd: error: the data directory \(folder.path) is in use"
        #expect(second.errors.contains(complaint), "\(second.errors)")
        #expect(second.errors.contains("trailsd: hint:"))
        let third = try Finished.run(Trailsd.program, ["--data", other.path, "--listen", "127.0.0.1:\(port)"])
        #expect(third.status == 69, "\(third.errors)")
        #expect(third.errors.contains("\(port)"), "\(third.errors)")
        trailsd.signal(SIGINT)
        #expect(try await trailsd.exit() == 0)
    }

    @Test func `keys that others may read, or that are broken, are not used, and not replaced`() async throws {
        for name in ["server.key", "admin.key"] {
            let folder = try ScratchFolder()
            let trailsd = try Trailsd(folder.path)
            _ = try await trailsd.port()
            trailsd.signal(SIGTERM)
            #expect(try await trailsd.exit() == 0)
            let path = folder.file(name)
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)

            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            let open = try Finished.run(Trailsd.program, ["--data", folder.path, "--listen", "127.0.0.1:0"])
            #expect(open.status == 74 && open.errors.contains("chmod"), "\(open.status) \(open.errors)")

            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            let broken = try Finished.run(Trailsd.program, ["--data", folder.path, "--listen", "127.0.0.1:0"])
            #expect(broken.status == 74 && broken.errors.contains("does not hold a key"), "\(broken.errors)")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "nonsense\n")

            // A key that is missing beside a store is made anew: whoever pinned the old one will see.
            try FileManager.default.removeItem(atPath: path)
            let again = try Trailsd(folder.path)
            _ = try await again.port()
            again.signal(SIGTERM)
            #expect(try await again.exit() == 0)
        }
    }

    @Test func `reads a new certificate when it is told to`() async throws {
        let folder = try ScratchFolder()
        let files = try folder.makeCertificate("tls")
        let trailsd = try Trailsd(
            folder.path, ["--tls-cert", files.certificate, "--tls-key", files.key, "--log-level", "info"])
        let stage = try await Stage(trailsd, data: folder.path, level: .full, tls: files)
        let root = try await stage.root()
        let old = try await stage.line()
        let kept = folder.file("old.pem")
        try FileManager.default.copyItem(atPath: files.certificate, toPath: kept)
        try await stage.http.shutdown()

        _ = try folder.makeCertificate("tls")
        trailsd.signal(SIGHUP)
        while !trailsd.complaints.contains("reloaded") { try await Task.sleep(for: .milliseconds(20)) }
        let next = try Stage(port: stage.port, key: stage.key, admin: stage.admin, level: .full, tls: files)
        #expect(try await next.show(root).appID == root.id)
        try await next.http.shutdown()
        let outdated = TLSFiles(certificate: kept, key: files.key)
        let stale = try Stage(port: stage.port, key: stage.key, admin: stage.admin, level: .full, tls: outdated)
        await #expect(throws: (any Error).self) { try await stale.line() }
        try await stale.http.shutdown()
        // Who was there stays.
        _ = try await old.registerAgain(root)
        trailsd.signal(SIGTERM)
        #expect(try await trailsd.exit() == 0)
    }

    @Test func `what is gone from the store cannot be asked for with since`() async throws {
        let folder = try ScratchFolder()
        let first = try Trailsd(folder.path)
        let stage = try await Stage(first, data: folder.path)
        let root = try await stage.root()
        for _ in 1...5 { _ = try await stage.declared(by: root) }
        first.signal(SIGTERM)
        _ = try await first.exit()
        try await stage.http.shutdown()
        let script = """
            import sqlite3
            store = sqlite3.connect("\(folder.file("trails.sqlite"))")
            store.execute("DELETE FROM events WHERE event_id < 5")
            store.commit()
            """
        #expect(try Finished.run("/usr/bin/python3", ["-c", script]).status == 0)
        let second = try Trailsd(folder.path)
        let later = try await Stage(second, data: folder.path)
        let gone = try await later.call("GET", "/watch?subtree=\(root.id)&since=2", as: root)
        #expect(gone.status == 410 && gone.problem?.hint != nil, "\(gone.text)")
        let error = await #expect(throws: WebSocketClientError.self) {
            try await later.watch("subtree=\(root.id)&since=2", as: root)
        }
        #expect(error?.status == 410)
        let kept = try await later.watch("subtree=\(root.id)&since=4", as: root)
        _ = try await kept.live()
        try await later.http.shutdown()
        second.signal(SIGTERM)
        _ = try await second.exit()
    }

    @Test(.enabled(if: geteuid() == 0, "only root may mount a file system"))
    func `a full disk refuses what is new, keeps what was acknowledged, and passes`() async throws {
        let folder = try ScratchFolder()
        let mounted = try Finished.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", folder.path])
        try #require(mounted.status == 0, "\(mounted.errors)")
        defer { _ = try? Finished.run("/usr/bin/umount", ["-l", folder.path]) }
        let trailsd = try Trailsd(folder.path)
        let stage = try await Stage(trailsd, data: folder.path)
        let root = try await stage.root()
        let child = try await stage.declared(by: root)
        let line = try await stage.line(child)
        // Takes what is left, but for a little.
        let ballast = folder.file("ballast")
        let blob = JSONValue.string(String(repeating: "x", count: 50_000))
        var acknowledged: [Int64] = []
        var refusal: ErrorFrame?
        for seq: Int64 in 1...200 {
            try line.report(child, seq, .status, ["blob": blob])
            let answer: ErrorFrame? = try await line.frame { frame in
                switch frame {
                case .ack(let ack) where ack.seq == seq: .some(nil)
                case .error(let error): .some(error)
                default: nil
                }
            }
            guard answer == nil else {
                refusal = answer
                break
            }
            acknowledged.append(seq)
            if seq == 5 { try? Data(count: 1 << 20).write(to: URL(fileURLWithPath: ballast)) }
        }
        #expect(refusal?.code == .storeUnavailable && refusal?.hint != nil, "\(String(describing: refusal))")
        #expect(refusal?.seq == Int64(acknowledged.count + 1))
        let call = try await stage.call("POST", "/apps/\(child.id)/cancel", CancelBody(cascadeID: .fresh()), as: root)
        if call.status != 202 {
            #expect(call.status == 503 && call.headers.first(name: "retry-after") != nil, "\(call.text)")
        }
        #expect(try await stage.get("/healthz").status == 200)
        #expect(try await stage.messages(of: child, as: root, "?limit=1000").map(\.seq) == acknowledged)

        try FileManager.default.removeItem(atPath: ballast)
        let seq = Int64(acknowledged.count + 1)
        try line.report(child, seq, .status, ["blob": blob])
        try await line.acknowledged(child.id, seq)
        #expect(try await stage.get("/readyz").status == 200)
        trailsd.signal(SIGTERM)
        #expect(try await trailsd.exit() == 0)
        try await stage.http.shutdown()
        let check = try Finished.run(Trailsd.program, ["check", "--data", folder.path])
        #expect(check.status == 0, "\(check.output)\(check.errors)")
    }
}
