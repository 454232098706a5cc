import Testing

/// What a person types. `script` of util-linux makes the terminal.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `On a terminal` {
    /// Plays `orchestra ARGUMENTS` on a terminal; `typing` is a script whose output is typed, and may look at `$seen`.
    static func play(_ arguments: String, typing: String, _ home: Home) async throws -> ProgramEnd {
        try await home.bash(
            """
            seen=$HOME/seen; : >"$seen"
            until_seen() { until grep -q "$1" "$seen"; do sleep 0.02; done; }
            { \(typing); until test -e over; do sleep 0.02; done; } |
                { script -qfec 'exec orchestra \(arguments)' "$seen" >/dev/null; echo $? >code; touch over; }
            cat "$seen"; exit "$(cat code)"
            """)
    }

    @Test func `a first Ctrl-C is not seen by the command at work`() async throws {
        let home = try Home()
        try home.chain(
            """
            trap 'echo interrupted >>done.txt' INT; touch started;
            until test -e heard; do sleep 0.02; done; echo whole >>done.txt
            """, "echo two >>done.txt")
        let end = try await Self.play(
            "run pipeline.dot",
            typing: """
                until test -e started; do sleep 0.02; done
                printf '\\003'; until_seen "will be completed"; touch heard
                """, home)
        #expect(end.code == 0 && home.done == ["whole"], "\(end.output)")
        #expect(end.output.contains("was paused by the user"))
        #expect(try await home.status(try #require(end.session)) == "paused")
    }

    @Test func `a second Ctrl-C stops it, a third ends at once`() async throws {
        for count in [2, 3] {
            let home = try Home()
            try home.chain("trap '' TERM; touch started; while true; do sleep 1; done", "true")
            let third = count == 3 ? "printf '\\003'" : "true"
            let end = try await Self.play(
                "run pipeline.dot --grace \(count == 3 ? "1h" : "200ms")",
                typing: """
                    until test -e started; do sleep 0.02; done
                    printf '\\003'; until_seen "will be completed"
                    printf '\\003'; until_seen "is stopped"; \(third)
                    """, home)
            #expect(end.code == 130, "\(end.output)")
            let status = try await home.status(try #require(end.session))
            #expect(status == (count == 3 ? "interrupted" : "paused"))
        }
    }

    @Test func `a question is asked, again after a wrong answer, and withdrawn by Ctrl-C`() async throws {
        let home = try Home()
        try home.pipeline(
            "ask [shape=hexagon, label=\"Ship it?\"]", Home.tool("ship", "echo shipped >>done.txt"),
            "start -> ask", "ask -> ship [label=\"[Y] Yes\"]", "ask -> end [label=\"[N] No\"]", "ship -> end")
        let paused = try await Self.play(
            "run pipeline.dot", typing: "until_seen Select; printf '\\003'", home)
        let session = try #require(paused.session)
        #expect(paused.code == 0 && paused.output.contains("the question was withdrawn"), "\(paused.output)")
        #expect(try await home.status(session) == "paused")
        try await home.ok("rm over")
        let end = try await Self.play(
            "resume \(session)",
            typing: "until_seen Select; echo maybe; until_seen 'none of the choices'; echo y", home)
        #expect(end.code == 0 && home.done == ["shipped"], "\(end.output)")
        #expect(end.output.contains("[?] Ship it?") && end.output.contains("  [Y] Yes"))
        #expect(end.output.contains("\"Y\" by tester") || end.output.contains("\"y\" by tester"), "\(end.output)")
    }

    @Test func `that goes away pauses the run`() async throws {
        let home = try Home()
        try home.chain(
            "touch started; until test -e gone; do sleep 0.02; done; echo one >>done.txt", "echo two >>done.txt")
        try await home.bash(
            """
            script -qfec 'echo $$ >run.pid; exec orchestra run pipeline.dot' /dev/null </dev/null >/dev/null & pid=$!
            until test -e started; do sleep 0.02; done
            kill -9 $pid; wait $pid; touch gone
            run=/proc/$(cat run.pid); while test -e $run && ! grep -q ') Z ' $run/stat; do sleep 0.02; done
            """)
        #expect(home.done == ["one"])
        #expect(try await home.ok("orchestra status").contains("paused"))
    }
}
