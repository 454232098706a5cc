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

    @Test func `that are damaged are adopted, and go on`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let said = try await stage.ok(
            """
            substrat agent create w --parent boss --model $ECHO
            substrat agent send w one; substrat agent send w two
            substrat daemon stop
            log=$(grep -l '"name":"w"' root/agents/*/events.jsonl)
            rm -f root/agents/*/events.ckpt
            sed -i 's/turn 1: one/turn 1: eno/' $log
            substrat daemon start
            substrat session list | grep quarantined
            substrat agent adopt boss/w --parent boss --name v
            substrat agent list
            """)
        #expect(said.contains("  boss/w  [quarantined]  "), "\(said)")
        #expect(said.contains(#/\n[0-9a-f]{32}  boss/v\nboss  \[idle\]\nboss/v  \[idle\]\n$/#), "\(said)")
        try await stage.crash()
        let later = try await stage.ok("substrat daemon start >/dev/null; substrat agent send v three")
        #expect(later.hasSuffix(": three\n"), "\(later)")
        let kept = try await stage.ok("substrat daemon log verify; ls root/quarantine")
        #expect(kept.contains(": sound\n") && kept.contains("-before-mending-1-events.jsonl"), "\(kept)")
    }

    @Test func `whose turn has taken three daemons down go on by hand`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let said = try await stage.ok(
            """
            (substrat agent send boss "wait $HOME/go" >answer 2>&1 || true) &
            for i in 1 2 3; do
                until substrat agent list | grep -q busy; do :; done
                kill -9 $(cat root/daemon.pid)
                until substrat daemon status | grep -q stopped; do :; done
                substrat daemon start >/dev/null
            done
            wait
            substrat agent list
            touch go
            substrat agent resume boss >/dev/null && substrat agent wait boss
            substrat agent list
            """)
        #expect(said == "boss  [idle, gated]\nidle\nboss  [idle]\n", "\(said)")
        let end = try await stage.bash("substrat agent resume boss")
        #expect(end.code == 1 && end.errors.contains("nothing waits for it"), "\(end.errors)")
        #expect(try await stage.ok("substrat agent replay boss").contains("agent: turn 1: wait"))
    }
}

@Suite(.serialized, .timeLimit(.minutes(10))) struct `Who looks at a root` {
    @Test func `hears what a start would do, and nothing is written`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let refused = try await stage.bash("substrat daemon recover --dry-run")
        #expect(refused.code == 1 && refused.errors.contains("a daemon has "), "\(refused.errors)")
        try await stage.ok(
            """
            (substrat agent send boss "wait $HOME/go" >answer 2>&1 || true) &
            until substrat agent list | grep -q busy; do :; done
            kill -9 $(cat root/daemon.pid)
            until substrat daemon status | grep -q stopped; do :; done
            wait
            """)
        let said = try await stage.ok(
            """
            list() { find root -printf '%p %s %T@ %C@ %m\\n' | sort; find root -type f -exec md5sum {} + | sort; }
            list >before
            substrat daemon recover --dry-run
            list >after
            cmp before after
            substrat daemon recover --dry-run --json | jq -r .interrupted_turns
            """)
        #expect(said.hasPrefix("a start would\n") && said.hasSuffix("\n1\n"), "\(said)")
        #expect(said.contains("  end turn 1 of boss as interrupted, to go on where its calls end\n"), "\(said)")
        #expect(said.contains("  have boss go on\n"), "\(said)")
        let wrong = try await stage.bash("substrat daemon recover --dry-run --last")
        #expect(wrong.code == 2, "\(wrong.errors)")
    }

    @Test func `is told by the doctor what is well, and what to do about the rest`() async throws {
        let stage = try Stage()
        #expect(try await stage.ok("substrat daemon doctor").contains("is not there yet"))
        try await stage.begin()
        try await stage.ok("substrat agent create w --parent boss --model $ECHO; substrat agent send w one")
        let well = try await stage.ok("substrat daemon doctor")
        #expect(!well.contains("problem") && well.contains("answers") && well.contains(": sound"), "\(well)")
        try await stage.crash()
        let killed = try await stage.ok("substrat daemon doctor")
        #expect(killed.contains("daemon.pid was left behind by one that was killed"), "\(killed)")
        try await stage.ok(
            """
            substrat daemon start; substrat agent send w two; substrat daemon stop
            rm -f root/agents/*/events.ckpt
            sed -i 's/turn 1: one/turn 1: eno/' $(grep -l '"name":"w"' root/agents/*/events.jsonl)
            chmod 755 root
            """)
        for isRunning in [false, true] {
            if isRunning { try await stage.ok("substrat daemon start") }
            let end = try await stage.bash("substrat daemon doctor")
            #expect(end.code == 1 && end.output.contains("boss/w ("), "\(end.output)")
            let advice = "is quarantined: its log is damaged\n         substrat agent adopt "
            #expect(end.output.contains(advice), "\(end.output)")
            #expect(end.output.contains("is open to other users") == !isRunning, "\(end.output)")
        }
        let json = try await stage.bash("substrat daemon doctor --json")
        let verdict = try JSONValue(parsing: json.output)
        #expect(json.code == 1 && verdict["sound"] == false, "\(json.output)")
        try await stage.ok("substrat agent adopt boss/w --parent boss && substrat daemon doctor")
    }
}
