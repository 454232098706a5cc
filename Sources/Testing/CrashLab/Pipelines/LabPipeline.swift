import TestKit

/// A pipeline that dice make: tools that count their executions, in lines, loops, retries, choices, parallel branches,
/// a question, and a goal gate that is not met at first.
///
/// What a tool does depends on its visit, its attempt and what the tool before it said, and on nothing else. So an
/// undisturbed run of the same pipeline tells how each other must end.
struct LabPipeline: Sendable {
    /// In DOT.
    private(set) var text = ""
    /// The nodes there are, start and exit included.
    private(set) var nodeCount = 2

    private var dice: SplitMix64
    /// What the next node follows on, and the attributes of the edge to it.
    private var loose: [(node: String, edge: String)] = [("start", "")]

    init(nodes: Int, seed: UInt64) {
        self.dice = SplitMix64(seed: seed)
        self.add("digraph lab {")
        self.add("goal = \"survive\"")
        self.add("node [max_retries=0, backoff_policy=none]")
        self.add("start [shape=Mdiamond]; exit [shape=Msquare]")
        while self.nodeCount + Self.blockMax + Self.endCount <= nodes { self.addBlock() }
        while self.nodeCount + Self.endCount < nodes { self.addTool() }
        self.addEnd()
        self.add("}")
    }

    /// What a tool runs. It writes a line before and after its work, `begin|end NODE KEY PID`, in one write each:
    /// ```
    ///   set -- NUMBER ATTEMPTS VISITS SECONDS INPUT   fails in its first ATTEMPTS, and in its first VISITS
    /// ```
    static let step = """
        key=$ORCHESTRA_ATTEMPT_KEY
        printf 'begin %s %s %s\\n' "$ORCHESTRA_NODE" "$key" $$ >> count
        attempt=${key##*.}
        visit=${key%.*}
        visit=${visit##*.}
        [ "$4" = 0 ] || sleep "$4"
        printf 'end %s %s %s\\n' "$ORCHESTRA_NODE" "$key" $$ >> count
        echo $(( ($5 * 31 + $1 + visit) % 1000003 ))
        [ "$attempt" -gt "$2" ] && [ "$visit" -gt "$3" ] || exit 1

        """

    private static let blockMax = 13
    private static let endCount = 4
}

extension LabPipeline {
    private mutating func add(_ line: String) { self.text += line + "\n" }

    /// A node behind all that is loose.
    @discardableResult
    private mutating func node(_ attributes: String) -> String {
        self.nodeCount += 1
        let name = "n\(self.nodeCount)"
        self.add("\(name) [\(attributes)]")
        for (node, edge) in self.loose { self.add("\(node) -> \(name)\(edge.isEmpty ? "" : " [\(edge)]")") }
        self.loose = [(name, "")]
        return name
    }

    /// - Parameters:
    ///   - retries: Attempts after the first.
    ///   - failures: Attempts that fail, from the first on.
    ///   - visits: Visits that fail, from the first on.
    @discardableResult
    private mutating func addTool(
        retries: Int = 0, failures: Int = 0, visits: Int = 0, _ attributes: String = ""
    ) -> String {
        let seconds = self.dice.chance(0.3) ? "0.0\(Int.random(in: 2...6, using: &self.dice))" : "0"
        let input = "{{ tool.output | default(\\\"1\\\") | sh }}"
        let command = "set -- \(self.nodeCount) \(failures) \(visits) \(seconds) \(input); . ./step"
        let tries = retries > 0 ? ", max_retries=\(retries)" : ""
        return self.node("shape=parallelogram, tool_command=\"\(command)\"\(tries)\(attributes)")
    }

    private mutating func addBlock() {
        switch Int.random(in: 0..<10, using: &self.dice) {
        case 0...2: for _ in 0..<Int.random(in: 2...6, using: &self.dice) { self.addTool() }
        case 3, 4: self.addRetries()
        case 5, 6: self.addLoop()
        case 7: self.addChoice()
        case 8: self.addBranches()
        default: self.addQuestion()
        }
    }

    /// Some attempts fail; sometimes with a wait between them, as short as there is.
    private mutating func addRetries() {
        let retries = Int.random(in: 1...3, using: &self.dice)
        let failures = Int.random(in: 0...retries, using: &self.dice)
        let waits = retries == 1 && self.dice.chance(0.3)
        self.addTool(retries: retries, failures: failures, waits ? ", backoff_policy=standard" : "")
    }

    /// Goes round two or three times.
    private mutating func addLoop() {
        let first = self.addTool()
        self.addTool()
        let last = self.addTool(visits: Int.random(in: 1...2, using: &self.dice))
        self.add("\(last) -> \(first) [condition=\"outcome=fail\", max_visits=5]")
        self.loose = [(last, "condition=\"outcome=success\"")]
    }

    /// A tool whose attempts all fail or not, and a way for either case.
    private mutating func addChoice() {
        let fails = self.dice.chance(0.5)
        let tool = self.addTool(retries: 1, failures: fails ? 9 : 0)
        self.loose = [
            (tool, "condition=\"outcome=success\""), (tool, "condition=\"outcome!=success\""),
        ]
        let choice = self.node("shape=diamond")
        var ends: [(node: String, edge: String)] = []
        for condition in ["outcome=success", "outcome!=success"] {
            self.loose = [(choice, "condition=\"\(condition)\"")]
            ends.append((self.addTool(), ""))
        }
        self.loose = ends
    }

    private mutating func addBranches() {
        let fan = self.node("shape=component, max_parallel=\(Int.random(in: 1...3, using: &self.dice))")
        var ends: [(node: String, edge: String)] = []
        for _ in 0..<3 {
            self.loose = [(fan, "")]
            for _ in 0..<Int.random(in: 1...2, using: &self.dice) { self.addTool() }
            self.addTool(retries: 2, failures: Int.random(in: 0...2, using: &self.dice))
            ends += self.loose
        }
        self.loose = ends
        self.node("shape=tripleoctagon")
    }

    /// Whoever runs it takes the first choice (`--auto-approve`).
    private mutating func addQuestion() {
        let gate = self.node("shape=hexagon, label=\"Go on?\"")
        var ends: [(node: String, edge: String)] = []
        for choice in ["[Y] Yes", "[N] No"] {
            self.loose = [(gate, "label=\"\(choice)\"")]
            ends.append((self.addTool(), ""))
        }
        self.loose = ends
    }

    /// A goal gate that fails when it is first visited, so that the exit sends the run back.
    private mutating func addEnd() {
        let back = self.addTool()
        self.addTool(retries: 1, failures: 1)
        let gate = self.addTool(visits: 1, ", goal_gate=true, retry_target=\(back)")
        self.loose = [(gate, "condition=\"outcome=fail\""), (gate, "")]
        self.addTool()
        self.add("\(self.loose[0].node) -> exit")
    }
}
