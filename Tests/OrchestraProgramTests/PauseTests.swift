import Testing
import TurnModel

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A run that is told to stop` {
    @Test func `completes the node at work, saves a checkpoint, and ends with 0`() async throws {
        let home = try Home()
        try home.chain("echo one >>done.txt", "interrupt && echo two >>done.txt", "echo three >>done.txt")
        let end = try await home.play("run pipeline.dot")
        let session = try #require(end.session)
        #expect(end.code == 0 && home.done == ["one", "two"])
        #expect(
            end.output.hasSuffix(
                """
                  [Checkpoint] saved after two, next three
                [Pipeline] paused before three
                the pipeline was paused by the user: session \(session) goes on at node three (context 1)

                """), "\(end.output)")
        let types = try await home.turns(of: session).suffix(2).map(\.type.id)
        #expect(types == ["dev.orchestra.Checkpoint", "dev.orchestra.PipelineLifecycle"])
        #expect(try await home.status(session) == "paused")
    }

    @Test func `ends with the code that was asked for when it is paused, and only then`() async throws {
        let home = try Home()
        try home.chain("interrupt", "exit 3")
        let end = try await home.play("run pipeline.dot --pause-exit-code 42")
        #expect(end.code == 42)
        #expect(try await home.play("resume \(try #require(end.session)) --pause-exit-code 42").code == 1)
    }

    @Test func `twice stops the node at work, which is neither failed nor used up`() async throws {
        let home = try Home()
        try home.chain(
            "echo work >>done.txt; test -e again && exit 0; interrupt; press INT 'is stopped'; sleep 60", "true")
        let end = try await home.play("run pipeline.dot")
        let session = try #require(end.session)
        #expect(end.code == 130 && end.output.contains("[Stage] stopped one"), "\(end.output)")
        #expect(!end.output.contains("failed"))
        #expect(try await home.status(session) == "paused")
        try home.write("again", "")
        #expect(try await home.play("resume \(session)").code == 0)
        #expect(home.done == ["work", "work"])
    }

    @Test func `kills a node that does not stop when its grace is over`() async throws {
        let home = try Home()
        try home.chain("trap '' TERM; interrupt; press INT 'is stopped'; while true; do sleep 1; done", "true")
        let end = try await home.play("run pipeline.dot --grace 300ms")
        #expect(end.code == 130)
        #expect(try await home.status(try #require(end.session)) == "paused")
    }

    @Test func `lets a node take the grace that it is given`() async throws {
        let home = try Home()
        // Longer than the five seconds that it has when nobody says anything.
        try home.chain(
            """
            trap 'sleep 6; echo calm >>done.txt; exit 0' TERM
            interrupt; press INT 'is stopped'; while true; do sleep 0.1; done
            """, "true")
        let end = try await home.play("run pipeline.dot --grace 1h")
        #expect(end.code == 130 && home.done == ["calm"], "\(end.output)")
    }

    @Test func `three times ends at once, and takes the node with it`() async throws {
        let home = try Home()
        try home.chain(
            """
            trap '' TERM; echo $$ >tool.pid; interrupt; press INT 'is stopped'; kill -INT $(cat run.pid);
            while true; do sleep 1; done
            """, "true")
        let end = try await home.play("run pipeline.dot --grace 1h")
        #expect(end.code == 130)
        #expect(try await home.status(try #require(end.session)) == "interrupted")
        // It is gone, or nobody has collected it yet.
        try await home.ok(
            """
            stat=/proc/$(cat tool.pid)/stat
            for i in $(seq 500); do
                { test -e $stat && ! grep -q ') Z ' $stat; } || exit 0
                sleep 0.02
            done; exit 1
            """)
    }

    @Test(arguments: ["TERM", "HUP"]) func `by signal pauses when the node ends in time`(signal: String) async throws {
        let home = try Home()
        try home.chain("press \(signal) 'will be completed'; echo one >>done.txt", "echo two >>done.txt")
        let end = try await home.play("run pipeline.dot --deadline 1h")
        #expect(end.code == 0 && home.done == ["one"])
        #expect(try await home.status(try #require(end.session)) == "paused")
    }

    @Test(arguments: ["TERM", "HUP"])
    func `by signal stops the node when the deadline is over`(signal: String) async throws {
        let home = try Home()
        try home.chain("press \(signal) 'will be completed'; sleep 60; echo one >>done.txt", "true")
        let end = try await home.play("run pipeline.dot --deadline 200ms")
        #expect(end.code == 130 && home.done == [])
        #expect(end.errors.contains("the current node is stopped"))
        #expect(try await home.status(try #require(end.session)) == "paused")
    }

    @Test func `wakes from the delay before a retry`() async throws {
        let home = try Home()
        try home.pipeline(
            Home.tool("flaky", "echo attempt >>done.txt; exit 3", "max_retries=3, backoff_policy=patient"),
            "start -> flaky -> end")
        async let run = home.play("run pipeline.dot")
        // The second delay is at least three seconds.
        try await home.ok("until [ $(grep -c retrying run.output) = 2 ]; do sleep 0.02; done; kill -INT $(cat run.pid)")
        let end = try await run
        #expect(end.code == 0 && home.done.count == 2, "\(end.output)")
        let status = try await home.ok("orchestra status \(try #require(end.session))")
        #expect(status.contains(#/paused .* flaky\n/#), "\(status)")
    }

    @Test func `withdraws the question it waits with, and asks again when it is resumed`() async throws {
        let home = try Home()
        try home.pipeline(
            "ask [shape=hexagon, label=\"Ship it?\"]", Home.tool("ship", "echo shipped >>done.txt"),
            "start -> ask", "ask -> ship [label=\"[Y] Yes\"]", "ask -> end [label=\"[N] No\"]", "ship -> end")
        async let run = home.play("run pipeline.dot")
        try await home.ok("until grep -q 'asks ask' run.output; do sleep 0.02; done; kill -INT $(cat run.pid)")
        let end = try await run
        let session = try #require(end.session)
        #expect(end.code == 0)
        #expect(try await home.ok("orchestra status \(session)").contains(#/paused .* ask\n/#))
        #expect(try await home.play("resume \(session) --auto-approve").code == 0)
        #expect(home.done == ["shipped"])
    }

    @Test func `takes an answer that was given meanwhile before anybody else's`() async throws {
        let home = try Home()
        try home.pipeline(
            "ask [shape=hexagon, label=\"Ship it?\"]", Home.tool("ship", "echo shipped >>done.txt"),
            "start -> ask", "ask -> ship [label=\"[Y] Yes\"]", "ask -> end [label=\"[N] No\"]", "ship -> end")
        for _ in 0..<5 {
            try await home.ok("rm -f run.output run.pid")
            async let run = home.play("run pipeline.dot")
            try await home.ok(
                "until grep -q 'asks ask' run.output; do sleep 0.02; done; kill -INT $(cat run.pid)")
            let session = try #require(try await run.session)
            try await home.ok("orchestra answer \(session) no")
            let end = try await home.play("resume \(session) --auto-approve")
            #expect(end.code == 0 && end.output.contains("answered ask: \"no\""), "\(end.output)")
        }
        #expect(home.done == [])
    }

    @Test func `inside a parallel node begins no branch, and repeats none`() async throws {
        let home = try Home()
        try home.pipeline(
            "split [shape=component, max_parallel=1]", "join [shape=tripleoctagon]",
            Home.tool("a", "interrupt && echo a >>done.txt"), Home.tool("b", "echo b >>done.txt"),
            Home.tool("c", "echo c >>done.txt"), Home.tool("last", "echo last >>done.txt"),
            "start -> split", "split -> a -> join", "split -> b -> c -> join", "join -> last -> end")
        let end = try await home.play("run pipeline.dot")
        let session = try #require(end.session)
        #expect(end.code == 0 && home.done == ["a"], "\(end.output)")
        #expect(try await home.status(session) == "paused")
        #expect(try await home.play("resume \(session)").code == 0)
        #expect(home.done == ["a", "b", "c", "last"])
    }

    @Test func `from another process pauses`() async throws {
        let home = try Home()
        try home.spin()
        async let run = home.play("run pipeline.dot")
        let said = try await home.ok(
            """
            until grep -q "completed spin" run.output; do sleep 0.02; done
            orchestra pause "$(orchestra status | awk 'NR == 2 { print $1 }')"
            """)
        let end = try await run
        let session = try #require(end.session)
        #expect(said == "session \(session) was asked to pause\n")
        #expect(end.code == 0)
        #expect(try await home.status(session) == "paused")
    }

    @Test func `from another process, and at once, stops the node`() async throws {
        let home = try Home()
        try home.chain("touch started; sleep 60", "true")
        async let run = home.play("run pipeline.dot")
        let said = try await home.ok(
            """
            until test -e started; do sleep 0.02; done
            orchestra pause --now --json "$(orchestra status | awk 'NR == 2 { print $1 }')"
            """)
        let end = try await run
        let session = try #require(end.session)
        #expect(said.contains("\"session\":\"\(session)\"") && said.contains("\"state\":\"pausing\""))
        #expect(end.code == 130)
        #expect(try await home.status(session) == "paused")
    }

    @Test func `after it has failed stays failed`() async throws {
        let home = try Home()
        try home.chain("interrupt; exit 3", "true")
        let end = try await home.play("run pipeline.dot")
        #expect(end.code == 1)
        #expect(try await home.status(try #require(end.session)) == "failed")
    }

    @Test func `after its last node is completed`() async throws {
        let home = try Home()
        try home.chain("interrupt")
        let end = try await home.play("run pipeline.dot")
        #expect(end.code == 0)
        #expect(try await home.status(try #require(end.session)) == "completed")
    }
}
