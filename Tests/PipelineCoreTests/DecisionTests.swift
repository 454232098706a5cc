import DotLanguage
import PipelineCore
import Testing
import Vocabulary

/// The decisions of spec/orchestra.md, section 0, as far as the engine takes them.
@Suite struct `By decision` {
    /// Plays `text` with these outcomes by node; every other node succeeds.
    private func play(
        _ text: String, _ outcomes: [String: Outcome] = [:], settings: RunSettings = RunSettings(key: "s")
    ) -> Theatre {
        var theatre = Theatre(sketch(text), settings: settings)
        theatre.act = { attempt, _ in outcomes[attempt.node.text] ?? .success }
        theatre.start()
        theatre.play()
        return theatre
    }

    private func failure(_ theatre: Theatre) -> RunFailure? {
        if case .failed(let failure)? = theatre.run?.end { failure } else { nil }
    }

    @Test func `D1 more than one exit is seen`() {
        #expect(sketch("S -> a -> E\nF: shape=Msquare\na -> F").exits == ["E", "F"])
        #expect(sketch("S -> a -> E\nF: shape=Msquare\na -> F").exit == nil)
    }

    @Test func `D2 ids name start and exit only when no shape does`() {
        let named = sketch("start -> a -> end")
        #expect(named.start == "start" && named.exit == "end")
        #expect(named["start"]?.handler == .start && named["end"]?.handler == .exit)
        let shaped = sketch("S -> start -> end -> E")
        #expect(shaped.start == "S" && shaped.exit == "E" && shaped["end"]?.handler == .codergen)
    }

    @Test func `D4 an edge whose condition is false is never followed`() {
        let theatre = self.play("S -> a\na -> b: condition=outcome=fail\na -> E: condition=preferred_label=x\nb -> E")
        #expect(self.failure(theatre)?.kind == .noEligibleEdge)
        #expect(theatre.run?.memory.completed == ["S", "a"])
    }

    @Test func `D5 no eligible edge fails, no edge at all succeeds and asks the goal gates`() {
        #expect(self.play("S -> a").run?.end == .completed)
        let gate = self.play(
            "a: goal_gate=true\nS -> a -> b\nx -> E", ["a": Outcome(.fail, failureReason: "no", isRetryable: false)])
        #expect(self.failure(gate)?.kind == .goalGate)
    }

    @Test func `D6 a failed node takes its condition, then its targets, then another edge`() {
        let edges = "S -> a\na -> E\nr -> E\nf -> E\nc -> E"
        let fail = ["a": Outcome.fail("no", isRetryable: false)]
        func path(_ more: String) -> [NodeID]? { self.play(edges + "\n" + more, fail).run?.memory.completed }
        let all = "a: retry_target=r, fallback_retry_target=f"
        #expect(path(all + "\na -> c: condition=outcome=fail") == ["S", "a", "c"])
        #expect(path(all) == ["S", "a", "r"])
        #expect(path("a: retry_target=nowhere, fallback_retry_target=f") == ["S", "a", "f"])
        #expect(path("") == ["S", "a"])
        #expect(self.play(edges, fail).run?.end == .completed)
    }

    @Test func `D7 a failure is tried again unless it says that this is of no use`() {
        let edges = "a: max_retries=2\nS -> a -> E: condition=outcome=success"
        #expect(self.play(edges, ["a": .fail("no")]).calls.keys.filter { $0.contains("/a.") }.count == 3)
        let final = self.play(edges, ["a": .fail("bad key", isRetryable: false)])
        #expect(final.calls.keys.filter { $0.contains("/a.") }.count == 1)
        #expect(self.failure(final)?.reason.contains("bad key") == true)
    }

    @Test func `D8 of true conditions the heaviest wins, then the smallest target`() {
        let edges =
            "S -> a\na -> d: condition=outcome=success\na -> c: condition=outcome=success\nc -> E\nd -> E\nb -> E"
        #expect(self.play(edges).run?.memory.completed == ["S", "a", "c"])
        let heavy = edges + "\na -> b: condition=outcome=success, weight=1"
        #expect(self.play(heavy).run?.memory.completed == ["S", "a", "b"])
    }

    @Test func `D9 a suggestion picks among unconditional edges only`() {
        let edges = "S -> a\na -> b\na -> c\na -> d: condition=outcome=fail\nb -> E\nc -> E\nd -> E\nz -> E"
        let outcome = Outcome(.success, suggestedNextIDs: ["z", "d", "c"])
        #expect(self.play(edges, ["a": outcome]).run?.memory.completed == ["S", "a", "c"])
    }

    @Test func `D10 the preferred label is compared as it is`() {
        let edges = "S -> a\na -> b: condition=preferred_label=Fix\na -> E\nb -> E"
        #expect(self.play(edges, ["a": Outcome(.success, preferredLabel: "Fix")]).run?.memory.completed.last == "b")
        #expect(self.play(edges, ["a": Outcome(.success, preferredLabel: "fix")]).run?.memory.completed.last == "a")
    }

    @Test func `D11 bare and unqualified keys are conditions`() throws {
        let subject = ConditionSubject(
            outcome: .success, preferredLabel: "", context: PipelineContext(["ready": true, "tool.exit_code": 0]))
        #expect(try Condition(parsing: "ready && tool.exit_code=0 && context.tool.exit_code=0").isTrue(of: subject))
        #expect(try !Condition(parsing: "tool.exit_code").isTrue(of: subject))
    }

