import AgentCore
import AgentRuntime
import DurableFiles
import EventLog
import Simulator
import TestKit
import Testing
import Vocabulary

/// All files below a folder, with their bytes and times.
private func files(below folder: String, on disk: FaultyFileSystem) throws -> [String: String] {
    var found: [String: String] = [:]
    for name in try disk.names(in: folder) {
        let path = "\(folder)/\(name)"
        let status = try disk.status(of: path)
        if status.kind == .directory {
            found[path] = "\(status.modified)"
            found.merge(try files(below: path, on: disk)) { $1 }
        } else {
            let bytes = try disk.read(path, limit: 1 << 30)
            found[path] = "\(status.size) \(status.modified) \(bytes.hashValue)"
        }
    }
    return found
}

@Suite(.timeLimit(.minutes(2))) struct `Looking before recovering` {
    /// A host that was killed in a turn of an agent that had been given a child; answers with the session of another
    /// agent, which had nothing to do.
    private static func killed(_ disk: FaultyFileSystem) async throws -> SessionID {
        let calm = try await AgentHost.on(disk, TalkProvider { _, _ in "ok" })
        let other = try await calm.createAgent(AgentOrder(name: "other")).session
        await calm.stop()
        let (inside, never) = (Door(), Door())
        let provider = TalkProvider { opening, turn in
            if turn.prompt == "tell" { await turn.tool("send_message", ["recipient": "worker", "text": "be quick"]) }
            guard turn.prompt == "work" else { return "ok" }
            await turn.tool("spawn_agent", ["name": "lost", "instructions": "count"])
            inside.open()
            await never.pass()
            return "done"
        }
        let host = try await AgentHost.on(disk, provider) { $0.dice = SplitMix64(seed: 2) }
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        let worker = try await host.createAgent(AgentOrder(name: "worker", parent: "lead"))
        try await host.gate(worker.id, isGated: true)
        _ = try await host.send(lead, "tell")
        try await host.gate(worker.id, isGated: true)
        let turn = Task { try await host.send(worker.id, "work") }
        await inside.pass()
        disk.restart(after: powerCut)
        await host.stop(grace: .zero)
        never.open()
        _ = try? await turn.value
        return other
    }

    @Test func `says what a start then does, and changes not one byte`() async throws {
        let disk = FaultyFileSystem()
        let other = try await Self.killed(disk)
        // What was under way in the host that is gone has come to its end.
        disk.restart(after: .init(bytes: .kept, names: .kept))
        let path = "/data/agents/\(other.hex)/events.jsonl"
        let bytes = try disk.read(path, limit: 1 << 20)
        try AtomicFile.replace(path, with: bytes + Array("{\"half".utf8), on: disk)
        let before = try files(below: "/data", on: disk)
        let count = disk.trace.count
        let survey = try RecoverySurvey.make("/data", options(disk), continuing: [])
        let trace = disk.trace.dropFirst(count)
        #expect(!trace.isEmpty && trace.allSatisfy { [.open, .read, .close, .list, .status].contains($0) }, "\(trace)")
        #expect(try files(below: "/data", on: disk) == before)
        #expect(survey.steps.contains("end turn 1 of lead/worker as interrupted"), "\(survey.steps)")
        #expect(survey.steps.contains { $0.hasPrefix("not make child lost of lead/worker: ") }, "\(survey.steps)")
        #expect(survey.steps.contains("cut 6 bytes off the end of the log of other"), "\(survey.steps)")
        // And a start does that.
        let host = try await AgentHost.on(disk, TalkProvider { _, _ in "ok" })
        var (looked, found) = (survey.report, host.recovery)
        (looked.boot, looked.duration, found.boot, found.duration) = ("", .zero, "", .zero)
        #expect(looked == found)
        await host.stop()
        let calm = try RecoverySurvey.make("/data", options(disk), continuing: [])
        #expect(calm.steps.filter { !$0.hasPrefix("wake ") && !$0.hasSuffix(" go on") } == [], "\(calm.steps)")
    }

    @Test func `sees who is in quarantine, and what can be done`() async throws {
        let disk = FaultyFileSystem()
        let host = try await AgentHost.on(disk, TalkProvider { _, _ in "ok" })
        let lead = try await host.createAgent(AgentOrder(name: "lead"))
        _ = try await host.createAgent(AgentOrder(name: "worker", parent: "lead"))
        await host.stop()
        try disk.rename("/data/agents/\(lead.session.hex)", to: "/data/elsewhere")
        let survey = try RecoverySurvey.make("/data", options(disk), continuing: [])
        #expect(survey.quarantined.map(\.path) == ["worker"] && survey.quarantined.allSatisfy(\.isAdoptable))
        #expect(survey.steps.contains("leave worker in quarantine: its parent is not found"), "\(survey.steps)")
        #expect(survey.json["quarantined"]?.object?.count == 1 && survey.json["boot_id"] == nil)
    }
}
