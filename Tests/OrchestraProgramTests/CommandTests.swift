import Testing

@Suite(.serialized, .timeLimit(.minutes(10))) struct `The command` {
    @Test func `status lists sessions with their ids, pipelines and states, newest first`() async throws {
        let home = try Home()
        #expect(try await home.ok("orchestra status") == "No sessions found\n")
        #expect(try await home.ok("orchestra status --json") == "[]\n")
        try home.chain("true")
        let first = try #require(try await home.play("run pipeline.dot").session)
        try home.chain("interrupt", "true")
        let second = try #require(try await home.play("run pipeline.dot").session)
        let lines = try await home.ok("orchestra status").split(separator: "\n").map(String.init)
        try #require(lines.count == 3)
        for title in ["ID", "Pipeline", "Status", "Turns", "Updated", "Next node"] {
            #expect(lines[0].contains(title))
        }
        #expect(lines[1].hasPrefix("\(second) ") && lines[1].contains(/Work +paused +\d+ .* two$/), "\(lines)")
        #expect(lines[2].hasPrefix("\(first) ") && lines[2].contains(/Work +completed +\d+ .* -$/), "\(lines)")
        #expect(try await home.ok("orchestra status --status paused").contains(second))
        #expect(try await !home.ok("orchestra status --status paused").contains(first))
        #expect(try await home.ok("orchestra status --status failed") == "No sessions found\n")
    }

    @Test func `graph of a session has the colours of what came of its nodes`() async throws {
        let home = try Home()
        try home.chain("interrupt", "false")
        let session = try #require(try await home.play("run pipeline.dot").session)
        let paused = try await home.ok("orchestra graph \(session)").split(separator: "\n")
        #expect(paused.contains { $0.contains("one [") && $0.contains("fillcolor=palegreen") })
        #expect(paused.contains { $0.contains("two [") && $0.contains("fillcolor=lightskyblue") })
        _ = try await home.play("resume \(session)")
        let failed = try await home.ok("orchestra graph \(session)").split(separator: "\n")
        #expect(failed.contains { $0.contains("two [") && $0.contains("fillcolor=lightcoral") }, "\(failed)")
        let unknown = try await home.play("graph ffffff")
        #expect(unknown.code == 1 && unknown.errors.contains("session not found"), "\(unknown.errors)")
    }

    @Test func `resume of a paused session ends with 0`() async throws {
        let home = try Home()
        try home.chain("interrupt", "echo two >>done.txt")
        let session = try #require(try await home.play("run pipeline.dot").session)
        let end = try await home.play("resume \(session)")
        #expect(end.code == 0 && end.errors.contains("resuming session \(session) at two"), "\(end.errors)")
        #expect(end.output.contains("session \(session) is completed"))
        #expect(home.done == ["two"])
    }

    @Test func `resume of a session that is not there ends with 1 and says so`() async throws {
        let home = try Home()
        for id in ["ffffff", "12345", "nonsense"] {
            let end = try await home.play("resume \(id)")
            #expect(end.code == 1 && end.errors.contains("session not found: \"\(id)\""), "\(end.errors)")
            #expect(end.output == "")
        }
    }

    @Test func `replay forks at a checkpoint, and runs from there`() async throws {
        let home = try Home()
        try home.chain("echo one >>done.txt", "echo two >>done.txt")
        let session = try #require(try await home.play("run pipeline.dot").session)
        let turn = try #require(try await home.checkpoints(of: session).first { $0.node == "one" }?.turn)
        let end = try await home.play("replay \(session) --checkpoint \(turn)")
        #expect(end.code == 0 && home.done == ["one", "two", "two"], "\(end.errors)")
        let fork = try `A replay`.fork(end)
        #expect(end.output.contains("session \(fork) is completed (context 2)"), "\(end.output)")
        #expect(end.errors.contains("session \(session) is forked as \(fork), and goes on at two\n"), "\(end.errors)")
        #expect(try await home.status(fork) == "completed")
    }
}
