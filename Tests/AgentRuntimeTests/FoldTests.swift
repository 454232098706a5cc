import AgentCore
import AgentRuntime
import DurableFiles
import EventLog
import Simulator
import Testing
import Vocabulary

/// Starts on a disk twice, with and without what was folded of its logs: both find the same.
func checkFold(_ disk: FaultyFileSystem, _ provider: TalkProvider, _ run: String) async throws {
    let bare = disk.copy()
    for folder in try bare.names(in: "/data/agents") {
        let path = "/data/agents/\(folder)/events.ckpt"
        if try bare.exists(path) { try bare.unlink(path) }
    }
    let (folded, whole) = (try await Found(disk.copy(), provider), try await Found(bare.copy(), provider))
    // Whether logs are read one after the other or several at once is the same.
    for (disk, alone) in [(disk.copy(), folded), (bare, whole)] {
        let together = try await Found(disk, provider, readers: 4)
        #expect(together.agents == alone.agents && together.report.read == alone.report.read, "\(run)")
    }
    #expect(folded.agents == whole.agents, "\(run)")
    #expect(folded.report.events == whole.report.events, "\(run)")
    #expect(whole.report.read == whole.report.events && folded.report.read <= whole.report.read, "\(run)")
}

/// What a start finds.
private struct Found {
    var agents: [AgentInspection] = []
    let report: RecoveryReport

    init(_ disk: FaultyFileSystem, _ provider: TalkProvider, readers: Int = 1) async throws {
        let host = try await AgentHost.on(disk, provider) { $0.readers = readers }
        for agent in await host.agents() { self.agents.append(try await host.inspect(agent.id)) }
        self.report = host.recovery
        await host.stop()
    }
}

@Suite(.timeLimit(.minutes(5))) struct `A start on logs that were folded` {
    private let plain = TalkProvider { _, turn in "answer \(turn.number)" }

    /// A hundred turns of one agent, each with two events.
    private func talk(on disk: FaultyFileSystem, _ change: (inout HostOptions) -> Void) async throws -> AgentID {
        let host = try await AgentHost.on(disk, self.plain, change)
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        for number in 1...100 { _ = try await host.send(agent, "say", requestKey: "k\(number)") }
        await host.stop()
        return agent
    }

    @Test(arguments: [(50, 1_000, 60), (1_000, 1, 0), (1_000, 1_000, 1_000)])
    func `reads only what came after that (W-18)`(foldAfter: Int, foldAtStop: Int, most: Int) async throws {
        let disk = FaultyFileSystem()
        let agent = try await self.talk(on: disk) { ($0.foldAfter, $0.foldAtStop) = (foldAfter, foldAtStop) }
        let again = try await AgentHost.on(disk, self.plain)
        #expect(again.recovery.events > 200)
        #expect(again.recovery.read <= most, "of \(again.recovery.events)")
        #expect(try await again.send(agent, "?", requestKey: "k100") == "answer 100")
        #expect(try await again.send(agent, "go on") == "answer 101")
        #expect(self.plain.book.resumed.last?.history.count == 100)
        let events = try await again.events(of: agent, limit: 1_000).compactMap { $0["seq"]?.integer }
        #expect(events == Array(1...Int64(events.count)))
        for offset in [1, 60, 150, events.count - 1] {
            let rest = try await again.events(of: agent, after: offset).compactMap { $0["seq"]?.integer }
            #expect(rest == Array(Int64(offset + 1)...Int64(events.count)))
        }
        await again.stop()
        try await checkFold(disk, self.plain, "\(foldAfter)")
    }

    @Test func `does not see what is damaged before that, and who needs it does (W-04)`() async throws {
        let disk = FaultyFileSystem()
        let agent = try await self.talk(on: disk) { $0.foldAtStop = 1 }
        for folder in try disk.names(in: "/data/agents") where try disk.exists("/data/agents/\(folder)/events.ckpt") {
            let file = try disk.open("/data/agents/\(folder)/events.jsonl", OpenOptions(.readWrite))
            _ = try file.write([0x23, 0x23][...], at: try file.status().size / 2)
            try file.sync()
            try file.close()
        }
        let again = try await AgentHost.on(disk, self.plain)
        #expect(again.recovery.quarantined.isEmpty)
        #expect(try await again.send(agent, "?", requestKey: "k100") == "answer 100")
        // Its provider would be told of a conversation with a hole in it.
        await #expect { try await again.send(agent, "go on") } throws: { "\($0)".contains("it is damaged") }
        #expect(try await again.inspect(agent).summary.state == .idle)
        await again.stop()
    }

    @Test func `goes on in a new file where a log is long, and all files are one log`() async throws {
        let disk = FaultyFileSystem()
        let agent = try await self.talk(on: disk) { options in
            options.foldAfter = 20
            options.logLimits.rotationAfter = .kibibytes(4)
        }
        let folders = try disk.names(in: "/data/agents").flatMap { try disk.names(in: "/data/agents/\($0)") }
        #expect(folders.count { $0.hasSuffix(".jsonl") } > 4)
        let again = try await AgentHost.on(disk, self.plain)
        #expect(again.recovery.read < 30 && again.recovery.events > 200)
        #expect(try await again.send(agent, "?", requestKey: "k100") == "answer 100")
        #expect(try await again.send(agent, "go on") == "answer 101")
        #expect(self.plain.book.resumed.last?.history.count == 100)
        let events = try await again.events(of: agent).compactMap { $0["seq"]?.integer }
        #expect(events == Array(1...Int64(events.count)) && events.count > 205)
        let rest = try await again.events(of: agent, after: 100).compactMap { $0["seq"]?.integer }
        #expect(rest == Array(101...Int64(events.count)))
        await again.stop()
    }

    @Test func `reads them all where what was folded is damaged`() async throws {
        let disk = FaultyFileSystem()
        let agent = try await self.talk(on: disk) { $0.foldAfter = 50 }
        for folder in try disk.names(in: "/data/agents") where try disk.exists("/data/agents/\(folder)/events.ckpt") {
            let file = try disk.open("/data/agents/\(folder)/events.ckpt", OpenOptions(.readWrite))
            _ = try file.write([0x23][...], at: 40)
            try file.sync()
            try file.close()
        }
        let again = try await AgentHost.on(disk, self.plain)
        #expect(again.recovery.read == again.recovery.events && again.recovery.read > 200)
        #expect(try await again.send(agent, "?", requestKey: "k100") == "answer 100")
        await again.stop()
    }
}

@Suite(.timeLimit(.minutes(2))) struct `Who waits for events` {
    @Test func `hears of the next one, of the end, and of nothing that is over`() async throws {
        let (disk, clock) = (FaultyFileSystem(), TestClock())
        let plain = TalkProvider { _, _ in "ok" }
        // Nobody winds the clock: no wait ends because of its time.
        let host = try await AgentHost.on(disk, plain) { $0.clock = clock.hostClock }
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        let last = try host.lastEvent(of: agent)
        #expect(last == 2)
        try await host.waitForEvents(of: agent, after: last - 1, for: .seconds(1))
        async let first: Void = host.waitForEvents(of: agent, after: last, for: .seconds(1))
        _ = try await host.send(agent, "x")
        try await first
        let now = try host.lastEvent(of: agent)
        #expect(now > last)
        let cancelled = Task { try await host.waitForEvents(of: agent, after: now, for: .seconds(1)) }
        cancelled.cancel()
        try await cancelled.value
        async let second: Void = host.waitForEvents(of: agent, after: now, for: .seconds(1))
        await host.stop()
        try await second
        try await host.waitForEvents(of: agent, after: now, for: .seconds(1))
    }
}
