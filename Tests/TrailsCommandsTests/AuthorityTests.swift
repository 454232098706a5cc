import Foundation
import Testing

/// Keys, codes and cancels, as a user has them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `A user` {
    @Test func `cancels everything under the root, which stays; the shells of it learn so`() async throws {
        let server = try await TestServer()
        let output = try await server.ok(
            """
            trails init-app etl >/dev/null 2>&1; trails use etl; eval $(trails run --name r)
            info=$(trails child-info --name c)
            trails cancel --cascade --reason 'enough' --yes 2>&1
            trails tree
            trails status '{}' 2>/dev/null; echo "run $?"
            TRAILS_INFO=$info trails status '{}' 2>/dev/null; echo "child $?"
            trails wait --parent $TRAILS_CHILD_ID --all 2>/dev/null; echo "wait $?"
            unset TRAILS_APP_ID TRAILS_PRIVATE_KEY; eval $(trails run --name again); trails status '{}'; echo "again $?"
            """)
        #expect(output.contains("trails: 2 of 2 cancelled\n"), "\(output)")
        #expect(output.contains(/r \([0-9a-f]{8}\) \[cancelled ⊘\]/))
        #expect(output.contains(/etl \([0-9a-f]{8}\) \[running\]/))
        #expect(output.contains("run 4\nchild 4\n"), "\(output)")
        #expect(output.contains("wait 4\nagain 0\n"), "\(output)")
    }

    @Test func `gets a stolen root back by the recovery code, and the thief nothing`() async throws {
        let server = try await TestServer()
        let made = try await server.run("trails init-app etl && cp -r \"$TRAILS_HOME\" \"$TRAILS_HOME.stolen\"")
        let code = try #require(made.errors.firstMatch(of: /\n    ([0-9A-Z-]{39})\n/)?.1)
        let output = try await server.ok(
            """
            trails context revoke etl 2>/dev/null
            TRAILS_APP=etl trails tree 2>/dev/null; echo "revoked $?"
            echo \(code) | setsid trails context rekey etl
            TRAILS_APP=etl trails tree; echo "owner $?"
            TRAILS_HOME="$TRAILS_HOME.stolen" TRAILS_APP=etl trails tree 2>/dev/null; echo "thief $?"
            """)
        #expect(output.contains("revoked 77\n"), "\(output)")
        #expect(output.contains("owner 0\n"), "\(output)")
        #expect(output.contains("thief 77\n"), "\(output)")
    }

    @Test func `who lost the file makes it anew from id and code, or asks the administrator`() async throws {
        let server = try await TestServer()
        let made = try await server.run("trails init-app etl && TRAILS_APP=etl trails whoami")
        let code = try #require(made.errors.firstMatch(of: /\n    ([0-9A-Z-]{39})\n/)?.1)
        let id = try #require(made.output.firstMatch(of: /id: +([0-9a-f-]{36})/)?.1)
        let data = server.folder.appending(path: "data").path
        let output = try await server.ok(
            """
            trails context rm etl --root --purge
            echo \(code) | setsid trails context rekey etl --uuid \(id) 2>/dev/null; TRAILS_APP=etl trails tree
            trails context rm etl --root --purge
            trails admin rekey --admin-key \(data)/admin.key --name etl \(id) 2>/dev/null; TRAILS_APP=etl trails tree
            """)
        #expect(output.matches(of: /etl \([0-9a-f]{8}\) \[running\]/).count == 2, "\(output)")
    }

    @Test func `keeps a key encrypted, and opens it with the passphrase only`() async throws {
        let server = try await TestServer()
        let output = try await server.ok(
            """
            export TRAILS_CONTEXT_KEY='correct horse'
            eval $(trails register --name secret --keep --encrypt 2>"$TRAILS_HOME.err"); cat "$TRAILS_HOME.err" >&2
            grep -c "$TRAILS_PRIVATE_KEY" "$TRAILS_HOME/contexts/secret.yml"
            stat -c %a "$TRAILS_HOME/contexts/secret.yml"
            key=$TRAILS_PRIVATE_KEY; unset TRAILS_PRIVATE_KEY TRAILS_APP_ID
            eval $(trails resume --name secret); [ "$key" = "$TRAILS_PRIVATE_KEY" ] && echo same
            TRAILS_CONTEXT_KEY=wrong trails resume --name secret >/dev/null 2>&1; echo "wrong $?"
            unset TRAILS_CONTEXT_KEY; setsid trails resume --name secret 2>/dev/null >/dev/null; echo "none $?"
            echo 'correct horse' | trails resume --name secret --passphrase-fd 0 | wc -l
            """)
        #expect(output == "0\n600\nsame\nwrong 77\nnone 64\n4\n", "\(output)")
    }

    @Test func `does not lose a root to a script for kept contexts`() async throws {
        let server = try await TestServer()
        try await server.ok("trails init-app nightly-etl; nightly_etl_contexts.sh")
        #expect(try await server.ok("trails contexts").contains(/nightly-etl  \([0-9a-f]{8}\) created .*  root/))
        let end = try await server.run("trails context rm nightly-etl")
        #expect(end.code == 64)
        #expect(end.errors.contains("add --root if you mean the root"))
    }

    @Test func `prunes only what is old and over`() async throws {
        let server = try await TestServer()
        let output = try await server.ok(
            """
            (eval $(trails register --name over --keep 2>/dev/null); trails result 1)
            (eval $(trails register --name live --keep 2>/dev/null); trails child-info --name c \
            >/dev/null; trails result 1)
            trails context prune --older-than 30d --completed-only; sleep 0.01
            trails context prune --older-than 0s --completed-only --dry-run
            trails context prune --older-than 0s --completed-only
            trails contexts | cut -c 1-6
            """)
        #expect(output == "would remove kept context over\nremoved kept context over\n  live\n", "\(output)")
    }

    @Test func `asks for one app, one field, one day, one log`() async throws {
        let server = try await TestServer()
        let output = try await server.ok(
            """
            trails init-app etl >/dev/null 2>&1; trails use etl; eval $(trails run --name r)
            trails status '{"progress": 0.5, "note": "half"}'
            trails status --uuid ${TRAILS_APP_ID:0:8} --field progress
            trails status --uuid $TRAILS_APP_ID --field note
            trails status --uuid $TRAILS_APP_ID --field processInfo.user | wc -l
            trails error 'disk full' --detail '{"free": 0}'
            trails status --uuid $TRAILS_APP_ID --field message
            trails children --date today | grep -c 'r ('; trails children --date 2001-01-01 | wc -l
            trails log --uuid $TRAILS_APP_ID | grep -c -e 'Status    {"note":"half","progress":0.5}' -e \
            'Error     {"detail":{"free":0},"message":"disk full"}'
            trails wait --uuid $TRAILS_APP_ID 2>/dev/null; echo "wait $?"
            """)
        #expect(output == "0.5\nhalf\n1\ndisk full\n1\n0\n2\nwait 1\n", "\(output)")
    }

    @Test func `gets completions, help and a version without any server`() async throws {
        let environment = ["PATH": "\(TestServer.programs.path):/usr/bin:/bin"]
        for script in [
            "trails completions bash | bash -n", "trails completions zsh | grep -q compdef", "trails completions fish",
            "trails --help | grep -q '^LOOKING'", "trails version | grep -q '^trails [0-9]'", "trails wait --help",
        ] {
            #expect(try await Shell.run(script, environment: environment).code == 0, "\(script)")
        }
    }
}
