import Testing
import TurnModel
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A session` {
    @Test func `is a context of the store, known by its short id and by its number`() async throws {
        let home = try Home()
        try home.chain("true")
        let end = try await home.play("run pipeline.dot")
        let session = try #require(end.session)
        #expect(session.contains { $0.isLetter })
        let row = try await home.row(of: session)
        #expect(end.output.hasSuffix("session \(session) is completed (context \(row.context.id))\n"))
        #expect(row.context.base == nil && row.name == "Work")
        for name in [session, row.context.id.description, String(session.prefix(4))] {
            let json = try await home.ok("orchestra status \(name) --json")
            #expect(json.contains("\"id\":\"\(session)\"") && json.contains("\"context\":\"\(row.context.id)\""))
        }
    }

    @Test func `that succeeded reads completed`() async throws {
        let home = try Home()
        try home.chain("true")
        let end = try await home.play("run pipeline.dot")
        #expect(end.code == 0)
        #expect(try await home.status(try #require(end.session)) == "completed")
    }

    @Test func `that failed reads failed`() async throws {
        let home = try Home()
        try home.chain("echo broken pipe >&2; exit 3")
        let end = try await home.play("run pipeline.dot")
        #expect(end.code == 1 && end.output.contains("exit code 3: broken pipe"), "\(end.output)")
        #expect(try await home.status(try #require(end.session)) == "failed")
    }

    @Test func `that was paused reads paused`() async throws {
        let home = try Home()
        try home.chain("interrupt", "true")
        let end = try await home.play("run pipeline.dot")
        #expect(end.code == 0)
        #expect(try await home.status(try #require(end.session)) == "paused")
    }

    @Test func `that was killed reads interrupted`() async throws {
        let home = try Home()
        try home.chain("true", "crash")
        let end = try await home.play("run pipeline.dot")
        #expect(try await home.status(try #require(end.session)) == "interrupted")
    }

    @Test func `reads running while it runs, and waiting while it asks`() async throws {
        let home = try Home()
        try home.pipeline(
            Home.tool("look", "orchestra status $ORCHESTRA_SESSION >>done.txt"),
            "ask [shape=hexagon, label=\"Ship it?\"]", Home.tool("ship", "echo shipped >>done.txt"),
            "start -> look -> ask", "ask -> ship [label=\"[Y] Yes\"]", "ask -> end [label=\"[N] No\"]", "ship -> end")
        async let run = home.play("run pipeline.dot")
        try await home.ok(
            """
            until orchestra status | grep -q waiting; do sleep 0.05; done
            orchestra status --status waiting | grep -q Work
            orchestra answer "$(orchestra status | awk 'NR == 2 { print $1 }')" yes
            """)
        #expect(try await run.code == 0)
        #expect(home.done.contains { $0.contains("running") } && home.done.last == "shipped", "\(home.done)")
    }

    @Test func `that is cancelled reads cancelled, whether it runs or not`() async throws {
        let home = try Home()
        try home.spin()
        async let run = home.play("run pipeline.dot")
        try await home.ok(
            """
            until grep -q "completed spin" run.output; do sleep 0.05; done
            orchestra cancel "$(orchestra status | awk 'NR == 2 { print $1 }')" --reason 'no money'
            """)
        let end = try await run
        #expect(end.code == 1 && end.output.contains("was cancelled: no money"), "\(end.output)")
        #expect(try await home.status(try #require(end.session)) == "cancelled")

        try home.chain("interrupt", "echo two >>done.txt")
        let paused = try #require(try await home.play("run pipeline.dot").session)
        #expect(try await home.ok("orchestra cancel \(paused)") == "session \(paused) is cancelled\n")
        let refused = try await home.play("resume \(paused)")
        #expect(refused.code == 1 && refused.errors.contains("is cancelled") && home.done == [])
    }
}