    @Test func `D12 statuses are upper case in records and lower case in the context`() {
        let theatre = self.play("S -> a -> E", ["a": Outcome(.partialSuccess)])
        #expect(theatre.run?.memory.status(of: "a")?.rawValue == "PARTIAL_SUCCESS")
        #expect(theatre.run?.memory.context["outcome"] == "partial_success")
    }

    @Test func `D13 reroutes have a cap of their own`() {
        let edges = "a: goal_gate=true, retry_target=a\nS -> a -> E"
        let fail = ["a": Outcome.fail("no", isRetryable: false)]
        let two = self.play("graph: max_reroutes=2, default_max_retry=0\n" + edges, fail)
        #expect(two.run?.memory.rerouteCount == 2)
        #expect(self.failure(two)?.kind == .rerouteLimit)
        #expect(self.play(edges, fail).run?.memory.rerouteCount == 50)
    }

    @Test func `D19 the join policy of the parallel node comes first`() {
        let graph = sketch("p: shape=component, join_policy=first_success\nj: shape=tripleoctagon, join_policy=quorum")
        let context = PipelineContext(["internal.parallel": "p"])
        #expect(FanIn(graph["j"]!, in: graph, context: context).policy == .firstSuccess)
        #expect(FanIn(graph["j"]!, in: graph, context: PipelineContext()).policy == .quorum)
    }

    @Test(arguments: [
        ("wait_all", "SSF", "partial_success"), ("wait_all", "SS", "success"), ("wait_all", "FF", "fail"),
        ("wait_all", "", "fail"), ("wait_all", "PP", "partial_success"), ("first_success", "FSF", "success"),
        ("first_success", "PF", "fail"), ("k_of_n", "SPF", "success"), ("k_of_n", "SFF", "fail"),
        ("quorum", "SPFF", "success"), ("quorum", "SFF", "fail"), ("quorum", "", "fail"),
    ])
    func `D20 every policy joins as it should`(policy: String, branches: String, status: String) {
        let graph = sketch("j: shape=tripleoctagon, join_policy=\(policy), k=2")
        var results = JSONObject()
        for (place, letter) in branches.enumerated() {
            let status: StageStatus = letter == "S" ? .success : letter == "P" ? .partialSuccess : .fail
            results["b\(place)"] = .object(Outcome(status).json)
        }
        let context = PipelineContext(["parallel.results": .object(results)])
        #expect(FanIn(graph["j"]!, in: graph, context: context).outcome().status.lowercase == status)
    }

    @Test func `D21 the exit has no stage and no checkpoint`() {
        let events = self.play("S -> E").events
        #expect(!events.contains { if case .attemptStarted(let attempt) = $0 { attempt.node == "E" } else { false } })
        let checkpoints = events.filter { if case .checkpoint = $0 { true } else { false } }
        #expect(checkpoints.count == 1)
    }

    @Test func `D23 nothing is tried again unless the file says so, and the plural wins`() {
        #expect(sketch("S -> E").attributes.defaultMaxRetries == 0)
        #expect(sketch("graph: default_max_retry=4").attributes.defaultMaxRetries == 4)
        #expect(sketch("graph: default_max_retry=4, default_max_retries=2").attributes.defaultMaxRetries == 2)
    }

    @Test func `D24 an answer that matches no choice approves nothing`() {
        var theatre = Theatre(sketch("g: shape=hexagon\nS -> g\ng -> a: label=Deploy\ng -> E: label=Stop\na -> E"))
        theatre.start()
        theatre.play { $0.run?.attempt?.handler == .human }
        let key = theatre.run!.attempt!.key
        let refusal = theatre.tell(Theatre.root, .answer(key, .text("maybe"), by: "a", fraction: nil))
        #expect(refusal == .noSuchChoice("maybe", of: ["D", "S"]))
        #expect(theatre.run?.attempt?.node == "g")
        theatre.tell(Theatre.root, .answer(key, .text(" STOP "), by: "a", fraction: nil))
        #expect(theatre.run?.end == .completed)
        #expect(theatre.run?.memory.completed == ["S", "g"])
    }

    @Test func `D25 a conditional node passes on the outcome before it`() {
        let edges =
            "q: shape=diamond\nS -> a -> q\nq -> fix: condition=outcome!=success\nq -> E: condition=outcome=success\n"
            + "fix -> E"
        let failed = self.play(edges, ["a": .fail("no")])
        #expect(failed.run?.memory.completed == ["S", "a", "q", "fix"])
        #expect(failed.run?.memory.status(of: "q") == .success)
        #expect(self.play(edges).run?.memory.completed == ["S", "a", "q"])
    }

    @Test func `D25 two conditional nodes in a row pass it on, label and all`() {
        let edges =
            "q: shape=diamond\nr: shape=diamond\nS -> a -> q -> r\n"
            + "r -> x: condition=outcome=fail && preferred_label=L\nr -> E\nx -> E"
        let theatre = self.play(
            edges, ["a": Outcome(.fail, preferredLabel: "L", failureReason: "no", isRetryable: false)])
        #expect(theatre.run?.memory.completed.last == "x")
    }
}
