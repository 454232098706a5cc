import AgentCore
import AgentRuntime
import DurableFiles
import Foundation
import Simulator
import Testing
import Vocabulary

/// Programs of agents, in a folder of their own, with real processes.
struct Workshop {
    let folder: ScratchDirectory
    let host: AgentHost

    static let clients = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "clients/scripts").path(percentEncoded: false)

    init(
        slots: Int = 8, patience: Duration = .seconds(60), folder: ScratchDirectory? = nil
    ) async throws {
        self.folder = folder ?? ScratchDirectory()
        var script = ScriptOptions()
        script.patience = patience
        script.grace = .milliseconds(200)
        script.environment["PYTHONPATH"] = Self.clients
        script.environment["CLIENTS"] = Self.clients
        script.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        var options = HostOptions()
        options.slots["scripted"] = slots
        self.host = try await AgentHost.open(
            self.folder.path, options, providers: [ScriptedProvider(options: script)])
    }

    func write(_ name: String, _ text: String) throws -> String {
        let path = "\(self.folder.path)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    func python(_ name: String, _ body: String) throws -> String {
        try self.write(name, "#!/usr/bin/env python3\nimport os, sys, time\nimport substrat_script as agent\n\(body)")
    }

    func agent(_ name: String, _ path: String, under parent: String? = nil) async throws -> AgentID {
        try await self.host.createAgent(AgentOrder(name: name, model: path, parent: parent)).id
    }
}

