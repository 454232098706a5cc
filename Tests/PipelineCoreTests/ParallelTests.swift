import PipelineCore
import Testing
import Vocabulary

@Suite struct `A parallel node` {
    private static let edges =
        "j: shape=tripleoctagon\nS -> p\np -> a\np -> b\np -> c\na -> j\nb -> j\nc -> j\nj -> E\n"

    private func theatre(_ node: String, bad: [NodeID: Outcome] = [:]) -> Theatre {
        var theatre = Theatre(sketch("p: shape=component\(node)\n" + Self.edges))
        theatre.act = { attempt, context in
            bad[attempt.node]
                ?? Outcome(
                    .success,
                    contextUpdates: [
                        "by": .string(attempt.node.text), "score": .integer(Int64(attempt.node == "b" ? 5 : 1)),
                    ])
        }
        return theatre
    }

    private func played(_ node: String, bad: [NodeID: Outcome] = [:]) -> Theatre {
        var theatre = self.theatre(node, bad: bad)
        theatre.start()
        theatre.play()
        return theatre
    }

    @Test func `collects its branches in the order of the edges and keeps their contexts apart`() {
        let run = self.played("").run!
        let results = run.memory.context["parallel.results"]?.object
        #expect(results?.keys == ["a", "b", "c"])
        #expect(results?["b"]?["context_updates"]?["by"] == "b")
        #expect(run.memory.context["by"] == nil && run.memory.context["outcome"] == "success")
        #expect(run.memory.context["parallel.fan_in.best_id"] == "b")
        #expect(run.memory.completed == ["S", "p", "j"])
        #expect(run.memory.stepCount == 6)
    }

    @Test func `has at most max_parallel branches at once`() {
        var theatre = self.theatre(", max_parallel=2")
        var most = 0
        theatre.start()
        theatre.play { theatre in
            if case .branching(_, let state) = theatre.run!.phase { most = max(most, state.running.count) }
            return false
        }
        #expect(most == 2)
        #expect(theatre.run?.end == .completed)
    }

    @Test func `succeeds in part when a branch fails, and leaves it out if told to`() {
        let bad: [NodeID: Outcome] = ["a": .fail("no", isRetryable: false)]
        let partial = self.played("", bad: bad)
        #expect(partial.run?.memory.status(of: "p") == .partialSuccess)
        #expect(partial.run?.memory.context["parallel.results"]?["a"]?["outcome"] == "fail")
        let ignoring = self.played(", error_policy=ignore", bad: bad)
        #expect(ignoring.run?.memory.status(of: "p") == .success)
        #expect(ignoring.run?.memory.context["parallel.results"]?.object?.keys == ["b", "c"])
    }

    @Test func `starts no further branch after a failure when it is to fail fast`() {
        let theatre = self.played(
            ", error_policy=fail_fast, max_parallel=1", bad: ["a": .fail("no", isRetryable: false)])
        #expect(theatre.story.filter { $0.hasPrefix("opened") } == ["opened a"])
        let results = theatre.run?.memory.context["parallel.results"]
        #expect(results?["c"]?["failure_reason"]?.string?.contains("cancelled") == true)
        #expect(theatre.run?.memory.completed.last == "j")
    }

    @Test func `is done at the first success when that is enough`() {
        let theatre = self.played(", join_policy=first_success, max_parallel=1")
        #expect(theatre.story.filter { $0.hasPrefix("opened") } == ["opened a"])
        #expect(theatre.run?.end == .completed)
    }

    @Test func `goes on with its branches after a crash, and repeats none that is done`() {
        var theatre = self.theatre(", max_parallel=1")
        theatre.start()
        theatre.play { $0.story.last == "branch b SUCCESS" }
        theatre.crash()
        theatre.resume()
        theatre.play()
        #expect(theatre.complaints == [])
        #expect(theatre.calls.filter { $0.key.contains("/p.1.1/") }.map(\.value) == [1, 1, 1])
        #expect(theatre.calls["s/p.1.1/c/c.1.1"] == 1)
    }

    @Test func `pauses when its running branches have, and opens no other`() {
        var theatre = self.theatre(", max_parallel=1")
        theatre.start()
        theatre.play { $0.story.last == "opened a" }
        theatre.tell(Theatre.root, .requestPause)
        theatre.play()
        #expect(theatre.story.last == "paused at p")
        #expect(theatre.story.filter { $0.hasPrefix("opened") } == ["opened a"])
        #expect(theatre.run?.memory.parallel?.branches.count == 3)
        theatre.crash()
        theatre.resume()
        theatre.play()
        #expect(theatre.complaints == [] && theatre.run?.end == .completed)
    }

    @Test func `lets a branch go on counting the visits from before it`() {
        var theatre = Theatre(
            sketch(
                "graph: max_steps=9\np: shape=component\nj: shape=tripleoctagon\nS -> y\np -> y\nj -> E\n"
                    + "y -> p: condition=node_visits.y=1\ny -> j: condition=node_visits.y=2"))
        theatre.start()
        theatre.play()
        #expect(theatre.calls["s/p.1.1/y/y.2.1"] == 1 && theatre.run?.end == .completed)
    }

