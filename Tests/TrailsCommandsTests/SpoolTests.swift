import Foundation
import Testing

/// What a program reports while the server is away, and sends after its own death.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `A spool of reports` {
    /// A program reports progress and a result while the server is away, and ends; the server comes back.
    static func left(_ server: TestServer) async throws {
        try await server.ok("trails init-app etl >/dev/null 2>&1")
        let environment = server.environment(["TRAILS_SPOOL": server.folder.path + "/home/spool", "TRAILS_APP": "etl"])
        async let killed = Shell.run(
            """
            trails exec --name work -- sh -c 'touch "$TRAILS_HOME/on"
              until test -e "$TRAILS_HOME/off"; do sleep 0.05; done; echo "::trails progress 0.5"
              echo "::trails progress 0.75"; sleep 1; kill -9 $PPID; sleep 9' 2>/dev/null
            """, environment: environment)
        try await server.ok("until test -e \"$TRAILS_HOME/on\"; do sleep 0.05; done; sleep 0.5")
        server.kill()
        try await server.ok("touch \"$TRAILS_HOME/off\"")
        #expect(try await killed.code == 137)
    }

    static let log = """
        trails log --as etl --uuid $(trails children --as etl --json | grep -o '"appId": "[^"]*' | cut -d '"' -f 4)
        """

    @Test func `is sent once, however often it is flushed and killed on the way`() async throws {
        let server = try await TestServer()
        try await Self.left(server)
        let spool = "trails spool flush \"$TRAILS_HOME/spool\""
        let away = try await server.run(spool, ["TRAILS_PATIENCE": "0"])
        #expect(away.code == 69, "\(away.errors)")
        try await server.start()
        for delay in ["0.005", "0.02", "0.03", "0.04", "0.05", "0.06"] {
            _ = try await server.run("timeout -s KILL \(delay) \(spool)")
        }
        try await server.ok(spool)
        let log = try await server.ok(Self.log)
        for payload in ["\"progress\":0.5}", "\"progress\":0.75}"] {
            #expect(log.split(separator: "\n").count { $0.contains(payload) } == 1, "\(log)")
        }
        #expect(try await server.ok("ls \"$TRAILS_HOME/spool\"") == "")
        #expect(try await server.ok(spool) == "0 sent\n")
    }

    @Test func `keeps what the server refuses, and says why`() async throws {
        let server = try await TestServer()
        try await Self.left(server)
        try await server.start()
        let end = try await server.run(
            """
            cd "$TRAILS_HOME/spool"; sed -i 's/"progress":0.5/"progress":0.6/' *.spool
            TRAILS_SPOOL=$PWD trails spool flush; echo "code $?"; ls | sed 's/^[0-9a-f]*//'
            TRAILS_SPOOL=$PWD trails spool flush; echo "again $?"
            """)
        #expect(
            end.output.contains(/[0-9] sent, 1 refused\ncode 65\n\.spool\.refused\n0 sent\nagain 0\n/), "\(end.output)")
        #expect(end.errors.contains(/trails: refused: Status of [0-9a-f]{8}: .* \(bad_signature\)\n/), "\(end.errors)")
        #expect(try await server.ok(Self.log).contains("0.75"))
    }

    @Test func `has a place, or the command says so`() async throws {
        let server = try await TestServer()
        #expect(try await server.run("trails spool flush").code == 64)
        #expect(try await server.run("trails spool flush /nowhere/at/all").code == 64)
        try await server.ok("mkdir \"$TRAILS_HOME\"; echo nonsense >\"$TRAILS_HOME/x.spool\"")
        let end = try await server.run("chmod 600 \"$TRAILS_HOME/x.spool\"; trails spool flush \"$TRAILS_HOME\"")
        #expect(end.code == 78, "\(end.errors)")
        try await server.ok("test -s \"$TRAILS_HOME/x.spool\"")
    }
}
