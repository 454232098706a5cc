import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `For programs` {
    @Test func `every event and the end of a run is a JSON object`() async throws {
        let home = try Home()
        try home.chain("interrupt", "true")
        let run = try await home.play("run pipeline.dot --json")
        let session = try #require(try JSONValue(parsing: Array(run.output.split(separator: "\n")[0].utf8))["session"])
        let id = try #require(session.string)
        let turn = try #require(try await home.checkpoints(of: id).first?.turn)
        for arguments in ["resume \(id)", "replay \(id) --checkpoint \(turn)"] {
            let end = try await home.play("\(arguments) --json")
            let lines = try end.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
            #expect(lines.count > 3 && lines.allSatisfy { $0["event"]?.string != nil }, "\(end.output)")
            #expect(lines.last?["event"] == "ended" && lines.last?["exit_code"] == .integer(0))
        }
    }

    @Test func `every command says what it found as JSON`() async throws {
        let home = try Home()
        try home.chain("interrupt", "true")
        let session = try #require(try await home.play("run pipeline.dot").session)
        for command in [
            "status", "status \(session)", "status --detail", "status --all --status paused", "doctor", "doctor --deep",
            "compile pipeline.dot", "answer \(session) yes", "cancel \(session)",
        ] {
            let end = try await home.play("\(command) --json")
            #expect(end.code == 0 && (try? JSONValue(parsing: Array(end.output.utf8))) != nil, "\(command): \(end)")
        }
        #expect(try await home.ok("orchestra status \(session) --json").contains("\"status\":\"cancelled\""))
        #expect(try await home.ok("orchestra doctor --deep --json").contains("\"violations\":[]"))
    }

    @Test func `the branches of a session are listed on request`() async throws {
        let home = try Home()
        try home.pipeline(
            "split [shape=component]", "join [shape=tripleoctagon]", Home.tool("a", "true"), Home.tool("b", "true"),
            "start -> split", "split -> a -> join", "split -> b -> join", "join -> end")
        let session = try #require(try await home.play("run pipeline.dot").session)
        #expect(try await home.ok("orchestra status | wc -l") == "2\n")
        #expect(try await home.ok("orchestra status --all | wc -l") == "4\n")
        let detail = try await home.ok("orchestra status --detail")
        #expect(detail.hasPrefix("Session \(session) "))
        for title in ["Tokens in", "Tokens out", "Tool calls", "Duration"] { #expect(detail.contains(title)) }
    }
}
