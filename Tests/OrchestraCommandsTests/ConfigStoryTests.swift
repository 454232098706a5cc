import Foundation
import TestKit
import Testing

/// The real program, with a configuration file, layers of prompts, and sessions that go on elsewhere.
@Suite(.timeLimit(.minutes(15))) struct `A configured run` {
    private static let files = [
        "flow.dot": """
        digraph Flow { goal="fun" start -> look -> ask -> hold -> again -> end
            look [shape=parallelogram, tool_command="echo it"]
            ask [agent=critic]
            hold [shape=hexagon, label="Ok?"]
            again [agent=critic, prompt=x] }
        """,
        "orchestra.yaml": """
        store: state/store.sqlite
        runs: state/runs
        llm: {agent: cat}
        agents:
          critic: {role: role, task: task}
        """,
        "role.yaml": "content: You review.", "task.yaml": "content: Look at {{ tool.output }} for {{ graph.goal }}.",
    ]

    @Test func `composes prompts, and says the same after the files were changed and the session resumed`() throws {
        let shop = try Workshop(Self.files)
        let said = try shop.play(
            """
            orchestra run flow.dot >run.log 2>&1 & runner=$!
            until grep -qs 'asks hold' run.log; do sleep 0.05; done
            kill -9 $runner; wait $runner 2>/dev/null
            tail -n 3 state/runs/$(newest)/ask/prompt.md
            echo 'content: You praise.' >role.yaml; rm task.yaml
            echo '---'; orchestra resume $(newest) --auto-approve --json >/dev/null
            tail -n 3 state/runs/$(newest)/again/prompt.md
            """)
        let text = "You review.\n\nLook at it for fun."
        #expect(said.contains("orchestra: note: not as they were: ") && said.contains("/role.yaml, "), "\(said)")
        #expect(said.contains("/task.yaml; the session goes on with what it began with\n"), "\(said)")
        #expect(said.hasPrefix("\(text)---\n") && said.hasSuffix(text), "\(said)")
    }

    @Test func `replayed with --allow-modified takes the files as they are`() throws {
        let shop = try Workshop(Self.files)
        let said = try shop.play(
            """
            orchestra run flow.dot --auto-approve >/dev/null 2>&1
            id=$(newest); turn=$(orchestra status $id --detail | awk '$2 == "look" && NF == 3 { print $1 }')
            echo 'content: You praise.' >role.yaml
            orchestra replay $id --checkpoint $turn --auto-approve --allow-modified 2>&1 | grep -c 'it began with'
            head -n 20 state/runs/$(newest)/ask/prompt.md | grep You
            """)
        #expect(said == "0\nYou praise.\n", "\(said)")
    }

    @Test func `is refused before it begins when an agent or a setting is none`() throws {
        let shop = try Workshop(Self.files)
        let said = try shop.play(
            """
            sed -i s/agent=critic/agent=nobody/ flow.dot; orchestra compile flow.dot >/dev/null; echo $?
            orchestra run flow.dot; echo $?; ls state 2>&1
            printf '\\nmodles: x\\n' >>orchestra.yaml; orchestra status; echo $?
            orchestra status --no-config
            """)
        let problem = "flow.dot:3:16: error: ask names the agent \"nobody\", which nobody describes [agent_known]"
        #expect(said.hasPrefix(problem), "\(said)")
        #expect(said.components(separatedBy: "which nobody describes [agent_known]").count == 5, "\(said)")
        #expect(said.contains("orchestra.yaml, line 6: \"modles\" is no setting\norchestra: hint: known here: store"))
        #expect(said.hasSuffix("1\nNo sessions found\n"), "\(said)")
    }

    @Test func `takes an argument before the environment, and that before the file`() throws {
        let shop = try Workshop(Self.files)
        let said = try shop.play(
            """
            sed -i "s/agent: cat/agent: 'echo file'/" orchestra.yaml
            ask() { "$@" >/dev/null 2>&1; tail -n 1 state/runs/$(newest)/ask/response.md; echo; }
            ask orchestra run flow.dot --auto-approve
            export ORCHESTRA_AGENT='echo environment'; ask orchestra run flow.dot --auto-approve
            ask orchestra run flow.dot --auto-approve --agent 'echo argument'
            mkdir far; cd far; orchestra status; orchestra status --config ../orchestra.yaml --json | head -c 2
            """)
        #expect(said.hasPrefix("file\nenvironment\nargument\nID "), "\(said)")
        #expect(said.hasSuffix("\n[{"), "\(said)")
    }

    @Test func `has the variables beside the file, but none that were set before`() throws {
        let shop = try Workshop(Self.files)
        let said = try shop.play(
            """
            printf 'NEW=from-file\\nOLD=from-file\\n' >.env; export OLD=from-shell
            orchestra run flow.dot --auto-approve --agent 'echo $NEW $OLD' >/dev/null 2>&1
            cat state/runs/*/ask/response.md
            """)
        #expect(said == "from-file from-shell", "\(said)")
    }

    @Test func `does not keep an agent with a secret in it, and says what to do`() throws {
        let shop = try Workshop(Self.files)
        let said = try shop.play(
            """
            export THE_TOKEN=hunter22-and-more
            for agent in "echo fine; : $THE_TOKEN" 'echo fine; : $THE_TOKEN'; do
                rm -f run.log
                orchestra run flow.dot --agent "$agent" >run.log 2>&1 & runner=$!
                until grep -qs 'asks hold' run.log; do sleep 0.05; done
                kill -INT $runner; wait $runner; grep -c 'needs it again' run.log
                rm -r state/runs; grep -rlF hunter22 state | grep -v shm; echo kept $?
                orchestra resume $(newest) --auto-approve --json >/dev/null; echo $?
            done
            """)
        #expect(said.hasPrefix("1\nkept 1\n"), "\(said)")
        #expect(said.contains("does not keep who answers for its models, for a secret was in it\n"), "\(said)")
        #expect(said.contains("orchestra: hint: say it again, with --agent or --llm\n1\n0\nkept 1\n"), "\(said)")
        #expect(said.contains("the agent is that of the session: echo fine; : $THE_TOKEN\n"), "\(said)")
        #expect(said.hasSuffix("\n0\n"), "\(said)")
    }
}

