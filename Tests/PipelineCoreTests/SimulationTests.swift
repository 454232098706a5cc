import DotLanguage
import PipelineCore
import TestKit
import Testing
import Vocabulary

/// Random pipelines, random outcomes; crash and pause wherever the record allows it, and compare with a run that
/// nobody disturbed. `SimulationSeed(n)` in a message is the seed to run again.
@Suite struct `A run that is disturbed` {
    @Test(arguments: 0..<8)
    func `ends like one that is not, whatever group it crashes after`(block: UInt64) {
        for seed in block * 65..<(block + 1) * 65 {
            let world = RandomWorld(seed: seed)
            let calm = world.played { _ in }
            #expect(calm.complaints == [], "seed \(seed)")
            var dice = SplitMix64(seed: seed ^ 0xC0FFEE)
            let shaken = world.played { theatre in
                var crashes = 0
                while theatre.run?.end == nil, crashes < 200 {
                    let patience = crashes % 3 == 2 ? Int.random(in: 2..<9, using: &dice) : 1
                    let goal = theatre.groups + patience
                    theatre.play { $0.groups >= goal }
                    guard theatre.run?.end == nil else { return }
                    theatre.crash()
                    theatre.resume()
                    crashes += 1
                }
            }
            world.compare(shaken, with: calm)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `ends like one that is not, for every single crash`(seed: UInt64) {
        let world = RandomWorld(seed: seed)
        let calm = world.played { _ in }
        for goal in 1..<max(calm.groups, 2) {
            let shaken = world.played { theatre in
                theatre.play { $0.groups >= goal }
                guard theatre.run?.end == nil else { return }
                theatre.crash()
                theatre.resume()
            }
            world.compare(shaken, with: calm, "crash after group \(goal)")
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `ends like one that is not, wherever it is paused`(seed: UInt64) {
        let world = RandomWorld(seed: seed)
        let calm = world.played { _ in }
        var dice = SplitMix64(seed: seed ^ 0xBEEF)
        for goal in 1..<max(calm.groups, 2) where calm.groups < 30 || dice.chance(0.3) {
            let isAborting = dice.chance(0.3)
            let hasRestart = dice.chance(0.5)
            let paused = world.played { theatre in
                theatre.play { $0.groups >= goal }
                guard theatre.run?.end == nil else { return }
                theatre.tell(Theatre.root, isAborting ? .abort : .requestPause)
                theatre.play()
                guard theatre.run?.end == nil else { return }
                #expect(theatre.run?.isPaused == true, "seed \(seed), pause after group \(goal)")
                if hasRestart { theatre.crash() }
                theatre.resume()
            }
            world.compare(paused, with: calm, "pause after group \(goal)")
            // Nothing was at work while it was paused, so nothing is made twice.
            let repeats = paused.calls.filter { $0.value > 1 }.keys
            #expect(isAborting || repeats.isEmpty, "seed \(seed), pause after group \(goal): \(repeats)")
        }
    }
}

/// A pipeline and the fate of its nodes, all from one seed.
struct RandomWorld {
    let seed: UInt64
    let graph: PipelineGraph

    init(seed: UInt64) {
        self.seed = seed
        var builder = RandomGraph(seed: seed)
        self.graph = builder.build()
    }

    /// A run to its end; `disturb` comes after the start.
    func played(_ disturb: (inout Theatre) -> Void) -> Theatre {
        var theatre = Theatre(self.graph, seed: self.seed &* 31)
        let seed = self.seed
        theatre.act = { attempt, _ in Self.fate(of: attempt, seed: seed) }
        theatre.reply = { question in
            var dice = SplitMix64(seed: seed ^ Self.hash(question.id.text))
            return .text(dice.pick(question.choices).key)
        }
        theatre.start(["name": "world", "n": 7])
        disturb(&theatre)
        theatre.play()
        return theatre
    }

    /// Some attempts fail, then one does not: a later attempt never does worse, so that one used up in a crash
    /// changes nothing. What the node writes depends on the visit only.
    private static func fate(of attempt: Attempt, seed: UInt64) -> Outcome {
        let place = attempt.key.text.split(separator: "/").dropFirst().joined().dropLast(1)
        var dice = SplitMix64(seed: seed ^ self.hash(String(place)))
        let bad = dice.chance(0.15) ? 99 : dice.chance(0.3) ? Int.random(in: 1..<3, using: &dice) : 0
        let end = dice.pick([StageStatus.success, .success, .success, .partialSuccess, .skipped])
        let updates: JSONObject = [
            "\(attempt.node).v": .integer(Int64(attempt.visit)), "score": .integer(Int64(dice.next() % 9)),
            "last_response": .string("visit \(attempt.visit)"),
        ]
        let label = dice.pick(["", "yes", "no"])
        let badStatus = dice.chance(0.5) ? StageStatus.fail : .retry
        if attempt.number <= bad {
            return Outcome(badStatus, contextUpdates: updates, failureReason: "bad luck")
        }
        return Outcome(end, preferredLabel: label, contextUpdates: updates, notes: "fine")
    }

    static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    func compare(_ shaken: Theatre, with calm: Theatre, _ what: String = "") {
        let note = Comment(rawValue: "seed \(self.seed) \(what)")
        #expect(shaken.complaints == [], note)
        #expect(shaken.run?.end == calm.run?.end, note)
        #expect(shaken.run?.memory == calm.run?.memory, note)
        #expect(shaken.run?.memory.context.values.keys == calm.run?.memory.context.values.keys, note)
    }
}

/// Loops, retries, gates, goal gates, conditions and parallel parts at random.
private struct RandomGraph {
    var dice: SplitMix64
    var lines: [String] = []
    var count = 0

    init(seed: UInt64) {
        self.dice = SplitMix64(seed: seed)
    }

    mutating func build() -> PipelineGraph {
        let length = Int.random(in: 1..<6, using: &self.dice)
        self.lines.append("graph: default_max_retries=\(self.dice.pick([0, 1, 2])), max_steps=60, max_reroutes=4")
        var here = "S"
        var earlier: [String] = []
        for _ in 0..<length {
            here = self.piece(after: here, earlier: earlier)
            earlier.append(here)
        }
        self.lines.append("\(here) -> E")
        return sketch(self.lines.joined(separator: "\n"))
    }

    private mutating func name() -> String {
        self.count += 1
        return "n\(self.count)"
    }

    /// One more node, or a parallel part; answers its last node.
    private mutating func piece(after here: String, earlier: [String]) -> String {
        switch Int.random(in: 0..<10, using: &self.dice) {
        case 0, 1: self.parallel(after: here, depth: 0)
        case 2: self.gate(after: here)
        case 3: self.diamond(after: here, earlier: earlier)
        default: self.box(after: here, earlier: earlier)
        }
    }

    private mutating func box(after here: String, earlier: [String]) -> String {
        let node = self.name()
        var attributes = ["shape=\(self.dice.pick(["box", "parallelogram"]))"]
        if self.dice.chance(0.3) { attributes.append("max_retries=\(self.dice.pick([0, 1, 3]))") }
        if self.dice.chance(0.2) { attributes.append("allow_partial=true") }
        if self.dice.chance(0.2) { attributes.append("idempotent=true") }
        if self.dice.chance(0.2), let back = earlier.randomElement(using: &self.dice) {
            attributes.append("retry_target=\(back)")
            attributes.append("goal_gate=\(self.dice.chance(0.7))")
        }
        self.lines.append("\(node): \(attributes.joined(separator: ", "))")
        let isStrict = self.dice.chance(0.15) && !earlier.isEmpty
        self.lines.append("\(here) -> \(node)\(isStrict ? ": condition=outcome=success" : "")")
        if self.dice.chance(0.25), let back = earlier.randomElement(using: &self.dice) {
            self.lines.append("\(node) -> \(back): condition=\(self.condition), max_visits=3")
        }
        return node
    }

    private var condition: String {
        mutating get {
            self.dice.pick(["outcome!=success", "outcome=fail", "preferred_label=yes", "score=3", "context.n=7"])
        }
    }

    private mutating func gate(after here: String) -> String {
        let (gate, left, right, join) = (self.name(), self.name(), self.name(), self.name())
        self.lines.append("\(gate): shape=hexagon")
        self.lines.append("\(here) -> \(gate)")
        for (side, label) in [(left, "[Y] Yes"), (right, "No")] {
            self.lines.append("\(gate) -> \(side): label=\(label)")
            self.lines.append("\(side) -> \(join)")
        }
        return join
    }

    private mutating func diamond(after here: String, earlier: [String]) -> String {
        let (diamond, left, join) = (self.name(), self.name(), self.name())
        self.lines.append("\(diamond): shape=diamond")
        self.lines.append("\(here) -> \(diamond)")
        self.lines.append("\(diamond) -> \(left): condition=\(self.condition)")
        self.lines.append("\(diamond) -> \(join)")
        self.lines.append("\(left) -> \(join)")
        return join
    }

    private mutating func parallel(after here: String, depth: Int) -> String {
        let (fan, join) = (self.name(), self.name())
        self.lines.append("\(fan): shape=component, max_parallel=\(self.dice.pick([1, 2, 4]))")
        self.lines.append("\(join): shape=tripleoctagon")
        self.lines.append("\(here) -> \(fan)")
        for _ in 0..<Int.random(in: 2..<4, using: &self.dice) {
            var tip = self.box(after: fan, earlier: [])
            if depth == 0, self.dice.chance(0.2) { tip = self.parallel(after: tip, depth: 1) }
            if self.dice.chance(0.3) { tip = self.gate(after: tip) }
            self.lines.append("\(tip) -> \(join)")
        }
        return join
    }
}

@Suite struct `The random worlds` {
    @Test func `hold every kind of trouble`() {
        var seen: [String: Int] = [:]
        for seed in 0..<200 as Range<UInt64> {
            let calm = RandomWorld(seed: seed).played { _ in }
            switch calm.run?.end {
            case .completed: seen["completed", default: 0] += 1
            case .failed(let failure): seen[failure.kind.rawValue, default: 0] += 1
            default: break
            }
            for event in calm.events {
                switch event {
                case .retrying: seen["retrying", default: 0] += 1
                case .asked: seen["asked", default: 0] += 1
                case .branchFinished: seen["branches", default: 0] += 1
                case .attemptStarted(let attempt) where attempt.visit > 1: seen["loops", default: 0] += 1
                default: break
                }
            }
            seen["reroutes", default: 0] += calm.run?.memory.rerouteCount ?? 0
        }
        for kind in [
            "completed", "node_failed", "no_eligible_edge", "retrying", "asked", "branches", "loops", "reroutes",
        ] {
            #expect(seen[kind, default: 0] > 4, "\(kind) of \(seen)")
        }
    }
}