@Suite(.timeLimit(.minutes(5))) struct `A scripted agent` {
    @Test func `answers, calls tools, and lives on between turns`() async throws {
        let shop = try await Workshop()
        let path = try shop.python(
            "a.py",
            """
            for number, message in enumerate(agent.turns()):
                names = [c["name"] for c in agent.call_tool("list_children")["children"]]
                agent.done(f"{os.getpid()} {number} {message} {names}")
            """)
        let lead = try await shop.agent("lead", path)
        _ = try await shop.agent("w", path, under: "lead")
        let first = try await shop.host.send(lead, "äöü")
        let second = try await shop.host.send(lead, "")
        #expect(first.hasSuffix(" 0 äöü ['w']") && second.hasSuffix(" 1  ['w']"))
        #expect(first.prefix { $0 != " " } == second.prefix { $0 != " " })
        await shop.host.stop()
    }

    @Test func `lives through its earlier turns when it is started again, and repeats nothing (W-07)`() async throws {
        let shop = try await Workshop(slots: 1)
        let path = try shop.python(
            "a.py",
            """
            total = 0
            for message in agent.turns():
                total += len(message)
                try:
                    agent.call_tool("send_message", recipient="USER", text=message)
                    agent.call_tool("poke", agent_name="nobody")
                except agent.ToolError as error:
                    agent.done(f"{total} {os.getpid()} {error}")
            """)
        let (a, b) = (try await shop.agent("a", path), try await shop.agent("b", path))
        let first = try await shop.host.send(a, "12")
        _ = try await shop.host.send(a, "345")
        _ = try await shop.host.send(b, "x")
        let last = try await shop.host.send(a, "")
        #expect(first.hasPrefix("2 ") && last.hasPrefix("5 ") && last.contains("nobody"))
        #expect(first.split(separator: " ")[1] != last.split(separator: " ")[1])
        #expect(try await shop.host.takeOperatorInbox().map(\.text) == ["12", "345", "x", ""])
        await shop.host.stop()
    }

    @Test func `that says nothing for too long is killed, and its late answer is nobody's (W-24)`() async throws {
        let shop = try await Workshop(patience: .seconds(3))
        let path = try shop.python(
            "a.py",
            """
            for message in agent.turns():
                if message == "sleep" and not agent.is_replay():
                    print("about to sleep", file=sys.stderr, flush=True)
                    time.sleep(600)
                agent.done("re: " + message)
            """)
        let a = try await shop.agent("a", path)
        #expect(try await shop.host.send(a, "1") == "re: 1")
        await #expect { try await shop.host.send(a, "sleep") } throws: {
            "\($0)".contains("it said nothing for") && "\($0)".contains("about to sleep")
        }
        #expect(try await shop.host.send(a, "2") == "re: 2")
        await shop.host.stop()
    }

    @Test func `may say and hear lines of a megabyte (W-24)`() async throws {
        let shop = try await Workshop()
        let path = try shop.python("a.py", "for message in agent.turns():\n    agent.done(message * 2)\n")
        let a = try await shop.agent("a", path)
        let long = String(repeating: "x", count: 1_000_000)
        #expect(try await shop.host.send(a, long).utf8.count == 2_000_000)
        await shop.host.stop()
    }

    @Test(arguments: [
        ("echo boom >&2; exit 3", "it ended with exit code 3 in the middle of its turn\nit complained: boom"),
        ("read l; echo nonsense", "a line is not JSON"),
        (#"read l; echo '{"type":"error","message":"no luck"}'"#, "no luck"),
        ("kill -9 $$", "it was ended by signal 9"),
    ])
    func `that goes wrong fails its turn and says how`(body: String, message: String) async throws {
        let shop = try await Workshop()
        let a = try await shop.agent("a", try shop.write("a.sh", "#!/bin/sh\n\(body)\n"))
        await #expect { try await shop.host.send(a, "x") } throws: { "\($0)".contains(message) }
        await shop.host.stop()
    }

    @Test func `may end after each turn, and may be any program`() async throws {
        let shop = try await Workshop()
        let path = try shop.write(
            "a.sh",
            """
            #!/bin/sh
            read line
            echo '{"type":"dance"}'
            echo '{"type":"done","response":"hi"}'
            """)
        let a = try await shop.agent("a", path)
        for _ in 0..<3 { #expect(try await shop.host.send(a, "x") == "hi") }
        await shop.host.stop()
    }

    @Test func `may be a shell program, which lives through its earlier turns too`() async throws {
        let shop = try await Workshop(slots: 1)
        let path = try shop.write(
            "a.sh",
            #"""
            #!/usr/bin/env bash
            . "$CLIENTS/substrat-script.sh"
            count=0
            while read_turn; do
                count=$((count + 1))
                answer=$(call_tool send_message "{\"recipient\":\"USER\",\"text\":\"$MESSAGE\"}" | jq -r .status)
                why=$(call_tool poke '{"agent_name":"nobody"}') && exit 9
                done_turn "$count $MESSAGE $answer $why"
            done
            """#)
        let (a, b) = (try await shop.agent("a", path), try await shop.agent("b", path))
        _ = try await shop.host.send(a, "one")
        _ = try await shop.host.send(b, "x")
        let last = try await shop.host.send(a, "two")
        #expect(last == "2 two sent \"nobody\" is not the name of a child")
        #expect(try await shop.host.takeOperatorInbox().map(\.text) == ["one", "x", "two"])
        await shop.host.stop()
    }

    @Test func `that was cut off in a turn goes on after a restart, and its calls count once (3.4)`() async throws {
        let shop = try await Workshop()
        let path = try shop.python(
            "a.py",
            """
            for message in agent.turns():
                agent.call_tool("send_message", recipient="USER", text="before")
                flag = os.path.join(os.path.dirname(__file__), "flag")
                if not os.path.exists(flag):
                    open(flag, "w").close()
                    time.sleep(600)
                agent.call_tool("send_message", recipient="USER", text="after")
                agent.done("finished")
            """)
        let a = try await shop.agent("a", path)
        let cut = Task { try await shop.host.send(a, "go", requestKey: "k") }
        while try await !shop.host.kinds(a).contains("tool.call") { try await Task.sleep(for: .milliseconds(2)) }
        while !FileManager.default.fileExists(atPath: "\(shop.folder.path)/flag") {
            try await Task.sleep(for: .milliseconds(2))
        }
        await shop.host.stop(grace: .zero)
        await #expect(throws: HostError.self) { try await cut.value }

        let again = try await Workshop(folder: shop.folder)
        #expect(again.host.recovery.interruptedTurns == 1 && again.host.recovery.woken == 1)
        #expect(try await again.host.send(a, "go", requestKey: "k") == "finished")
        #expect(try await again.host.takeOperatorInbox().map(\.text) == ["before", "after"])
        #expect(try await again.host.kinds(a).filter { $0 == "turn.complete" }.count == 1)
        await again.host.stop()
    }

    @Test func `leaves no process behind (I23)`() async throws {
        let shop = try await Workshop()
        let path = try shop.write(
            "a.sh",
            #"""
            #!/bin/sh
            sleep 600 &
            read line
            echo "{\"type\":\"done\",\"response\":\"$$ $!\"}"
            read line
            """#)
        let answer = try await shop.host.send(try await shop.agent("a", path), "x")
        let processes = answer.split(separator: " ").compactMap { Int32($0) }
        #expect(processes.count == 2 && processes.allSatisfy { kill($0, 0) == 0 })
        await shop.host.stop()
        for process in processes { #expect(kill(process, 0) != 0, "\(process) is left") }
    }
}
