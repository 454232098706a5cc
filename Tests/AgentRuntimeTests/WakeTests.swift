import AgentCore
import AgentRuntime
import Foundation
import Simulator
import Testing
import Vocabulary

@Suite(.timeLimit(.minutes(2))) struct `Agents by themselves` {
    /// A lead that spawns "w1" to "wN", tells each to begin, and answers for what comes back; workers report.
    private static func team(_ count: Int, worker: @escaping TalkProvider.Answer) -> TalkProvider {
        TalkProvider { opening, turn in
            guard opening.name == "lead" else { return try await worker(opening, turn) }
            guard turn.prompt == "go" else { return "noted" }
            for number in 1...count {
                await turn.tool("spawn_agent", ["name": .string("w\(number)"), "instructions": "work"])
                await turn.tool("send_message", ["recipient": .string("w\(number)"), "text": "begin"])
            }
            return "started"
        }
    }

    @Test func `a child that is made and written to in one turn hears the message (W-02)`() async throws {
        let team = Self.team(1) { _, turn in
            await turn.tool("send_message", ["recipient": "lead", "text": "result of \(turn.prompt)"])
            return "reported"
        }
        let host = try await AgentHost.on(FaultyFileSystem(), team)
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        #expect(try await host.send(lead, "go") == "started")
        await host.waitUntilIdle()
        #expect(team.book.prompts(of: "w1") == ["Message from lead:\nbegin"])
        #expect(team.book.prompts(of: "lead").last?.hasSuffix("result of Message from lead:\nbegin") == true)
        #expect(try await host.inspect(lead).children.map(\.state) == [.idle])
        await host.stop()
    }

    @Test func `wakes of different agents run at the same time (W-11)`() async throws {
        let together = Door()
        let count = 4
        let arrived = Counter()
        let team = Self.team(count) { _, _ in
            if arrived.next() == count { together.open() }
            await together.pass()
            return "met"
        }
        let host = try await AgentHost.on(FaultyFileSystem(), team)
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        _ = try await host.send(lead, "go")
        await host.waitUntilIdle()
        #expect(team.book.liveMax == count)
        await host.stop()
    }

    @Test func `mail that comes in the middle of a turn is shown in the next one (W-01)`() async throws {
        let (inside, goOn) = (Door(), Door())
        let team = Self.team(1) { _, turn in
            if turn.prompt.hasSuffix("begin") {
                inside.open()
                await goOn.pass()
            }
            return "ok"
        }
        let host = try await AgentHost.on(FaultyFileSystem(), team)
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        _ = try await host.send(lead, "go")
        await inside.pass()
        _ = try await host.callTool(lead, "send_message", ["recipient": "w1", "text": "more"])
        goOn.open()
        await host.waitUntilIdle()
        #expect(team.book.prompts(of: "w1") == ["Message from lead:\nbegin", "Message from lead:\nmore"])
        let worker = try await host.id("w1")
        #expect(try await host.inspect(worker).inbox.isEmpty)
        await host.stop()
    }

    @Test func `more agents than slots take turns, and none is lost (W-10)`() async throws {
        let team = Self.team(12) { _, turn in
            await turn.tool("complete", ["result": "done"])
            return "bye"
        }
        let host = try await AgentHost.on(FaultyFileSystem(), team) { $0.slots["talk"] = 2 }
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        _ = try await host.send(lead, "go")
        await host.waitUntilIdle()
        #expect(team.book.liveMax <= 2)
        #expect(await host.agents().map(\.name) == ["lead"])
        let told = team.book.prompts(of: "lead").joined(separator: "\n")
        #expect(told.components(separatedBy: "done").count == 13)
        await host.stop()
    }

    @Test func `a session whose slot another one got comes back with its history (W-07)`() async throws {
        let plain = TalkProvider { _, turn in "re: \(turn.prompt)" }
        let host = try await AgentHost.on(FaultyFileSystem(), plain) { $0.slots["talk"] = 1 }
        let a = try await host.createAgent(AgentOrder(name: "a")).id
        let b = try await host.createAgent(AgentOrder(name: "b")).id
        _ = try await host.send(a, "1")
        _ = try await host.send(a, "2")
        _ = try await host.send(b, "x")
        _ = try await host.send(a, "3")
        let back = try #require(plain.book.resumed.last)
        #expect(back.name == "a" && back.history.map(\.prompt) == ["1", "2"])
        #expect(back.history.map(\.response) == ["re: 1", "re: 2"])
        #expect(plain.book.stopped == ["a", "b"])
        await host.stop()
    }

    @Test func `a turn waits for a slot only so long (W-10)`() async throws {
        let (inside, goOn) = (Door(), Door())
        let clock = TestClock()
        let slow = TalkProvider { _, _ in
            inside.open()
            await goOn.pass()
            return "done"
        }
        let host = try await AgentHost.on(FaultyFileSystem(), slow) {
            $0.slots["talk"] = 1
            $0.clock = clock.hostClock
        }
        let a = try await host.createAgent(AgentOrder(name: "a")).id
        let b = try await host.createAgent(AgentOrder(name: "b")).id
        let first = Task { try await host.send(a, "x") }
        await inside.pass()
        let second = Task { try await host.send(b, "y") }
        while await host.agents().map(\.state) != [.busy, .waiting] { try await Task.sleep(for: .milliseconds(2)) }
        clock.wind(.seconds(61))
        await #expect { try await second.value } throws: { ($0 as? HostError)?.code == .busy }
        goOn.open()
        #expect(try await first.value == "done")
        #expect(try await host.send(b, "again") == "done")
        await host.stop()
    }

    @Test func `a wake that fails is told to the parent, and a poke tries it again (W-13)`() async throws {
        let tries = Counter()
        let team = Self.team(1) { _, _ in
            guard tries.next() > 1 else { throw ProviderFailure("out of paper") }
            return "ok"
        }
        let host = try await AgentHost.on(FaultyFileSystem(), team)
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        _ = try await host.send(lead, "go")
        await host.waitUntilIdle()
        #expect(team.book.prompts(of: "lead").last?.contains("a turn of w1 failed: out of paper") == true)
        #expect(team.book.prompts(of: "w1").count == 1)
        _ = try await host.callTool(lead, "poke", ["agent_name": "w1"])
        await host.waitUntilIdle()
        #expect(team.book.prompts(of: "w1").count == 2)
        await host.stop()
    }

    @Test func `an agent that is held takes no turn until it is let go`() async throws {
        let plain = TalkProvider { _, _ in "ok" }
        let host = try await AgentHost.on(FaultyFileSystem(), plain)
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        _ = try await host.createAgent(AgentOrder(name: "w", parent: "lead"))
        _ = try await host.callTool(lead, "gate", ["agent_name": "w"])
        _ = try await host.callTool(lead, "send_message", ["recipient": "w", "text": "1"])
        await host.waitUntilIdle()
        #expect(plain.book.prompts(of: "w").isEmpty)
        _ = try await host.callTool(lead, "permit_turn", ["agent_name": "w"])
        await host.waitUntilIdle()
        #expect(plain.book.prompts(of: "w").count == 1)
        _ = try await host.callTool(lead, "send_message", ["recipient": "w", "text": "2"])
        await host.waitUntilIdle()
        #expect(plain.book.prompts(of: "w").count == 1)
        _ = try await host.callTool(lead, "ungate", ["agent_name": "w"])
        await host.waitUntilIdle()
        #expect(plain.book.prompts(of: "w").count == 2)
        await host.stop()
    }

    @Test func `one that subscribed hears of the states of another`() async throws {
        let plain = TalkProvider { _, _ in "ok" }
        let host = try await AgentHost.on(FaultyFileSystem(), plain)
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        let worker = try await host.createAgent(AgentOrder(name: "w", parent: "lead")).id
        _ = try await host.callTool(lead, "subscribe", ["agent_name": "w", "transition": "busy->idle"])
        _ = try await host.send(worker, "x")
        await host.waitUntilIdle()
        #expect(plain.book.prompts(of: "lead") == ["Message from SYSTEM:\n[state] w: busy -> idle"])
        await host.stop()
    }

    @Test func `reminders come when they are due, also after a restart (W-14)`() async throws {
        let clock = TestClock()
        let disk = FaultyFileSystem()
        let plain = TalkProvider { _, _ in "ok" }
        var host = try await AgentHost.on(disk, plain) { $0.clock = clock.hostClock }
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        _ = try await host.callTool(agent, "remind_me", ["reason": "tea", "timeout": 60])
        _ = try await host.callTool(agent, "remind_me", ["reason": "lunch", "timeout": 600])
        clock.wind(.seconds(61))
        while plain.book.prompts.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        await host.waitUntilIdle()
        #expect(plain.book.prompts(of: "a") == ["Message from SYSTEM:\nReminder: tea"])
        await host.stop()
        clock.wind(.seconds(3_600))
        host = try await AgentHost.on(disk, plain) { $0.clock = clock.hostClock }
        await host.waitUntilIdle()
        #expect(plain.book.prompts(of: "a").last == "Message from SYSTEM:\nReminder: lunch")
        #expect(plain.book.prompts(of: "a").count == 2)
        await host.stop()
    }

    @Test func `mail of an agent that ends goes back to who wrote it`() async throws {
        let plain = TalkProvider { _, _ in "ok" }
        let host = try await AgentHost.on(FaultyFileSystem(), plain)
        let lead = try await host.createAgent(AgentOrder(name: "lead")).id
        let worker = try await host.createAgent(AgentOrder(name: "w", parent: "lead")).id
        try await host.gate(worker, isGated: true)
        _ = try await host.callTool(lead, "send_message", ["recipient": "w", "text": "lost?"])
        await #expect { try await host.terminate(lead, recursive: false) } throws: {
            ($0 as? HostError)?.code == .invalid
        }
        try await host.terminate(worker, recursive: false)
        await host.waitUntilIdle()
        #expect(plain.book.prompts(of: "lead").last?.contains("message to w was not delivered") == true)
        try await host.terminate(lead, recursive: true)
        #expect(await host.agents().isEmpty)
        await host.stop()
    }

    @Test func `a turn of an agent that is ended fails, and nobody waits for ever`() async throws {
        let (inside, goOn) = (Door(), Door())
        let slow = TalkProvider { _, _ in
            inside.open()
            await goOn.pass()
            return "too late"
        }
        let host = try await AgentHost.on(FaultyFileSystem(), slow)
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        let answer = Task { try await host.send(agent, "x") }
        await inside.pass()
        try await host.terminate(agent, recursive: false)
        goOn.open()
        await #expect(throws: HostError.self) { try await answer.value }
        #expect(await host.agents().isEmpty)
        await host.stop()
    }

    @Test func `tools that nobody knows are refused`() async throws {
        let plain = TalkProvider { _, _ in "ok" }
        let host = try await AgentHost.on(FaultyFileSystem(), plain)
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        await #expect { try await host.callTool(agent, "fly", [:]) } throws: { ($0 as? HostError)?.code == .invalid }
        await host.stop()
    }
}
