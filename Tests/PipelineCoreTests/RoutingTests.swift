import DotLanguage
import PipelineCore
import Testing
import Vocabulary

@Suite struct `Edge selection` {
    private func choose(
        _ edges: String, _ outcome: Outcome = .success, context: JSONObject = [:], visits: [NodeID: Int] = [:]
    ) -> String? {
        let graph = sketch(edges)
        let subject = ConditionSubject(
            outcome: outcome.status, preferredLabel: outcome.preferredLabel, context: PipelineContext(context))
        let selection = EdgeSelection(graph.edges(from: "a"), of: subject) { visits[$0] ?? 0 }
        return selection.choose(for: outcome).map { "\($0.edge.to) by \($0.reason)" }
    }

    @Test(arguments: [
        ("[A] Approve", "approve"), ("A) Approve", " Approve "), ("A - Approve", "[Z] approve"),
        ("A – Approve", "APPROVE"),
    ])
    func `matches labels without accelerator and case`(label: String, preferred: String) {
        let edges = "a -> b: weight=9\na -> c: label=\(label)"
        #expect(self.choose(edges, Outcome(.success, preferredLabel: preferred)) == "c by preferredLabel")
    }

    @Test func `takes each step in its order`() {
        let outcome = Outcome(.success, preferredLabel: "L", suggestedNextIDs: ["d"])
        let all = ["a -> b: condition=outcome=success", "a -> c: label=L", "a -> d", "a -> e: weight=5", "a -> f"]
        #expect(self.choose(all.joined(separator: "\n"), outcome) == "b by condition")
        #expect(self.choose(all.dropFirst().joined(separator: "\n"), outcome) == "c by preferredLabel")
        #expect(self.choose(all.dropFirst(2).joined(separator: "\n"), outcome) == "d by suggestion")
        #expect(self.choose(all.dropFirst(3).joined(separator: "\n"), outcome) == "e by weight")
        #expect(self.choose("a -> f\na -> e", outcome) == "e by weight")
        #expect(self.choose("", outcome) == nil)
    }

    @Test func `never matches an empty label`() {
        #expect(self.choose("a -> c: weight=1\na -> b", Outcome(.success, preferredLabel: " ")) == "c by weight")
    }

    @Test func `leaves out edges whose target was visited enough`() {
        let edges = "a -> b: weight=1, max_visits=2\na -> c"
        #expect(self.choose(edges, visits: ["b": 1]) == "b by weight")
        #expect(self.choose(edges, visits: ["b": 2]) == "c by weight")
        #expect(self.choose("a -> b: max_visits=0") == nil)
        #expect(self.choose("a -> b: max_visits=1, condition=outcome=success", visits: ["b": 1]) == nil)
    }

    @Test func `counts the visit that is just over`() {
        var theatre = Theatre(sketch("S -> a\na -> a: max_visits=2, weight=1\na -> E"))
        theatre.start()
        theatre.play()
        #expect(theatre.run?.memory.completed == ["S", "a", "a"])
    }

    @Test func `counts a malformed condition as false and says so`() {
        #expect(self.choose("a -> b: condition=x == y") == nil)
        var theatre = Theatre(sketch("S -> a\na -> b: condition=x || y\na -> E\nb -> E"))
        theatre.start()
        theatre.play()
        let warnings = theatre.events.flatMap { event -> [String] in
            if case .finished(let result) = event { result.warnings } else { [] }
        }
        #expect(warnings.count == 1 && warnings[0].contains("counts as false"))
    }

    @Test func `orders targets by bytes`() {
        #expect(self.choose("a -> b\na -> B\na -> _") == "B by weight")
    }
}

@Suite struct `The wait before a retry` {
    @Test(arguments: [
        (BackoffPolicy.standard, [200, 400, 800, 1_600]), (.aggressive, [500, 1_000, 2_000]), (.linear, [500, 500]),
        (.patient, [2_000, 6_000, 18_000, 54_000, 60_000]), (.none, [0, 0]),
    ])
    func `grows as its policy says, up to a minute`(policy: BackoffPolicy, delays: [Int]) {
        for (place, delay) in delays.enumerated() {
            #expect(policy.delay(beforeRetry: place + 1, fraction: nil) == .milliseconds(delay))
        }
        #expect(policy.delay(beforeRetry: 1_000, fraction: nil) <= BackoffPolicy.delayMax)
    }

    @Test func `is spread over half to one and a half`() {
        #expect(BackoffPolicy.standard.delay(beforeRetry: 1, fraction: 0) == .milliseconds(100))
        #expect(BackoffPolicy.standard.delay(beforeRetry: 1, fraction: 0.5) == .milliseconds(200))
        #expect(BackoffPolicy.standard.delay(beforeRetry: 1, fraction: 0.999) == .milliseconds(300))
    }
}

@Suite struct `A node that is tried again` {
    private func play(_ text: String, _ outcome: @escaping (Attempt) -> Outcome?) -> Theatre {
        var theatre = Theatre(sketch(text))
        theatre.act = { attempt, _ in outcome(attempt) }
        theatre.start()
        theatre.play()
        return theatre
    }

