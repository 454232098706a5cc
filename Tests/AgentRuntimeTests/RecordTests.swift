import AgentCore
import AgentRuntime
import DurableFiles
import Simulator
import Testing
import Vocabulary

/// A directory as the seed's daemon has left it when it was killed: a root and its worker.
private struct SeedScene {
    static let root = "00000000000000010000000000000001"
    static let worker = "00000000000000020000000000000002"
    let disk = FaultyFileSystem()

    init() throws {
        for (session, name, parent) in [(Self.root, "alpha", "null"), (Self.worker, "worker", "\"\(Self.root)\"")] {
            try DurableDirectory.make("/data/agents/\(session)", on: self.disk)
            let data =
                #"{"agent_id":"a\#(session.dropFirst())","name":"\#(name)","parent_session_id":\#(parent),"#
                + #""instructions":"i"}"#
            let line =
                #"{"session_id":"\#(session)","ts":"2026-03-01T10:00:00.000000+00:00","event":"agent.created","data":"#
                + data + "}\n"
            try self.put(line, session, "events.jsonl")
        }
    }

    func put(_ text: String, _ session: String, _ name: String = "session.json") throws {
        try AtomicFile.replace("/data/agents/\(session)/\(name)", with: Array(text.utf8), on: self.disk)
    }

    func record(_ session: String) throws -> SessionRecord? {
        let bytes = try self.disk.read("/data/agents/\(session)/session.json", limit: 1 << 20)
        return SessionRecord(json: try JSONValue(parsing: bytes))
    }

    /// Names its provider and model, as the seed's daemon writes it.
    static func record(_ session: String, state: String = "active", blob: String = "") -> String {
        #"{"id":"\#(session)","state":"\#(state)","provider_name":"talk","model":"m","#
            + #""created_at":"2026-03-01T10:00:00.000000+00:00","suspended_at":null,"provider_state":"\#(blob)"}"#
    }
}

@Suite(.timeLimit(.minutes(2))) struct `The records of the seed` {
    /// Another provider is the usual one, so that nobody gets the right one by luck.
    private static func open(_ disk: FaultyFileSystem, _ provider: TalkProvider) async throws -> AgentHost {
        try await AgentHost.on(disk, provider) { $0.defaultProvider = "other" }
    }

    @Test func `say provider and model, once, and are true after a start`() async throws {
        let scene = try SeedScene()
        // {"session_id":"chat-7"}
        try scene.put(SeedScene.record(SeedScene.root, blob: "eyJzZXNzaW9uX2lkIjoiY2hhdC03In0="), SeedScene.root)
        try scene.put(SeedScene.record(SeedScene.worker), SeedScene.worker)
        let provider = TalkProvider { opening, _ in opening.model }
        for start in 0..<2 {
            let host = try await Self.open(scene.disk, provider)
            await host.waitUntilIdle()
            #expect(await host.sessions().map(\.provider) == ["talk", "talk"])
            #expect(try await host.send(try await host.id("alpha/worker"), "which model?") == "m")
            #expect(start == 0 || host.recovery.recorded == 0)
            await host.stop()
            let record = try #require(try scene.record(SeedScene.root))
            #expect(record.state == .suspended && record.suspendedAt != nil && record.model == "m")
            #expect(record.reference == ["chat": "chat-7"])
        }
        let host = try await Self.open(scene.disk, provider)
        let events = try await host.events(of: try await host.id("alpha"))
        #expect(events.contains { $0["event"] == "provider.ref" && $0["data"]?["ref"] == ["chat": "chat-7"] })
        #expect(events.count { $0["event"] == "session.created" } == 1)
        await host.stop()
    }

    @Test(arguments: ["", "{", #"{"id":"00000000000000090000000000000009","state":"active"}"#, #"{"state":"melted"}"#])
    func `that cannot be read stop nobody, and are written anew from the log`(text: String) async throws {
        let scene = try SeedScene()
        try scene.put(text, SeedScene.root)
        let provider = TalkProvider { _, _ in "ok" }
        for _ in 0..<2 {
            let host = try await AgentHost.on(scene.disk, provider)
            #expect(await host.agents().map(\.path) == ["alpha", "alpha/worker"])
            await host.stop()
            let record = try #require(try scene.record(SeedScene.root))
            #expect(record.state == .suspended && record.id.hex == SeedScene.root)
            #expect(try !scene.disk.exists("/data/agents/\(SeedScene.worker)/session.json"))
        }
    }

    @Test func `are terminated once their agents have ended`() async throws {
        let scene = try SeedScene()
        try scene.put(SeedScene.record(SeedScene.worker), SeedScene.worker)
        var host = try await AgentHost.on(scene.disk, TalkProvider { _, _ in "ok" })
        try await host.terminate(try await host.id("worker"), recursive: false)
        await host.stop()
        host = try await AgentHost.on(scene.disk, TalkProvider { _, _ in "ok" })
        await host.stop()
        #expect(try scene.record(SeedScene.worker)?.state == .terminated)
    }
}
