import Testing
import Vocabulary

@testable import SubstratCommands

@Suite struct `The words of the commands` {
    @Test func `put an event on one line, long values cut`() {
        let event: JSONObject = [
            "ts": "2026-02-26T22:00:00.123000+00:00", "event": "turn.start",
            "data": ["prompt": .string(String(repeating: "x", count: 81)), "turn_id": 7, "text": "a\u{1B}[2Jb"],
        ]
        let line = Texts.event(event, session: "a1b2c3d4")
        let prompt = String(repeating: "x", count: 80) + "..."
        #expect(line.hasSuffix("  a1b2  turn.start  prompt=\(prompt) turn_id=7 text=a\u{FFFD}[2Jb"), "\(line)")
        #expect(Texts.event([:], session: "") == "??:??:??  ????  ?")
    }

    @Test func `read the arguments of a tool as the tool takes them`() throws {
        #expect(
            try ToolArguments.read(["--recipient", "7", "--text", "--x", "--sync", "true"], of: "send_message")
                == ["recipient": "7", "text": "--x", "sync": true])
        #expect(try ToolArguments.read(["--reason", "r", "--timeout", "2.5"], of: "remind_me")["timeout"] == 2.5)
        #expect(try ToolArguments.read(["--agent-name", "w"], of: "poke") == ["agent_name": "w"])
        #expect(try ToolArguments.read(["--any", "1"], of: "unknown") == ["any": "1"])
    }

    @Test(arguments: [["text"], ["--text"], ["--text", "a", "--text", "b"], ["--sync", "perhaps"], ["--", "x"]])
    func `refuse arguments that make no sense`(words: [String]) {
        #expect(throws: CommandFailure.self) { try ToolArguments.read(words, of: "send_message") }
    }
}
