import Testing
import Vocabulary

@testable import TrailsCommands

@Suite struct `What a program says on standard output` {
    @Test(arguments: [
        ("::trails progress 0.4 half of it", WorkLine.progress(0.4, note: "half of it")),
        ("::trails progress 1", .progress(1, note: nil)), ("::trails result {\"rows\":3}", .result(["rows": 3])),
        ("::trails result null", .result(.null)),
    ])
    func `is a report`(line: String, meaning: WorkLine) {
        #expect(WorkLine(line.utf8) == meaning)
    }

    @Test(arguments: [
        "hello", "::trails", "::trails progress", "::trails progress 2", "::trails progress nan x", "::trails result {",
        "::trails dance 1", " ::trails progress 0.4", "::Trails progress 0.4", "",
    ])
    func `is nothing but output`(line: String) {
        #expect(WorkLine(line.utf8) == nil)
    }

    @Test(arguments: [1, 2, 3, 7, 1_000])
    func `passes unchanged but for reports, however it is cut`(size: Int) {
        let text =
            "a\n::trails progress 0.5\n::tra\n::trails nonsense\r\n\n::trails result 1\r\nprompt> "
            + "::trails result 2\n::x"
        var sieve = LineSieve()
        var passing: [UInt8] = []
        var lines: [WorkLine] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let part = sieve.take(bytes[start..<min(start + size, bytes.count)])
            passing += part.passing
            lines += part.lines
        }
        let rest = sieve.finish()
        #expect(lines + rest.lines == [.progress(0.5, note: nil), .result(1)])
        #expect(
            String(decoding: passing + rest.passing, as: UTF8.self)
                == "a\n::tra\n::trails nonsense\r\n\nprompt> ::trails result 2\n::x")
    }

    @Test func `does not hold back what is no report`() {
        var sieve = LineSieve()
        #expect(sieve.take(Array("password: ".utf8)).passing == Array("password: ".utf8))
        #expect(sieve.take(Array("::trails resu".utf8)).passing == Array("::trails resu".utf8))
    }

    @Test func `is remembered by its last lines`() {
        var tail = TailLines()
        for number in 0..<10_000 { tail.take(Array("line \(number)\n".utf8)) }
        #expect(tail.text == (9_980..<10_000).map { "line \($0)" })
    }
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A program as a node` {
    @Test func `keeps its exit code, reports its end, and knows no key of its parent`() async throws {
        let server = try await TestServer()
        let output = try await server.ok(
            """
            trails init-app etl >/dev/null 2>&1; trails use etl; eval $(trails run --name r)
            trails exec --name good -- sh -c 'echo out; echo "::trails result 7"; env | grep -c -e \
            ^TRAILS_PRIVATE -e ^TRAILS_APP'
            trails exec --name bad -- sh -c 'echo dreadful >&2; exit 7' 2>/dev/null; echo "bad $?"
            trails exec --name killed -- sh -c 'kill -9 $$'; echo "killed $?"
            trails exec --name none -- no-such-program 2>/dev/null; echo "none $?"
            trails exec --name script -- sh -c 'trails status "{\\"note\\": \\"own\\"}"'; echo "script $?"
            trails wait --parent $TRAILS_APP_ID --json 2>/dev/null | grep -e '"result": 7' -e dreadful \
            -e '"signal"' | wc -l
            trails tree --uuid $TRAILS_APP_ID | cut -d '[' -f 2
            """)
        #expect(output.hasPrefix("out\n0\nbad 7\nkilled 137\nnone 127\nscript 0\n"), "\(output)")
        #expect(output.contains("done ✓]"))
        #expect(output.contains("error ✗ exit status 7]"))
        #expect(output.contains("error ✗ ended by signal 9]"))
    }

    @Test func `is ended with all it started when an ancestor cancels`() async throws {
        let server = try await TestServer()
        let output = try await server.ok(
            """
            trails init-app etl >/dev/null 2>&1; trails use etl
            trails exec --name stuck -- sh -c 'trap "" TERM; sleep 987 & echo $! >"$TRAILS_HOME/pid"; \
            touch "$TRAILS_HOME/on"; wait; sleep 987' &
            until test -e "$TRAILS_HOME/on"; do sleep 0.05; done; sleep 0.3
            trails cancel --cascade --grace 10 --yes 2>/dev/null
            wait $!; echo "exec $?"
            grep -q -v zombie /proc/$(cat "$TRAILS_HOME/pid")/status 2>/dev/null && grep State \
            /proc/$(cat "$TRAILS_HOME/pid")/status | grep -c sleeping
            trails tree | grep stuck; trails log --uuid $(trails children --json | grep -o '"appId": \
            "[^"]*' | cut -d '"' -f 4)
            """)
        #expect(output.contains("exec 137\n"), "\(output)")
        #expect(output.contains("[cancelled ⊘]"), "\(output)")
    }

    @Test func `does not outlive a trails that was killed, and neither does what it started`() async throws {
        let server = try await TestServer()
        let output = try await server.ok(
            """
            trails init-app etl >/dev/null 2>&1; trails use etl
            trails exec --name polite -- sh -c 'echo $$ >"$TRAILS_HOME/polite"; sleep 987 & wait' &
            polite=$!
            trails exec --name brief -- true && echo brief
            until test -s "$TRAILS_HOME/polite"; do sleep 0.05; done; sleep 0.3
            kill -9 $polite
            group=$(cat "$TRAILS_HOME/polite")
            for step in $(seq 100); do kill -0 -- -$group 2>/dev/null || break; sleep 0.05; done
            kill -0 -- -$group 2>/dev/null || echo gone
            """)
        #expect(output == "brief\ngone\n", "\(output)")
    }
}
