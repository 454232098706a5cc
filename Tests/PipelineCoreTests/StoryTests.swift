import PipelineCore
import Testing
import Vocabulary

/// Whole runs, as they stand on disk.
@Suite struct `The record of a run` {
    private func theatre(_ text: String, _ settings: RunSettings = RunSettings(key: "s")) -> Theatre {
        Theatre(sketch(text), settings: settings)
    }

    @Test func `has three lines a node and two more`() {
        var theatre = self.theatre("S -> a -> E")
        theatre.start()
        theatre.play()
        #expect(
            theatre.story == [
                "started at S", "attempt S.1.1", "S SUCCESS", "checkpoint S next a", "attempt a.1.1", "a SUCCESS",
                "checkpoint a next E", "completed",
            ])
    }

    @Test func `puts the start of the next node into the group of the checkpoint`() throws {
        var run = PipelineRun(sketch("S -> a -> E"), settings: RunSettings(key: "s"))
        let now = Timestamp(milliseconds: 0)
        let first = try run.perform(.start(variables: [:], at: nil), at: now)
        #expect(run.effects(of: first).allSatisfy { $0.mayRunAhead })
        let second = try run.perform(.finish(run.attempt!.key, .success, fraction: nil), at: now)
        #expect(second.map(\.line) == ["S SUCCESS", "checkpoint S next a", "attempt a.1.1"])
        #expect(run.effects(of: second) == [.run(run.attempt!)])
        #expect(run.effects(of: second).allSatisfy { !$0.mayRunAhead })
        #expect(run.attempt?.key == AttemptKey("s/a.1.1"))
    }

    @Test func `uses up an attempt of unknown fate, and never more than there are`() {
        var theatre = self.theatre("a: max_retries=3\nS -> a\na -> E: condition=outcome=success")
        theatre.act = { attempt, _ in attempt.node == "a" ? .fail("no") : .success }
        theatre.start()
        theatre.crash(in: "a")
        theatre.resume()
        theatre.play()
        #expect(theatre.calls.filter { $0.key.contains("/a.") }.values.reduce(0, +) == 4)
        #expect(theatre.story.count { $0.hasPrefix("retrying a") } == 3)
    }

    @Test func `keeps the attempt that was not begun when it crashes in the delay`() {
        var theatre = self.theatre("a: max_retries=3\nS -> a\na -> E: condition=outcome=success")
        theatre.act = { attempt, _ in attempt.node == "a" ? .fail("no") : .success }
        theatre.start()
        theatre.play { $0.story.last?.hasPrefix("retrying") == true }
        theatre.crash()
        theatre.resume()
        theatre.play()
        #expect(theatre.calls.filter { $0.key.contains("/a.") }.values.reduce(0, +) == 4)
    }

    @Test func `makes the last attempt again under its own key`() {
        var theatre = self.theatre("S -> a -> E")
        theatre.start()
        theatre.crash(in: "a")
        theatre.resume()
        theatre.play()
        #expect(theatre.calls["s/a.1.1"] == 2)
        #expect(theatre.run?.end == .completed)
        #expect(
            theatre.story.suffix(5) == ["resumed", "attempt a.1.1", "a SUCCESS", "checkpoint a next E", "completed"])
    }

    @Test func `makes a harmless attempt again without using one up`() {
        var theatre = self.theatre("a: idempotent=true, max_retries=2\nS -> a -> E")
        theatre.start()
        theatre.crash(in: "a")
        theatre.resume()
        theatre.play()
        #expect(theatre.calls == ["s/S.1.1": 1, "s/a.1.1": 2])
    }

    @Test func `fails an attempt of unknown fate when it is told to`() {
        var theatre = self.theatre(
            "a: max_retries=2\nS -> a\na -> E: condition=outcome=success", RunSettings(key: "s", unknownFate: .fail))
        theatre.start()
        theatre.crash(in: "a")
        theatre.resume()
        #expect(theatre.story.last == "failed: node_failed")
    }

    @Test func `asks about an attempt of unknown fate when it is told to`() {
        var theatre = self.theatre("S -> a -> E", RunSettings(key: "s", unknownFate: .ask))
        theatre.start()
        theatre.crash(in: "a")
        theatre.resume()
        #expect(theatre.story.suffix(2) == ["resumed", "doubted a.1.1"])
        theatre.crash()
        theatre.resume()
        #expect(theatre.story.last == "doubted a.1.1")
        theatre.play()
        #expect(theatre.run?.end == .completed)
    }

    @Test func `ends with the restart that an edge asks for`() {
        var theatre = self.theatre("S -> a\na -> b: loop_restart=true\nb -> E")
        theatre.start()
        theatre.play()
        #expect(theatre.story.suffix(2) == ["checkpoint a next b", "restarted at b"])
        #expect(throws: PipelineRun.Refusal.ended(.restarted(at: "b"))) {
            try theatre.run!.decide(.resume, at: Timestamp(milliseconds: 0))
        }
    }

    @Test func `stops at the step limit`() {
        var theatre = self.theatre("graph: max_steps=5\nS -> a -> b -> a\nz -> E")
        theatre.start()
        theatre.play()
        #expect(theatre.run?.memory.completed.count == 5)
        #expect(theatre.story.last == "failed: step_limit")
    }

    @Test func `resumes at the start when it was killed before the first checkpoint`() {
        var theatre = self.theatre("S -> a -> E")
        theatre.start(["k": 1])
        theatre.crash()
        theatre.resume()
        theatre.play()
        #expect(theatre.run?.end == .completed)
        #expect(theatre.run?.memory.context["k"] == 1)
    }

    @Test func `only asks the gates when nothing but the exit is left`() {
        let graph = sketch("a: goal_gate=true, retry_target=a\nS -> a -> E")
        func resumed(_ status: StageStatus) -> [String] {
            var memory = Checkpoint()
            memory.isSnapshot = true
            (memory.currentNode, memory.nextNode) = ("a", "E")
            memory.outcomes = [VisitedOutcome("a", status)]
            var run = PipelineRun(graph, settings: RunSettings(key: "s"))
            run.restore(checkpoints: [memory], events: [.paused(at: "E")])
            return (try? run.perform(.resume, at: Timestamp(milliseconds: 0)))?.map(\.line) ?? []
        }
        #expect(resumed(.success) == ["resumed", "completed"])
        #expect(resumed(.fail) == ["resumed", "checkpoint a next a", "attempt a.1.1"])
    }

    @Test func `refuses what comes late or twice`() throws {
        var run = PipelineRun(sketch("S -> a -> E"), settings: RunSettings(key: "s"))
        let now = Timestamp(milliseconds: 0)
        #expect(throws: PipelineRun.Refusal.notStarted) { try run.decide(.resume, at: now) }
        _ = try run.perform(.start(variables: [:], at: nil), at: now)
        #expect(throws: PipelineRun.Refusal.alreadyStarted) { try run.decide(.start(variables: [:], at: nil), at: now) }
        let key = run.attempt!.key
        _ = try run.perform(.finish(key, .success, fraction: nil), at: now)
        #expect(throws: PipelineRun.Refusal.staleAttempt(key)) {
            try run.decide(.finish(key, .success, fraction: nil), at: now)
        }
        var fresh = PipelineRun(sketch("S -> E"), settings: RunSettings(key: "s"))
        #expect(throws: PipelineRun.Refusal.reservedVariable("outcome")) {
            try fresh.perform(.start(variables: ["outcome": "success"], at: nil), at: now)
        }
    }

    @Test func `forgets a preferred label with the next outcome`() {
        var theatre = self.theatre("S -> a -> b -> c -> E")
        theatre.act = { attempt, _ in Outcome(.success, preferredLabel: attempt.node == "a" ? "L" : "") }
        theatre.start()
        theatre.play { $0.run?.attempt?.node == "b" }
        #expect(theatre.run?.memory.context["preferred_label"] == "L")
        theatre.play { $0.run?.attempt?.node == "c" }
        theatre.crash()
        theatre.resume()
        #expect(theatre.run?.memory.context["preferred_label"] == nil)
    }

    @Test func `keeps the keys of the engine from handlers, and from the edges behind them`() {
        var theatre = self.theatre("S -> a\na -> b: condition=graph.goal=mine\na -> E\nb -> E")
        theatre.act = { _, _ in
            Outcome(.success, contextUpdates: ["outcome": "fail", "internal.x": 1, "graph.goal": "mine", "ok": 1])
        }
        theatre.start()
        theatre.play()
        let context = theatre.run!.memory.context
        #expect(context["outcome"] == "success" && context["internal.x"] == nil && context["ok"] == 1)
        #expect(context["graph.goal"] == "" && theatre.run?.memory.completed == ["S", "a"])
    }
}

