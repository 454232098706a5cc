import AgentCore
import AgentRuntime
import Simulator
import Testing
import Vocabulary

private let echo = TalkProvider { opening, turn in "\(opening.name) heard: \(turn.prompt)" }

@Suite(.timeLimit(.minutes(2))) struct `The operator` {
    @Test func `makes agents, sees them and talks to them`() async throws {
        let host = try await AgentHost.on(FaultyFileSystem(), echo)
        let root = try await host.createAgent(AgentOrder(name: "lead", instructions: "lead them"))
        _ = try await host.createAgent(AgentOrder(name: "worker", parent: "lead"))
        #expect(root.state == .idle && root.path == "lead")
        #expect(await host.agents().map(\.path) == ["lead", "lead/worker"])
        #expect(try await host.send(root.id, "hello") == "lead heard: hello")
        let seen = try await host.inspect(root.id)
        #expect(seen.children.map(\.name) == ["worker"] && seen.provider == "talk")
        #expect(seen.json["instructions"] == "lead them")
        await host.stop()
    }

    @Test func `finds agents by path, name, id and a beginning of the id`() async throws {
        let host = try await AgentHost.on(FaultyFileSystem(), echo)
        let lead = try await host.createAgent(AgentOrder(name: "lead"))
        let worker = try await host.createAgent(AgentOrder(name: "worker", parent: lead.id.hex))
        for text in ["lead/worker", "worker", worker.id.hex, worker.id.description, String(worker.id.hex.prefix(6))] {
            #expect(try await host.resolve(text) == worker.id, "\(text)")
        }
        await #expect { try await host.resolve("nobody") } throws: { ($0 as? HostError)?.code == .notFound }
        await #expect { try await host.resolve("") } throws: { ($0 as? HostError)?.code == .notFound }
        await host.stop()
    }

    @Test func `is refused what cannot be`() async throws {
        let host = try await AgentHost.on(FaultyFileSystem(), echo)
        _ = try await host.createAgent(AgentOrder(name: "a"))
        for order in [
            AgentOrder(name: "a"), AgentOrder(name: "x/y"), AgentOrder(name: "b", provider: "ghost"),
            AgentOrder(name: "c", model: "none"),
        ] {
            await #expect { try await host.createAgent(order) } throws: { ($0 as? HostError)?.code == .invalid }
        }
        await #expect { try await host.createAgent(AgentOrder(name: "d", parent: "ghost")) } throws: {
            ($0 as? HostError)?.code == .notFound
        }
        #expect(await host.agents().map(\.name) == ["a"])
        await host.stop()
    }

    @Test func `sends one message at a time to an agent`() async throws {
        let (goOn, first, host) = try await AgentHost.busy()
        let agent = try await host.id("a")
        #expect(await host.agents().map(\.state) == [.busy])
        await #expect { try await host.send(agent, "two") } throws: { ($0 as? HostError)?.code == .busy }
        goOn.open()
        #expect(try await first.value == "done")
        await host.stop()
    }

    @Test func `gets the same answer for the same request key, also after a restart`() async throws {
        let disk = FaultyFileSystem()
        var host = try await AgentHost.on(disk, echo)
        let order = AgentOrder(name: "a", requestKey: "make-a")
        let agent = try await host.createAgent(order).id
        #expect(try await host.createAgent(order).id == agent)
        let answer = try await host.send(agent, "one", requestKey: "k")
        #expect(try await host.send(agent, "another", requestKey: "k") == answer)
        await host.stop()
        host = try await AgentHost.on(disk, echo)
        #expect(try await host.createAgent(order).id == agent)
        #expect(try await host.send(agent, "another", requestKey: "k") == answer)
        await host.stop()
    }

    @Test func `hears of a turn that failed, and the next one is a new session (W-29)`() async throws {
        let moody = TalkProvider { _, turn in
            guard turn.prompt != "bad" else { throw ProviderFailure("no", partial: "half") }
            return "ok"
        }
        let host = try await AgentHost.on(FaultyFileSystem(), moody)
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        #expect(try await host.send(agent, "good") == "ok")
        await #expect { try await host.send(agent, "bad") } throws: { "\($0)" == "the turn failed: no" }
        #expect(try await host.send(agent, "good") == "ok")
        #expect(moody.book.resumed.map(\.history.count) == [0, 1])
        let ends = try await host.kinds(agent).filter { $0.hasPrefix("turn.") }
        #expect(
            ends == ["turn.start", "turn.complete", "turn.start", "turn.failed", "turn.start", "turn.complete"])
        await host.stop()
    }

    @Test func `is told when a session cannot be made live, and the turn has an end (W-29)`() async throws {
        let host = try await AgentHost.on(FaultyFileSystem(), echo)
        let agent = try await host.createAgent(AgentOrder(name: "a", model: "dead")).id
        await #expect { try await host.send(agent, "x") } throws: { "\($0)".contains("the model is gone") }
        #expect(try await host.kinds(agent).suffix(2) == ["turn.start", "turn.failed"])
        #expect(await host.agents().map(\.state) == [.idle])
        await host.stop()
    }

    @Test func `reads the operator's inbox once, also after a restart (W-14)`() async throws {
        let disk = FaultyFileSystem()
        let writer = TalkProvider { _, turn in
            await turn.tool("send_message", ["recipient": "USER", "text": "see \(turn.prompt)"])
            return "sent"
        }
        var host = try await AgentHost.on(disk, writer)
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        _ = try await host.send(agent, "this")
        await host.stop()
        host = try await AgentHost.on(disk, writer)
        let mail = try await host.takeOperatorInbox()
        #expect(mail.map(\.text) == ["see this"] && mail.map(\.senderName) == ["a"])
        #expect(try await host.takeOperatorInbox().isEmpty)
        await host.stop()
        host = try await AgentHost.on(disk, writer)
        #expect(try await host.takeOperatorInbox().isEmpty)
        await host.stop()
    }

    @Test func `gets no new turn from a host that stops`() async throws {
        let host = try await AgentHost.on(FaultyFileSystem(), echo)
        let agent = try await host.createAgent(AgentOrder(name: "a")).id
        _ = try await host.send(agent, "x")
        await host.stop()
        #expect(echo.book.stopped.contains("a"))
        await #expect { try await host.send(agent, "y") } throws: { ($0 as? HostError)?.code == .unavailable }
        await #expect { try await host.createAgent(AgentOrder(name: "b")) } throws: {
            ($0 as? HostError)?.code == .unavailable
        }
    }

    @Test func `gets a token for each agent`() async throws {
        let host = try await AgentHost.on(FaultyFileSystem(), echo)
        let (a, b) = (
            try await host.createAgent(AgentOrder(name: "a")).id, try await host.createAgent(AgentOrder(name: "b")).id
        )
        let token = try await host.token(of: a)
        #expect(token.count == 64)
        #expect(try await host.token(of: a) == token)
        #expect(try await host.token(of: b) != token)
        await host.stop()
    }
}
