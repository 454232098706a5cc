import AgentCore
import AgentRuntime
import DurableFiles
import EventLog
import Foundation
import Simulator
import TestKit
import Testing
import Vocabulary

/// Of how many crashes of a sweep one is tried: `CRASHLAB=long` tries them all.
private let sweepStride = ProcessInfo.processInfo.environment["CRASHLAB"] == "long" ? 1 : 5

private func echo() -> TalkProvider { TalkProvider { opening, turn in "\(opening.name) heard: \(turn.prompt)" } }

extension AgentHost {
    fileprivate func standings() async -> [String] {
        await self.sessions().map { "\($0.path) \($0.standing.rawValue)\($0.isSuspendedByHand ? " by hand" : "")" }
    }

    fileprivate func session(_ name: String) async throws -> SessionID { try await self.resolveSession(name) }
}

@Suite(.timeLimit(.minutes(2))) struct `Sessions` {
    @Test func `are listed with what is known of them, also when they are over`() async throws {
        let disk = FaultyFileSystem()
        var host = try await AgentHost.on(disk, echo()) { $0.slots["talk"] = 1 }
        let lead = try await host.createAgent(AgentOrder(name: "lead", model: "m")).id
        let other = try await host.createAgent(AgentOrder(name: "other", parent: "lead")).id
        #expect(await host.standings() == ["lead created", "lead/other created"])
        _ = try await host.send(lead, "one")
        #expect(await host.standings() == ["lead active", "lead/other created"])
        _ = try await host.send(other, "two")
        #expect(await host.standings() == ["lead suspended", "lead/other active"])
        try await host.terminate(other, recursive: false)
        #expect(await host.standings() == ["lead suspended", "lead/other terminated"])
        await host.stop()
        try disk.makeDirectory("/data/agents/00000000000000070000000000000007", permissions: .privateDirectory)
        host = try await AgentHost.on(disk, echo())
        let all = await host.sessions()
        #expect(all.map(\.path) == ["lead", "lead/other", ""])
        #expect(all.map(\.standing) == [.suspended, .terminated, .terminated])
        #expect(all[0].provider == "talk" && all[0].model == "m" && all[0].createdAt != nil)
        #expect(all[0].suspendedAt != nil && all[1].suspendedAt == nil && all[1].agent == other)
        #expect(all[2].remark == "its agent was never made")
        #expect(all[0].events == (try await host.events(of: lead)).count && all[0].bytes > 500)
        await host.stop()
    }

    @Test func `are found by their id, a beginning of it, and their agent`() async throws {
        let host = try await AgentHost.on(FaultyFileSystem(), echo())
        let lead = try await host.createAgent(AgentOrder(name: "lead"))
        let gone = try await host.createAgent(AgentOrder(name: "gone", parent: "lead"))
        try await host.terminate(gone.id, recursive: false)
        for text in ["lead", lead.id.hex, lead.session.hex, "\(lead.session)", String(lead.session.hex.prefix(7))] {
            #expect(try await host.resolveSession(text) == lead.session, "\(text)")
        }
        for text in [gone.id.hex, gone.session.hex] {
            #expect(try await host.resolveSession(text) == gone.session, "\(text)")
        }
        for text in ["", "gone", "nobody"] {
            await #expect { try await host.resolveSession(text) } throws: { ($0 as? HostError)?.code == .notFound }
        }
        await host.stop()
    }

    @Test func `that are suspended by hand stay so, and their mail waits`() async throws {
        let disk = FaultyFileSystem()
        let provider = TalkProvider { opening, turn in
            if opening.name == "lead", turn.prompt == "tell" {
                await turn.tool("send_message", ["recipient": "worker", "text": "count"])
            }
            return "ok"
        }
        var host = try await AgentHost.on(disk, provider)
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        let worker = try await host.createAgent(AgentOrder(name: "worker", parent: "lead")).id
        _ = try await host.send(worker, "hello")
        try await host.suspend(try await host.session("worker"))
        #expect(provider.book.stopped == ["worker"])
        for _ in 0..<2 {
            #expect(await host.standings().last == "lead/worker suspended by hand")
            _ = try await host.send(lead, "tell")
            await host.waitUntilIdle()
            #expect(provider.book.prompts(of: "worker") == ["hello"])
            await #expect { try await host.send(worker, "you") } throws: {
                ($0 as? HostError)?.code == .invalid && "\($0)".hasSuffix("is suspended")
            }
            await host.stop()
            host = try await AgentHost.on(disk, provider)
            await host.waitUntilIdle()
        }
        #expect(await host.agents().map(\.isSuspended) == [false, true])
        try await host.resumeSession(try await host.session("worker"))
        await host.waitUntilIdle()
        #expect(provider.book.prompts(of: "worker").last == "1. From lead: count\n2. From lead: count")
        await #expect { try await host.resumeSession(try await host.session("worker")) } throws: {
            "\($0)".hasSuffix("is not suspended by hand")
        }
        await host.stop()
    }

    @Test func `are not suspended in a turn`() async throws {
        let (goOn, turn, host) = try await AgentHost.busy()
        await #expect { try await host.suspend(try await host.session("a")) } throws: {
            ($0 as? HostError)?.code == .busy
        }
        goOn.open()
        #expect(try await turn.value == "done")
        try await host.suspend(try await host.session("a"))
        await host.stop()
    }
}