@Suite struct `A pause` {
    private func paused(_ text: String, when ready: (Theatre) -> Bool, _ command: PipelineRun.Command) -> Theatre {
        var theatre = Theatre(sketch(text))
        theatre.act = { attempt, _ in attempt.node == "bad" && attempt.visit == 1 ? .fail("no") : .success }
        theatre.start()
        theatre.play(until: ready)
        theatre.tell(Theatre.root, command)
        return theatre
    }

    @Test func `waits for the node and stops behind its checkpoint`() {
        var theatre = self.paused("S -> a -> b -> E", when: { $0.run?.attempt?.node == "a" }, .requestPause)
        theatre.play()
        #expect(theatre.story.suffix(3) == ["a SUCCESS", "checkpoint a next b", "paused at b"])
        theatre.crash()
        theatre.resume()
        theatre.play()
        #expect(theatre.calls == ["s/S.1.1": 1, "s/a.1.1": 1, "s/b.1.1": 1])
    }

    @Test func `wakes a delay and keeps the attempts that are left`() {
        let theatre = self.paused(
            "bad: max_retries=2\nS -> bad -> E", when: { $0.story.last?.hasPrefix("retrying") == true }, .requestPause)
        #expect(theatre.story.suffix(2) == ["checkpoint S next bad used 1", "paused at bad"])
        var later = theatre
        later.crash()
        later.resume()
        later.play()
        #expect(later.calls.keys.filter { $0.contains("/bad.") }.sorted() == ["s/bad.1.1", "s/bad.1.2", "s/bad.1.3"])
    }

