import Foundation
import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `The commands of substrat` {
    @Test func `make agents, show them and end them`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let made = try await stage.ok("substrat agent create worker --parent boss --model $ECHO --instructions 'count'")
        let id = try #require(made.firstMatch(of: /^([0-9a-f]{32})  worker\n$/)?.1)
        #expect(try await stage.ok("substrat agent list") == "boss  [idle]\nboss/worker  [idle]\n")
        let seen = try await stage.ok("substrat agent inspect boss/worker")
        #expect(seen.contains("name: worker\npath: boss/worker\nstate: idle\nagent_id: \(id)\n"), "\(seen)")
        #expect(try await stage.ok("substrat agent inspect boss").contains("children:\n  worker  [idle]\ninbox:"))
        let refused = try await stage.bash("substrat agent terminate boss")
        #expect(refused.code == 1 && refused.errors.contains("has children"), "\(refused.errors)")
        #expect(try await stage.ok("substrat agent gate worker; substrat agent list").contains("worker  [idle, gated]"))
        #expect(try await stage.ok("substrat agent ungate worker") == "ungated \(id)\n")
        #expect(try await stage.ok("substrat agent terminate worker") == "terminated \(id)\n")
        #expect(try await stage.ok("substrat daemon log \(id)").contains("agent.terminated"))
        try await stage.ok("substrat agent terminate boss --recursive")
        #expect(try await stage.ok("substrat agent list") == "no agents\n")
    }

    @Test func `carry mail between agents, and to the operator`() async throws {
        let stage = try Stage()
        try await stage.begin()
        #expect(try await stage.ok("substrat inbox") == "no messages\n")
        try await stage.ok(
            """
            substrat agent create worker --parent boss --model $ECHO
            substrat agent send boss "say worker count the files"
            substrat agent wait worker
            substrat agent send boss "say USER all done"
            """)
        let worker = try await stage.ok("substrat agent events worker --json")
        #expect(worker.contains("turn.complete") && worker.contains("count the files"), "\(worker)")
        // Who could not print it has not read it.
        #expect(try await stage.bash("substrat inbox >/dev/full").code == 1)
        #expect(try await stage.ok("substrat inbox --keep") == stage.ok("substrat inbox --keep"))
        let inbox = try await stage.ok("substrat inbox")
        #expect(inbox.contains(/^\d\d:\d\d:\d\d  from=boss  all done\n$/), "\(inbox)")
        #expect(try await stage.ok("substrat inbox --json") == "[]\n")
        try await stage.ok("substrat agent send boss 'say USER once more'")
        let taken = try await stage.ok(
            "id=$(substrat inbox --keep --json | jq -r '.[0].message_id'); substrat inbox --ack $id; substrat inbox")
        #expect(taken == "taken out: 1\nno messages\n")
    }

    @Test func `let a program with a shell call tools, with its token only`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let sent = try await stage.ok(
            "substrat agent send boss 'shell substrat tool send_message --recipient USER --text \"by hand\"'")
        #expect(try JSONValue(parsing: sent)["status"] == "sent", "\(sent)")
        #expect(try await stage.ok("substrat inbox").contains("from=boss  by hand"))
        let wrong = try await stage.ok(
            "substrat agent send boss 'shell SUBSTRAT_TOKEN=0 substrat tool list_children; echo $?'")
        #expect(wrong.contains("error: the token is not that of agent") && wrong.hasSuffix("1\n\n"), "\(wrong)")
        let refused = try await stage.ok(
            "substrat agent send boss 'shell substrat tool send_message --recipient nobody --text x; echo $?'")
        #expect(refused.contains("\"error\"") && refused.hasSuffix("1\n\n"), "\(refused)")
        let outside = try await stage.bash("substrat tool list_children")
        #expect(outside.code == 2 && outside.errors.contains("SUBSTRAT_AGENT_ID and SUBSTRAT_TOKEN are not set"))
    }

    @Test func `talk line by line`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let end = try await stage.bash("printf 'one\\ntwo\\n\\nthree\\n' | substrat agent attach boss")
        #expect(end.output == "turn 1: one\nturn 2: two\ndetached\n", "\(end.errors)")
        #expect(end.code == 0 && end.errors == "attached to boss [idle]; an empty line detaches\n")
        #expect(try await stage.ok("printf 'a\\nb' | substrat agent send boss -") == "turn 3: a\nb\n")
    }

    @Test func `show what happens, from the files and from the daemon`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let seen = try await stage.ok(
            """
            substrat daemon watch >watched & watcher=$!
            substrat agent events boss --follow >followed & follower=$!
            until grep -q turn.complete watched && grep -q turn.complete followed; do
                substrat agent send boss hello >/dev/null
            done
            kill -9 $watcher $follower
            cat watched
            """)
        #expect(seen.contains(#/\d\d:\d\d:\d\d  [0-9a-f]{4}  turn\.start  prompt=hello /#), "\(seen)")
        #expect(stage.read("followed").contains("  agent.created  agent_id="))
        let log = try await stage.ok("substrat daemon log dump boss --json")
        let lines = try log.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(lines.first?["event"] == "agent.created")
        #expect(lines.map { $0["seq"]?.integer } == (1...Int64(lines.count)).map { $0 })
    }

    @Test func `find damage in a log, without a daemon`() async throws {
        let stage = try Stage()
        try await stage.begin()
        try await stage.ok("substrat agent send boss hello; substrat agent send boss again; substrat daemon stop")
        #expect(try await stage.ok("substrat daemon log verify").contains("sound"))
        try await stage.ok("sed -i '3s/hello/hallo/' root/agents/*/events.jsonl")
        let end = try await stage.bash("substrat daemon log verify --json")
        let verdict = try JSONValue(parsing: end.output)
        #expect(end.code == 1 && verdict["sound"] == false, "\(end.output)")
        #expect(try await stage.bash("substrat daemon log nobody").errors.contains("no log is that of \"nobody\""))
    }

    @Test func `tell a conversation again from its log, without a daemon`() async throws {
        let stage = try Stage()
        try await stage.begin()
        try await stage.ok(
            "substrat agent send boss hello; substrat agent send boss 'say USER hi'; substrat daemon stop")
        let text = try await stage.ok("substrat agent replay boss")
        #expect(text.hasPrefix("prompt: hello\nagent: turn 1: hello\nprompt: say USER hi\n  call: send_message {"))
        #expect(text.hasSuffix("\nagent: turn 2: say USER hi\n"), "\(text)")
        let roles = try await stage.ok("substrat agent replay boss --json | jq -r .role")
        #expect(roles == "system\nuser\nassistant\nuser\nassistant\ntool\nassistant\n")
        // An end of a turn that nobody has begun.
        try await stage.ok("sed -i '/turn.start/d' root/agents/*/events.jsonl; rm -f root/agents/*/events.ckpt")
        let end = try await stage.bash("substrat agent replay boss")
        #expect(end.code == 1 && end.errors.hasPrefix("substrat: error: "), "\(end.errors)")
    }

    @Test func `print JSON when they are told to`() async throws {
        let stage = try Stage()
        try await stage.begin()
        for command in [
            "daemon status", "daemon start", "daemon recover --last", "agent create w --parent boss --model $ECHO",
            "agent list", "agent send boss hello", "agent inspect boss", "agent wait boss", "agent gate w",
            "agent ungate w", "session list", "session suspend boss",
            "session resume boss", "agent terminate w", "inbox", "daemon log verify",
            "daemon doctor", "daemon stop", "daemon recover --dry-run",
        ] {
            let output = try await stage.ok("substrat \(command) --json")
            #expect(throws: Never.self, "\(command): \(output)") { try JSONValue(parsing: output) }
            #expect(output.count { $0 == "\n" } == 1, "\(command): \(output)")
        }
    }

    @Test func `end with a code that says how it went`() async throws {
        let stage = try Stage()
        let none = try await stage.bash("substrat agent list")
        #expect(none.code == 1 && none.errors.hasPrefix("substrat: error: daemon not running\nsubstrat: hint: "))
        for wrong in ["fly", "agent send", "daemon recover", "daemon start --max-slots 0", "agent wait x --timeout y"] {
            let end = try await stage.bash("substrat \(wrong)")
            #expect(end.code == 2 && end.output == "" && end.errors.contains("see \"substrat --help\""), "\(wrong)")
        }
        #expect(try await stage.ok("substrat").contains("SUBCOMMANDS"))
        #expect(try await stage.ok("substrat version").hasPrefix("substrat "))
        for shell in ["bash", "zsh", "fish"] {
            #expect(try await stage.ok("substrat completions \(shell)").contains("terminate"))
        }
        try await stage.ok("substrat completions bash | bash -n")
        try await stage.begin()
        let unknown = try await stage.bash("substrat agent inspect nobody")
        #expect(unknown.code == 1 && unknown.errors == "substrat: error: no agent \"nobody\" is known\n")
    }
}
