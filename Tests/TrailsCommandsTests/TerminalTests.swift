import Foundation
import Testing

/// What a person sees and types. `script` of util-linux makes the terminal.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `On a terminal` {
    /// Runs `command` on a terminal, on which `typed` is typed line by line once each question is there.
    static func run(_ command: String, typed: [(question: String, answer: String)], _ server: TestServer) async throws
        -> ProcessEnd
    {
        let answers = typed.enumerated().map { place, line in
            let before = typed[..<place].count { $0.question == line.question }
            return "until [ $(grep -c '\(line.question)' \"$seen\") -gt \(before) ]; "
                + "do sleep 0.05; done; sleep 0.2; echo '\(line.answer)'"
        }
        return try await server.run(
            """
            seen=$(mktemp); { \((answers + ["sleep 0.5"]).joined(separator: "; ")); } |
                script -qfec '\(command)' "$seen" >/dev/null; code=$?; cat "$seen"; rm "$seen"; exit $code
            """)
    }

    @Test func `a cancel shows what it would stop, and asks`() async throws {
        let server = try await TestServer()
        try await server.ok("trails init-app etl; trails use etl; eval $(trails run --name monday)")
        let cancel = "trails cancel --as etl --cascade"
        let no = try await Self.run(cancel, typed: [("Cancel this app", "n")], server)
        #expect(no.code == 64)
        #expect(no.output.contains(/── monday \([0-9a-f]{8}\) .*\[running\]/.dotMatchesNewlines()), "\(no.output)")
        #expect(no.output.contains("trails: error: nothing was cancelled"))
        #expect(try await server.ok("trails tree --as etl").contains("monday"))
        let yes = try await Self.run(cancel, typed: [("Cancel this app", "yes")], server)
        #expect(yes.code == 0 && yes.output.contains("1 of 1 cancelled"), "\(yes.output)")
        #expect(try await server.ok("trails tree --as etl --running | wc -l") == "1\n")
    }

    @Test func `a passphrase is asked for twice when it is new, once later, and never shown`() async throws {
        let server = try await TestServer()
        let register = "trails register --name secret --keep --encrypt --print"
        let differs = try await Self.run(
            register, typed: [("New passphrase", "horse"), ("The same again", "house")], server)
        #expect(differs.code == 64 && differs.output.contains("the two passphrases differ"), "\(differs.output)")
        let made = try await Self.run(
            register, typed: [("New passphrase", "horse"), ("The same again", "horse")], server)
        #expect(made.code == 0 && made.output.contains("export TRAILS_APP_ID="), "\(made.output)")
        let resumed = try await Self.run(
            "trails resume --name secret --print", typed: [("Passphrase of the kept context secret", "horse")], server)
        #expect(resumed.code == 0, "\(resumed.output)")
        let wrong = try await Self.run(
            "trails resume --name secret --print", typed: [("Passphrase of the kept context secret", "house")], server)
        #expect(wrong.code == 77)
        for end in [differs, made, resumed, wrong] { #expect(!end.output.contains(/horse|house/), "\(end.output)") }
    }

    @Test func `a key is not printed`() async throws {
        let server = try await TestServer()
        try await server.ok("trails init-app etl")
        let end = try await Self.run("trails run --as etl --name x", typed: [], server)
        #expect(end.code == 64 && end.output.contains("this prints a private key"), "\(end.output)")
        #expect(!end.output.contains("PRIVATE_KEY="))
    }

    @Test func `a tree is drawn again in its place at each change, elsewhere below the last one`() async throws {
        let server = try await TestServer()
        try await server.ok("trails init-app etl")
        let script = """
            trails use etl; eval $(trails run --name monday); seen="$TRAILS_HOME/seen"; : >"$seen"
            WATCH & watch=$!
            until grep -q monday "$seen"; do sleep 0.05; done; trails status '{"progress": 0.4}'
            until grep -q 40% "$seen"; do sleep 0.05; done; trails result 1
            until grep -q 'done ✓' "$seen"; do sleep 0.05; done; kill $watch; cat "$seen"
            """
        let file = try await server.ok(
            script.replacing("WATCH", with: "trails tree --watch --as etl >\"$seen\" 2>/dev/null"))
        let drawings = file.split(separator: "\n\n").filter { $0.contains("monday") }
        #expect(drawings.count >= 3 && !file.contains("\u{1B}"), "\(file)")
        #expect(drawings.allSatisfy { $0.drop { $0 == "\n" }.hasPrefix("etl (") }, "\(file)")
        try await server.ok("true")
        let terminal = try await server.ok(
            script.replacing(
                "WATCH", with: "script -qfec 'trails tree --watch --as etl' \"$seen\" >/dev/null </dev/null"))
        #expect(terminal.matches(of: /\u{1B}\[H\u{1B}\[Jetl \(/).count >= 3, "\(terminal)")
    }
}

/// The same commands at level `full`.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `Over TLS` {
    @Test func `everything works, watching too, and an authority that is not trusted is refused`() async throws {
        let server = try await TestServer(isSecure: true)
        let output = try await server.ok(
            """
            trails init-app etl 2>/dev/null; trails use etl; eval $(trails run --name monday)
            echo "level $(trails status --uuid $TRAILS_APP_ID --field level)"
            info=$(trails child-info --name copy)
            (sleep 1; TRAILS_INFO=$info trails result '{"files": 5}') &
            trails wait --parent $TRAILS_CHILD_ID --all
            trails exec --name work -- sh -c 'echo "::trails result 7"'; trails result 1; trails tree
            """)
        #expect(output.contains("at wss://localhost:\(server.port)/ws\n"), "\(output)")
        #expect(output.contains("level full\n"), "\(output)")
        #expect(output.contains(/\{"[0-9a-f-]{36}":\{"files":5\}\}\n/), "\(output)")
        #expect(output.matches(of: /\[done ✓\]/).count == 3, "\(output)")
        let stranger = try await server.run("trails tree --as etl", ["TRAILS_CA": "/etc/ssl/certs/ca-certificates.crt"])
        #expect([69, 77].contains(stranger.code), "\(stranger.errors)")
        let plain = try await server.run(
            "trails tree --as etl --server ws://127.0.0.1:\(server.port)/ws", ["TRAILS_PATIENCE": "0"])
        #expect(plain.code != 0)
    }
}