@Suite(.timeLimit(.minutes(15))) struct `A session that goes on` {
    private static let flow = """
        digraph Flow { start -> hold -> ask -> end
            hold [shape=hexagon, label="Ok?"]
            ask [prompt="Go", llm_model=smart] }
        """

    /// Pauses a run with these arguments before it asks, and plays `script` then.
    private func paused(_ arguments: String, at server: ModelServer, then script: String) throws -> String {
        let shop = try Workshop(["flow.dot": Self.flow, "key": "hunter22-and-more\n"])
        return try shop.play(
            """
            chmod 600 key; URL=\(server.url); export THE_KEY=hunter22-and-more
            orchestra run flow.dot \(arguments) >run.log 2>&1 & runner=$!
            until grep -qs 'asks hold' run.log; do sleep 0.05; done
            kill -INT $runner; wait $runner
            grep -rlF hunter22 .orchestra; \(script)
            """)
    }

    @Test(arguments: ["--llm-key THE_KEY", "--llm-key-file key"])
    func `asks the server it began with, under the key from where it is`(key: String) async throws {
        try await ModelServer.run(.stream("Fine")) { server in
            let said = try self.paused(
                "--llm $URL \(key) --model smart=small", at: server,
                then: "orchestra resume $(newest) --auto-approve --json >/dev/null; echo $?")
            #expect(said.hasPrefix("orchestra: note: the models are those of the session: http"), "\(said)")
            #expect(said.hasSuffix("\n0\n"))
            #expect(server.requests.map { $0.header("Authorization") } == ["Bearer hunter22-and-more"])
            #expect(server.requests.allSatisfy { $0.body.contains("\"small\"") })
        }
    }

    @Test func `can be told another model, and who answers instead`() async throws {
        try await ModelServer.run(.stream("Fine")) { server in
            let said = try self.paused(
                "--llm http://127.0.0.1:9/v1 --model smart=small", at: server,
                then: """
                    orchestra resume $(newest) --llm $URL --model smart=huge --auto-approve --json >/dev/null; echo $?
                    """)
            #expect(said.hasSuffix("\n0\n") && !said.contains("those of the session"), "\(said)")
            #expect(server.requests.allSatisfy { $0.body.contains("\"huge\"") } && server.requests.count == 1)
        }
    }

    @Test func `says which variable it misses`() async throws {
        try await ModelServer.run(.stream("Fine")) { server in
            let said = try self.paused(
                "--llm $URL --llm-key THE_KEY", at: server,
                then: "unset THE_KEY; orchestra resume $(newest) --auto-approve; echo $?")
            #expect(said.contains("the environment variable THE_KEY, which should hold the key"), "\(said)")
            #expect(said.hasSuffix("2\n") && server.requests.isEmpty)
        }
    }
}
