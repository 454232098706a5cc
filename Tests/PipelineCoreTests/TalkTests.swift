import PipelineCore
import Testing
import Vocabulary

@Suite struct `An interactive node` {
    private static let text = "a: agent.mode=interactive, max_retries=1\nS -> a -> E"

    /// A theatre in which the agent counts what was said, and the person says `lines` one after the other.
    private func theatre(_ lines: String..., text: String = Self.text) -> Theatre {
        var theatre = Theatre(sketch(text))
        theatre.act = { attempt, context in
            var outcome = Outcome.success
            outcome.saying = "\(Talk(at: attempt, in: context).turns.count) said"
            outcome.contextUpdates = ["last_response": .string(outcome.saying ?? "")]
            return outcome
        }
        theatre.reply = { question in
            let said = Int(question.text.prefix { $0 != " " }) ?? 0
            return .text(lines[min(said / 2, lines.count - 1)])
        }
        return theatre
    }

    private func talk(_ theatre: Theatre) -> [String] {
        let attempt = Attempt(
            node: "a", handler: .codergen, visit: 1, number: 1, max: 2, key: AttemptKey(""), isPure: false)
        return theatre.run.map { Talk(at: attempt, in: $0.memory.context).turns.map(\.text) } ?? []
    }

    @Test(arguments: ["/done", "/approve", " /Done "])
    func `talks with a person until that one has enough`(word: String) {
        var theatre = self.theatre("more", "still more", word)
        theatre.start()
        theatre.play()
        #expect(theatre.run?.end == .completed)
        #expect(self.talk(theatre) == ["0 said", "more", "2 said", "still more", "4 said"])
        #expect(theatre.calls.filter { $0.key.contains("/a.") } == ["s/a.1.1": 1, "s/a.1.1-2": 1, "s/a.1.1-4": 1])
        #expect(theatre.run?.memory.context["last_response"] == "4 said")
        #expect(theatre.run?.memory.visitCount(of: "a") == 1)
    }

    @Test func `that is rejected has failed, for good`() {
        var theatre = self.theatre("/reject")
        theatre.start()
        theatre.play()
        #expect(theatre.run?.memory.status(of: "a") == .fail)
        #expect(theatre.calls.count { $0.key.contains("/a.") } == 1)
    }

    @Test func `says nothing again after a crash, wherever that comes`() {
        for crash in 1...9 {
            var theatre = self.theatre("more", "still more", "/done")
            theatre.start()
            theatre.play { $0.groups == crash }
            let before = self.talk(theatre)
            theatre.crash()
            theatre.resume()
            #expect(self.talk(theatre) == before, "crash after group \(crash)")
            theatre.play()
            #expect(theatre.run?.end == .completed && theatre.complaints == [], "\(theatre.complaints)")
            #expect(self.talk(theatre) == ["0 said", "more", "2 said", "still more", "4 said"], "group \(crash)")
        }
    }

    @Test func `that is paused asks the same again`() {
        for pause in 1...7 {
            var theatre = self.theatre("more", "/done")
            theatre.start()
            theatre.play { $0.groups == pause }
            theatre.tell(Theatre.root, .requestPause)
            theatre.play()
            if theatre.run?.end == nil {
                #expect(theatre.run?.isPaused == true)
                theatre.crash()
                theatre.resume()
                theatre.play()
            }
            #expect(theatre.run?.end == .completed && theatre.complaints == [], "\(theatre.complaints)")
            #expect(self.talk(theatre) == ["0 said", "more", "2 said"], "group \(pause)")
        }
    }

    @Test func `that is paused while the agent speaks asks nobody before it goes on`() {
        var theatre = self.theatre("/done")
        theatre.start()
        theatre.play { $0.groups == 2 }
        theatre.tell(Theatre.root, .requestPause)
        theatre.play { theatre in
            if case .asking? = theatre.run?.phase { Issue.record("somebody is asked") }
            return false
        }
        #expect(theatre.run?.isPaused == true && self.talk(theatre) == ["0 said"])
    }

    @Test func `takes an answer for the newest question only, and none that is empty`() {
        var theatre = self.theatre("more")
        theatre.start()
        theatre.play { $0.groups == 3 }
        guard case .asking(let attempt, _)? = theatre.run?.phase else { Issue.record("nobody is asked"); return }
        #expect(attempt.key == AttemptKey("s/a.1.1-1"))
        let old = AttemptKey("s/a.1.1")
        #expect(theatre.tell(Theatre.root, .answer(old, .text("x"), by: "t", fraction: nil)) == .staleAttempt(old))
        let empty = theatre.tell(Theatre.root, .answer(attempt.key, .text("  "), by: "t", fraction: nil))
        #expect(empty == .noSuchChoice("", of: ["/done", "/reject"]))
    }

    @Test func `visited again begins another talk`() {
        var theatre = self.theatre(
            "/done", text: "b: agent.mode=interactive\nS -> b\nb -> b: max_visits=2, weight=1\nb -> E")
        theatre.start()
        theatre.play()
        #expect(theatre.calls["s/b.1.1"] == 1 && theatre.calls["s/b.2.1"] == 1)
    }

    @Test func `without an answer in time is tried again, then fails`() {
        var theatre = self.theatre("more")
        theatre.reply = { _ in .timeout }
        theatre.start()
        theatre.play()
        let retries = theatre.events.compactMap { if case .retrying(let retry) = $0 { retry.reason } else { nil } }
        #expect(retries == ["timeout: nobody answered the agent of node a"])
        #expect(theatre.run?.memory.status(of: "a") == .fail)
    }
}