    @Test func `reads its state back from the record`() throws {
        var theatre = self.theatre(", max_parallel=1", bad: ["a": .fail("no", isRetryable: false)])
        theatre.start()
        theatre.play { $0.story.last == "opened c" }
        guard case .branching(_, let state)? = theatre.run?.phase else { return #expect(Bool(false)) }
        #expect(state.branches[0].result != nil && state.branches[2].session != nil)
        #expect(ParallelState(json: try JSONValue(parsing: state.json.utf8)) == state)
        #expect(ParallelState(json: [:]) == nil && BranchResult(json: [:]) == nil)
    }

    @Test func `routes inside a branch by the whole graph`() {
        var theatre = Theatre(
            sketch(
                "p: shape=component\nj: shape=tripleoctagon\nS -> p -> a\na -> j: condition=outcome=success\n"
                    + "a -> fix: condition=outcome=fail\nfix -> j\nj -> E"))
        theatre.start()
        theatre.play()
        #expect(theatre.calls.keys.contains { $0.contains("/fix.") } == false)
        #expect(theatre.run?.end == .completed)
    }

    @Test func `fails without a common fan-in`() {
        var theatre = Theatre(
            sketch("p: shape=component\nj: shape=tripleoctagon\nS -> p\np -> a\np -> b\na -> j\nj -> E\nb -> c"))
        theatre.start()
        theatre.play()
        #expect(theatre.run?.memory.status(of: "p") == .fail)
    }

    @Test func `ends at its own fan-in, not at one inside a branch`() {
        let graph = sketch(
            "p: shape=component\nq: shape=component\nj: shape=tripleoctagon\ni: shape=tripleoctagon\n"
                + "S -> p -> q\nq -> a -> i\nq -> b -> i\ni -> j -> E")
        #expect(graph.fanIn(of: "p") == "j" && graph.fanIn(of: "q") == "i")
    }

    @Test(.timeLimit(.minutes(10)))
    func `is found among a hundred that follow each other`() {
        let parts = (0..<100).map { number in
            "p\(number): shape=component\nj\(number): shape=tripleoctagon\np\(number) -> a\(number) -> j\(number)\n"
                + "p\(number) -> b\(number) -> j\(number)\nj\(number) -> \(number < 99 ? "p\(number + 1)" : "E")"
        }
        let graph = sketch("S -> p0\n" + parts.joined(separator: "\n"))
        #expect((0..<100).allSatisfy { graph.fanIn(of: NodeID("p\($0)")) == NodeID("j\($0)") })
    }

    @Test func `ends behind a fan-in that only some branches come to`() {
        let graph = sketch(
            "p: shape=component\nj: shape=tripleoctagon\nk: shape=tripleoctagon\n"
                + "S -> p -> a -> k -> j\np -> b -> j -> E")
        #expect(graph.fanIn(of: "p") == "j")
    }

    @Test func `tells branches to the same node apart`() {
        var theatre = Theatre(
            sketch("p: shape=component\nj: shape=tripleoctagon\nS -> p\np -> a\np -> a: label=again\na -> j -> E"))
        theatre.start()
        theatre.play()
        #expect(theatre.run?.memory.context["parallel.results"]?.object?.keys == ["a", "a#2"])
    }

    @Test func `cancels its branches when it is cancelled`() {
        var theatre = self.theatre("")
        theatre.start()
        theatre.play { $0.story.last == "opened c" || $0.story.last == "opened b" }
        theatre.tell(Theatre.root, .requestCancel(reason: "stop"))
        theatre.play()
        #expect(theatre.story.last == "cancelled: stop")
    }
}

@Suite struct `A fan-in` {
    private func best(_ results: [(String, Outcome)], choosing: String? = nil) -> JSONValue? {
        var object = JSONObject()
        for (id, outcome) in results { object[id] = .object(outcome.json) }
        let graph = sketch("j: shape=tripleoctagon")
        let fanIn = FanIn(graph["j"]!, in: graph, context: PipelineContext(["parallel.results": .object(object)]))
        return fanIn.outcome(choosing: choosing).contextUpdates["parallel.fan_in.best_id"]
    }

    private func scored(_ status: StageStatus, _ score: JSONValue) -> Outcome {
        Outcome(status, contextUpdates: ["score": score])
    }

    @Test func `prefers status, then score, then id`() {
        #expect(self.best([("a", scored(.fail, 9)), ("b", scored(.partialSuccess, 1)), ("c", .success)]) == "c")
        #expect(self.best([("a", scored(.success, 1)), ("b", scored(.success, 1.5))]) == "b")
        #expect(self.best([("b", .success), ("a", .success)]) == "a")
        #expect(self.best([("a", .success), ("b", .fail("no"))], choosing: "b") == "b")
        #expect(self.best([]) == nil)
    }

    @Test func `finds the branch that a model names`() {
        let graph = sketch("j: shape=tripleoctagon")
        let context = PipelineContext([
            "parallel.results": ["fix": ["outcome": "success"], "fix_2": ["outcome": "fail"]]
        ])
        let fanIn = FanIn(graph["j"]!, in: graph, context: context)
        #expect(fanIn.choice(in: "I choose **fix_2**.") == "fix_2")
        #expect(fanIn.choice(in: "Take fix.") == "fix")
        #expect(fanIn.choice(in: "fixed") == nil)
    }
}
