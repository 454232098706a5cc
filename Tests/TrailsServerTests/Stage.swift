import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Synchronization
import Testing
import TrailsCore
import TrailsServer
import TrailsStoreSQLite
import TrailsWire
import Vocabulary
import WebTransport

/// A server to talk to: where it is and who it is. It runs in this process (`Stage.run`) or in its own (`Trailsd`).
struct Stage: Sendable {
    let port: Int
    let key: PublicKey
    let admin: SigningKey
    let level: SecurityLevel
    let tls: TLSFiles?
    private let owner: ClientOwner
    var http: HTTPClient { self.owner.client }
    /// What the server says it can be asked; of a server in its own process nothing.
    var routes: [String] = []

    var host: String { self.tls == nil ? "127.0.0.1:\(self.port)" : "localhost:\(self.port)" }
    private var trust: TLSTrust { self.tls.map { .authority(file: $0.certificate) } ?? .system }

    /// Runs a real server on a port of its own, with an empty store on disk, for as long as `body`.
    static func run(
        _ level: SecurityLevel = .signed, _ adjust: (inout ServerOptions) -> Void = { _ in },
        clock: @escaping @Sendable () -> Timestamp = { .now() }, body: (Stage) async throws -> Void
    ) async throws {
        let folder = try ScratchFolder()
        var options = ServerOptions()
        options.port = 0
        // A busy machine is no test of patience; where that is what is tested, `adjust` says so.
        options.unprovenMax = .seconds(120)
        options.tls = level == .full ? try folder.makeCertificate() : nil
        adjust(&options)
        let key = SigningKey.fresh()
        let admin = SigningKey.fresh()
        let bound = Inbox<Int>()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try TrailsServer(
            options: options, store: try SQLiteTrailsStore.open(folder.file("trails.sqlite")), key: key,
            adminKey: admin.publicKey, logger: logger, now: clock, onReady: { bound.add($0) })
        let services = ServiceGroup(configuration: .init(services: [Serving(server: server)], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { bound.close() }
                try await services.run()
            }
            let port = try await bound.next { $0 }
            var stage = try Stage(port: port, key: key.publicKey, admin: admin, level: level, tls: options.tls)
            stage.routes = server.routes
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(stage))
            } catch {
                result = .failure(error)
            }
            try await stage.http.shutdown()
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            try result.get()
        }
        withExtendedLifetime(folder) {}
    }

    init(port: Int, key: PublicKey, admin: SigningKey, level: SecurityLevel, tls: TLSFiles?) throws {
        self.port = port
        self.key = key
        self.admin = admin
        self.level = level
        self.tls = tls
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        if let tls {
            var secure = TLSConfiguration.makeClientConfiguration()
            secure.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(tls.certificate))
            configuration.tlsConfiguration = secure
        }
        self.owner = ClientOwner(
            HTTPClient(eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration))
    }

    private struct Serving: Service {
        let server: TrailsServer<SQLiteTrailsStore>
        func run() async throws { try await self.server.run() }
    }
}

/// Shuts its client down at the latest when nobody has it any more: one that is forgotten ends the process, with all
/// tests that are under way.
private final class ClientOwner: Sendable {
    let client: HTTPClient

    init(_ client: HTTPClient) { self.client = client }

    deinit { self.client.shutdown { [client] _ in withExtendedLifetime(client) {} } }
}

// MARK: - Sockets

extension Stage {
    func line() async throws -> Line {
        let line = Line(server: self.key)
        let limits = WebSocketLimits(messageMax: 64 << 20, frameWall: 64 << 20)
        _ = try await WebSocketClient.connect(
            to: WebSocketURL("\(self.tls == nil ? "ws" : "wss")://\(self.host)/ws"), trust: self.trust,
            on: .singletonMultiThreadedEventLoopGroup, timeout: .seconds(60), limits: limits, session: line)
        return line
    }

    /// A line on which `member` is registered.
    func line(_ member: Member) async throws -> Line {
        let line = try await self.line()
        _ = try await line.register(member)
        return line
    }

    /// Watches what the query asks for, in the name of `member`.
    func watch(_ query: String, as member: Member) async throws -> Watcher {
        let path = "/api/v1/watch?\(query)"
        let call = RESTCall(method: "GET", host: self.host, path: path, body: [])
        let signature = try RESTSignature(
            of: call, by: .app(member.id), with: member.key, for: self.key, at: .now(), nonce: .fresh())
        let watcher = Watcher()
        _ = try await WebSocketClient.connect(
            to: WebSocketURL("\(self.tls == nil ? "ws" : "wss")://\(self.host)\(path)"),
            headers: HTTPHeaders(signature.headers.map { ($0.name, $0.value) }), trust: self.trust,
            on: .singletonMultiThreadedEventLoopGroup, timeout: .seconds(60),
            limits: WebSocketLimits(messageMax: 64 << 20, frameWall: 64 << 20), session: watcher)
        return watcher
    }
}

// MARK: - Calls

