import PipelineCore
import Testing
import Vocabulary

@Suite struct `A manager loop` {
    private static let edges =
        "S -> m\nm -> E: condition=outcome=success\nm: shape=house, stack.child_dotfile=child.dot"

    private static func report(
        _ standing: ChildReport.Standing, _ facts: JSONObject = [:], because reason: String = ""
    ) -> ChildReport {
        var all: JSONObject = ["stack.child.session": "cafe01"]
        for (key, value) in facts { all["stack.child.\(key)"] = value }
        return ChildReport(standing, facts: all, reason: reason)
    }

    private func played(
        _ node: String, _ child: [ChildReport], variables: JSONObject = [:]
    ) -> Theatre {
        var theatre = Theatre(sketch(Self.edges + node))
        theatre.child = child
        theatre.start(variables)
        theatre.play()
        return theatre
    }

    private func played(_ child: [ChildReport], variables: JSONObject = [:]) -> Theatre {
        self.played("", child, variables: variables)
    }

    @Test func `succeeds when its child is completed, and knows what the child came to`() {
        let theatre = self.played([
            Self.report(.working, ["status": "running", "node": "a"]),
            Self.report(.completed, ["status": "completed", "context.x": 3]),
        ])
        let context = theatre.run!.memory.context
        #expect(theatre.run?.end == .completed && theatre.halts == [])
        #expect(theatre.story.filter { $0.hasPrefix("look") } == ["look 1: working", "look 2: completed"])
        #expect(context["stack.child.status"] == "completed" && context["stack.child.context.x"] == 3)
        #expect(context["stack.child.node"] == nil && context["stack.child.session"] == "cafe01")
    }

