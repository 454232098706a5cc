import Testing

@Suite(.timeLimit(.minutes(15))) struct `orchestra diff` {
    @Test func `compares a fork with its origin from where they part`() throws {
        let shop = try Workshop(["demo.dot": Workshop.demo])
        let said = try shop.play(
            """
            orchestra run demo.dot --auto-approve >/dev/null 2>&1; origin=$(newest)
            turn=$(orchestra status $origin --detail | awk '$2 == "a" { print $1 }')
            orchestra replay $origin --checkpoint $turn --set mood=calm --from b >/dev/null 2>&1; fork=$(newest)
            orchestra diff $fork | sed "s/$origin/ORIGIN/; s/$fork/FORK/"; echo "code ${PIPESTATUS[0]}"
            orchestra diff $origin; echo "code $?"
            """)
        #expect(
            said.hasPrefix(
                """
                --- session ORIGIN (context 1): demo, failed, 18 turns
                +++ session FORK (context 2): demo, failed, 15 turns
                8 turns in common, the last is turn 8
                ! before the first node
                    context +mood: "calm"
                < ask.1: SUCCESS
                ! b.1: failed (the command of node b failed: exit code 3)
                    context -human.gate.label: "Yes"
                    context -human.gate.selected: "Y"
                code 1

                """), "\(said)")
        #expect(said.contains("is no fork") && said.hasSuffix("code 2\n"), "\(said)")
    }

    @Test func `two runs that came the same way are the same, whatever the time they took`() throws {
        let shop = try Workshop(["demo.dot": Workshop.demo])
        let said = try shop.play(
            """
            orchestra run demo.dot --auto-approve >/dev/null 2>&1; first=$(newest)
            orchestra run demo.dot --auto-approve >/dev/null 2>&1; second=$(newest)
            orchestra diff $first $second; echo "code $?"; orchestra diff $first $first | tail -1
            orchestra diff $first $second --json | head -c 12
            orchestra diff $first nobody 2>/dev/null; echo " code $?"
            """)
        #expect(said.contains("no turns in common\n  start.1 to b.1: 4 the same\ncode 0\n"), "\(said)")
        #expect(said.contains("18 turns in common, the last is turn 18\n"), "\(said)")
        #expect(said.hasSuffix("{\"same\":true code 2\n"), "\(said)")
    }

    @Test func `shows what differs in prompts, responses, loops and branches`() throws {
        let pipeline = { (prompt: String, rounds: Int) in
            """
            digraph talk {
                start [shape=Mdiamond]; exit [shape=Msquare]
                ask [prompt="\(prompt)"]; again [shape=parallelogram, tool_command="echo round"]
                fan [shape=component]; join [shape=tripleoctagon]
                x [prompt="x"]; y [shape=parallelogram, tool_command="test \(rounds) = 2"]
                start -> ask -> again
                again -> again [condition="outcome=success", max_visits=\(rounds)]
                again -> fan; fan -> x -> join; fan -> y -> join; join -> exit
            }
            """
        }
        let shop = try Workshop([
            "one.dot": pipeline("Write\\nan ode\\nto joy", 2), "two.dot": pipeline("Write\\na poem\\nto joy", 3),
        ])
        let said = try shop.play(
            """
            orchestra run one.dot --agent cat >/dev/null 2>&1; first=$(newest)
            orchestra run two.dot --agent cat >/dev/null 2>&1; second=$(newest)
            orchestra diff $first $second; echo "code $?"
            """)
        #expect(said.contains("! ask.1: SUCCESS\n"), "\(said)")
        #expect(said.contains("    prompt:\n"), "\(said)")
        #expect(said.contains("    -an ode\n    +a poem\n     to joy\n"), "\(said)")
        #expect(said.contains("    response:\n"), "\(said)")
        #expect(said.contains("> again.3: SUCCESS\n"), "\(said)")
        #expect(said.contains("! fan.1/y/y.1: SUCCESS | failed ("), "\(said)")
        #expect(said.hasSuffix("code 1\n"), "\(said)")
    }
}
