import DurableFiles
import Synchronization
import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite(.timeLimit(.minutes(10))) struct `A client on a real socket` {
    @Test(arguments: [SecurityLevel.open, .signed])
    func `reports, and says goodbye`(level: SecurityLevel) async throws {
        try await ModelHost.run(level: level) { host in
            let client = try await TrailsClient.initialize(with: host.config())
            client.status(["progress": 0.5])
            client.status("a text")
            client.status(progress: 1, note: "all")
            client.result(["rows": 7])
            #expect(await client.flush(timeout: .seconds(60)))
            let app = try #require(client.appID)
            let stored = host.read { $0.server.log[app] ?? [] }
            let progress: JSONValue = ["progress": 1.0, "note": "all"]
            #expect(stored.map(\.payload) == [["progress": 0.5], "a text", progress, ["rows": 7]])
            #expect(stored.map(\.kind) == [.status, .status, .status, .result])
            await client.shutdown()
            #expect(host.read { $0.server.apps[app]?.goodbyes } == [.completed])
            #expect(host.read { $0.server.complaints } == [])
        }
    }

    @Test func `comes through a connection that ends at each frame`() async throws {
        try await ModelHost.run(level: .signed) { host in
            for frame in 1...8 {
                host.read {
                    $0.frames = 0
                    $0.dropsFrame = frame
                }
                let client = try await TrailsClient.initialize(with: host.config())
                for number in 0..<5 { client.status(.integer(Int64(number))) }
                #expect(await client.flush(timeout: .seconds(60)), "at frame \(frame)")
                let app = try #require(client.appID)
                #expect(host.read { $0.server.log[app]?.map(\.payload) } == [0, 1, 2, 3, 4])
                host.read { $0.dropsFrame = nil }
                await client.shutdown()
            }
            #expect(host.read { $0.server.complaints } == [])
        }
    }

    @Test func `keeps what is reported while there is no server`() async throws {
        let info = TrailsConfig(appName: "a", server: try ServerEndpoint("ws://127.0.0.1:9"), level: .open)
        let client = try await TrailsClient.initialize(with: info)
        client.result("kept")
        #expect(await client.flush(timeout: .milliseconds(200)) == false)
    }

    @Test func `runs handlers on command`() async throws {
        try await ModelHost.run(level: .signed) { host in
            let client = try await TrailsClient.initialize(with: host.config())
            let app = try #require(client.appID)
            client.on("double") { payload in JSONValue.integer((payload.integer ?? 0) * 2) }
            client.on("text") { _ in "word" }
            client.on("fail") { _ -> JSONValue in throw Oops() }
            client.on("nothing") { _ in }
            #expect(await client.flush())
            for (number, action) in ["double", "text", "fail", "nothing", "what"].enumerated() {
                host.command(.plain(action, to: app, UInt64(number), payload: 21, at: .now()))
            }
            client.status(1)
            let answers = await host.answers(of: app, count: 5)
            #expect(answers.map(\.outcome) == [.done, .done, .failed, .done, .unknownAction])
            #expect(answers.map(\.result) == [42, "word", nil, nil, nil])
            #expect(answers[2].error == "Oops()")
            await client.shutdown()
        }
    }

    @Test func `cleans up when it is cancelled, and is gone`() async throws {
        try await ModelHost.run(level: .signed) { host in
            let client = try await TrailsClient.initialize(with: host.config())
            let app = try #require(client.appID)
            let seen = Mutex<CancelContext?>(nil)
            client.onCancel(grace: .seconds(5)) { context in
                seen.withLock { $0 = context }
                client.result("half of it")
            }
            #expect(await client.flush())
            host.command(
                .plain("cancel", to: app, 1, payload: ["reason": "late", "grace_remaining": 20], at: .now()))
            let answers = await host.answers(of: app, count: 1)
            #expect(answers.map(\.outcome) == [.done])
            #expect(seen.withLock { $0?.graceRemaining } == .seconds(5))
            await client.shutdown()
            #expect(host.read { $0.server.log[app]?.map(\.payload) } == ["half of it"])
            #expect(host.read { $0.server.apps[app]?.goodbyes } == [.cancelled])
        }
    }

    @Test func `leaves a spool of what nobody took, and none when all was taken`() async throws {
        let directory = "/tmp/trails-spool-\(UInt64.random(in: 0 ... .max))"
        var config = TrailsConfig(appName: "a", server: try ServerEndpoint("ws://127.0.0.1:9"), level: .open)
        config.spoolDirectory = directory
        let lost = try await TrailsClient.initialize(with: config)
        lost.result(["rows": 7])
        #expect(await lost.flush(timeout: .milliseconds(100)) == false)
        let files = POSIXFileSystem()
        let path = try #require(try SpoolContents.paths(in: directory, on: files).first)
        let contents = try #require(try SpoolContents(path: path, on: files))
        #expect(contents.apps.map(\.appID) == [lost.appID])
        #expect(contents.apps[0].reports.map(\.message.payload) == [["rows": 7]])
        await lost.shutdown()
        #expect(try SpoolContents.paths(in: directory, on: files).count == 1)
        // As a flush leaves it.
        try files.unlink(path)
        try files.unlink(path + ".lock")

        try await ModelHost.run { host in
            var config = try host.config()
            config.spoolDirectory = directory
            let client = try await TrailsClient.initialize(with: config)
            client.result(1)
            #expect(await client.flush())
            await client.shutdown()
            #expect(try SpoolContents.paths(in: directory, on: files) == [])
        }
        try files.removeDirectory(directory)
    }

    @Test func `does not take an answer to an earlier flush for that to a later one`() async throws {
        try await ModelHost.run { host in
            host.read { $0.dropsFrame = 3 }
            let client = try await TrailsClient.initialize(with: host.config())
            client.result(1)
            #expect(await client.flush(timeout: .zero) == false)
            for number in 2...1_200 { client.result(.integer(Int64(number))) }
            #expect(await client.flush(timeout: .seconds(30)))
            let app = try #require(client.appID)
            #expect(host.read { $0.server.log[app]?.count } == 1_200)
        }
    }

    @Test func `answers at once, however slow the server is`() async throws {
        try await ModelHost.run { host in
            host.read { $0.isMute = true }
            let client = try await TrailsClient.initialize(with: host.config())
            let time = ContinuousClock().measure { for number in 0..<100_000 { client.status(number) } }
            #expect(time < .seconds(5))
        }
    }
}