    @Test(arguments: [ChildReport.Standing.failed, .cancelled])
    func `fails when its child has failed, or was cancelled by others`(standing: ChildReport.Standing) {
        let theatre = self.played([Self.report(standing, because: "no disk")])
        guard case .failed(let failure)? = theatre.run?.end else { return #expect(Bool(false)) }
        #expect(failure.reason.contains("cafe01") && failure.reason.contains("no disk"))
        #expect(theatre.run?.memory.status(of: "m") == .fail)
    }

    @Test func `has another child for each attempt`() {
        let theatre = self.played(", max_retries=1", [Self.report(.failed)])
        #expect(Set(theatre.plans.map(\.key.text)) == ["s/m.1.1", "s/m.1.2"])
        #expect(theatre.story.count { $0 == "child opened" } == 2)
    }

    @Test func `stops its child when the stop condition holds, and succeeds when the child has stopped`() {
        let theatre = self.played(
            ", manager.stop_condition=context.stack.child.context.tests=green",
            [Self.report(.working), Self.report(.working, ["context.tests": "green"])])
        #expect(theatre.run?.end == .completed)
        #expect(theatre.halts.map(\.isAborting) == [true])
        let told = theatre.story.drop { $0 != "look 2: working" }.filter { !$0.hasSuffix("working") }
        #expect(told.prefix(2) == ["dismissed for SUCCESS", "look 4: cancelled"] && told.contains("m SUCCESS"))
    }

    @Test func `stops its child and fails when it has looked often enough`() {
        let theatre = self.played(", manager.max_cycles=3", [Self.report(.working)])
        #expect(theatre.story.drop { $0 != "look 3: working" }.dropFirst().first == "dismissed for FAIL")
        #expect(theatre.halts.count == 1)
        guard case .failed(let failure)? = theatre.run?.end else { return #expect(Bool(false)) }
        #expect(failure.reason.contains("max_cycles"))
    }

    @Test func `does not wait for a child that was never begun`() {
        let theatre = self.played(
            ", manager.stop_condition=outcome=success",
            [ChildReport(.resting, facts: ["stack.child.status": "starting"])])
        #expect(theatre.run?.end == .completed && theatre.story.contains("dismissed for SUCCESS"))
        #expect(!theatre.story.contains { $0.hasSuffix("cancelled") })
    }

    @Test func `counts its looks over a crash`() {
        var theatre = Theatre(sketch(Self.edges + ", manager.max_cycles=5"))
        theatre.child = [Self.report(.working)]
        theatre.start()
        theatre.play { $0.story.last == "look 3: working" }
        theatre.crash()
        theatre.resume()
        theatre.play()
        #expect(theatre.complaints == [] && theatre.story.count { $0 == "child opened" } == 1)
        #expect(theatre.story.drop { $0 != "look 5: working" }.dropFirst().first == "dismissed for FAIL")
    }

    @Test func `lets its child stop before it halts, and goes on with the same child`() {
        var theatre = Theatre(sketch(Self.edges))
        theatre.child = [Self.report(.working)]
        theatre.start()
        theatre.play { $0.story.last == "look 2: working" }
        theatre.tell(Theatre.root, .requestPause)
        #expect(theatre.halts == [Halt(.pause)])
        theatre.play()
        #expect(theatre.story.last == "paused at m" && theatre.run?.memory.child?.session == "child")
        theatre.crash()
        theatre.child = [Self.report(.completed)]
        theatre.resume()
        #expect(theatre.run?.attempt?.number == 1 && theatre.story.count { $0 == "child opened" } == 1)
    }

    @Test func `is cancelled with its child`() {
        var theatre = Theatre(sketch(Self.edges))
        theatre.child = [Self.report(.working)]
        theatre.start()
        theatre.play { $0.story.last == "look 1: working" }
        theatre.tell(Theatre.root, .requestCancel(reason: "enough"))
        theatre.play()
        #expect(theatre.halts == [Halt(.cancel(reason: "enough"))])
        #expect(theatre.run?.end == .cancelled(reason: "enough"))
    }

    @Test func `tells its child what its prompt comes to, when that has changed`() {
        let prompt = "{% if stack.child.steps > 2 %}Finish {{ stack.child.node }}{% endif %}"
        var steering = Theatre(sketch(Self.edges + ", manager.actions=steer, prompt=\(prompt)"))
        steering.child = [
            Self.report(.working, ["steps": 1, "node": "a"]), Self.report(.working, ["steps": 3, "node": "b"]),
            Self.report(.working, ["steps": 4, "node": "b"]), Self.report(.working, ["steps": 5, "node": "c"]),
            Self.report(.completed),
        ]
        steering.start()
        steering.play()
        #expect(steering.told == ["Finish b", "Finish c"] && steering.run?.end == .completed)
    }

    @Test func `watches a session that it does not start, and lets it be`() {
        let node = ", stack.child_autostart=false, manager.max_cycles=2"
        let theatre = self.played(node, [Self.report(.working)], variables: ["stack.child.session": "cafe01"])
        #expect(theatre.halts == [] && theatre.plans.first?.watched == "cafe01")
        #expect(theatre.run?.memory.status(of: "m") == .fail)
        let unnamed = self.played(node, [Self.report(.working)])
        guard case .failed(let failure)? = unnamed.run?.end else { return #expect(Bool(false)) }
        #expect(failure.reason.contains("stack.child.session"))
    }

    @Test func `forgets what it knew of an earlier child`() {
        var theatre = Theatre(
            sketch(
                "S -> m -> n -> E\nm: shape=house, stack.child_dotfile=a.dot\nn: shape=house, stack.child_dotfile=b.dot"
            ))
        theatre.child = [Self.report(.completed, ["context.of_a": 1])]
        theatre.start()
        theatre.play { $0.story.contains("m SUCCESS") }
        #expect(theatre.run?.memory.context["stack.child.context.of_a"] == 1)
        theatre.child = [Self.report(.completed, ["context.of_b": 2])]
        theatre.play()
        #expect(theatre.run?.memory.context.text("stack.child.context.of_a") == "")
        #expect(theatre.run?.memory.context["stack.child.context.of_b"] == 2)
        #expect(theatre.plans.map(\.file) == ["a.dot", "b.dot"])
    }

    @Test func `hands on what its nodes wrote, and not what the engine did`() {
        let theatre = self.played([Self.report(.completed)], variables: ["version": "1.2"])
        let variables = theatre.plans.first?.variables
        #expect(variables?["version"] == "1.2" && variables?["stack.parent.attempt"] == "s/m.1.1")
        #expect(variables?["stack.depth"] == 1 && variables?["outcome"] == nil && variables?["graph.goal"] == nil)
        let deep = self.played([Self.report(.completed)], variables: ["stack.depth": 8])
        guard case .failed(let failure)? = deep.run?.end else { return #expect(Bool(false)) }
        #expect(failure.reason.contains("nested"))
    }

    @Test func `reads its state back from the record`() throws {
        var watch = ChildWatch(key: AttemptKey("s/m.1.1"), session: "7")
        watch.cycles = 4
        watch.facts = ["stack.child.status": "running"]
        watch.instruction = "faster"
        watch.instructionCount = 2
        watch.verdict = .fail("too slow")
        #expect(ChildWatch(json: try JSONValue(parsing: watch.json.utf8)) == watch)
        #expect(ChildWatch(json: [:]) == nil && ParallelState(json: watch.json) == nil)
        let cycle = ChildCycle(
            number: 3, standing: .resting, change: ContextDelta(set: ["a": 1], removed: ["b"]),
            next: Timestamp(milliseconds: 9))
        #expect(ChildCycle(json: .object(cycle.json)) == cycle)
    }
}

@Suite struct `An instruction from outside` {
    @Test func `is in the context and in the prompts from then on, over a crash too`() {
        var theatre = Theatre(sketch("S -> a -> b -> E"))
        theatre.start()
        theatre.play { $0.story.last == "attempt a.1.1" }
        #expect(theatre.tell(Theatre.root, .steer("be brief", by: "ada")) == nil)
        #expect(theatre.story.last == "instructed at a: be brief")
        theatre.crash()
        theatre.resume()
        #expect(theatre.run?.context["stack.instruction"] == "be brief")
        theatre.play { $0.story.last == "attempt b.1.1" }
        theatre.crash()
        theatre.resume()
        #expect(theatre.run?.context["stack.instruction"] == "be brief")
        let briefing = theatre.run?.attempt.map { theatre.run!.briefing(of: $0) }
        #expect(briefing?.preamble.contains("Instruction: be brief") == true)
    }

    @Test func `waits while a run is paused`() {
        var theatre = Theatre(sketch("S -> a -> b -> E"))
        theatre.start()
        theatre.play { $0.story.last == "attempt a.1.1" }
        theatre.tell(Theatre.root, .requestPause)
        theatre.play()
        #expect(theatre.tell(Theatre.root, .steer("be brief", by: "ada")) == .notRunning)
    }
}
