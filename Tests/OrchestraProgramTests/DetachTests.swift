import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A detached run` {
    @Test func `goes on in a process of its own, and is on record before its starter ends`() async throws {
        let home = try Home()
        try home.chain("until test -e go; do sleep 0.02; done; echo one >>done.txt")
        let end = try await home.play("run pipeline.dot city=Oslo --detach --json")
        #expect(end.code == 0 && home.done == [])
        let said = try JSONValue(parsing: Array(end.output.utf8))
        let session = try #require(said["session"]?.string)
        #expect(try await home.status(session) == "running")
        #expect(said["output"]?.string == home.path(".orchestra/runs/\(session)/output.log"))
        try await home.ok("touch go; until orchestra status \(session) | grep -q completed; do sleep 0.1; done")
        #expect(home.done == ["one"])
        let log = home.read(".orchestra/runs/\(session)/output.log")
        #expect(log.contains("\"event\":\"ended\"") && log.contains("\(session)"), "\(log)")
    }

    @Test func `can be paused, asked and resumed by others`() async throws {
        let home = try Home()
        try home.pipeline(
            "ask [shape=hexagon, label=\"Ship it?\"]", Home.tool("ship", "echo shipped >>done.txt"),
            "start -> ask", "ask -> ship [label=\"[Y] Yes\"]", "ask -> end [label=\"[N] No\"]", "ship -> end")
        let end = try await home.play("run pipeline.dot --detach")
        let session = try #require(end.session)
        #expect(end.output.contains("session \(session) runs in process "), "\(end.output)")
        let said = try await home.ok(
            """
            until orchestra status \(session) | grep -q waiting; do sleep 0.05; done
            orchestra answer \(session) --json; orchestra answer \(session) yes --json
            until orchestra status \(session) | grep -q completed; do sleep 0.05; done
            """)
        #expect(said.contains("\"text\":\"Ship it?\"") && said.contains("\"state\":\"taken\""), "\(said)")
        #expect(home.done == ["shipped"])
    }

    @Test func `that cannot begin says why, with its exit code`() async throws {
        let home = try Home()
        let missing = try await home.play("run nowhere.dot --detach")
        #expect(missing.code == 1 && missing.errors.contains("there is no file nowhere.dot"), "\(missing.errors)")
        try home.chain("true")
        let wrong = try await home.play("run pipeline.dot --detach city")
        #expect(wrong.code == 2 && wrong.errors.contains("Expected key=value"), "\(wrong.errors)")
        #expect(missing.output == "" && wrong.output == "")
        #expect(try await home.ok("ls .orchestra/runs | wc -l") == "0\n")
    }
}
