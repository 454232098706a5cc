import Foundation
import Testing

/// Whole scripts against a real server.
@Suite(.serialized, .timeLimit(.minutes(10))) struct `A script` {
    static var three: Regex<Substring> {
        /\{"[0-9a-f-]{36}":\{"rows":3000\},"[0-9a-f-]{36}":\{"rows":3000\},"[0-9a-f-]{36}":\{"rows":3000\}\}\n/
    }

    @Test func `of the request runs under a permanent root, again and again`() async throws {
        let server = try await TestServer()
        try await server.ok("trails init-app nightly-etl")
        for _ in 0..<2 {
            let output = try await server.ok("nightly_etl.sh")
            #expect(output.contains(Self.three))
        }
        let tree = try await server.ok("trails use nightly-etl; trails tree")
        #expect(tree.contains(/^nightly-etl \([0-9a-f]{8}\) \[running\]/.anchorsMatchLineEndings()))
        #expect(tree.matches(of: /── us-east-[0-9-]{10} \([0-9a-f]{8}\) \[done ✓\]/).count == 2)
        #expect(tree.matches(of: /── (extract|transform|load) \([0-9a-f]{8}\) \[done ✓\]/).count == 6)
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: server.folder.appending(path: "home").path)
                .filter { $0.hasSuffix(".yml") } == ["nightly-etl/root.yml"])
    }

    @Test func `of the request with a kept context runs, and cleans up`() async throws {
        let server = try await TestServer()
        let output = try await server.ok("nightly_etl_contexts.sh")
        #expect(output.contains(Self.three))
        #expect(try await server.ok("trails contexts 2>/dev/null") == "")
        #expect(try await server.run("trails context exists nightly-etl").code == 1)
    }

    @Test func `with a kept context goes on where the last one was killed`() async throws {
        let server = try await TestServer()
        let killed = try await server.run(
            "sed 's/^trails wait.*/kill -9 $$/' $(command -v nightly_etl_contexts.sh) "
                + ">\"$TRAILS_HOME.sh\"; bash \"$TRAILS_HOME.sh\""
        )
        #expect([9, 137].contains(killed.code))
        #expect(try await server.ok("trails contexts").contains(/nightly-etl  \([0-9a-f]{8}\) created .*  3 children/))
        let output = try await server.ok("nightly_etl_contexts.sh")
        #expect(output.contains(Self.three))
        #expect(!output.contains("created"), "it started its children again")
        #expect(try await server.run("trails context exists nightly-etl").code == 1)
    }

    /// The blocks of shell in listings.md, in order; those that ask for a passphrase or a code are left to people.
    static func listings() throws -> [String] {
        let paper = TestServer.repository.appending(path: "examples/bash-pipeline/listings.md")
        let blocks = try String(contentsOf: paper, encoding: .utf8).matches(of: /(?ms)^```sh\n(.*?)^```$/)
        return blocks.map { String($0.1) }.filter { !$0.contains("--encrypt") && !$0.contains("rekey") }
    }

    @Test func `of the listings does what the paper says`() async throws {
        let server = try await TestServer()
        let listings = try Self.listings()
        #expect(listings.count == 5)
        for listing in listings {
            // Fewer, and not as long, but else as it stands there.
            let script = listing.replacing("seq 50", with: "seq 4").replacing("--timeout 60", with: "--timeout 1")
            let end = try await server.run(script)
            #expect(end.code == 0, "\(listing): \(end.errors)")
            let errors = end.errors.split(separator: "\n").filter { $0.hasPrefix("trails: error") }
            #expect(errors == (listing.contains("--timeout 60") ? ["trails: error: not all ended within 1s"] : []))
        }
        #expect(try await server.ok("trails contexts | grep -c weekly-report || true") == "0\n")
        #expect(try await server.ok("trails tree --as nightly-etl --running | wc -l") == "1\n")
    }

    @Test func `does not disturb another one that uses another root at the same time`() async throws {
        let server = try await TestServer()
        try await server.ok("trails init-app one; trails init-app two")
        let output = try await server.ok(
            """
            script='trails use "$0"; touch "$TRAILS_HOME/$0.ready"
              until test -e "$TRAILS_HOME/one.ready" -a -e "$TRAILS_HOME/two.ready"; do sleep 0.05; done
              eval $(trails run --name "run-of-$0"); trails result 1; trails tree | head -n 1'
            bash -c "$script" one & bash -c "$script" two & wait
            trails whoami 2>&1 | head -n 1
            """)
        #expect(output.split(separator: "\n").map { $0.prefix(4) }.sorted() == ["one ", "trai", "two "], "\(output)")
        #expect(output.contains("trails: error: nothing says in whose name to act"))
        for name in ["one", "two"] {
            let tree = try await server.ok("TRAILS_APP=\(name) trails tree")
            #expect(tree.matches(of: /run-of-/).count == 1)
            #expect(tree.contains("run-of-\(name) "))
        }
    }

    @Test func `whose use failed does not go on with the root of its caller`() async throws {
        let server = try await TestServer()
        let end = try await server.run(
            "trails init-app one 2>/dev/null; trails use one; bash -c 'trails use other; eval $(trails "
                + "run --name x); echo went on'"
        )
        #expect(end.code == 64)
        #expect(!end.output.contains("went on"))
        #expect(end.errors.contains("the last \"trails use\" in this session failed"))
    }

    @Test func `that pipes and waits keeps the exit codes`() async throws {
        let server = try await TestServer()
        #expect(try await server.run("pipeline.sh").code == 0)
        let failed = try await server.run("pipeline.sh", ["WORKER_FAIL": "2"])
        #expect(failed.code == 1)
        #expect(failed.errors.contains("[error ✗ step 2 of 3 went wrong]"))
        #expect(try await server.run("pipeline.sh", ["WORKER_PAUSE": "30", "PIPELINE_TIMEOUT": "1"]).code == 3)
    }
}
