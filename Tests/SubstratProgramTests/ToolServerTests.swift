import Foundation
import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `The tool server of an agent` {
    @Test func `answers its program, line by line`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let requests = """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05"}}
            nonsense
            {"jsonrpc":"2.0","method":"notifications/initialized"}
            {"jsonrpc":"2.0","id":2,"method":"tools/list"}
            {"jsonrpc":"2.0","id":"three","method":"tools/call","params":{"name":"send_message",\
            "arguments":{"recipient":"USER","text":"größe"}}}
            {"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"send_message","arguments":{}}}
            {"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"poke","arguments":{"agent_name":"x"}}}
            {"jsonrpc":"2.0","id":6,"method":"ping"}
            """
        try requests.write(toFile: stage.path("requests"), atomically: true, encoding: .utf8)
        let said = try await stage.ok("substrat agent send boss 'shell substrat mcp <$HOME/requests'")
        let replies = try said.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(replies.map { $0["id"]?.text } == ["1", "2", "\"three\"", "4", "5", "6"], "\(said)")
        #expect(replies[0]["result"]?["protocolVersion"] == "2024-11-05")
        #expect(replies[1]["result"]?["tools"]?.array?.count == 24)
        #expect(replies[2]["result"]?["content"]?.array?[0]["text"]?.string?.contains("sent") == true)
        #expect(replies[3]["error"]?["code"] == -32_602)
        #expect(replies[4]["result"]?["isError"] == true)
        #expect(try await stage.ok("substrat inbox").contains("from=boss  größe"))
        let wrong = try await stage.ok(
            "substrat agent send boss 'shell SUBSTRAT_TOKEN=0 substrat mcp <$HOME/requests | tail -n 2 | head -n 1'")
        #expect(wrong.contains("-32603") && wrong.contains("the token is not that of agent"), "\(wrong)")
        let bare = try await stage.bash("substrat mcp </dev/null")
        #expect(bare.code == 2 && bare.errors.contains("SUBSTRAT_TOKEN"), "\(bare.errors)")
    }
}