    @Test func `takes a question back and asks it again later`() {
        var theatre = self.paused(
            "g: shape=hexagon\nS -> g\ng -> E: label=Go", when: { $0.run?.attempt?.node == "g" }, .requestPause)
        #expect(theatre.story.suffix(3) == ["withdrawn g", "checkpoint S next g", "paused at g"])
        #expect(theatre.run?.memory.pendingQuestion?.node == "g")
        theatre.resume()
        theatre.play()
        #expect(theatre.story.suffix(5).first == "asked g: G")
        #expect(theatre.run?.memory.visits["g"] == 1)
    }

    @Test func `aborts the attempt at the second signal, which uses nothing up`() {
        var theatre = self.paused("S -> a -> E", when: { $0.run?.attempt?.node == "a" }, .abort)
        theatre.tell(Theatre.root, .confirmAbort(AttemptKey("s/a.1.1")))
        #expect(theatre.story.suffix(3) == ["aborted a.1.1", "checkpoint S next a", "paused at a"])
        theatre.resume()
        theatre.play()
        #expect(theatre.run?.end == .completed)
    }

    @Test func `takes the failure of an attempt it aborts for the abort`() {
        var theatre = self.paused("S -> a -> E", when: { $0.run?.attempt?.node == "a" }, .abort)
        theatre.tell(Theatre.root, .finish(AttemptKey("s/a.1.1"), .fail("exit code -15"), fraction: nil))
        #expect(theatre.story.suffix(3) == ["aborted a.1.1", "checkpoint S next a", "paused at a"])
    }

    @Test func `loses to the end of the run, good or bad`() {
        var good = self.paused("S -> a -> E", when: { $0.run?.attempt?.node == "a" }, .requestPause)
        good.play()
        #expect(good.story.last == "completed")
        var bad = self.paused(
            "S -> bad\nbad -> E: condition=outcome=success", when: { $0.run?.attempt?.node == "bad" }, .requestPause)
        bad.play()
        #expect(bad.story.suffix(2) == ["checkpoint bad next -", "failed: node_failed"])
    }

    @Test func `becomes a cancel when one follows`() {
        var theatre = self.paused("S -> a -> b -> E", when: { $0.run?.attempt?.node == "a" }, .requestPause)
        theatre.tell(Theatre.root, .requestCancel(reason: "enough"))
        theatre.play()
        #expect(theatre.story.suffix(2) == ["checkpoint a next b", "cancelled: enough"])
    }
}
