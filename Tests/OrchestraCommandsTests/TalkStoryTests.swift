import Foundation
import TestKit
import Testing

@Suite(.timeLimit(.minutes(15))) struct `A talk with an agent` {
    private static let flow = """
        digraph Flow { goal="fun" start -> talk -> end
            talk ["agent.mode"=interactive, prompt="Plan it"] }
        """
    /// Says how many lines it was told, and keeps them.
    private static let agent = "--agent 'cat >told; wc -l <told'"

    @Test func `goes on by answers from elsewhere, and over kill -9`() throws {
        let shop = try Workshop(["flow.dot": Self.flow])
        let said = try shop.play(
            """
            asked() { until orchestra status $(newest) --json | grep -q waiting; do sleep 0.05; done; }
            orchestra run flow.dot \(Self.agent) >run.log 2>&1 & runner=$!
            until grep -qs 'asks talk' run.log; do sleep 0.05; done
            orchestra answer $(newest) 'shorter, please'
            until grep -qs 'Person: shorter, please' told; do sleep 0.05; done; asked
            kill -9 $runner; wait $runner 2>/dev/null
            orchestra resume $(newest) >again.log 2>&1 & runner=$!
            until grep -qs 'asks talk' again.log; do sleep 0.05; done
            orchestra answer $(newest) '/done'; wait $runner; echo $?
            grep -c . told; tail -n 5 told
            """)
        #expect(said.components(separatedBy: " took the answer\n").count == 3, "\(said)")
        #expect(said.contains("took the answer\n0\n"), "\(said)")
        #expect(said.hasSuffix("Person: shorter, please"), "\(said)")
        #expect(said.contains("\nYou: "), "\(said)")
    }

    @Test func `has lines of a person who sits there, one or many at a time`() throws {
        for (option, text) in [("", "first"), ("--multi-line", "first\nsecond")] {
            let shop = try Workshop(["flow.dot": Self.flow])
            let said = try shop.play(
                """
                printf 'first\\nsecond\\n\\n/done\\n' | orchestra run flow.dot \(option) \(Self.agent) >run.log 2>&1
                echo $?; grep -A1 '^Person: first' told
                """)
            #expect(said.hasPrefix("0\nPerson: \(text)\n") || said == "0\nPerson: \(text)", "\(option): \(said)")
        }
    }

    @Test func `is over when nobody is to be asked, or the agent says so`() throws {
        let shop = try Workshop(["flow.dot": Self.flow])
        let said = try shop.play(
            """
            orchestra run flow.dot --auto-approve \(Self.agent) >/dev/null 2>&1; echo $?
            wish='echo "{\\"outcome\\": \\"success\\"}" >$ORCHESTRA_STATUS_FILE'
            orchestra run flow.dot --agent "$wish" >/dev/null; echo $?
            orchestra run flow.dot >/dev/null 2>&1; echo $?
            """)
        #expect(said == "0\n0\n0\n", "\(said)")
    }

    @Test func `is gone on with in a fork, after any turn of the agent`() throws {
        let shop = try Workshop(["flow.dot": Self.flow])
        let said = try shop.play(
            """
            printf 'one\\ntwo\\n/done\\n' | orchestra run flow.dot \(Self.agent) >run.log 2>&1
            first=$(newest)
            turns() { orchestra attach $first --json | grep '"agent' | grep -o '"turn":"[0-9]*"' | tr -dc '0-9\\n'; }
            turns | wc -l
            printf 'three\\n/done\\n' | orchestra replay $first --turn $(turns | head -n 1) >fork.log 2>&1; echo $?
            grep -c -e one -e two told; grep '^Person: three' told
            orchestra status | grep -c completed
            """)
        #expect(said == "3\n0\n0\nPerson: three\n2\n" || said == "3\n0\n0\nPerson: three2\n", "\(said)")
    }

    @Test func `is heard by a model with the right roles`() async throws {
        try await ModelServer.run(.stream("One"), .stream("Two")) { server in
            let shop = try Workshop(["flow.dot": Self.flow])
            let said = try shop.play(
                """
                model='--llm \(server.url) --model m'
                printf 'and then?\\n/done\\n' | orchestra run flow.dot $model >run.log 2>&1; echo $?
                """)
            #expect(said == "0\n" && server.requests.count == 2, "\(said)")
            let second = try #require(server.requests.last).body
            let roles = second.matches(of: /"role":"(user|assistant)"/).map { String($0.1) }
            #expect(roles == ["user", "assistant", "user"], "\(second)")
            #expect(second.contains("\"One\"") && second.contains("\"and then?\""), "\(second)")
            #expect(Set(server.requests.compactMap { $0.header("Idempotency-Key") }).count == 2)
        }
    }
}
