import Foundation
import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `The sessions of substrat` {
    @Test func `are suspended and resumed by hand, also over kill -9`() async throws {
        let stage = try Stage()
        try await stage.begin()
        try await stage.ok("substrat agent create w --parent boss --model $ECHO; substrat agent send w hello")
        let suspended = try await stage.ok("substrat session suspend w")
        #expect(suspended.contains(/^suspended [0-9a-f]{32}\n$/), "\(suspended)")
        try await stage.crash()
        let said = try await stage.ok(
            """
            substrat daemon start >/dev/null
            substrat agent send boss "say w count" >/dev/null
            substrat agent list
            substrat session list
            """)
        #expect(said.contains("boss/w  [idle, suspended]\n"), "\(said)")
        #expect(said.contains(#/  boss/w  \[suspended by hand\]  scripted /.*echo  \d+ events, /#), "\(said)")
        let refused = try await stage.bash("substrat agent send w now")
        #expect(refused.code == 1 && refused.errors.contains("is suspended\nsubstrat: hint: "), "\(refused.errors)")
        try await stage.ok("substrat session resume w && substrat agent wait w")
        let heard = try await stage.ok("substrat agent replay w")
        #expect(heard.contains("Message from boss:\n        count"), "\(heard)")
    }

    @Test func `are deleted when they are over, by --yes or who is no person`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let living = try await stage.bash("substrat session delete boss --yes")
        #expect(living.code == 1 && living.errors.contains("not ended"), "\(living.errors)")
        try await stage.ok("substrat agent create w --parent boss --model $ECHO; substrat agent terminate w")
        let list = try await stage.ok("substrat session list")
        let session = try #require(list.firstMatch(of: #/([0-9a-f]{32})  boss/w  \[terminated\]/#)?.1)
        let asked = try await stage.bash(
            "script -qec 'substrat session delete \(session)' /dev/null <<<n; substrat session list")
        #expect(asked.output.contains("[y/N]") && asked.output.contains("nothing was deleted"), "\(asked.output)")
        #expect(asked.output.contains(session), "\(asked.output)")
        let deleted = try await stage.ok("substrat session delete \(session) </dev/null")
        #expect(deleted.hasPrefix("deleted \(session); its folder is "), "\(deleted)")
        #expect(stage.has("root/trash/\(session)/events.jsonl") && !stage.has("root/agents/\(session)"))
        try await stage.crash()
        let left = try await stage.ok("substrat daemon start >/dev/null; substrat session list")
        #expect(left.contains("  boss  [") && !left.contains(session), "\(left)")
    }
}
