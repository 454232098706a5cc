import Foundation
import Testing
import Vocabulary

@Suite(.serialized, .timeLimit(.minutes(10))) struct `The daemon of agents` {
    @Test func `goes on after kill -9 where it was`() async throws {
        let stage = try Stage()
        try await stage.begin()
        #expect(try await stage.ok("substrat agent send boss hello") == "turn 1: hello\n")
        try await stage.crash()
        let status = try await stage.bash("substrat daemon status")
        #expect(status.code == 3 && status.output == "stopped (stale PID file)\n")
        #expect(try await stage.ok("substrat daemon start; substrat agent list") == "daemon started\nboss  [idle]\n")
        #expect(try await stage.ok("substrat agent send boss again") == "turn 2: again\n")
        let report = try JSONValue(parsing: try await stage.ok("substrat daemon recover --last --json"))
        #expect(report["agents"] == 1 && report["quarantined"] == [:])
        let said = try JSONValue(parsing: try await stage.ok("substrat daemon status --json"))
        #expect(said["last_shutdown"] == "unclean" && said["agents"] == 1)
        #expect(try await stage.ok("substrat daemon log verify").hasSuffix(": sound\n"))
    }

    @Test func `is started again at once, whatever a killed one has left (W-20)`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let said = try await stage.ok(
            """
            for i in 1 2 3 4 5; do
                kill -9 "$(cat root/daemon.pid)"
                test -S root/daemon.sock && substrat daemon start && substrat agent list
            done
            """)
        #expect(said == String(repeating: "daemon started\nboss  [idle]\n", count: 5))
    }

    @Test func `is started while one that was killed has not let go of the root yet`() async throws {
        let stage = try Stage()
        try await stage.begin()
        try await stage.crash()
        let said = try await stage.ok(
            """
            flock root/daemon.lock sleep 0.5 & until ! flock -n root/daemon.lock true; do :; done
            substrat daemon start && substrat daemon start | cut -d ' ' -f 1-3 && wait
            """)
        #expect(said == "daemon started\ndaemon already running\n")
    }

    @Test func `keeps no pipe, socket or process of agents that came to nothing (W-16)`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let said = try await stage.ok(
            """
            daemon=$(cat root/daemon.pid)
            held() {
                substrat agent wait boss >/dev/null
                ls -l "/proc/$daemon/fd" | grep -c 'pipe:\\|socket:'
                cat /proc/$daemon/task/*/children | wc -w
            }
            spoil() {
                substrat agent create "none$1" --model /nowhere && exit 7
                substrat agent create "dead$1" --model /usr/bin/false || exit 8
                substrat agent send "dead$1" hello && exit 9
                substrat agent terminate "dead$1"
            }
            for i in 1 2 3; do spoil $i >/dev/null 2>&1; done
            held >before
            for i in 4 5 6 7 8 9 10 11 12; do spoil $i >/dev/null 2>&1; done
            held >after
            cmp before after && substrat agent list
            """)
        #expect(said == "boss  [idle]\n", "\(stage.read("before")) became \(stage.read("after"))")
    }

    @Test func `gives a repeated request the answer of the first, also after a crash`() async throws {
        let stage = try Stage()
        try await stage.begin()
        let send = "substrat agent send boss hello --request-key k1"
        #expect(try await stage.ok(send) == "turn 1: hello\n")
        try await stage.crash()
        let again = try await stage.ok("substrat daemon start >/dev/null; \(send); \(send)")
        #expect(again == "turn 1: hello\nturn 1: hello\n")
        #expect(try await stage.ok("substrat agent send boss next") == "turn 2: next\n")
    }

    @Test func `lets turns end when it is stopped, and takes nothing new`() async throws {
        let stage = try Stage()
        try await stage.begin("--grace 60s")
        let end = try await stage.ok(
            """
            substrat agent send boss "wait $HOME/go" >answer &
            until substrat agent list | grep -q busy; do :; done
            substrat daemon stop >stopped &
            until substrat daemon status | grep "socket missing"; do :; done
            substrat agent list 2>&1 && exit 9
            test -e answer && ! test -s answer && ! test -s stopped || exit 8
            touch go
            wait
            cat answer stopped
            """)
        let lines = end.split(separator: "\n")
        #expect(lines.first?.hasSuffix("socket missing)") == true && lines[1] == "substrat: error: daemon not running")
        #expect(lines.suffix(2) == ["turn 1: wait \(stage.home)/go", "daemon stopped"], "\(end)")
        #expect(stage.has("root/clean_shutdown") && stage.has("root/daemon.lock"))
        #expect(!stage.has("root/daemon.pid") && !stage.has("root/daemon.sock"))
        let status = try await stage.bash("substrat daemon stop; substrat daemon status")
        #expect(status.code == 3 && status.output == "daemon not running\nstopped\n")
    }

    @Test func `cuts off a turn that does not end in time, and loses nothing`() async throws {
        let stage = try Stage()
        try await stage.begin("--grace 50ms")
        try await stage.ok(
            """
            substrat agent send boss first
            substrat agent send boss "wait $HOME/go" >answer 2>&1 &
            until substrat agent list | grep -q busy; do :; done
            substrat daemon stop
            touch go
            wait
            substrat daemon start
            substrat agent wait boss
            """)
        #expect(try await stage.ok("substrat agent send boss next").hasSuffix(": next\n"))
        #expect(try await stage.ok("substrat daemon log boss").contains("turn 1: first"))
    }

    @Test func `is one at a time on a root, however many are started`() async throws {
        let stage = try Stage()
        let said = try await stage.ok(
            """
            for i in 1 2 3 4 5 6; do substrat daemon start >>said 2>&1 & done
            wait
            cat said
            """)
        let pid = try #require(stage.daemon)
        #expect(said.matches(of: /daemon started/).count == 1, "\(said)")
        #expect(said.matches(of: /daemon already running \(pid \d+\)/).count == 5, "\(said)")
        #expect(try await stage.ok("substrat daemon status") == "running (pid \(pid))\n")
        let second = try await stage.bash("substrat daemon run")
        #expect(second.code == 1 && second.errors.contains("substrat: error: daemon already running (pid \(pid))"))
        #expect(try await stage.ok("substrat daemon status") == "running (pid \(pid))\n")
    }

    @Test func `is closed to others, and stands garbage on its socket`() async throws {
        let stage = try Stage()
        try await stage.begin()
        #expect(
            try await stage.ok("stat -c '%a' root root/daemon.sock root/daemon.pid root/daemon.log")
                == "700\n600\n600\n600\n")
        let said = try await stage.ok(
            #"""
            perl -MIO::Socket::UNIX -e '
                my $s = IO::Socket::UNIX->new("root/daemon.sock") or exit 9;
                for ("nonsense", "[]", "\xff\xfe", "{\"id\":5,\"method\":\"agent.send\",\"params\":{}}",
                     "{\"id\":6,\"method\":\"agent.inspect\",\"params\":{\"agent_id\":\"nobody\"}}",
                     "{\"id\":7,\"method\":\"agent.fly\"}") {
                    print $s "$_\n"; $s->flush; print scalar <$s>;
                }'
            """#)
        let replies = try said.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
        #expect(replies.map { $0["id"]?.text } == ["null", "null", "null", "5", "6", "7"])
        #expect(replies.map { $0["error"]?["code"] } == [2, 2, 2, 2, 1, 4])
        #expect(replies[3]["error"]?["message"] == "message is missing")
        #expect(try await stage.ok("substrat agent send boss hello") == "turn 1: hello\n")
    }

    @Test func `that cannot start says why`() async throws {
        let stage = try Stage()
        let long = String(repeating: "long", count: 30)
        let end = try await stage.bash("substrat daemon start --root /tmp/\(long)")
        #expect(end.code == 1 && end.errors.contains("error: the path of the socket has 137 bytes"), "\(end.errors)")
        let file = try await stage.bash("touch file; substrat daemon start --root file")
        #expect(file.code == 1 && file.output == "" && file.errors.contains("substrat: error: "), "\(file.errors)")
        let provider = try await stage.bash("substrat daemon start --durability never")
        #expect(provider.code == 2, "\(provider.errors)")
    }
}
