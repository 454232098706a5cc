import PipelineCore
import TestKit
import Testing
import Vocabulary

@Suite struct `A chain of checkpoints` {
    @Test func `adds up to what was remembered, from any snapshot on`() {
        var dice = SplitMix64(seed: 7)
        var memory = RunMemory()
        var whole: [String: JSONValue] = [:]
        var chain: [Checkpoint] = []
        for step in 1...300 {
            var delta = Checkpoint()
            delta.currentNode = NodeID("n\(step % 7)")
            delta.nextNode = "x"
            delta.completed = [delta.currentNode!]
            delta.outcomes = [VisitedOutcome(delta.currentNode!, dice.pick(StageStatus.allCases))]
            delta.visits = [delta.currentNode!: step]
            delta.stepCount = step
            let key = "k\(dice.next() % 40)"
            if dice.chance(0.2), whole[key] != nil {
                delta.context.removed = [key]
                whole[key] = nil
            } else {
                delta.context.set[key] = .integer(Int64(step))
                whole[key] = .integer(Int64(step))
            }
            let written = memory.encoded(delta)
            memory.apply(written)
            chain.append(written)
            if written.isSnapshot { #expect(RunMemory([written]) == memory) }
        }
        let last = chain.lastIndex(where: \.isSnapshot)!
        #expect(chain.count - last <= RunMemory.deltasMax + 1)
        #expect(RunMemory(Array(chain[last...])) == memory)
        #expect(RunMemory(chain) == memory)
        #expect(Dictionary(uniqueKeysWithValues: memory.context.values.map { ($0.key, $0.value) }) == whole)
        #expect(memory.completedCount == 300 && memory.stepCount == 300)
    }

    @Test func `has a snapshot behind every 128 deltas, however small they are`() {
        var memory = RunMemory(context: PipelineContext(["big": .string(String(repeating: "x", count: 1 << 16))]))
        let snapshots = (0..<400).filter { _ in
            let written = memory.encoded(Checkpoint())
            memory.apply(written)
            return written.isSnapshot
        }
        #expect(snapshots == [0, 129, 258, 387])
    }

    @Test func `is no longer for a loop that has gone on for long`() {
        var memory = RunMemory()
        func snapshot(at count: Int) -> Checkpoint {
            while memory.completedCount < count {
                var delta = Checkpoint()
                delta.completed = [NodeID("n\(memory.completedCount % 3)")]
                memory.apply(memory.encoded(delta))
            }
            return memory.snapshot
        }
        let (early, late) = (snapshot(at: 300), snapshot(at: 6_000))
        #expect(early.deepSize == late.deepSize)
        #expect(late.completed.count == RunMemory.completedMax && late.completed.last == "n2")
        #expect(RunMemory([late]).completedCount == 6_000)
        #expect(RunMemory([late]) == memory)
    }

    @Test func `costs little for a long run`() {
        var theatre = Theatre(sketch("S -> " + (1...300).map { "n\($0)" }.joined(separator: " -> ") + " -> E"))
        theatre.start(["big": .string(String(repeating: "x", count: 20_000))])
        theatre.play()
        let size = theatre.events.reduce(0) { size, event in
            if case .checkpoint(let checkpoint) = event { size + checkpoint.deepSize } else { size }
        }
        #expect(size < 600_000, "\(size) bytes")
        #expect(theatre.events.count == 3 * 301 + 2)
    }
}

@Suite struct `The context` {
    @Test func `keeps types and order`() {
        let context = PipelineContext(["b": 1, "a": 1.0, "c": "1"])
        #expect(context.values.keys == ["b", "a", "c"])
        #expect(context["b"] == .integer(1) && context["a"] == .double(1) && context["c"] == .string("1"))
    }

    @Test func `differs by what was set and removed`() {
        let before = PipelineContext(["a": 1, "b": 2, "c": 3])
        let after = PipelineContext(["a": 1, "b": 3, "d": 4])
        let delta = after.delta(since: before)
        #expect(delta == ContextDelta(set: ["b": 3, "d": 4], removed: ["c"]))
        var applied = before
        applied.apply(delta)
        #expect(applied == after)
    }

    @Test func `begins with the attributes of the graph and the variables`() {
        var theatre = Theatre(sketch("graph: goal=win, rankdir=LR\nS -> E"))
        theatre.start(["who": "me"])
        let context = theatre.run!.context
        #expect(context["graph.goal"] == "win" && context["graph.rankdir"] == "LR" && context["who"] == "me")
        #expect(context["node_visits.S"] == 1 && context["current_node"] == "S")
    }
}

@Suite struct `A status file` {
    @Test func `becomes an outcome`() throws {
        let text =
            #"{"outcome":"Partial_Success","preferred_next_label":"L","suggested_next_ids":["a"],"#
            + #""context_updates":{"k":1},"notes":"n","x":null}"#
        let outcome = try Outcome(statusFile: JSONValue(parsing: text.utf8))
        #expect(
            outcome
                == Outcome(
                    .partialSuccess, preferredLabel: "L", suggestedNextIDs: ["a"], contextUpdates: ["k": 1], notes: "n")
        )
        #expect(try Outcome(statusFile: .object(outcome.json)) == outcome)
    }

