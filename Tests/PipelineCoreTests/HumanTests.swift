import PipelineCore
import Testing
import Vocabulary

@Suite struct `An accelerator` {
    @Test(arguments: [
        ("[Y] Yes", "Y", "Yes"), ("y) yes", "Y", "yes"), ("N - No", "N", "No"), ("N – No", "N", "No"),
        ("Retry", "R", "Retry"), ("  [1] One ", "1", "One"), ("", "", ""), ("[YY] Yes", "[", "[YY] Yes"),
        ("Yes - no", "Y", "Yes - no"), ("[Y]Yes", "Y", "Yes"),
    ])
    func `is taken from the label`(text: String, key: String, label: String) {
        #expect(Accelerator(text).key == key)
        #expect(Accelerator(text).label == label)
    }
}

@Suite struct `A gate` {
    private let graph = sketch(
        "g: shape=hexagon, label=Ship?, timeout=5m, human.default_choice=later\n"
            + "g -> ship: label=[S] Ship it\ng -> stop: label=Stop\ng -> later\ng -> other: label=[S] Skip")

    private var gate: HumanGate { HumanGate(self.graph["g"]!, in: self.graph) }

    @Test func `gives each choice a key of its own`() {
        #expect(self.gate.choices.map(\.key) == ["S", "T", "L", "K"])
        #expect(self.gate.choices.map(\.label) == ["Ship it", "Stop", "later", "Skip"])
    }

    @Test(arguments: [
        ("s", "ship"), ("T", "stop"), ("ship it", "ship"), ("[S] Ship it", "ship"), ("STOP", "stop"),
        ("later", "later"), ("Other", "other"), (" k ", "other"),
    ])
    func `knows what an answer means`(text: String, target: String) {
        #expect(self.gate.match(text)?.target.text == target)
    }

    @Test(arguments: ["", "x", "shi", "yes"])
    func `takes nothing else`(text: String) {
        #expect(self.gate.match(text) == nil)
        #expect(self.gate.outcome(of: .text(text)) == nil)
    }

    @Test func `takes silence for the default choice, if there is one`() {
        #expect(self.gate.outcome(of: .timeout)?.suggestedNextIDs == ["later"])
        let plain = sketch("g: shape=hexagon\ng -> a")
        let outcome = HumanGate(plain["g"]!, in: plain).outcome(of: .timeout)
        #expect(outcome?.status == .retry && outcome?.failureReason.contains("timeout") == true)
    }

    @Test func `puts the choice where the next stages find it`() {
        let outcome = self.gate.outcome(of: .text("t"))
        #expect(outcome?.contextUpdates == ["human.gate.selected": "T", "human.gate.label": "Stop"])
        #expect(outcome?.preferredLabel == "Stop" && outcome?.suggestedNextIDs == ["stop"])
        #expect(self.gate.question(id: AttemptKey("k"))?.timeout == .seconds(300))
    }

    @Test func `stops the run rather than choose when it is skipped`() {
        var theatre = Theatre(sketch("g: shape=hexagon\nS -> g\ng -> deploy: label=Deploy\ndeploy -> E"))
        theatre.reply = { _ in .skipped }
        theatre.start()
        theatre.play()
        guard case .failed(let failure)? = theatre.run?.end else { return #expect(Bool(false)) }
        #expect(failure.reason.contains("skipped"))
        #expect(theatre.run?.memory.completed == ["S", "g"])
    }

    @Test func `fails when it has nothing to choose from`() {
        var theatre = Theatre(sketch("g: shape=hexagon\nS -> g\nx -> E"))
        theatre.start()
        theatre.play()
        guard case .failed(let failure)? = theatre.run?.end else { return #expect(Bool(false)) }
        #expect(failure.reason.contains("no outgoing edges"))
    }
}
