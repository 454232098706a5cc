import Testing
import TurnModel
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `A replay` {
    /// Runs a chain of four nodes to its end; answers with the session and its checkpoints.
    static func original(_ home: Home) async throws -> (session: String, checkpoints: [String: String]) {
        try home.chain("echo one >>done.txt", "echo two >>done.txt", "echo 3: {{ mood }} >>done.txt")
        let session = try #require(try await home.play("run pipeline.dot mood=calm").session)
        #expect(home.done == ["one", "two", "3: calm"])
        return (session, try await Self.checkpoints(of: session, home))
    }

    static func checkpoints(of session: String, _ home: Home) async throws -> [String: String] {
        let found = try await home.checkpoints(of: session)
        return Dictionary(found.map { ($0.node, $0.turn) }) { $1 }
    }

    /// The session that a replay has made.
    static func fork(_ end: ProgramEnd) throws -> String {
        String(try #require(end.errors.firstMatch(of: /is forked as ([0-9a-f]{6})/), "\(end.errors)").1)
    }

    @Test func `is a fork of the store at the checkpoint`() async throws {
        let home = try Home()
        let (session, checkpoints) = try await Self.original(home)
        let turn = try #require(checkpoints["one"].flatMap { UInt64($0) })
        let end = try await home.play("replay \(session) --checkpoint \(turn)")
        #expect(end.code == 0, "\(end.errors)")
        let fork = try await home.row(of: try Self.fork(end))
        let origin = try await home.row(of: session)
        #expect(fork.context.base == TurnID(turn) && fork.context.id != origin.context.id)
        #expect(end.output.contains("session \(fork.displayID) is completed (context \(fork.context.id))"))
        #expect(home.done == ["one", "two", "3: calm", "two", "3: calm"])
    }

    @Test func `diverges, and the original stays as it was to the last byte`() async throws {
        let home = try Home()
        let (session, checkpoints) = try await Self.original(home)
        let before = try await home.turns(of: session)
        let turn = try #require(checkpoints["two"])
        let end = try await home.play("replay \(session) --checkpoint \(turn) --set mood=wild")
        #expect(home.done.last == "3: wild")
        let fork = try await home.turns(of: try Self.fork(end))
        #expect(try await home.turns(of: session) == before)
        let shared = try #require(before.firstIndex { "\($0.id)" == turn }) + 1
        #expect(fork.prefix(shared) == before.prefix(shared), "history is shared up to the fork")
        #expect(Set(fork.dropFirst(shared).map(\.id)).isDisjoint(with: before.map(\.id)))
        #expect(fork.count > shared)
        #expect(try await home.status(session) == "completed")
    }

    @Test(arguments: ["completed", "failed", "paused", "interrupted"])
    func `begins in a session that is`(status: String) async throws {
        let home = try Home()
        let last = ["failed": "test -e mended", "paused": "interrupt", "interrupted": "crash"][status] ?? "true"
        try home.chain("echo one >>done.txt", "\(last) && echo two >>done.txt", "echo three >>done.txt")
        let session = try #require(try await home.play("run pipeline.dot").session)
        #expect(try await home.status(session) == status)
        let before = try await home.turns(of: session)
        try home.write("mended", "")
        try home.write("done.txt", "")
        let checkpoints = try await Self.checkpoints(of: session, home)
        let end = try await home.play("replay \(session) --checkpoint \(try #require(checkpoints["one"]))")
        #expect(end.code == 0, "\(end.output)\(end.errors)")
        #expect(home.done == ["two", "three"])
        #expect(try await home.turns(of: session) == before)
        #expect(try await home.status(session) == status)
    }

    @Test func `of a replay of a replay shares the history of all three`() async throws {
        let home = try Home()
        let (first, checkpoints) = try await Self.original(home)
        let one = try #require(checkpoints["one"])
        let second = try Self.fork(try await home.play("replay \(first) --checkpoint \(one)"))
        let own = try #require(try await Self.checkpoints(of: second, home)["two"])
        #expect(own != checkpoints["two"], "the second has run node two itself")
        let third = try Self.fork(try await home.play("replay \(second) --checkpoint \(own) --set mood=odd"))
        // A turn of the first is in the history of the third as well.
        let fourth = try Self.fork(try await home.play("replay \(third) --checkpoint \(one) --from three"))
        #expect(home.done == ["one", "two", "3: calm", "two", "3: calm", "3: odd", "3: calm"])
        let histories = [try await home.turns(of: first), try await home.turns(of: third)]
        #expect(histories[0].prefix(2) == histories[1].prefix(2))
        #expect(Set([first, second, third, fourth]).count == 4)
        #expect(try await home.ok("orchestra status").matches(of: /completed/).count == 4)
    }

    @Test func `can be paused and resumed like any session`() async throws {
        let home = try Home()
        try home.chain(
            "echo one >>done.txt", "test -e again && interrupt; echo two >>done.txt", "echo three >>done.txt")
        let session = try #require(try await home.play("run pipeline.dot").session)
        try home.write("again", "")
        let turn = try #require(try await Self.checkpoints(of: session, home)["one"])
        let fork = try Self.fork(try await home.play("replay \(session) --checkpoint \(turn)"))
        #expect(try await home.status(fork) == "paused")
        #expect(home.done.suffix(2) == ["three", "two"])
        #expect(try await home.play("resume \(fork)").code == 0)
        #expect(home.done.suffix(2) == ["two", "three"])
    }

    @Test func `that is refused leaves nothing behind`() async throws {
        let home = try Home()
        let (session, checkpoints) = try await Self.original(home)
        let turn = try #require(checkpoints["one"])
        let head = try #require(try await home.turns(of: session).last?.id)
        try home.write("other.dot", "digraph Other { start -> a [label=x } ")
        let refusals = [
            ("--checkpoint 99999", "turn 99999 was not found"), ("--checkpoint 0", "not found"),
            ("--checkpoint \(head)", "is not a checkpoint"), ("--checkpoint \(turn) --from nowhere", "not found"),
            ("--checkpoint \(turn) --set outcome=fail", "belongs to the engine"),
        ]
        for (arguments, words) in refusals {
            let end = try await home.play("replay \(session) \(arguments)")
            #expect(end.code == 1 && end.errors.contains(words), "\(arguments): \(end.errors)")
        }
        #expect(try await home.store().sessions(SessionQuery()).count == 1)
        #expect(home.done.count == 3)
    }
}