    @Test(arguments: ["[]", "{}", #"{"outcome":"good"}"#, #"{"outcome":"fail","notes":1}"#])
    func `is refused`(text: String) throws {
        let json = try JSONValue(parsing: text.utf8)
        #expect(throws: StatusFileError.self) { try Outcome(statusFile: json) }
    }

    @Test func `has words lifted out of a response`() {
        let text = "Verdict: no\n**verdict**: **approve**\nnext_step: go on\noutcome: x\n  tries : 3\n_mood_: _good_\n"
        #expect(
            ResponseKeys.lift(from: text, declared: nil)
                == ["verdict": "approve", "tries": "3", "mood": "good"])
        #expect(ResponseKeys.lift(from: text, declared: ["outcome"]) == ["outcome": "x"])
    }
}

@Suite struct `What a model is told` {
    private func briefing(_ text: String, at node: NodeID, resumed: Bool = false) -> Briefing? {
        var theatre = Theatre(sketch("graph: goal=win\n" + text))
        theatre.start()
        theatre.play { $0.run?.attempt?.node == node }
        if resumed {
            theatre.crash()
            theatre.resume()
        }
        return theatre.run.map { $0.briefing(of: $0.attempt!) }
    }

    @Test func `depends on edge, node and graph, in this order`() {
        let all = "graph: default_fidelity=truncate\na: fidelity=full\nS -> a: fidelity=summary:low\na -> E"
        // A colon ends the head of a sketch, so the value is read whole.
        #expect(self.briefing(all, at: "a")?.fidelity == .summaryLow)
        #expect(self.briefing("a: fidelity=full\nS -> a -> E", at: "a")?.fidelity == .full)
        #expect(self.briefing("graph: default_fidelity=truncate\nS -> a -> E", at: "a")?.fidelity == .truncate)
        #expect(self.briefing("S -> a -> E", at: "a")?.fidelity == .compact)
    }

    @Test func `names a thread only when it is told in full`() {
        #expect(self.briefing("a: fidelity=full, thread_id=t\nS -> a: thread_id=u\na -> E", at: "a")?.thread == "t")
        #expect(self.briefing("a: fidelity=full\nS -> a: thread_id=u\na -> E", at: "a")?.thread == "u")
        #expect(self.briefing("a: fidelity=full\nS -> a -> E", at: "a")?.thread == "S")
        #expect(self.briefing("S -> a -> E", at: "a")?.thread == nil)
    }

    @Test func `is a long summary once after a resume`() {
        let briefing = self.briefing("a: fidelity=full\nb: fidelity=full\nS -> a -> b -> E", at: "a", resumed: true)
        #expect(briefing?.fidelity == .summaryHigh && briefing?.thread == nil)
        #expect(briefing?.preamble.contains("- S: success") == true)
    }

    @Test func `says goal, stages and values`() {
        let preamble = self.briefing("S -> a -> E", at: "a")?.preamble
        #expect(preamble == "Goal: win\nRun: s\nStages:\n- S: success")
    }
}

@Suite struct `An attribute` {
    @Test func `is read in quotes or without`() {
        let node = sketch("a: goal_gate=false, max_retries=3, timeout=900s, label=3, class=x y")["a"]!
        #expect(!node.isGoalGate && node.maxRetries == 3 && node.timeout == .seconds(900) && node.label == "3")
        #expect(sketch("a: label=").nodes[0].label == "a")
    }

    @Test(arguments: [
        ("250ms", 250), ("0.1s", 100), ("5", 5_000), (".5m", 30_000), ("1h", 3_600_000), ("2d", 172_800_000),
        ("1.5", 1_500),
    ])
    func `is a duration`(text: String, milliseconds: Int) {
        #expect(Duration(attribute: text) == .milliseconds(milliseconds))
    }

    @Test(arguments: ["", "s", "1.s", "1..2s", "5 m", "-1s", "1w", "99999999999d", "1e3", "."])
    func `is no duration`(text: String) {
        #expect(Duration(attribute: text) == nil)
    }

    @Test func `is listed when it cannot be read`() {
        let graph = sketch(
            "graph: max_steps=x, default_fidelity=odd\na: goal_gate=yes, max_retries=-1, join_policy=some, k=0\n"
                + "a -> b: weight=heavy, condition=a || b")
        #expect(
            graph.problems.map(\.key) == [
                "default_fidelity", "max_steps", "max_retries", "goal_gate", "join_policy", "k", "weight", "condition",
            ])
        #expect(Set(graph.problems.map(\.rule)) == ["attr_type", "fidelity_valid", "policy_known", "condition_syntax"])
        #expect(graph.problems.allSatisfy { !$0.message.isEmpty && !$0.fix.isEmpty })
    }

    @Test func `chooses the handler: type before shape`() {
        let graph = sketch("a: type=tool\nb: shape=hexagon, type=own\nc: shape=cloud\nd: shape=house")
        #expect(graph.nodes.map(\.handler) == [.tool, .human, .codergen, .managerLoop])
        #expect(graph.nodes.map(\.isHandlerKnown) == [true, false, false, true])
        let own = PipelineGraph(dotSketch("b: shape=cloud"), handlers: HandlerType.builtIn.union(["cloud"]))
        #expect(own["b"]?.handler == "cloud")
    }
}
