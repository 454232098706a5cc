import Foundation
import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `Workspaces of substrat` {
    @Test func `are made, linked, shown and deleted by commands`() async throws {
        let stage = try Stage()
        try await stage.begin()
        #expect(try await stage.ok("substrat workspace list") == "no workspaces\n")
        let user = "00000000000000000000000000000001"
        #expect(try await stage.ok("substrat workspace create w --network") == "\(user)/w\n")
        try await stage.ok("mkdir project")
        #expect(
            try await stage.ok("substrat workspace link w --source project --target in --mode rw")
                == "linked USER/w \(stage.path("project")) -> in (rw)\n")
        #expect(try await stage.ok("substrat workspace view w USER --name v --subdir in") == "\(user)/v\n")
        #expect(try await stage.ok("substrat workspace list") == "USER/v\nUSER/w  [net]\n")
        let seen = try await stage.ok("substrat workspace inspect w USER")
        #expect(seen.contains("name: w\nscope: USER\nroot: \(stage.path("root"))/workspaces/\(user)/w/root\n"))
        #expect(seen.hasSuffix("links:\n  \(stage.path("project")) -> in (rw)\n") && seen.contains("network: yes"))
        #expect(try await stage.ok("substrat workspace unlink w --target in") == "unlinked in from USER/w\n")
        let made = try await stage.ok("substrat workspace create own --scope boss")
        #expect(made.hasSuffix("/own\n") && !made.hasPrefix(user))
        #expect(try await stage.ok("substrat workspace delete own boss") == "deleted boss/own\n")
        let twice = try await stage.bash("substrat workspace create w")
        #expect(twice.code == 1 && twice.errors.contains("there is a workspace USER/w already"), "\(twice.errors)")
        for command in [
            "create x", "view w --name y", "list", "inspect w", "link w --source project --target in",
            "unlink w --target in", "delete y", "delete x",
        ] {
            let output = try await stage.ok("substrat workspace \(command) --json")
            #expect(throws: Never.self, "\(command): \(output)") { try JSONValue(parsing: output) }
        }
        #expect(try await stage.ok("substrat completions bash").contains("unlink"))
    }

    @Test func `keep an agent's program in, also after kill -9, and let it call its tools`() async throws {
        let stage = try Stage()
        try await stage.ok(
            """
            echo hidden >secret
            substrat daemon start
            substrat workspace create w
            substrat agent create boss --model $ECHO --workspace w
            """)
        #expect(try await stage.ok("substrat agent inspect boss").contains("workspace: USER/w\n"))
        let held = try await stage.ok(
            "substrat agent send boss 'shell cat \(stage.path("secret")); echo mine >own; ls'")
        #expect(held.contains("No such file") && held.contains("own"), "\(held)")
        let sent = try await stage.ok(
            "substrat agent send boss 'shell substrat tool send_message --recipient USER --text inside'")
        #expect(try JSONValue(parsing: sent)["status"] == "sent", "\(sent)")
        let made = try await stage.ok(
            "substrat agent send boss 'shell substrat tool create_workspace --name w2; substrat tool list_workspaces'")
        #expect(made.contains(#""status":"created""#) && made.contains(#""name":"../w""#), "\(made)")
        for command in ["agent list", "agent create x --model /bin/ls", "workspace link w --source /etc --target e"] {
            let asked = try await stage.ok("substrat agent send boss 'shell substrat \(command); echo $?'")
            #expect(asked.contains("cannot be asked from a sandbox") && asked.hasSuffix("1\n\n"), "\(asked)")
        }
        let used = try await stage.bash("substrat workspace delete w")
        #expect(used.code == 1 && used.errors.contains("is that of an agent: boss"), "\(used.errors)")
        try await stage.crash()
        try await stage.ok("substrat daemon start")
        let again = try await stage.ok("substrat agent send boss 'shell cat own; cat \(stage.path("secret"))'")
        #expect(again.hasPrefix("mine\n") && again.contains("No such file"), "\(again)")
        try await stage.ok("substrat agent terminate boss && substrat workspace delete w")
        #expect(!stage.has("root/workspaces/00000000000000000000000000000001/w"))
    }

    @Test(arguments: ["claude", "cursor-agent"])
    func `take a command line of others only with network, and give it its tools inside`(provider: String) async throws
    {
        let stage = try Stage()
        try StandIn.put(into: stage)
        // As it is installed: the program in ~/.local, what it keeps in a folder of its own.
        try await stage.ok(
            """
            mkdir -p .local/bin .claude .cursor; mv cursor-agent claude .local/bin/
            for name in cursor-agent claude; do
                printf '#!/bin/sh\\nHOME=$HOME/.%s exec $HOME/.local/bin/%s "$@"\\n' ${name%%-*} $name >$name
                chmod +x $name
            done
            export SUBSTRAT_CURSOR_AGENT=\(stage.path("cursor-agent")) SUBSTRAT_CLAUDE=\(stage.path("claude"))
            substrat daemon start
            substrat workspace create shut
            substrat workspace create open --network
            """)
        let shut = try await stage.bash("substrat agent create boss --provider \(provider) --workspace shut")
        #expect(shut.code == 1 && shut.errors.contains("has no network, and \(provider) needs it"), "\(shut.errors)")
        #expect(shut.errors.contains("hint: make one with substrat workspace create NAME --network"))
        try await stage.ok("substrat agent create boss --provider \(provider) --workspace open")
        #expect(try await stage.ok("substrat agent send boss first") == "turn 1: first\n")
        #expect(try await stage.ok("substrat agent send boss second") == "turn 2: second\n")
        let sent = try await stage.ok(
            #"substrat agent send boss 'tool send_message {"recipient":"USER","text":"by hand"}'"#)
        #expect(sent.hasPrefix("ok {") && sent.contains(#""status":"sent""#), "\(sent)")
        #expect(try await stage.ok("substrat inbox").contains("from=boss  by hand"))
        // Its token is in no file that others who work there see.
        let found = try await stage.ok("find root/workspaces -type f -not -name meta.json")
        #expect(found == "" && !stage.has("kept"), "\(found)")
    }

    @Test func `need a sandbox, unless the daemon is told to do without`() async throws {
        let stage = try Stage()
        let without = "export SUBSTRAT_BWRAP=/nowhere/bwrap"
        try await stage.ok("\(without); substrat daemon start; substrat workspace create w")
        let refused = try await stage.bash("substrat agent create boss --model $ECHO --workspace w")
        #expect(refused.code == 1 && refused.errors.contains("no sandbox can be made: /nowhere/bwrap is not there"))
        #expect(refused.errors.contains("--allow-unsandboxed"))
        try await stage.ok(
            """
            substrat daemon stop
            \(without); substrat daemon start --allow-unsandboxed
            substrat agent create boss --model $ECHO --workspace w
            """)
        #expect(try await stage.ok("substrat agent send boss 'shell pwd'").hasSuffix("/w/root\n\n"))
    }
}
