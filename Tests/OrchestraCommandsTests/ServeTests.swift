import Testing

@Suite(.timeLimit(.minutes(15))) struct `orchestra serve` {
    @Test func `says where it is, makes the token for this user alone, and ends when it is told`() throws {
        let shop = try Workshop([:])
        let said = try shop.play(
            """
            orchestra serve --listen 0 >out.txt 2>err.txt & server=$!
            until grep -q listening out.txt; do sleep 0.05; done
            sed -E 's/:[0-9]+,/:PORT,/' out.txt; stat -c '%a' .orchestra/serve.token; wc -c <.orchestra/serve.token
            port=$(sed -E 's/.*:([0-9]+),.*/\\1/' out.txt)
            orchestra serve --listen $port 2>&1 | sed "s/$port/PORT/"; echo "code ${PIPESTATUS[0]}"
            kill -TERM $server; wait $server; echo "code $?"; cat err.txt
            chmod 644 .orchestra/serve.token; orchestra serve --listen 0 2>&1 | head -1; orchestra serve --listen x
            """)
        let lines = said.split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("orchestra: listening on http://127.0.0.1:PORT, token in /"), "\(said)")
        #expect(lines[0].hasSuffix("/.orchestra/serve.token") && lines[1...2] == ["600", "65"], "\(said)")
        #expect(lines[3] == "orchestra: error: cannot listen on 127.0.0.1:PORT: the port is in use", "\(said)")
        #expect(lines[4].hasPrefix("orchestra: hint:") && lines[5...6] == ["code 1", "code 0"], "\(said)")
        #expect(lines[7].hasPrefix("orchestra: error: the token cannot be used"), "\(said)")
        #expect(said.hasSuffix("exit 2\n"), "\(said)")
    }

    /// The deadline is longer than the test may take.
    @Test func `a second signal stops the nodes at work, which the next server makes again`() throws {
        let shop = try Workshop([
            "slow.dot": """
            digraph slow {
                a [shape=parallelogram, timeout=1h, tool_command="echo x >>begun; until [ -e go ]; do sleep 0.05; done"]
                start -> a -> end
            }
            """
        ])
        let said = try shop.play(
            """
            serve() { : >out.txt; orchestra serve --listen 0 --deadline 1h "$@" >out.txt 2>err.txt & server=$!
                until grep -q listening out.txt; do sleep 0.05; done; port=$(sed -E 's/.*:([0-9]+),.*/\\1/' out.txt); }
            serve
            token=$(cat .orchestra/serve.token)
            curl -s -H "Authorization: Bearer $token" --data-binary @slow.dot localhost:$port/run >/dev/null
            until [ -e begun ]; do sleep 0.05; done
            kill -TERM $server
            while curl -s localhost:$port/healthz | grep -q '"ok"'; do sleep 0.05; done
            kill -TERM $server; wait $server; echo "code $?"
            orchestra status | awk 'NR == 2 { print $3 }'
            touch go; serve
            until orchestra status | grep -q completed; do sleep 0.05; done; wc -l <begun
            kill -TERM $server; wait $server
            """)
        #expect(said.hasPrefix("code 0\npaused\n2\n"), "\(said)")
    }
}
