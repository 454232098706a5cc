import Foundation
import Testing

/// What goes wrong, and what is then still true.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `When the server is not there` {
    /// A run's environment, of a server that is then killed.
    static func orphan() async throws -> (TestServer, [String: String]) {
        let server = try await TestServer()
        let lines = try await server.ok(
            "trails init-app etl >/dev/null; trails use etl; trails run --name r; echo; trails register --name k --keep"
        )
        var variables: [String: String] = [:]
        for line in lines.split(separator: "\n").prefix(5) {
            let parts = line.dropFirst("export ".count).dropLast().split(separator: "=", maxSplits: 1)
            variables[String(parts[0])] = String(parts[1])
        }
        server.kill()
        return (server, variables)
    }

    @Test func `every command that needs it says so, with 69`() async throws {
        let (server, run) = try await Self.orphan()
        let id = try #require(run["TRAILS_APP_ID"])
        let commands = [
            "tree", "children", "log", "child-info --name x", "wait --uuid \(id)", "wait --children", "status '{}'",
            "status --uuid \(id)", "cancel --cascade --yes", "send \(id) pause", "context revoke etl",
            "init-app other", "run --name x", "register --name x", "resume --name k",
        ]
        for command in commands {
            // The waits may take long; that they are patient is another test.
            let limit = command.hasPrefix("wait") ? "timeout 2 " : ""
            let end = try await server.run("TRAILS_APP=etl; export TRAILS_APP; \(limit)trails \(command)", run)
            #expect(end.code == (limit.isEmpty ? 69 : 124), "\(command): \(end.errors)")
            if limit.isEmpty { #expect(end.errors.contains("trails: error: cannot reach the server ws://")) }
            let isEvaluated = ["run", "register", "resume"].contains { command.hasPrefix($0) }
            #expect(end.output.isEmpty != isEvaluated, "\(command): \(end.output)")
        }
    }

    @Test func `eval stops the script`() async throws {
        let (server, run) = try await Self.orphan()
        for command in ["run --name x", "register --name x --keep", "resume --name k"] {
            let end = try await server.run("trails use etl; eval $(trails \(command)); echo went on", run)
            #expect(end.code == 69, "\(command)")
            #expect(end.output == "")
        }
    }

    @Test func `nothing is lost: the same command finishes when it is back`() async throws {
        let (server, _) = try await Self.orphan()
        #expect(try await server.run("trails init-app late").code == 69)
        #expect(try await server.run("trails register --name late --keep").code == 69)
        let keys = try await server.ok(
            "cat \"$TRAILS_HOME\"/late/root.yml \"$TRAILS_HOME\"/contexts/late.yml | grep _key:")
        try await server.start()
        #expect(try await server.ok("trails init-app late 2>/dev/null").hasPrefix("made the root late"))
        #expect(try await server.ok("eval $(trails register --name late --keep); trails status '{}'") == "")
        let after = try await server.ok(
            "cat \"$TRAILS_HOME\"/late/root.yml \"$TRAILS_HOME\"/contexts/late.yml | grep _key:")
        for line in keys.split(separator: "\n") where line.hasPrefix("private_key") || line.hasPrefix("pub_key") {
            #expect(after.contains(line))
        }
        #expect(try await server.ok("trails init-app late").hasPrefix("there is already the root late"))
    }

    @Test func `a file is not thrown away`() async throws {
        let (server, _) = try await Self.orphan()
        let end = try await server.run("trails context rm k")
        #expect(end.code == 0)
        #expect(end.errors.contains("was moved to"))
        #expect(try await server.ok("ls \"$TRAILS_HOME/trash\"").hasPrefix("k.kept."))
        try await server.ok(
            "sed -i s/x/x/ \"$TRAILS_HOME\"/trash/*; mv \"$TRAILS_HOME\"/trash/* \"$TRAILS_HOME\"/contexts/k.yml")
        #expect(try await server.run("trails context prune --older-than 0s --completed-only").code == 69)
        try await server.ok("trails context exists k")
    }

    @Test func `a wait goes on through a restart, and gets its answer`() async throws {
        let server = try await TestServer()
        try await server.ok("trails init-app etl")
        let environment = server.environment()
        async let waiting = Shell.run(
            """
            trails use etl; eval $(trails run --name r); trails child-info --name c >"$TRAILS_HOME/info"
            touch "$TRAILS_HOME/ready"; trails wait --parent $TRAILS_CHILD_ID --all --progress 2>"$TRAILS_HOME/err"
            """, environment: environment)
        // It is watching once it tells of a change.
        try await server.ok(
            """
            until test -e "$TRAILS_HOME/ready"; do sleep 0.05; done
            step=0; until grep -q running "$TRAILS_HOME/err" 2>/dev/null; do
              step=$((step + 1)); TRAILS_INFO=$(cat "$TRAILS_HOME/info") trails status "{\\"progress\\": 0.$step}"
            done
            """)
        server.kill()
        try await server.start()
        try await server.ok("TRAILS_INFO=$(cat \"$TRAILS_HOME/info\") trails result '{\"rows\": 7}'")
        let end = try await waiting
        #expect(end.code == 0, "\(end.errors)")
        #expect(end.output.contains(/^\{"[0-9a-f-]{36}":\{"rows":7\}\}\n$/))
        #expect(try await server.ok("cat \"$TRAILS_HOME/err\"").contains("waiting for the server"))
    }
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct `What makes no sense` {
    @Test func `is said so: no id, an empty one, an unknown one, one of two`() async throws {
        let server = try await TestServer()
        let script = """
            trails init-app etl >/dev/null 2>&1; trails use etl
            for number in $(seq 20); do trails child-info --name c$number >/dev/null; done
            trails children --json | grep -o '"appId": "[^"]*' | cut -d '"' -f 4 | cut -c 1 | sort | uniq -d | head -n 1
            """
        #expect(try await server.ok(script).count == 2)
        let cases: [(String, String)] = [
            ("wait --uuid \"$NOTHING\"", "an id is empty"), ("wait --uuids \"a1b2,\"", "an id is empty"),
            ("tree --uuid ''", "an id is empty"), ("tree --uuid xyz", "\"xyz\" is not an app id"),
            ("tree --uuid abc", "\"abc\" is not an app id"), ("status --uuid 00000000", "no app 00000000 is under etl"),
            ("cancel --cascade --uuid 99999999-0000-4000-8000-000000000000", "no app 99999999"),
            ("wait", "Give one of"), ("cancel", "Give --uuid"), ("status", "Give either"),
            ("tre", "unexpected argument"),
            ("status '{'", "the status is not JSON"), ("children --status gone", "\"gone\" is not a status"),
            ("use 'a/b'", "\"a/b\" is not a name"), ("init-app trash", "reserved"),
        ]
        for (command, complaint) in cases {
            let end = try await server.run("TRAILS_APP=etl trails \(command)")
            #expect(end.code == 64, "\(command): \(end.errors)")
            #expect(end.errors.hasPrefix("trails: error: "), "\(command): \(end.errors)")
            #expect(end.errors.lowercased().contains(complaint.lowercased()), "\(command): \(end.errors)")
            #expect(end.output == "", "\(command)")
        }
    }

    @Test func `is refused: a wrong key, a false server, another's app`() async throws {
        let server = try await TestServer()
        try await server.ok("trails init-app one; trails init-app two")
        let wrong = try await server.run(
            "eval $(TRAILS_APP=one trails run --name r); export "
                + "TRAILS_PRIVATE_KEY=ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; trails status '{}'"
        )
        #expect(wrong.code == 77, "\(wrong.errors)")
        let other = try await TestServer()
        let falseServer = try await server.run("TRAILS_APP=one trails tree --server \(other.url)")
        #expect(falseServer.code == 77, "\(falseServer.errors)")
        let id = try await server.ok(
            "TRAILS_APP=two trails whoami --json | grep -o '\"appId\": \"[^\"]*' | cut -d '\"' -f 4"
        )
        .trimmingCharacters(in: .newlines)
        let stranger = try await server.run("TRAILS_APP=one trails cancel --cascade --yes --uuid \(id)")
        #expect([64, 77].contains(stranger.code), "\(stranger.errors)")
    }

    @Test func `prints no TRAILS_INFO`() async throws {
        let server = try await TestServer()
        let end = try await server.run(
            "trails init-app etl >/dev/null 2>&1; trails use etl; eval $(trails run --name r); trails "
                + "result 1; trails child-info --name ''"
        )
        #expect(end.code == 64)
        #expect(end.output == "")
    }
}
