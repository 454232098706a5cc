import AgentRuntime
import Simulator
import Testing

/// Random programs of operators, agents and crashes, on a real host, against an oracle that never looks at the disk
/// (Substrat spec, 2.10 layer 3 and 2.14).
@Suite(.timeLimit(.minutes(60))) struct `A host in random lives` {
    private static let groups: UInt64 = 20

    @Test(arguments: 0..<groups)
    func `keeps what it promised`(group: UInt64) async {
        let profile = FuzzProfile.current
        for number in 0..<UInt64(profile.examples) / Self.groups {
            let program = MachineProgram(
                seed: profile.seed &+ group &+ number &* Self.groups, steps: profile.steps)
            let complaints = await Machine.complaints(after: program)
            guard !complaints.isEmpty else { continue }
            let steps = await Shrinking.minimal(program.steps, budget: 100) { steps in
                var shorter = program
                shorter.steps = steps
                // What comes of it hangs on the order of threads as well: so it is tried twice.
                for _ in 0..<2 where await !Machine.complaints(after: shorter).isEmpty { return true }
                return false
            }
            Issue.record(
                """
                seed \(program.seed), continues \(program.continues): \(complaints.joined(separator: "; "))
                \(steps.map { "\($0)" }.joined(separator: "\n"))
                """)
            return
        }
    }

    @Test func `are made up alike from one seed`() {
        #expect(MachineProgram(seed: 7, steps: 30).steps == MachineProgram(seed: 7, steps: 30).steps)
        #expect(MachineProgram(seed: 7, steps: 30).steps != MachineProgram(seed: 8, steps: 30).steps)
    }
}
