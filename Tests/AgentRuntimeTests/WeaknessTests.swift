import AgentCore
import AgentRuntime
import DurableFiles
import Foundation
import Simulator
import Synchronization
import Testing
import Vocabulary

/// A provider that keeps its conversations elsewhere, each by a number that only it knows.
private final class Remote: AgentProvider {
    private let inner = Mutex<(made: Int64, asked: [(reference: JSONValue, turns: Int)])>((0, []))
    let name = "talk"
    let continuesTurns = false

    var made: Int64 { self.inner.withLock { $0.made } }
    var asked: [(reference: JSONValue, turns: Int)] { self.inner.withLock { $0.asked } }

    func create(_ opening: SessionOpening) async throws(ProviderFailure) -> JSONValue {
        self.inner.withLock { inner in
            inner.made += 1
            return ["chat": .integer(inner.made)]
        }
    }

    func resume(
        _ opening: SessionOpening, reference: JSONValue, history: [PastTurn]
    ) async throws(ProviderFailure) -> any ProviderSession {
        self.inner.withLock { $0.asked.append((reference, history.count)) }
        return Session()
    }

    struct Session: ProviderSession {
        func send(_ turn: ProviderTurn) async throws(ProviderFailure) -> String { "answer \(turn.number)" }
        func stop() async {}
    }
}

@Suite(.timeLimit(.minutes(10))) struct `What earlier daemons of this kind did wrong` {
    @Test func `an agent that was never evicted is known again after a crash (W-05)`() async throws {
        let (disk, remote) = (FaultyFileSystem(), Remote())
        let first = try await AgentHost.open("/data", options(disk), providers: [remote])
        let agent = try await first.createAgent(AgentOrder(name: "a")).id
        for _ in 0..<3 { _ = try await first.send(agent, "x") }
        let crashed = disk.copy()
        crashed.restart(after: powerCut)
        let again = try await AgentHost.open("/data", options(crashed), providers: [remote])
        #expect(try await again.send(agent, "x") == "answer 4")
        #expect(remote.made == 1)
        #expect(remote.asked.map(\.reference) == [["chat": 1], ["chat": 1]])
        #expect(remote.asked.map(\.turns) == [0, 3])
        await again.stop()
        await first.stop()
    }

    @Test func `an agent whose slot another one got hears its mail and takes its turns (W-06)`() async throws {
        let disk = FaultyFileSystem()
        let plain = TalkProvider { opening, turn in
            if turn.prompt == "tell b" { await turn.tool("send_message", ["recipient": "b", "text": "news"]) }
            return "\(opening.name) \(turn.number)"
        }
        let host = try await AgentHost.on(disk, plain) { $0.slotsMax = 1 }
        let boss = try await host.createAgent(AgentOrder(name: "boss")).id
        let a = try await host.createAgent(AgentOrder(name: "a", parent: "boss")).id
        let b = try await host.createAgent(AgentOrder(name: "b", parent: "boss")).id
        for _ in 0..<3 {
            for agent in [boss, b] { _ = try await host.send(agent, "x") }
            _ = try await host.send(a, "tell b")
            await host.waitUntilIdle()
        }
        #expect(plain.book.prompts(of: "b").count { $0.hasSuffix("news") } == 3)
        for agent in [boss, a, b] {
            let kinds = try await host.kinds(agent)
            #expect(kinds.count { $0 == "suspend.result" } >= 2)
            #expect(kinds.lastIndex(of: "turn.complete")! > kinds.firstIndex(of: "suspend.result")!)
        }
        await host.stop()
    }

    @Test func `a turn whose caller went away has an end, and the agent is idle (W-09)`() async throws {
        let (disk, inside, out) = (FaultyFileSystem(), Door(), Door())
        let slow = TalkProvider { _, turn in
            guard turn.prompt == "slow" else { return "ok" }
            turn.onChunk("half ")
            inside.open()
            await withTaskCancellationHandler {
                await out.pass()
            } onCancel: {
                out.open()
            }
            if Task.isCancelled { throw ProviderFailure("cut off", partial: "half ") }
            return "half and half"
        }
        let host = try await AgentHost.on(disk, slow)
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        let call = Task { try await host.send(agent, "slow") }
        await inside.pass()
        call.cancel()
        await #expect(throws: HostError.self) { try await call.value }
        #expect(try await host.inspect(agent).summary.state == .idle)
        let end = try await host.events(of: agent).last { $0["event"]?.string?.hasPrefix("turn.") == true }
        #expect(end?["event"] == "turn.failed" && end?["data"]?["partial"] == "half ")
        #expect(try await host.send(agent, "again") == "ok")
        await host.stop()
    }

    @Test func `a log holds what was said once, and nothing of it again at an eviction (W-19)`() async throws {
        let disk = FaultyFileSystem()
        let plain = TalkProvider { opening, turn in "answer-\(opening.name)-\(turn.number)." }
        let host = try await AgentHost.on(disk, plain) { $0.slotsMax = 1 }
        let a = try await host.createAgent(AgentOrder(name: "a"))
        let b = try await host.createAgent(AgentOrder(name: "b"))
        for number in 1...10 {
            _ = try await host.send(a.id, "prompt-\(number).")
            _ = try await host.send(b.id, "x")
        }
        let kinds = try await host.kinds(a.id)
        await host.stop()
        let log = "/data/agents/\(a.session.hex)/events.jsonl"
        let text = String(decoding: try disk.read(log, limit: 1 << 20), as: UTF8.self)
        for number in 1...10 {
            #expect(text.components(separatedBy: "prompt-\(number).").count == 2)
            #expect(text.components(separatedBy: "answer-a-\(number).").count == 2)
        }
        // One of each for an eviction, and all of one size.
        #expect(kinds.count { $0 == "session.restored" } == 9)
        #expect((9...10).contains(kinds.count { $0 == "suspend.result" }))
        #expect(text.split(separator: "\n").map(\.utf8.count).max()! < 500)
    }

    @Test func `a tree as deep as may be is listed, and found again after a crash (W-20)`() async throws {
        let disk = FaultyFileSystem()
        let plain = TalkProvider { _, _ in "ok" }
        let host = try await AgentHost.on(disk, plain)
        var path = "n1"
        _ = try await host.createAgent(AgentOrder(name: "n1"))
        for number in 2...256 {
            _ = try await host.createAgent(AgentOrder(name: "n\(number)", parent: path))
            path += "/n\(number)"
        }
        await #expect(throws: HostError.self) {
            try await host.createAgent(AgentOrder(name: "deeper", parent: path))
        }
        #expect(await host.agents().last?.path == path)
        let crashed = disk.copy()
        crashed.restart(after: powerCut)
        let again = try await AgentHost.on(crashed, plain)
        #expect(await again.agents().last?.path == path)
        await again.stop()
        await host.stop()
    }
}
