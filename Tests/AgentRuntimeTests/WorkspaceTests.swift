import AgentCore
import AgentRuntime
import AgentWorkspaces
import DurableFiles
import Foundation
import Simulator
import Synchronization
import Testing
import Vocabulary

private func key(_ name: String, _ scope: AgentID = .user) -> WorkspaceKey { WorkspaceKey(scope: scope, name: name) }

private let moment = Timestamp(milliseconds: 1_700_000_000_000)

private func store(_ disk: any FileSystem) -> WorkspaceStore {
    WorkspaceStore(root: "/data", on: disk, canonical: { $0 })
}

/// The paths of a simulated disk, which has no symbolic links.
private func plainPaths(_ disk: FaultyFileSystem) -> WorkspaceStore.Canonical {
    { path in (try? disk.exists(path)) == true ? path : nil }
}

@Suite(.timeLimit(.minutes(10))) struct `The folder of workspaces` {
    private static let linked = WorkspaceRecord(
        key("a"), links: [WorkspaceLink(hostPath: "/srv", mountPath: "in", mode: .readWrite)], createdAt: moment)
    private static let records = [
        WorkspaceRecord(key("a"), createdAt: moment), linked,
        WorkspaceRecord(key("b"), hasNetwork: true, createdAt: moment, madeBy: "s/1"),
    ]

    /// What is there after so many steps.
    private static func state(after steps: Int) -> [WorkspaceRecord] {
        switch steps {
        case 0: []
        case 1: [self.records[0]]
        case 2: [self.records[1]]
        case 3: [self.records[1], self.records[2]]
        default: [self.records[2]]
        }
    }

    private static func step(_ number: Int, on disk: FaultyFileSystem) throws {
        let all = Workspaces(folder: "/data/workspaces", daemonRoot: "/data")
        if number < 3 {
            try store(disk).write(self.records[number], in: all)
        } else {
            try disk.makeDirectory(all.root(of: key("a")) + "/full", permissions: .privateDirectory)
            try store(disk).remove(key("a"), in: all)
        }
    }

    @Test func `holds the old or the new after a crash at any step, and goes on`() async throws {
        var done = 0
        let count = try await CrashSweep().run { disk in
            done = 0
            for number in 0..<4 {
                try Self.step(number, on: disk)
                done = number + 1
            }
        } check: { disk, _, run in
            let all = store(disk).load()
            #expect(all.damaged.isEmpty, "\(run): \(all.damaged)")
            let found = all.records.values.sorted { $0.key < $1.key }
            #expect([Self.state(after: done), Self.state(after: done + 1)].contains(found), "\(run): \(found)")
            for record in found { #expect(try disk.status(of: all.root(of: record.key)).kind == .directory, "\(run)") }
            let next = WorkspaceRecord(key("a"), createdAt: moment, madeBy: "s/2")
            try store(disk).write(next, in: all)
            disk.restart(after: powerCut)
            let again = store(disk).load()
            #expect(again.records[key("a")] == next, "\(run)")
            #expect(try disk.names(in: "/data/workspaces/\(AgentID.user.hex)").allSatisfy { !$0.hasPrefix(".") })
        }
        #expect(count > 500)
    }

    @Test(arguments: [
        ("{", "it is no JSON"), (#"{"v":9}"#, "a later version (9)"), ("[]", "it is no JSON object"),
    ])
    func `names what it cannot read, and leaves it`(text: String, reason: String) throws {
        let disk = FaultyFileSystem()
        let empty = Workspaces(folder: "/data/workspaces", daemonRoot: "/data")
        for record in Self.records.dropFirst() { try store(disk).write(record, in: empty) }
        let path = empty.place(of: key("a")) + "/meta.json"
        try AtomicFile.replace(path, with: Array(text.utf8), on: disk)
        let all = store(disk).load()
        #expect(all.damaged[key("a")]?.contains(reason) == true, "\(all.damaged)")
        #expect(all.records.keys.map(\.name) == ["b"])
        #expect(try disk.read(path, limit: 100) == Array(text.utf8))
        try disk.unlink(path)
        try disk.makeDirectory(empty.root(of: key("a")) + "/work", permissions: .privateDirectory)
        #expect(store(disk).load().damaged[key("a")] == "its meta.json is not there")
        #expect(try disk.exists(empty.root(of: key("a")) + "/work"))
    }
}

// MARK: - Tools

/// A host on a simulated disk whose agents do nothing by themselves.
private func quiet(
    _ disk: FaultyFileSystem, _ change: (inout HostOptions) -> Void = { _ in }
) async throws -> AgentHost {
    try await AgentHost.on(disk, TalkProvider { _, _ in "ok" }) { options in
        options.canonicalPath = plainPaths(disk)
        change(&options)
    }
}

extension AgentHost {
    fileprivate func tool(_ agent: AgentID, _ name: String, _ arguments: JSONObject = [:]) async throws -> JSONValue {
        try await self.callTool(agent, name, arguments)
    }

    fileprivate func complaint(
        _ agent: AgentID, _ name: String, _ arguments: JSONObject = [:]
    ) async throws -> String {
        try await self.callTool(agent, name, arguments)["error"]?.string ?? "(none)"
    }
}

@Suite(.timeLimit(.minutes(10))) struct `Tools about workspaces` {
    @Test func `make, show, link and delete what is one's own`() async throws {
        let disk = FaultyFileSystem()
        let host = try await quiet(disk)
        let boss = try await host.createAgent(AgentOrder(name: "boss")).id
        #expect(try await host.tool(boss, "create_workspace", ["name": "w"])["status"] == "created")
        let root = try host.inspectWorkspace(key("w", boss)).root
        try disk.makeDirectory("\(root)/sub", permissions: .privateDirectory)
        let view: JSONObject = ["name": "v", "view_of": "w", "subdir": "sub", "mode": "rw"]
        #expect(try await host.tool(boss, "create_workspace", view)["status"] == "created")
        #expect(
            try host.inspectWorkspace(key("v", boss)).record.links
                == [WorkspaceLink(hostPath: "\(root)/sub", mountPath: ".", mode: .readWrite)])
        _ = try await host.tool(boss, "create_workspace", ["name": "x"])
        let link: JSONObject = ["workspace": "x", "source_workspace": "w", "target": "/in/"]
        #expect(try await host.tool(boss, "link_from", link)["target"] == "in")
        #expect(try await host.tool(boss, "link_from", link)["status"] == "linked")
        let seen = try await host.tool(boss, "list_workspaces")["workspaces"]?.array ?? []
        #expect(seen.compactMap { $0["name"]?.string } == ["v", "w", "x"])
        #expect(try await host.tool(boss, "delete_workspace", ["workspace": "w"])["status"] == "deleted")
        #expect(host.listWorkspaces().map(\.record.key.name) == ["x"])
        #expect(try host.inspectWorkspace(key("x", boss)).record.links.isEmpty)
        #expect(try await host.complaint(boss, "unlink_dir", ["workspace": "x", "target": "in"]).contains("no link"))
        let kinds = try await host.kinds(boss)
        #expect(kinds.count { $0 == "tool.intent" } == 5, "\(kinds)")
        await host.stop()
    }

    @Test func `reach children and parent, and change only one's own and theirs`() async throws {
        let host = try await quiet(FaultyFileSystem())
        let boss = try await host.createAgent(AgentOrder(name: "boss")).id
        let kid = try await host.createAgent(AgentOrder(name: "kid", parent: "boss")).id
        _ = try await host.createWorkspace(WorkspaceOrder(key("shared")))
        _ = try await host.tool(boss, "create_workspace", ["name": "top"])
        _ = try await host.tool(kid, "create_workspace", ["name": "small"])
        #expect(try await host.complaint(kid, "delete_workspace", ["workspace": "../top"]).contains("neither yours"))
        #expect(
            try await host.complaint(boss, "delete_workspace", ["workspace": "../shared"]).contains("neither yours"))
        let writing: JSONObject = ["workspace": "small", "source_workspace": "../top", "target": "t", "mode": "rw"]
        #expect(try await host.complaint(kid, "link_from", writing).contains("only be linked with mode ro"))
        let reading: JSONObject = ["workspace": "small", "source_workspace": "../top", "target": "t"]
        #expect(try await host.tool(kid, "link_from", reading)["mode"] == "ro")
        #expect(try await host.complaint(kid, "delete_workspace", ["workspace": "../shared"]).contains("neither"))
        #expect(
            try await host.complaint(kid, "link_dir", ["workspace": "small", "source": ".", "target": "x"])
                .contains("you work in no workspace"))
        #expect(try await host.tool(boss, "delete_workspace", ["workspace": "kid/small"])["status"] == "deleted")
        await host.stop()
    }

    @Test func `have children work in a workspace, which is that of its parent unless it is said`() async throws {
        let host = try await quiet(FaultyFileSystem())
        _ = try await host.createWorkspace(WorkspaceOrder(key("w")))
        _ = try await host.createWorkspace(WorkspaceOrder(key("net"), hasNetwork: true))
        let boss = try await host.createAgent(AgentOrder(name: "boss", workspace: key("w"))).id
        let child: JSONObject = ["name": "a", "instructions": "i"]
        #expect(try await host.tool(boss, "spawn_agent", child)["status"] == "accepted")
        var given = child
        given["name"] = "b"
        given["workspace"] = "../w"
        #expect(try await host.tool(boss, "spawn_agent", given)["workspace"] == "../w")
        given["name"] = "c"
        given["workspace"] = "../net"
        #expect(try await host.complaint(boss, "spawn_agent", given).contains("cannot give it"))
        given["workspace"] = "../none"
        #expect(try await host.complaint(boss, "spawn_agent", given) == "there is no workspace ../none")
        given["workspace"] = "../w"
        given["provider"] = "talk"
        given["model"] = "/home/me/secret"
        #expect(try await host.complaint(boss, "spawn_agent", given).contains("cannot be seen in workspace USER/w"))
        #expect(
            try await host.complaint(boss, "create_workspace", ["name": "n", "network_access": true])
                .contains("cannot give it"))
        await host.waitUntilIdle()
        for name in ["a", "b"] {
            #expect(try await host.inspect(try await host.id(name)).workspace == key("w"), "\(name)")
        }
        #expect(try host.inspectWorkspace(key("w")).agents == ["boss", "boss/a", "boss/b"])
        let made = try await host.createAgent(AgentOrder(name: "d", parent: "boss")).id
        #expect(try await host.inspect(made).workspace == key("w"))
        await host.stop()
    }

    @Test func `are not carried out on a disk that refuses, and say so`() async throws {
        let calm = FaultyFileSystem()
        let first = try await quiet(calm)
        let boss = try await first.createAgent(AgentOrder(name: "boss")).id
        await first.stop()
        let opened = calm.copy()
        opened.restart(after: powerCut)
        let host = try await quiet(opened)
        let start = opened.operations
        await host.stop()
        var refused = 0
        for step in start + 1...start + 30 {
            let disk = calm.copy()
            disk.restart(after: powerCut, faults: [step: .full])
            guard let host = try? await quiet(disk) else { continue }
            guard let answer = try? await host.callTool(boss, "create_workspace", ["name": "w"]) else {
                await host.stop()  // the logs had no room
                continue
            }
            if answer["error"] != nil {
                refused += 1
                #expect(answer["error"]?.string?.contains("workspace \(boss.hex)/w cannot be written") == true)
            }
            let isThere = (try? host.inspectWorkspace(key("w", boss))) != nil
            #expect(isThere || answer["error"] != nil, "step \(step)")
            await host.stop()
        }
        #expect(refused > 3)
    }
}

