import Testing
import TurnModel

/// Every word that is said when something is refused. People and scripts look for them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `A refusal` {
    /// Runs a command that must be refused with `code` and these words, and without a result.
    static func refuse(
        _ arguments: String, _ code: Int32, _ words: String, in home: Home,
        _ place: SourceLocation = #_sourceLocation
    ) async throws {
        let end = try await home.play(arguments)
        #expect(
            end.code == code && end.errors.contains(words), "\(arguments): \(end.errors)", sourceLocation: place)
        #expect(end.errors.contains("orchestra: error: ") && end.output == "", sourceLocation: place)
    }

    @Test func `of a variable says what is wrong with it`() async throws {
        let home = try Home()
        try home.chain("true")
        for (argument, words) in [
            ("city", "Expected key=value, and got \"city\""), ("=Oslo", "Empty key in \"=Oslo\""),
            ("city=", "Empty value in \"city=\""),
        ] {
            try await Self.refuse("run pipeline.dot \(argument)", 2, words, in: home)
        }
        let end = try await home.play("run pipeline.dot a=b=c")
        #expect(end.code == 0, "a value may hold the sign")
        try await Self.refuse("run pipeline.dot outcome=fail", 1, "outcome", in: home)
    }

    @Test func `of a pipeline names the file, and comes before the store is touched`() async throws {
        let home = try Home()
        try await Self.refuse("run nowhere.dot", 1, "nowhere.dot", in: home)
        try home.write("broken.dot", "digraph Broken { start -> }")
        let broken = try await home.play("run broken.dot")
        #expect(broken.code == 1 && broken.errors.contains("broken.dot:1:27"), "\(broken.errors)")
        try home.write("unsound.dot", "digraph Unsound { a -> b }")
        let unsound = try await home.play("run unsound.dot")
        #expect(unsound.code == 1 && unsound.errors.contains("start_node"), "\(unsound.errors)")
        try await home.ok("test ! -e .orchestra")
    }

    @Test func `to resume says that it is over`() async throws {
        let home = try Home()
        try home.chain("true")
        let completed = try #require(try await home.play("run pipeline.dot").session)
        try await Self.refuse("resume \(completed)", 1, "session \(completed) is completed", in: home)
        try home.chain("false")
        let failed = try #require(try await home.play("run pipeline.dot").session)
        try await Self.refuse("resume \(failed)", 1, "session \(failed) is failed", in: home)
        try await Self.refuse("pause \(failed)", 1, "is failed", in: home)
        try await Self.refuse("cancel \(completed)", 1, "is completed", in: home)
        try await Self.refuse("answer \(completed)", 1, "asks nothing", in: home)
    }

    @Test func `to resume says that the file is modified or gone, and the store has the text still`() async throws {
        let home = try Home()
        try home.chain("interrupt", "echo two >>done.txt", "echo three >>done.txt")
        let session = try #require(try await home.play("run pipeline.dot").session)
        try home.chain("interrupt", "echo other >>done.txt", "rm -f interrupted; interrupt", "true")
        try await Self.refuse("resume \(session)", 1, "pipeline.dot was modified: expected hash ", in: home)
        let checkpoint = try #require(try await home.checkpoints(of: session).first?.turn)
        try await Self.refuse("replay \(session) --checkpoint \(checkpoint)", 1, "was modified", in: home)
        #expect(try await home.play("resume \(session) --allow-modified").code == 0)
        #expect(home.done == ["other"])
        try await home.ok("rm pipeline.dot")
        try await Self.refuse("resume \(session)", 1, "pipeline file not found: \(home.path("pipeline.dot"))", in: home)
        let stored = try await home.play("replay \(session) --checkpoint \(checkpoint) --stored-graph")
        #expect(stored.code == 0, "\(stored.errors)")
        #expect(home.done == ["other", "two", "three"])
    }

    @Test func `to resume says that the next node is not in the file any more`() async throws {
        let home = try Home()
        try home.chain("interrupt", "true", "true")
        let session = try #require(try await home.play("run pipeline.dot").session)
        try home.chain("true")
        try await Self.refuse("resume \(session) --allow-modified", 1, "node two was not found", in: home)
    }

    @Test func `to resume says that it is running, and who runs it`() async throws {
        let home = try Home()
        try home.chain(
            """
            orchestra resume $ORCHESTRA_SESSION 2>refused.txt; echo $? >>refused.txt; press INT 'will be completed'
            """, "true")
        let end = try await home.play("run pipeline.dot")
        #expect(end.code == 0)
        let pid = home.read("run.pid").prefix { $0.isNumber }
        #expect(home.read("refused.txt").contains("is running elsewhere: process \(pid) on "))
        #expect(home.read("refused.txt").hasSuffix("\n1\n"))
    }

    @Test func `to resume says that nothing is there to go on with`() async throws {
        let home = try Home()
        try home.chain("true")
        let session = try #require(try await home.play("run pipeline.dot").session)
        let last = try #require(try await home.checkpoints(of: session).last?.turn)
        // The last checkpoint leads to the exit, which is somewhere to go on.
        #expect(try await home.play("replay \(session) --checkpoint \(last)").code == 0)
        try home.chain("exit 3")
        let failed = try #require(try await home.play("run pipeline.dot").session)
        let end = try #require(try await home.checkpoints(of: failed).last?.turn)
        try await Self.refuse("replay \(failed) --checkpoint \(end)", 1, "no next_node_id", in: home)
    }

    @Test func `to replay says which turn is wrong, and what is mutually exclusive`() async throws {
        let home = try Home()
        try home.chain("true")
        let session = try #require(try await home.play("run pipeline.dot").session)
        let other = try #require(try await home.play("run pipeline.dot").session)
        let foreign = try #require(try await home.checkpoints(of: other).last?.turn)
        try await Self.refuse("replay \(session)", 2, "say where to fork: --checkpoint TURN", in: home)
        for command in ["replay \(session) --checkpoint 4 --turn 4", "resume \(session) --turn 4 --from-failure"] {
            try await Self.refuse(command, 2, "mutually exclusive", in: home)
        }
        try await Self.refuse(
            "replay \(session) --checkpoint 4 --dot pipeline.dot --stored-graph", 2, "mutually exclusive", in: home)
        for turn in ["0", "987654", foreign] {
            for command in ["replay \(session) --checkpoint", "replay \(session) --turn", "resume \(session) --turn"] {
                try await Self.refuse("\(command) \(turn)", 1, "turn \(turn) was not found", in: home)
            }
        }
        try await Self.refuse("replay \(session) --checkpoint 1", 1, "turn 1 is not a checkpoint", in: home)
        try await Self.refuse("replay \(session) --turn 1", 1, "turn 1 is not the turn of an agent", in: home)
        try await Self.refuse("replay nobody --checkpoint 1", 1, "session not found: \"nobody\"", in: home)
        #expect(try await home.store().sessions(SessionQuery()).count == 2)
    }

    @Test func `to go on in a conversation says that there is none`() async throws {
        let home = try Home()
        try home.pipeline("start -> think -> end", "think [prompt=\"Say something\"]")
        let end = try await home.play("run pipeline.dot --agent 'cat >/dev/null; echo something'")
        let session = try #require(end.session)
        let turns = try await home.turns(of: session)
        let turn = try #require(turns.first { $0.type.id == "dev.orchestra.AgentTurn" })
        try await Self.refuse("resume \(session) --turn \(turn.id)", 1, "belongs to no talk", in: home)
    }

    @Test func `to go on from a failure says that there was none`() async throws {
        let home = try Home()
        try home.chain("interrupt", "true")
        let session = try #require(try await home.play("run pipeline.dot").session)
        try await Self.refuse(
            "resume \(session) --from-failure", 1, "session \(session) has not failed but is paused", in: home)
    }

    @Test func `to name a session says what it could be`() async throws {
        let home = try Home()
        try await Self.refuse("status nobody", 1, "session not found: \"nobody\"", in: home)
        try await Self.refuse("pause nobody", 1, "session not found", in: home)
        try await Self.refuse("status --status tired", 2, "tired", in: home)
        try await Self.refuse("resume", 2, "id", in: home)
        try await Self.refuse("fly", 2, "fly", in: home)
        let end = try await home.play("status", ["ORCHESTRA_CXDB_URL": "http://127.0.0.1:9"])
        #expect(end.code == 1 && end.errors.contains("ORCHESTRA_CXDB_URL is set"))
    }
}
