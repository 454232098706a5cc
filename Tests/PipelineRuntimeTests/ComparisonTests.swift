import PipelineCore
import PipelineTurns
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

/// Two sessions side by side.
@Suite(.timeLimit(.minutes(15)))
struct ComparisonTests {
    @Test func `pairs are the most that keep both orders`() {
        func text(_ left: String, _ right: String) -> String {
            let (first, second) = (left.map(String.init), right.map(String.init))
            return Alignment.pairs(first, second).map { pair in
                switch pair {
                case (let left?, _?): first[left]
                case (let left?, nil): "-" + first[left]
                case (nil, let right?): "+" + second[right]
                case (nil, nil): "?"
                }
            }.joined()
        }
        #expect(text("", "") == "")
        #expect(text("abc", "abc") == "abc")
        #expect(text("abc", "") == "-a-b-c")
        #expect(text("", "ab") == "+a+b")
        #expect(text("abcd", "axcd") == "a-b+xcd")
        #expect(text("abcde", "bcdea") == "-abcde+a")
        #expect(text("abc", "cab") == "+cab-c")
        #expect(text("ab", "cd") == "-a-b+c+d")
    }

    @Test func `a fork shares all turns up to its checkpoint, and a fork of the fork too`() async throws {
        let stage = try Stage(Pipelines.three)
        let sessions = stage.sessions()
        let run = try await sessions.begin(stage.source)
        #expect(await run.run().ending == .ended(.completed))
        let origin = try await stage.row(run.story.displayID)
        let checkpoints = try await stage.turns(of: origin.context.id).filter { $0.type.id == CheckpointTurn.typeID }
        let checkpoint = try #require(checkpoints.dropFirst().first)
        stage.crew.act { call in
            call.node.id == "c" ? .fail("no", isRetryable: false) : Crew.standard(call)
        }
        var forks: [SessionRow] = []
        for mood in ["calm", "wild"] {
            var options = ReplayOptions()
            options.set = ["mood": .string(mood)]
            let fork = try await sessions.replay(origin, at: checkpoint.id, options)
            _ = await fork.run()
            forks.append(try await stage.row(fork.story.displayID))
        }
        let comparison = try await sessions.compare(origin, forks[0])
        #expect(comparison.common?.last == checkpoint.id)
        #expect(comparison.common?.count == Int(checkpoint.depth) + 1)
        #expect(comparison.opening == [.init(key: "mood", left: nil, right: "calm")])
        #expect(comparison.pairs.map(\.left?.key) == ["b.1", "c.1"])
        #expect(comparison.pairs.map(\.isSame) == [true, false])
        #expect(comparison.pairs.last?.right?.status == "failed" && !comparison.isSame)

        let siblings = try await sessions.compare(forks[0], forks[1])
        #expect(siblings.common?.last == checkpoint.id)
        #expect(siblings.opening == [.init(key: "mood", left: "calm", right: "wild")])
        #expect(siblings.pairs.allSatisfy(\.isSame) && siblings.pairs.count == 2)
        #expect(try await sessions.compare(origin, origin).isSame)
    }
}