// MARK: - Crashes

/// What the tools answered in a turn that goes on after crashes.
private final class Answers: Sendable {
    private let errors = Mutex<[String]>([])
    func note(_ error: String) { self.errors.withLock { $0.append(error) } }
    var all: [String] { self.errors.withLock { $0 } }
}

/// One turn that makes three workspaces and a link, and takes things away again; it goes on where its calls end.
private func builder(_ answers: Answers) -> TalkProvider {
    var provider = TalkProvider { _, turn in
        let wishes: [(String, JSONObject)] = [
            ("create_workspace", ["name": "a"]), ("create_workspace", ["name": "v", "view_of": "a"]),
            ("create_workspace", ["name": "b"]),
            ("link_from", ["workspace": "b", "source_workspace": "a", "target": "in"]),
            ("unlink_dir", ["workspace": "b", "target": "in"]), ("delete_workspace", ["workspace": "a"]),
            ("create_workspace", ["name": "a"]),
            ("link_from", ["workspace": "a", "source_workspace": "b", "target": "x"]),
        ]
        for (index, wish) in wishes.enumerated() where index >= turn.recorded.count {
            let answer = await turn.tool(wish.0, wish.1)
            if let error = answer["error"]?.string { answers.note("\(wish.0) \(index): \(error)") }
        }
        return "built"
    }
    provider.continuesTurns = true
    return provider
}

