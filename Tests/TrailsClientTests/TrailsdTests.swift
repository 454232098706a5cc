import Foundation
import Synchronization
import Testing
import TrailsClient
import TrailsCore
import TrailsWire
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A client of trailsd` {
    private func root(_ server: Trailsd) async throws -> TrailsClient {
        try await TrailsClient.initialize(with: TrailsConfig(appName: "root", server: server.endpoint))
    }

    @Test func `reports, and its parent sees it`() async throws {
        try await Trailsd.run { server in
            let parent = try await self.root(server)
            #expect(await parent.flush())
            let child = try await TrailsClient.initialize(with: parent.createChild("step", tags: ["kind": "etl"]))
            child.status(progress: 0.25, note: "reading")
            child.result(["rows": 7])
            #expect(await child.flush())
            let ended = try await parent.wait(for: try #require(child.appID))
            #expect(ended.status == .done)
            #expect(ended.result == ["rows": 7])
            #expect(ended.tags == ["kind": "etl"])
            #expect(try await parent.tree().map(\.name) == ["root", "step"])
            await child.shutdown()
            await parent.shutdown()
        }
    }

    @Test func `is commanded by its parent, and believes nobody else`() async throws {
        try await Trailsd.run { server in
            let parent = try await self.root(server)
            #expect(await parent.flush())
            var config = try await parent.createChild("step")
            config.requiresIssuer = true
            let child = try await TrailsClient.initialize(with: config)
            let app = try #require(child.appID)
            child.on("double") { payload in JSONValue.integer((payload.integer ?? 0) * 2) }
            child.status("here")
            #expect(await child.flush())
            let answer = try await parent.send(to: app, action: "double", payload: 21)
            #expect(answer?.outcome == .done)
            #expect(answer?.result == 42)
            let all = try await parent.send(toAllUnder: app, action: "double", payload: 4)
            #expect(all.first { $0.app == app }?.result == 8)
            await child.shutdown()
        }
    }

    @Test func `cleans up when its parent cancels`() async throws {
        try await Trailsd.run { server in
            let parent = try await self.root(server)
            #expect(await parent.flush())
            var config = try await parent.createChild("step")
            config.requiresIssuer = true
            let child = try await TrailsClient.initialize(with: config)
            let app = try #require(child.appID)
            let seen = Mutex<CancelContext?>(nil)
            child.onCancel { context in seen.withLock { $0 = context } }
            child.status("here")
            #expect(await child.flush())
            _ = try await parent.cancel(app, reason: "enough", grace: .seconds(20))
            let ended = try await parent.wait(for: app)
            #expect(ended.status == .cancelled)
            #expect(seen.withLock { $0?.reason } == "enough")
            #expect(seen.withLock { $0?.initiatedBy } == parent.appID)
            await child.shutdown()
        }
    }

    @Test func `loses nothing when trailsd is killed again and again`() async throws {
        try await Trailsd.run { first in
            var server = first
            let client = try await self.root(server)
            let count = 3_000
            for number in 0..<count {
                client.result(.integer(Int64(number)))
                if number % 1_000 == 999 {
                    _ = await client.flush(timeout: .milliseconds(30))
                    server.kill()
                    server = try await Trailsd.start(data: server.data, endpoint: server.endpoint)
                }
            }
            #expect(await client.flush(timeout: .seconds(60)))
            let stored = try await client.reported()
            #expect(stored.map(\.payload) == (0..<count).map { .integer(Int64($0)) })
            #expect(stored.map(\.seq) == (1...Int64(count)).map { $0 })
            server.kill()
        }
    }

    @Test func `comes back from its file in another process`() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("home-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        try await Trailsd.run { server in
            let config = TrailsConfig(appName: "nightly", server: server.endpoint)
            let dag = try await TrailsClient.initialize(with: config, persist: home)
            dag.status(1)
            #expect(await dag.flush())
            let child = try await dag.createChild("step").info.appID
            await dag.shutdown(.detached)

            let again = try await TrailsClient.resume("nightly", from: home)
            #expect(again.appID == dag.appID)
            again.status(2)
            #expect(await again.flush())
            #expect(try await again.tree().map(\.id).contains(child))
            #expect(try await again.reported().map(\.seq) == [1, 2])
            await again.shutdown()
        }
    }

    @Test func `has a root that outlives every run`() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("home-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: home) }
        try await Trailsd.run { server in
            for day in 1...2 {
                let root = try await TrailsClient.initApp("etl", server: server.endpoint, in: home)
                let run = try await root.run("day-\(day)")
                run.result(.integer(Int64(day)))
                #expect(await run.flush())
                await run.shutdown()
                let tree = try await root.tree()
                #expect(tree.count == 1 + day)
                #expect(tree.dropFirst().allSatisfy { $0.status == .done })
            }
        }
    }
}
