import Foundation
import Testing
import Vocabulary

/// Agents that are command lines of others; a stand-in keeps their conversations.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `A command line that the daemon hosts` {
    /// A stage with an agent `boss`, and what starts its daemon.
    private func begin(_ provider: String, _ more: String = "") async throws -> (Stage, start: String) {
        let stage = try Stage()
        try StandIn.put(into: stage)
        let start = """
            export SUBSTRAT_CURSOR_AGENT=\(stage.path("cursor-agent")) SUBSTRAT_CLAUDE=\(stage.path("claude"))
            substrat daemon start >/dev/null

            """
        let boss = "substrat agent create boss --provider \(provider) --instructions 'count the files' \(more)"
        try await stage.ok(start + boss)
        return (stage, start)
    }

    /// What was said in a conversation: of the program's own answers, that there was one.
    private func said(_ conversation: String) throws -> [String] {
        try conversation.split(separator: "\n").compactMap { line in
            let json = try JSONValue(parsing: String(line))
            return json["user"]?.string ?? json["assistant"].map { _ in "." }
        }
    }

    @Test(arguments: ["cursor-agent", "claude"])
    func `keeps its conversation, and has the tools of its agent`(provider: String) async throws {
        let (stage, _) = try await self.begin(provider, "--model big")
        #expect(try await stage.ok("substrat agent send boss first") == "turn 1: first\n")
        #expect(try await stage.ok("substrat agent send boss -- '--second'").contains("turn 2: "))
        let sent = try await stage.ok(
            #"substrat agent send boss 'tool send_message {"recipient":"USER","text":"by hand"}'"#)
        #expect(sent.hasPrefix("ok {") && sent.contains(#""status":"sent""#), "\(sent)")
        #expect(try await stage.ok("substrat inbox").contains("from=boss  by hand"))
        let refused = try await stage.ok(#"substrat agent send boss 'tool poke {"agent_name":"nobody"}'"#)
        #expect(refused.hasPrefix("error {"), "\(refused)")
        let unknown = try await stage.ok(#"substrat agent send boss 'tool fly {}'"#)
        #expect(unknown.hasPrefix("unknown refused: there is no tool"), "\(unknown)")
        #expect(try StandIn.conversations(in: stage).count == 1)
        let calls = stage.read("kept/calls")
        #expect(calls.contains(#""--model","big""#))
        let rules = try await stage.ok("cat root/agents/*/work/.cursor/rules/substrat.mdc 2>/dev/null; true")
        #expect((provider == "claude" ? calls : rules).contains("count the files"))
        let modes = try await stage.ok("stat -c %a root/agents/*/work root/agents/*/work/.*/mcp.json")
        #expect(modes == "700\n600\n", "\(modes)")
        try await stage.ok("substrat agent events boss | grep -q 'tool.call.*send_message'")
    }

    @Test(arguments: ["cursor-agent", "claude"])
    func `goes on with its conversation after kill -9 in the middle of a turn`(provider: String) async throws {
        let (stage, start) = try await self.begin(provider)
        try await stage.ok("substrat agent send boss first")
        let isGone = "for pid in $(cat kept/pids); do while kill -0 $pid 2>/dev/null; do :; done; done"
        try await stage.killInTurn(of: "boss", "wait never", then: "\(isGone); \(start)")
        #expect(try await stage.ok("substrat agent send boss next") == "turn 3: next\n")
        let sent = try await stage.ok(
            #"substrat agent send boss 'tool send_message {"recipient":"USER","text":"by hand"}'"#)
        #expect(sent.hasPrefix("ok {"), "\(sent)")
        let conversations = try StandIn.conversations(in: stage)
        #expect(conversations.count == 1)
        let said = try self.said(try #require(conversations.first))
        #expect(said.prefix(3) == ["first", ".", "wait never"], "\(said)")
        #expect(said[3].hasPrefix("The daemon was restarted") && said[3].contains("\nwait never\n"), "\(said)")
        #expect(said.dropFirst(4).prefix(3) == [".", "next", "."], "\(said)")
        #expect(try await stage.ok("substrat daemon log verify").hasSuffix(": sound\n"))
    }

    @Test(arguments: ["cursor-agent", "claude"])
    func `begins anew when its very first turn was cut off`(provider: String) async throws {
        let (stage, start) = try await self.begin(provider)
        try await stage.killInTurn(of: "boss", "wait never", then: start)
        #expect(try await stage.ok("substrat agent send boss next") == "turn 2: next\n")
        try await stage.ok("substrat daemon stop")
        #expect(try await stage.ok("\(start) substrat agent send boss last") == "turn 3: last\n")
    }

    @Test(arguments: ["cursor-agent", "claude"])
    func `fails a turn with one clear line`(provider: String) async throws {
        let (stage, _) = try await self.begin(provider)
        try await stage.ok("substrat agent send boss first")
        for (prompt, complaint) in [("fail", "no tokens left"), ("die", "it ended with 3: out of; luck")] {
            let end = try await stage.bash("substrat agent send boss \(prompt)")
            #expect(end.code == 1, "\(end.output)")
            #expect(end.errors.hasPrefix("substrat: error: the turn failed: /") && end.errors.contains(complaint))
            #expect(end.errors.split(separator: "\n").count == 1, "\(end.errors)")
        }
        #expect(try await stage.ok("substrat daemon log dump boss --json").contains(#""partial":"half""#))
        #expect(try await stage.ok("substrat agent send boss next") == "turn 2: next\n")
        // A conversation that its program has lost is not begun anew in silence.
        let lost = try await stage.bash("rm kept/*.chat; substrat agent send boss more")
        #expect(lost.code == 1 && lost.errors.contains("No conversation found"), "\(lost.errors)")
        let missing = try await stage.bash(
            """
            substrat daemon stop >/dev/null
            SUBSTRAT_CURSOR_AGENT=/none SUBSTRAT_CLAUDE=/none substrat daemon start >/dev/null
            substrat agent create other --provider \(provider)
            """)
        #expect(missing.code == 1 && missing.errors.contains("/none is not a program that can be run"))
    }

    @Test(arguments: ["cursor-agent", "claude"])
    func `is ended when it is stopped, with all that it has started`(provider: String) async throws {
        let (stage, _) = try await self.begin(provider)
        try await stage.ok(
            """
            (printf 'wait never\\n' | substrat agent attach boss >heard 2>&1 || true) &
            until grep -q half heard; do :; done
            substrat agent terminate boss
            for pid in $(cat kept/pids); do while kill -0 $pid 2>/dev/null; do :; done; done
            wait
            """)
        #expect(try await stage.ok("substrat agent list") == "no agents\n")
    }
}