@Suite struct `A process without a server` {
    @Test func `has a client that does nothing`() async {
        let client = TrailsClient.initialize(in: [:])
        client.status("x")
        client.result(1)
        client.error("y")
        client.on("a") { _ in }
        client.onCancel { _ in }
        #expect(client.appID == nil)
        #expect(await client.flush())
        await client.shutdown()
        await #expect(throws: TrailsFailure.self) { _ = try await client.tree() }
    }

    @Test(arguments: ["", "  ", "%%%", "e30="])
    func `has one that does nothing when TRAILS_INFO cannot be used`(text: String) {
        #expect(TrailsClient.initialize(in: ["TRAILS_INFO": text]).appID == nil)
    }

    @Test func `has one that does nothing when the level is not spoken`() throws {
        for (level, server) in [(SecurityLevel.encrypted, "ws://127.0.0.1:1"), (.full, "ws://127.0.0.1:1")] {
            let key = SigningKey(seed: [UInt8](repeating: 2, count: 32))!.publicKey
            let config = TrailsConfig(
                appName: "a", server: try ServerEndpoint(server), serverKey: key, level: level)
            #expect(TrailsClient.initialize(in: config.environment).appID == nil)
        }
    }

    @Test func `takes its settings from the environment`() throws {
        var config = TrailsConfig(appName: "a", server: try ServerEndpoint("ws://127.0.0.1:1"), level: .open)
        config.take(["TRAILS_REQUIRE_ISSUER": "1", "TRAILS_SPOOL": "/x", "TRAILS_CA": ""])
        #expect(config.requiresIssuer)
        #expect(config.spoolDirectory == "/x")
        #expect(config.certificateAuthority == nil)
    }
}

private struct Oops: Error {}

extension ModelHost {
    /// Waits for answers of an app.
    func answers(of app: AppID, count: Int) async -> [ControlAckFrame] {
        while true {
            let answers = self.read { $0.server.apps[app]?.answers ?? [] }
            if answers.count >= count { return answers }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