    @Test func `keeps the last reason when its retries run out`() {
        let theatre = self.play("a: max_retries=1\nS -> a\na -> E: condition=outcome=success") { attempt in
            attempt.node == "a" ? .retry("reason \(attempt.number)") : .success
        }
        guard case .failed(let failure)? = theatre.run?.end else { return #expect(Bool(false)) }
        #expect(failure.reason.contains("max retries exceeded") && failure.reason.contains("reason 2"))
    }

    @Test func `may be content with a part`() {
        let theatre = self.play("a: max_retries=1, allow_partial=true\nS -> a -> E") { attempt in
            attempt.node == "a" ? .retry("more") : .success
        }
        #expect(theatre.run?.memory.status(of: "a") == .partialSuccess)
    }

    @Test func `has its own budget before that of the graph`() {
        let text = "graph: default_max_retries=3\na: max_retries=0\nb: shape=box\nS -> a -> b -> E"
        let theatre = self.play(text) { $0.node == "S" ? .success : .fail("no") }
        #expect(theatre.calls.keys.filter { $0.contains("/a.") }.count == 1)
        #expect(theatre.calls.keys.filter { $0.contains("/b.") }.count == 4)
    }

    @Test func `is a failure when it is silent, unless auto_status is set`() {
        #expect(self.play("S -> a -> E") { $0.node == "a" ? nil : .success }.run?.memory.status(of: "a") == .fail)
        let automatic = self.play("a: auto_status=true\nS -> a -> E") { $0.node == "a" ? nil : .success }
        #expect(automatic.run?.memory.status(of: "a") == .success)
    }

    @Test func `follows its script through all visits`() {
        let text = "a: sim_outcomes=fail, max_retries=0\nS -> a\na -> E"
        var graph = dotSketch(text)
        let place = graph.nodes.firstIndex { $0.id == "a" }!
        graph.nodes[place].attributes.set(.init(key: "sim_outcomes", value: .string("fail,RETRY,success")))
        graph.nodes[place].attributes.set(.init(key: "retry_target", value: .string("a")))
        var theatre = Theatre(PipelineGraph(graph), settings: .simulated(key: "s"))
        theatre.start()
        theatre.play()
        #expect(theatre.run?.end == .completed)
        #expect(theatre.run?.memory.completed == ["S", "a", "a", "a"])
    }
}

@Suite struct `Goal gates` {
    private let failed = Outcome.fail("no", isRetryable: false)

    private func play(_ text: String, failing: Set<NodeID>, times: Int = 1) -> Theatre {
        var theatre = Theatre(sketch(text))
        theatre.act = { [failed] attempt, _ in
            failing.contains(attempt.node) && attempt.visit <= times ? failed : .success
        }
        theatre.start()
        theatre.play()
        return theatre
    }

    @Test func `send the run back until they are met`() {
        let theatre = self.play("a: goal_gate=true, retry_target=b\nS -> b -> a\na -> E", failing: ["a"], times: 2)
        #expect(theatre.run?.memory.completed == ["S", "b", "a", "b", "a", "b", "a"])
        #expect(theatre.run?.end == .completed)
    }

    @Test func `ask the graph for a target when they have none`() {
        let graph = "graph: retry_target=nowhere, fallback_retry_target=a\n"
        let theatre = self.play(graph + "a: goal_gate=true\nS -> a -> b -> E", failing: ["a"])
        #expect(theatre.run?.memory.completed == ["S", "a", "b", "a", "b"])
    }

    @Test func `keep the status from before a skip`() {
        var theatre = Theatre(
            sketch("a: goal_gate=true\nS -> a\na -> a: max_visits=2\na -> E: condition=outcome=skipped"))
        theatre.act = { attempt, _ in Outcome(attempt.visit == 1 ? .success : .skipped) }
        theatre.start()
        theatre.play()
        #expect(theatre.run?.memory.completed == ["S", "a", "a"])
        #expect(theatre.run?.memory.status(of: "a") == .success && theatre.run?.end == .completed)
    }

    @Test func `do not block when they were not visited`() {
        #expect(self.play("x: goal_gate=true\nS -> a -> E\nx -> E", failing: []).run?.end == .completed)
    }

    @Test func `name themselves when there is no way back`() {
        let theatre = self.play("a: goal_gate=true\nS -> a -> E", failing: ["a"])
        guard case .failed(let failure)? = theatre.run?.end else { return #expect(Bool(false)) }
        #expect(failure.kind == .goalGate && failure.reason.contains("a"))
    }

    @Test func `count in branches too`() {
        let text =
            "p: shape=component\nj: shape=tripleoctagon\na: goal_gate=true\nS -> p\np -> a\np -> b\na -> j\nb -> j\n"
            + "j -> E"
        let theatre = self.play(text, failing: ["a"])
        guard case .failed(let failure)? = theatre.run?.end else { return #expect(Bool(false)) }
        #expect(failure.kind == .goalGate)
    }
}