/// Loses power at every step of what a host is asked to do on the `prepared` disk, and has what is left checked.
private func sweep(
    _ prepared: FaultyFileSystem, _ deed: (AgentHost) async throws -> Void,
    check: (FaultyFileSystem, _ isSaid: Bool, _ run: String) async throws -> Void
) async throws {
    prepared.restart(after: .init(bytes: .kept, names: .kept))
    let calm = prepared.copy()
    let host = try await AgentHost.on(calm, echo())
    let first = calm.operations
    try await deed(host)
    let last = calm.operations
    await host.stop()
    var dice = SplitMix64(seed: 8)
    for point in stride(from: 2 * first, through: 2 * last + 1, by: sweepStride) {
        let disk = prepared.copy(crashAt: point)
        var isSaid = false
        if let dying = try? await AgentHost.on(disk, echo()) {
            isSaid = (try? await deed(dying)) != nil
            await dying.stop(grace: .zero)
        }
        let damage = dice.pick(FaultyFileSystem.Damage.allCases)
        disk.restart(after: damage)
        try await check(disk, isSaid, "crash point \(point), \(damage)")
    }
}

@Suite(.timeLimit(.minutes(5))) struct `A deleted session` {
    /// An agent `lead` that lives, and `gone`, which has ended.
    private static func scene(_ disk: FaultyFileSystem) async throws -> SessionID {
        let host = try await AgentHost.on(disk, echo())
        _ = try await host.send(try await host.createAgent(AgentOrder(name: "lead")).id, "hello")
        let gone = try await host.createAgent(AgentOrder(name: "gone", parent: "lead"))
        _ = try await host.send(gone.id, "hello")
        try await host.terminate(gone.id, recursive: false)
        await host.stop()
        return gone.session
    }

    @Test func `is in the trash, whole, and can be put back`() async throws {
        let disk = FaultyFileSystem()
        let session = try await Self.scene(disk)
        var host = try await AgentHost.on(disk, echo())
        let place = try #require(try await host.deleteSession(session))
        #expect(place == "/data/trash/\(session.hex)")
        #expect(await host.standings() == ["lead suspended"])
        #expect(try disk.names(in: place).contains("events.jsonl"))
        #expect(try !disk.exists("/data/agents/\(session.hex)"))
        await #expect { try await host.deleteSession(session) } throws: { ($0 as? HostError)?.code == .notFound }
        await host.stop()
        try disk.rename(place, to: "/data/agents/\(session.hex)")
        host = try await AgentHost.on(disk, echo())
        #expect(await host.standings() == ["lead suspended", "lead/gone terminated"])
        try disk.makeDirectory("/data/trash/\(session.hex)", permissions: .privateDirectory)
        #expect(try await host.deleteSession(session) == "/data/trash/\(session.hex).2")
        await host.stop()
    }

    @Test func `does not come back out of the journal`() async throws {
        let disk = FaultyFileSystem()
        var host = try await AgentHost.on(disk, echo())
        let gone = try await host.createAgent(AgentOrder(name: "gone"))
        try await host.terminate(gone.id, recursive: false)
        let place = try #require(try await host.deleteSession(gone.session))
        disk.restart(after: powerCut)
        await host.stop(grace: .zero)
        host = try await AgentHost.on(disk, echo())
        #expect(await host.sessions().isEmpty)
        #expect(try !disk.exists("/data/agents/\(gone.session.hex)"))
        #expect(
            try String(decoding: disk.read("\(place)/events.jsonl", limit: 1 << 20), as: UTF8.self)
                .contains("agent.terminated"))
        await host.stop()
    }

    @Test func `is never that of a living agent`() async throws {
        let disk = FaultyFileSystem()
        _ = try await Self.scene(disk)
        let host = try await AgentHost.on(disk, echo())
        let lead = try await host.session("lead")
        await #expect { try await host.deleteSession(lead) } throws: {
            ($0 as? HostError)?.code == .invalid && "\($0)".hasSuffix("that has not ended")
        }
        #expect(try disk.exists("/data/agents/\(lead.hex)/events.jsonl"))
        await host.stop()
    }

    @Test func `is there or gone after a crash at any step, and gone once that was said`() async throws {
        let prepared = FaultyFileSystem()
        let session = try await Self.scene(prepared)
        try await sweep(prepared, { _ = try await $0.deleteSession(session) }) { disk, isSaid, run in
            var host = try await AgentHost.on(disk, echo())
            let found = await host.standings()
            #expect(found.first == "lead suspended" && (!isSaid || found.count == 1), "\(run): \(found)")
            let hasFolder = try disk.exists("/data/agents/\(session.hex)")
            #expect(hasFolder == (found.count == 2), "\(run)")
            if hasFolder { _ = try await host.deleteSession(session) }
            await host.stop()
            host = try await AgentHost.on(disk, echo())
            #expect(await host.standings() == ["lead suspended"] && host.recovery.recorded == 0, "\(run)")
            await host.stop()
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct `A damaged session` {
    /// A lead with a worker, which has a turn and a child; then a line in the middle of the worker's log is spoiled.
    private static func scene(_ disk: FaultyFileSystem, _ durability: Durability = .journal) async throws -> SessionID {
        let host = try await AgentHost.on(disk, echo()) { $0.durability = durability }
        _ = try await host.createAgent(AgentOrder(name: "lead"))
        let worker = try await host.createAgent(AgentOrder(name: "worker", parent: "lead"))
        _ = try await host.createAgent(AgentOrder(name: "child", parent: "worker"))
        for text in ["one", "two", "three"] { _ = try await host.send(worker.id, text) }
        await host.stop()
        let folder = "/data/agents/\(worker.session.hex)"
        try? disk.unlink("\(folder)/events.ckpt")
        let bytes = try disk.read("\(folder)/events.jsonl", limit: 1 << 20)
        let text = String(decoding: bytes, as: UTF8.self).replacing("worker heard: two", with: "worker heard: tow")
        try AtomicFile.replace("\(folder)/events.jsonl", with: Array(text.utf8), on: disk)
        return worker.session
    }

    @Test(arguments: Durability.allCases)
    func `is adopted, goes on, and its old log is kept`(durability: Durability) async throws {
        let disk = FaultyFileSystem()
        let session = try await Self.scene(disk, durability)
        let damaged = try disk.read("/data/agents/\(session.hex)/events.jsonl", limit: 1 << 20)
        let provider = echo()
        var host = try await AgentHost.on(disk, provider) { $0.durability = durability }
        #expect(await host.standings().sorted()[1] == "lead/worker quarantined")
        let worker = try await host.id("worker")
        await #expect { try await host.send(worker, "x") } throws: { "\($0)".contains("its log is damaged") }
        let lead = try await host.id("lead")
        await #expect { try await host.adopt(session, under: worker, name: nil) } throws: {
            ($0 as? HostError)?.code == .invalid
        }
        #expect(try disk.names(in: "/data").contains("quarantine") == false)
        let adopted = try await host.adopt(session, under: lead, name: "helper")
        #expect(adopted.path == "lead/helper" && adopted.quarantine == nil)
        #expect(try await host.send(worker, "four") == "worker heard: four")
        #expect(provider.book.resumed.last?.history.map(\.prompt) == ["one", "three"])
        let kept = try disk.names(in: "/data/quarantine").map { "/data/quarantine/\($0)" }
        #expect(try kept.map { try disk.read($0, limit: 1 << 20) } == [damaged])
        for _ in 0..<2 {
            await host.stop()
            disk.restart(after: powerCut)
            host = try await AgentHost.on(disk, provider) { $0.durability = durability }
            #expect(host.recovery.recorded == 0 && host.recovery.quarantined.isEmpty)
            #expect(await host.agents().map(\.path) == ["lead", "lead/helper", "lead/helper/child"])
        }
        #expect(try await host.send(worker, "five") == "worker heard: five")
        await host.stop()
        let verdict = try LogText.verify(LogFolder("/data"), on: disk)
        #expect(verdict.isSound, "\(verdict.complaints)")
    }

    @Test func `is adopted or in quarantine after a crash at any step, and adopted once that was said`() async throws {
        let prepared = FaultyFileSystem()
        let session = try await Self.scene(prepared)
        try await sweep(prepared, { _ = try await $0.adopt(session, under: nil, name: "boss") }) { disk, isSaid, run in
            let host = try await AgentHost.on(disk, echo())
            let paths = await host.agents().map(\.path).sorted()
            let isAdopted = paths == ["boss", "boss/child", "lead"]
            #expect(isAdopted || paths == ["lead", "lead/worker", "lead/worker/child"], "\(run): \(paths)")
            #expect(isAdopted || !isSaid, "\(run)")
            #expect(isAdopted == host.recovery.quarantined.isEmpty, "\(run): \(host.recovery.quarantined)")
            if !isAdopted { _ = try await host.adopt(session, under: nil, name: "boss") }
            #expect(try await host.send(try await host.id("boss"), "four") == "worker heard: four", "\(run)")
            await host.stop()
            #expect(try LogText.verify(LogFolder("/data"), on: disk).isSound, "\(run)")
        }
    }

    @Test func `that does not say whose it is can only be deleted`() async throws {
        let disk = FaultyFileSystem()
        let session = try await Self.scene(disk)
        let path = "/data/agents/\(session.hex)/events.jsonl"
        let bytes = try disk.read(path, limit: 1 << 20)
        let text = String(decoding: bytes, as: UTF8.self).replacing("\"agent.created\"", with: "\"agent.craeted\"")
        try AtomicFile.replace(path, with: Array(text.utf8), on: disk)
        let host = try await AgentHost.on(disk, echo())
        await #expect { try await host.adopt(session, under: nil, name: nil) } throws: {
            "\($0)".hasSuffix("cannot be adopted: its log is damaged and does not say whose it is")
        }
        _ = try await host.deleteSession(session)
        let child = try await host.session("child")
        #expect(try await host.adopt(child, under: try await host.id("lead"), name: nil).path == "lead/child")
        await host.stop()
    }
}
