import Testing
import TurnModel

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A session goes on` {
    @Test func `from its failure, in a fork that does the failed node again`() async throws {
        let home = try Home()
        try home.chain("echo one >>done.txt", "echo two >>done.txt; test -e mended", "echo three >>done.txt")
        let session = try #require(try await home.play("run pipeline.dot").session)
        let before = try await home.turns(of: session)
        try home.write("mended", "")
        let end = try await home.play("resume \(session) --from-failure")
        #expect(end.code == 0, "\(end.errors)")
        let fork = try `A replay`.fork(end)
        #expect(end.errors.contains("session \(session) is forked as \(fork), and goes on at two\n"))
        #expect(home.done == ["one", "two", "two", "three"])
        #expect(try await home.turns(of: session) == before)
        #expect(try await home.status(session) == "failed")
        #expect(try await home.status(fork) == "completed")
    }

    @Test func `from its failure at a goal gate, with the gate`() async throws {
        let home = try Home()
        try home.pipeline(
            Home.tool("gate", "echo gate >>done.txt; test -e mended", "goal_gate=true"),
            Home.tool("rest", "echo rest >>done.txt"), "start -> gate -> rest -> end")
        let failed = try await home.play("run pipeline.dot")
        #expect(failed.code == 1)
        try home.write("mended", "")
        let end = try await home.play("resume \(try #require(failed.session)) --from-failure")
        #expect(end.code == 0 && home.done == ["gate", "rest", "gate", "rest"], "\(end.errors)")
    }

    @Test func `from its failure at a fan-in, with the branches`() async throws {
        let home = try Home()
        try home.pipeline(
            "split [shape=component]", "join [shape=tripleoctagon]", Home.tool("a", "test -e mended"),
            Home.tool("b", "test -e mended"), "start -> split", "split -> a -> join", "split -> b -> join",
            "join -> end [condition=\"outcome=success\"]")
        let failed = try await home.play("run pipeline.dot")
        #expect(failed.code == 1, "\(failed.output)")
        try home.write("mended", "")
        let end = try await home.play("resume \(try #require(failed.session)) --from-failure")
        #expect(end.code == 0, "\(end.output)\(end.errors)")
        #expect(end.errors.contains("goes on at split"), "\(end.errors)")
    }

    @Test func `with another pipeline, where the node is`() async throws {
        let home = try Home()
        try home.chain("echo one >>done.txt", "echo two >>done.txt", "echo three >>done.txt")
        let session = try #require(try await home.play("run pipeline.dot").session)
        let turn = try #require(try await `A replay`.checkpoints(of: session, home)["one"])
        try await home.ok("mkdir other")
        try home.write(
            "other/plan.dot", "digraph Other { start -> two -> end \(Home.tool("two", "pwd >../other.txt")) }")
        let end = try await home.play("replay \(session) --checkpoint \(turn) --dot other/plan.dot")
        #expect(end.code == 0, "\(end.errors)")
        #expect(home.read("other.txt").hasSuffix("/other\n"))
        #expect(try await home.ok("orchestra status \(try `A replay`.fork(end))").contains("Other"))
        try home.write("other/plan.dot", "digraph Other { start -> three -> end \(Home.tool("three", "true")) }")
        try await `A refusal`.refuse(
            "replay \(session) --checkpoint \(turn) --dot other/plan.dot", 1, "node two was not found", in: home)
    }

    @Test(arguments: [("retry", 0, 2), ("fail", 1, 1)])
    func `with an attempt of which nobody knows`(policy: String, code: Int32, attempts: Int) async throws {
        let home = try Home()
        try home.chain("echo attempt >>done.txt; crash")
        let session = try #require(try await home.play("run pipeline.dot").session)
        #expect(try await home.status(session) == "interrupted")
        let end = try await home.play("resume \(session) --on-unknown \(policy)")
        #expect(end.code == code && home.done.count == attempts, "\(end.output)")
    }

    @Test func `when somebody has said what to do with an attempt of which nobody knows`() async throws {
        for (answer, code) in [("r", Int32(0)), ("f", 1)] {
            let home = try Home()
            try home.chain("crash")
            let session = try #require(try await home.play("run pipeline.dot").session)
            let end = try await `On a terminal`.play(
                "resume \(session) --on-unknown=ask", typing: "until_seen Select; echo \(answer)", home)
            #expect(end.code == code && end.output.contains("[?] Nobody knows whether attempt 1 of node one"))
        }
    }

    @Test func `in the hands of another process that takes it over`() async throws {
        let home = try Home()
        try home.chain(
            """
            if test -e started; then touch taken
            else touch started; until test -e taken; do sleep 0.02; done; fi
            """, "echo two >>done.txt")
        async let first = home.play("run pipeline.dot")
        try await home.ok("until test -e started; do sleep 0.02; done; cp run.pid first.pid")
        let id = try await home.ok("orchestra status | awk 'NR == 2 { print $1 }'").prefix(6)
        try await home.ok("orchestra resume \(id) --take-over")
        let loser = try await first
        #expect(loser.code == 1 && loser.output.contains("another process has gone on with the session"), "\(loser)")
        #expect(home.done == ["two"])
        #expect(try await home.status(String(id)) == "completed")
    }

    @Test func `round and round in new sessions with the same variables`() async throws {
        let home = try Home()
        try home.pipeline(
            Home.tool("work", "echo {{ city }} >>done.txt; test $(wc -l <done.txt) = 3"),
            Home.tool("hold", "interrupt"), "start -> hold -> work",
            "work -> start2 [condition=\"outcome=fail\", loop_restart=true]", Home.tool("start2", "true"),
            "start2 -> hold", "work -> end [condition=\"outcome=success\"]")
        let session = try #require(try await home.play("run pipeline.dot city=Oslo").session)
        let end = try await home.play("resume \(session)")
        #expect(end.code == 0, "\(end.output)\(end.errors)")
        #expect(home.done == ["Oslo", "Oslo", "Oslo"])
    }

    @Test func `and the files about it with it`() async throws {
        let home = try Home()
        try home.chain("interrupt", "true")
        let session = try #require(try await home.play("run pipeline.dot").session)
        let file = ".orchestra/runs/\(session)/checkpoint.json"
        #expect(home.read(file).contains("\"paused\""))
        try await home.play("resume \(session)")
        #expect(home.read(file).contains("\"completed\"") && home.read(file).contains("\"end\""), "\(home.read(file))")
    }
}
