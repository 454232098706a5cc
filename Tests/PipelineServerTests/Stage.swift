import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import PipelineCore
import PipelineRuntime
import PipelineServer
import ServiceLifecycle
import TurnModel
import TurnStoreSQLite
import Vocabulary

/// A server on a port of its own, in this process, with a store on disk, for as long as a test.
struct Stage: Sendable {
    static let token = "a-token-that-nobody-guesses-in-this-life"

    let port: Int
    let folder: URL
    let store: SQLiteTurnStore
    let http: HTTPClient

    /// For a machine on which much else is going on.
    private static var patience: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(120)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 100
        return configuration
    }

    static func run(
        in given: URL? = nil, _ adjust: (inout ServerOptions) -> Void = { _ in },
        body: (Stage) async throws -> Void,
        draining: (Stage) async throws -> Void = { _ in }, after: (Sessions) async throws -> Void = { _ in }
    ) async throws {
        let folder = given ?? Self.newFolder()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { if given == nil { try? FileManager.default.removeItem(at: folder) } }
        let store = try SQLiteTurnStore.open(folder.appending(path: "turns.sqlite").path)
        defer { store.close() }
        var options = ServerOptions()
        options.port = 0
        adjust(&options)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = OrchestraServer(
            options: options, store: store, token: AccessToken(text: Self.token), kit: Self.kit(in: folder.path),
            draw: { Array("<svg>\($0)</svg>".utf8) }, logger: logger, onReady: { port.yield($0) })
        let services = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: Serving(server: server), successTerminationBehavior: .gracefullyShutdownGroup)
                ], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { port.finish() }
                try await services.run()
            }
            guard let port = await ports.first(where: { _ in true }) else { return try await group.waitForAll() }
            let stage = Stage(
                port: port, folder: folder, store: store,
                http: HTTPClient(
                    eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: Self.patience))
            // Whatever fails, all is ended: a client that is not shut down would end the process of the tests.
            let result = await Self.result { try await body(stage) }
            await services.triggerGracefulShutdown()
            let drained = await Self.result { try await draining(stage) }
            try await stage.http.shutdown()
            try await group.waitForAll()
            try result.get()
            try drained.get()
        }
        try await after(Sessions(store: store, kit: Self.kit(in: folder.path)(nil, nil)))
    }

    private static func result(of body: () async throws -> Void) async -> Result<Void, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    /// For several servers, one after another.
    static func newFolder() -> URL {
        FileManager.default.temporaryDirectory.appending(path: "orchestra-server-\(UUID())")
    }

    private static func kit(in folder: String) -> @Sendable (String?, NodeID?) -> RunKit {
        var kit = RunKit(
            handlers: HandlerRegistry([.tool: ToolHandler()]), place: HandlerPlace(workingDirectory: folder))
        kit.limits.poll = .milliseconds(50)
        kit.isSimulated = true
        let ready = kit
        return { _, _ in ready }
    }

    private struct Serving: Service {
        let server: OrchestraServer
        func run() async throws { try await self.server.run() }
    }
}

/// What a call was answered.
struct Reply: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    var json: JSONValue { (try? JSONValue(parsing: self.text)) ?? .null }
    subscript(key: String) -> String? { self.json[key]?.string }
}

extension Stage {
    func call(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, token: String? = Self.token,
        headers: [(String, String)] = []
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(self.port)\(path)")
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await self.http.execute(request, timeout: .seconds(120))
        let bytes = try await response.body.collect(upTo: 32 << 20)
        return Reply(status: Int(response.status.code), headers: response.headers, text: String(buffer: bytes))
    }

    func get(_ path: String, headers: [(String, String)] = []) async throws -> Reply {
        try await self.call(.GET, path, token: nil, headers: headers)
    }

    func post(_ path: String, _ body: String = "") async throws -> Reply { try await self.call(.POST, path, body) }

    /// Begins a pipeline; answers with its id.
    func begin(_ dot: String) async throws -> String {
        let reply = try await self.post("/pipelines", dot)
        guard reply.status == 201, let id = reply["id"] else { throw Unexpected(description: reply.text) }
        return id
    }

    /// All events until the session halts.
    func events(_ id: String, since: String? = nil) async throws -> [ServerEvent] {
        let headers = since.map { [("Last-Event-ID", $0)] } ?? []
        return ServerEvent.parse(try await self.get("/pipelines/\(id)/events", headers: headers).text)
    }

    /// Asks again and again until the session is where it should be.
    func wait(_ id: String, for status: String) async throws {
        for _ in 0..<1_200 {
            if try await self.get("/pipelines/\(id)")["status"] == status { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Unexpected(description: "session \(id) is \(try await self.get("/pipelines/\(id)").text)")
    }

    func waitForFile(_ name: String) async throws {
        let path = self.folder.appending(path: name).path(percentEncoded: false)
        for _ in 0..<1_200 {
            if FileManager.default.fileExists(atPath: path) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Unexpected(description: "there is no file \(name)")
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
}

/// One event of a stream.
struct ServerEvent: Hashable {
    var id: String?
    var name = ""
    var data = ""

    static func parse(_ text: String) -> [Self] {
        text.split(separator: "\n\n").compactMap { part in
            var event = Self()
            for line in part.split(separator: "\n") {
                if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
                if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                if line.hasPrefix("data: ") { event.data = String(line.dropFirst(6)) }
            }
            return event.name.isEmpty ? nil : event
        }
    }
}

enum Pipelines {
    static let quick = """
        digraph quick {
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [shape=parallelogram, tool_command="echo hello"]; b [shape=parallelogram, tool_command="echo again"]
            start -> a -> b -> exit
        }
        """

    static let gate = """
        digraph gate {
            start [shape=Mdiamond]; exit [shape=Msquare]
            ask [shape=hexagon, label="Ship it?"]; yes [prompt="Ship"]; no [prompt="Wait"]
            start -> ask
            ask -> yes [label="[Y] Yes"]; ask -> no [label="[N] No"]
            yes -> exit; no -> exit
        }
        """

    /// Makes a file `begun`, and works until there is a file `go`.
    static let slow = """
        digraph slow {
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [shape=parallelogram, tool_command="touch begun; until [ -e go ]; do sleep 0.05; done"]; b [prompt="then"]
            start -> a -> b -> exit
        }
        """

    /// Fails once, and begins again in another session.
    static let again = """
        digraph again {
            start [shape=Mdiamond]; exit [shape=Msquare]
            a [shape=parallelogram, tool_command="test -e twice || { touch twice; exit 1; }"]
            start -> a
            a -> exit [condition="outcome=success"]; a -> a [condition="outcome=fail", loop_restart=true]
        }
        """

    static let parallel = """
        digraph parallel {
            start [shape=Mdiamond]; exit [shape=Msquare]
            fan [shape=component]; join [shape=tripleoctagon]
            one [shape=hexagon, label="One?"]; two [shape=hexagon, label="Two?"]; x [prompt="x"]; y [prompt="y"]
            start -> fan; fan -> one; fan -> two
            one -> x [label="[Y] Yes"]; two -> y [label="[Y] Yes"]
            x -> join; y -> join; join -> exit
        }
        """
}
