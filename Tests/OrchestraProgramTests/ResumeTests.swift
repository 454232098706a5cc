import Testing
import TurnModel

/// How the first part of a session ends, as a program that a command calls.
enum Stop: String, CaseIterable, CustomTestStringConvertible {
    /// Ctrl-C.
    case interrupt
    /// SIGKILL.
    case crash

    var testDescription: String { self.rawValue }
    var status: String { self == .interrupt ? "paused" : "interrupted" }
    var codes: Set<Int32> { self == .interrupt ? [0] : [9, 137] }
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A resumed session` {
    /// Runs the pipeline of `home` until it stops; answers with the session.
    static func run(_ home: Home, _ variables: String = "", until stop: Stop) async throws -> String {
        let end = try await home.play("run pipeline.dot \(variables)")
        #expect(stop.codes.contains(end.code), "\(end.output)\(end.errors)")
        let session = try #require(end.session)
        #expect(try await home.status(session) == stop.status)
        return session
    }

    @Test(arguments: Stop.allCases) func `goes on after the last completed node, and completes`(stop: Stop) async throws
    {
        let home = try Home()
        try home.chain("echo one >>done.txt", "\(stop) && echo two >>done.txt", "echo three >>done.txt")
        let session = try await Self.run(home, until: stop)
        #expect(home.done == (stop == .crash ? ["one"] : ["one", "two"]))
        let end = try await home.play("resume \(session)")
        #expect(end.code == 0, "\(end.errors)")
        #expect(home.done == ["one", "two", "three"])
        #expect(try await home.status(session) == "completed")
    }

    @Test(arguments: Stop.allCases) func `has the context that it had`(stop: Stop) async throws {
        let home = try Home()
        try home.pipeline(
            Home.tool("count", "echo '42 apples'"), Home.tool("hold", "\(stop)"),
            Home.tool("tell", "echo {{ city | sh }}: {{ tools.count.output | sh }} >>done.txt"),
            Home.tool("wrong", "echo lost >>done.txt"), "start -> count -> hold",
            "hold -> tell [condition=\"context.tools.count.exit_code=0\"]",
            "hold -> wrong [condition=\"context.tools.count.exit_code!=0\"]",
            "tell -> end", "wrong -> end")
        let session = try await Self.run(home, "'city=Santiago de Cuba'", until: stop)
        let before = try await home.turns(of: session)
        try await home.play("resume \(session)")
        #expect(home.done == ["Santiago de Cuba: 42 apples"])
        #expect(try await home.turns(of: session).starts(with: before))
    }

    @Test(arguments: Stop.allCases) func `runs no completed node again`(stop: Stop) async throws {
        let home = try Home()
        try home.chain("echo one >>done.txt", "echo two >>done.txt", "\(stop)", "echo four >>done.txt")
        let session = try await Self.run(home, until: stop)
        let end = try await home.play("resume \(session)")
        #expect(home.done == ["one", "two", "four"])
        #expect(!end.output.contains(#/started (start|one|two) /#), "\(end.output)")
        #expect(end.output.contains("[Stage] started four"))
    }

    @Test(arguments: Stop.allCases) func `has the attempts that were left`(stop: Stop) async throws {
        let home = try Home()
        try home.pipeline(
            Home.tool("flaky", "echo attempt >>done.txt; \(stop); exit 3", "max_retries=3"), "start -> flaky",
            "flaky -> end [condition=\"outcome=success\"]")
        let session = try await Self.run(home, until: stop)
        #expect(home.done.count == 1)
        let end = try await home.play("resume \(session)")
        #expect(end.code == 1)
        #expect(home.done.count == 4, "one before, three after")
        #expect(end.output.contains("has failed: node flaky failed: ") && end.output.contains("exit code 3"))
    }

    @Test(arguments: Stop.allCases) func `takes the branch that its node chose`(stop: Stop) async throws {
        let home = try Home()
        let branch = { (name: String) in Home.tool(name, "echo \(name) >>done.txt") }
        try home.pipeline(
            Home.tool("check", "\(stop) && exit 3"), branch("ship"), branch("fix"), branch("polish"), branch("tell"),
            "start -> check", "check -> ship [condition=\"outcome=success\"]",
            "check -> fix [condition=\"outcome=fail\"]", "fix -> polish -> tell -> end", "ship -> tell")
        let session = try await Self.run(home, until: stop)
        #expect(home.done == [])
        #expect(try await home.play("resume \(session)").code == 0)
        #expect(home.done == ["fix", "polish", "tell"])
    }

    @Test(arguments: [0, 3]) func `knows which goal gates were met`(code: Int32) async throws {
        let home = try Home()
        try home.pipeline(
            Home.tool("gate", "exit \(code)", "goal_gate=true"), Home.tool("hold", "interrupt"),
            Home.tool("rest", "true"), "start -> gate -> hold -> rest -> end")
        let session = try await Self.run(home, until: .interrupt)
        let end = try await home.play("resume \(session)")
        #expect(end.code == (code == 0 ? 0 : 1))
        #expect(end.output.contains("goal gate") == (code != 0), "\(end.output)")
        #expect(try await home.status(session) == (code == 0 ? "completed" : "failed"))
    }

    @Test(arguments: Stop.allCases) func `has jumped as often as it had`(stop: Stop) async throws {
        let home = try Home()
        try home.pipeline(
            "max_reroutes=2", Home.tool("again", "echo visit >>done.txt; exit 3", "retry_target=before"),
            Home.tool("before", "test $(wc -l <done.txt) = 2 && \(stop); exit 0"), "start -> first -> again -> end",
            Home.tool("first", "true"), "before -> again")
        let session = try await Self.run(home, until: stop)
        #expect(home.done.count == 2)
        let end = try await home.play("resume \(session)")
        #expect(end.code == 1 && end.output.contains("reroute"), "\(end.output)")
        #expect(home.done.count == 3, "the first visit, and two jumps")
    }

    @Test func `stops and goes on as often as one likes, in one context`() async throws {
        let home = try Home()
        try home.chain("interrupt", "rm interrupted; interrupt", "rm interrupted; interrupt", "true")
        let session = try await Self.run(home, until: .interrupt)
        for _ in 0..<2 {
            #expect(try await home.play("resume \(session)").code == 0)
            #expect(try await home.status(session) == "paused")
        }
        #expect(try await home.play("resume \(session)").code == 0)
        #expect(try await home.status(session) == "completed")
        let contexts = Set(try await home.turns(of: session).map(\.context))
        #expect(contexts.count == 1)
    }

    @Test func `that was killed before its first checkpoint begins at the start`() async throws {
        let home = try Home()
        try home.chain("crash && echo one >>done.txt")
        let session = try await Self.run(home, until: .crash)
        #expect(try await home.play("resume \(session)").code == 0)
        #expect(home.done == ["one"])
    }
}
