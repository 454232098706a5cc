import Testing
import TrailsCore
import TrailsServer
import TrailsWire
import Vocabulary
import WebTransport

@Suite(.serialized, .timeLimit(.minutes(10)))
struct WatchTests {
    @Test func `the steps of a cancel are those of the app at the top of it, live and later`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let branch = try await stage.declared(by: root, "branch")
            let branchLine = try await stage.line(branch)
            let leaf = try await stage.declared(by: branch, "leaf")
            let line = try await stage.line(leaf)
            let watcher = try await stage.watch("app_id=\(branch.id)", as: root)
            let since = try await watcher.live()
            _ = try await stage.cancel(branch, .fresh(), as: root)
            try line.acknowledge(try await line.control(of: leaf.id), by: leaf)
            try branchLine.acknowledge(try await branchLine.control(of: branch.id), by: branch)
            _ = try await watcher.event { $0.kind == "cascade_finished" }
            let later = try await stage.watch("app_id=\(branch.id)&since=\(since)", as: root)
            _ = try await later.event { $0.kind == "cascade_finished" }
            let kinds = ["cascade_started", "cascade_level_started", "cascade_level_started", "cascade_finished"]
            for seen in [watcher, later] {
                let steps = seen.events.filter { $0.kind.hasPrefix("cascade") }
                #expect(steps.map(\.kind) == kinds && steps.allSatisfy { $0.appID == branch.id })
            }
            let path = "/apps/\(root.id)/events?subtree=true&limit=1000"
            let events = try await stage.call("GET", path, as: root).read(Page<EventView>.self).items
            let told = events.filter { event in kinds.contains { event.event["kind"] == .string($0) } }
            #expect(told.count == 4 && told.allSatisfy { $0.appID == branch.id })
        }
    }

    @Test func `watchers who come at any moment miss nothing and see nothing twice`() async throws {
        try await Stage.run(.open) { stage in
            let root = try await stage.root()
            let stranger = try await stage.root("stranger")
            let noise = try await stage.declared(by: stranger, "noise")
            let noisy = try await stage.line(noise)
            var writers: [(Member, Line)] = []
            for number in 1...8 {
                let member = try await stage.declared(by: root, "writer-\(number)")
                writers.append((member, try await stage.line(member)))
            }
            let count: Int64 = 300
            try await withThrowingTaskGroup(of: Watcher?.self) { group in
                for (member, line) in writers {
                    group.addTask {
                        for seq in 1...count {
                            try line.report(member, seq)
                            if seq % 10 == 0 { try await line.acknowledged(member.id, seq) }
                        }
                        return nil
                    }
                }
                group.addTask {
                    for seq in 1...count {
                        try noisy.report(noise, seq)
                        if seq % 10 == 0 { try await noisy.acknowledged(noise.id, seq) }
                    }
                    return nil
                }
                for number in 0..<6 {
                    group.addTask {
                        try await Task.sleep(for: .milliseconds(number * 40))
                        return try await stage.watch("subtree=\(root.id)&since=0", as: root)
                    }
                }
                var watchers: [Watcher] = []
                for try await watcher in group {
                    if let watcher { watchers.append(watcher) }
                }
                // The last word, which everybody waits for.
                let last = try await stage.declared(by: root, "last")
                let expected = try await self.eventIDs(under: root, stage)
                for watcher in watchers {
                    _ = try await watcher.event { $0.appID == last.id }
                    let ids = watcher.events.map(\.eventID)
                    #expect(ids == ids.sorted() && Set(ids).count == ids.count, "out of order or twice")
                    #expect(ids == expected)
                }
            }
        }
    }

    private func eventIDs(under root: Member, _ stage: Stage) async throws -> [Int64] {
        var ids: [Int64] = []
        while true {
            let path = "/apps/\(root.id)/events?subtree=true&limit=1000&after=\(ids.last ?? 0)"
            let page = try await stage.call("GET", path, as: root).read(Page<EventView>.self)
            ids += page.items.map(\.eventID)
            guard page.cursor != nil else { return ids }
        }
    }

    @Test(arguments: [SecurityLevel.signed, .full])
    func `a filter shows what it says and no more`(level: SecurityLevel) async throws {
        try await Stage.run(level) { stage in
            let root = try await stage.root()
            let parent = try await stage.declared(by: root, "parent")
            let parentLine = try await stage.line(parent)
            let own = try await stage.watch("app_id=\(parent.id)", as: root)
            let direct = try await stage.watch("parent_id=\(parent.id)", as: parent)
            let all = try await stage.watch("subtree=\(root.id)", as: root)
            for watcher in [own, direct, all] { _ = try await watcher.live() }
            let child = try await stage.declared(by: parent, "child")
            let line = try await stage.line(child)
            let grandchild = try await stage.declared(by: child, "grandchild")
            let deepest = try await stage.line(grandchild)
            for (line, member) in [(deepest, grandchild), (line, child), (parentLine, parent)] {
                try line.report(member, 1)
                try await line.acknowledged(member.id, 1)
            }
            for (watcher, last) in [(own, parent), (direct, child), (all, parent)] {
                _ = try await watcher.event { $0.appID == last.id && $0.kind == "message" }
            }
            #expect(Set(own.events.map(\.appID)) == [parent.id])
            #expect(Set(direct.events.map(\.appID)) == [child.id])
            #expect(Set(all.events.map(\.appID)) == [parent.id, child.id, grandchild.id])

            for query in ["", "since=1", "subtree=x", "subtree=\(root.id)&mood=good", "subtree=\(root.id)&since=-1"] {
                let reply = try await stage.call("GET", "/watch?\(query)", as: root)
                #expect(reply.status == 400 && reply.problem?.code == .badMessage, "\(query): \(reply.text)")
            }
            await #expect(throws: (any Error).self) { try await stage.watch("subtree=\(root.id)", as: child) }
        }
    }

    @Test func `a watcher whose key is revoked sees no more`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let parent = try await stage.declared(by: root, "parent")
            _ = try await stage.line(parent)
            let watcher = try await stage.watch("subtree=\(parent.id)", as: parent)
            _ = try await watcher.live()
            let reply = try await stage.call("POST", "/admin/revocations", RevokeBody(appID: parent.id), as: root)
            #expect(reply.status == 200)
            #expect(try await watcher.closing() == .peer(code: 1008, reason: "revoked"))
            await #expect(throws: (any Error).self) { try await stage.watch("subtree=\(parent.id)", as: parent) }
        }
    }

    @Test func `a refused watcher is told why`() async throws {
        try await Stage.run { stage in
            let root = try await stage.root()
            let stranger = try await stage.root("stranger")
            let error = await #expect(throws: WebSocketClientError.self) {
                try await stage.watch("subtree=\(root.id)", as: stranger)
            }
            #expect(error?.status == 403)
            #expect(error?.body?.contains("not_authorized") == true, "\(String(describing: error?.body))")
        }
    }

    @Test func `a reader that does not read is closed, and goes on by since`() async throws {
        try await Stage.run(.open) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            let watcher = try await stage.watch("subtree=\(root.id)", as: root)
            _ = try await watcher.live()
            watcher.socket.pauseReading()
            let blob = JSONValue.string(String(repeating: "x", count: 500_000))
            let count: Int64 = 80
            for seq in 1...count {
                try line.report(child, seq, .status, ["blob": blob])
                try await line.acknowledged(child.id, seq)
            }
            watcher.socket.resumeReading()
            _ = try await watcher.closing()
            let seen = watcher.events
            #expect(seen.count < count)
            let last = seen.last?.eventID ?? 0
            let next = try await stage.watch("subtree=\(root.id)&since=\(last)", as: root)
            _ = try await next.event { $0.message?.seq == count }
            let all = (seen + next.events).compactMap { $0.message?.seq }
            #expect(all.suffix(Int(count)) == ArraySlice(1...count))
        }
    }

    @Test func `a long past is told to a slow reader without a gap`() async throws {
        try await Stage.run(.open) { stage in
            let root = try await stage.root()
            let child = try await stage.declared(by: root)
            let line = try await stage.line(child)
            let blob = JSONValue.string(String(repeating: "x", count: 2_000))
            let count: Int64 = 4_000
            for seq in 1...count { try line.report(child, seq, .status, ["blob": blob]) }
            try await line.acknowledged(child.id, count)
            let watcher = try await stage.watch("app_id=\(child.id)&since=0", as: root)
            watcher.socket.pauseReading()
            try line.report(child, count + 1)
            try await line.acknowledged(child.id, count + 1)
            watcher.socket.resumeReading()
            _ = try await watcher.event { $0.message?.seq == count + 1 }
            #expect(watcher.events.compactMap { $0.message?.seq } == Array(1...(count + 1)))
        }
    }
}