@Suite(.timeLimit(.minutes(10))) struct `After a crash in a call about workspaces` {
    /// Opens `dark` when somebody waits for a disk that has lost power.
    private func clock(_ disk: FaultyFileSystem, _ dark: Door) -> HostClock {
        HostClock(
            now: HostClock.system.now,
            sleepUntil: { moment in
                if disk.hasCrashed { dark.open() }
                await HostClock.system.sleepUntil(moment)
            })
    }

    /// Has the turn taken, until it ends or the power goes.
    private func build(_ disk: FaultyFileSystem, _ answers: Answers) async {
        let dark = Door()
        let host = try? await AgentHost.on(disk, builder(answers)) { options in
            options.canonicalPath = plainPaths(disk)
            options.clock = self.clock(disk, dark)
        }
        guard let host else { return }
        let end = Task {
            await dark.pass()
            await host.stop(grace: .zero)
        }
        if let boss = try? await host.createAgent(AgentOrder(name: "boss", requestKey: "boss")) {
            _ = try? await host.send(boss.id, "go", requestKey: "go")
            await host.waitUntilIdle()
        }
        dark.open()
        await end.value
    }

    @Test func `the turn goes on, and each call has been done once`() async throws {
        let calm = FaultyFileSystem()
        await self.build(calm, Answers())
        #expect(calm.operations > 100)
        let long = ProcessInfo.processInfo.environment["CRASHLAB"] == "long"
        for point in stride(from: 1, through: 2 * calm.operations, by: long ? 1 : 7) {
            let disk = FaultyFileSystem(crashAt: point)
            await self.build(disk, Answers())  // what is answered to a dying process counts for nothing
            disk.restart(after: FaultyFileSystem.Damage.allCases[point % FaultyFileSystem.Damage.allCases.count])
            let answers = Answers()
            await self.build(disk, answers)
            #expect(answers.all.isEmpty, "crash point \(point): \(answers.all)")
            let host = try await AgentHost.on(disk, builder(answers)) { $0.canonicalPath = plainPaths(disk) }
            let all = host.listWorkspaces()
            #expect(all.map(\.record.key.name) == ["a", "b"], "crash point \(point)")
            #expect(all.map(\.record.links.count) == [1, 0], "crash point \(point)")
            #expect(host.recovery.workspaces.isEmpty)
            let boss = try await host.id("boss")
            let calls = try await host.events(of: boss).filter { $0["event"] == "tool.call" }
            #expect(calls.count == 8, "crash point \(point)")
            await host.stop()
        }
    }
}