/// What a call was answered.
struct Reply: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]

    var json: JSONValue { (try? JSONValue(parsing: self.body)) ?? .null }
    var text: String { String(decoding: self.body, as: UTF8.self) }
    var problem: Problem? { try? Problem(parsing: self.body) }

    func read<Record: WireRecord>(_ type: Record.Type) throws -> Record {
        do {
            return try Record(parsing: self.body)
        } catch {
            throw Inbox<String>.Missing(description: "\(self.status) \(self.text): \(error)")
        }
    }
}

/// How a call leaves; a test spoils it.
struct Envelope: Sendable {
    var method: String
    var path: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]
}

extension Stage {
    /// Makes a call signed by `member`; `spoil` changes what is sent after it was signed.
    @discardableResult
    func call(
        _ method: String, _ path: String, _ body: (any WireRecord)? = nil, text: String? = nil, as member: Member?,
        at moment: Timestamp = .now(), nonce: Nonce = .fresh(), spoil: (inout Envelope) -> Void = { _ in }
    ) async throws -> Reply {
        let bytes = text.map { Array($0.utf8) } ?? body?.json.utf8 ?? []
        let path = "/api/v1\(path)"
        let call = RESTCall(method: method, host: self.host, path: path, body: bytes)
        let signature = try RESTSignature(
            of: call, by: member.map { .app($0.id) } ?? .admin, with: member?.key ?? self.admin, for: self.key,
            at: moment, nonce: nonce)
        var envelope = Envelope(method: method, path: path, headers: signature.headers, body: bytes)
        spoil(&envelope)
        let reply = try await self.send(envelope)
        try self.checkSignature(of: reply, to: member?.key.publicKey ?? self.admin.publicKey, nonce: nonce)
        return reply
    }

    /// Whoever is answered about a call it signed can check who answers.
    private func checkSignature(of reply: Reply, to key: PublicKey, nonce: Nonce) throws {
        guard let text = reply.headers.first(name: RESTReply.signatureHeader) else { return }
        let signature = try #require(Signature(text))
        let isValid = RESTReply(status: reply.status, body: reply.body)
            .isValid(signature, to: key, nonce: nonce, by: Verifier(self.key))
        #expect(isValid, "the reply is not signed by the server")
    }

    func send(_ envelope: Envelope) async throws -> Reply {
        let scheme = self.tls == nil ? "http" : "https"
        var request = HTTPClientRequest(url: "\(scheme)://\(self.host)\(envelope.path)")
        request.method = HTTPMethod(rawValue: envelope.method)
        request.headers = HTTPHeaders(envelope.headers.map { ($0.name, $0.value) })
        if !envelope.body.isEmpty || envelope.method == "POST" { request.body = .bytes(envelope.body) }
        let response = try await self.http.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 64 << 20)
        return Reply(
            status: Int(response.status.code), headers: response.headers, body: Array(body.readableBytesView))
    }

    func get(_ path: String) async throws -> Reply {
        try await self.send(Envelope(method: "GET", path: path, headers: [], body: []))
    }
}

// MARK: - Who is on stage

extension Stage {
    /// A permanent root without a connection, as `trails init-app` makes it.
    func root(_ name: String = "root", level: SecurityLevel? = nil) async throws -> Member {
        let root = Member.root(name, level: level ?? self.level)
        let body = RegisterAppBody(
            appID: root.id, parentID: nil, appName: name, childKey: root.key.publicKey, lease: .seconds(3_600),
            isPermanentRoot: true, level: root.level, scheduledAt: root.scheduledAt)
        let reply = try await self.call("POST", "/apps", body, as: root)
        #expect(reply.status == 201, "\(reply.text)")
        return root
    }

    /// A child that `parent` has declared by a call.
    func declared(
        by parent: Member, _ name: String = "child", level: SecurityLevel? = nil, tags: JSONObject = [:],
        startDeadline: Duration = .seconds(300)
    ) async throws -> Member {
        let child = try parent.child(name, level: level, of: self.key, startDeadline: startDeadline)
        let reply = try await self.declare(child, as: parent, tags: tags)
        #expect(reply.status == 201, "\(reply.text)")
        return child
    }

    func declare(_ child: Member, as signer: Member, tags: JSONObject = [:]) async throws -> Reply {
        let body = DeclareChildBody(child.enrolment!.declaration, appName: child.name, tags: tags)
        return try await self.call("POST", "/children", body, as: signer)
    }

    func show(_ member: Member, as caller: Member? = nil) async throws -> AppView {
        try await self.call("GET", "/apps/\(member.id)", as: caller ?? member).read(AppView.self)
    }

    func messages(of member: Member, as caller: Member? = nil, _ query: String = "") async throws -> [MessageView] {
        try await self.call("GET", "/apps/\(member.id)/messages\(query)", as: caller ?? member)
            .read(Page<MessageView>.self).items
    }

    /// All that has happened at and below `root`, as text to compare.
    func history(of root: Member) async throws -> String {
        let path = "/apps/\(root.id)/events?subtree=true&limit=1000"
        return try await self.call("GET", path, as: root).text
    }
}
