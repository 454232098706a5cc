import PipelineCore
import Synchronization
import Testing
import TurnModel
import TurnStoreSQLite
import Vocabulary

@testable import PipelineRuntime

/// The process dies at every operation of a store: before it takes effect, and after, so that nobody hears of it.
@Suite(.timeLimit(.minutes(10)))
struct CrashTests {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case twelve, parallel, question, foreignAnswer, restart, pause, ahead, manager, managerPause

        var testDescription: String { self.rawValue }

        var ordeal: Ordeal {
            switch self {
            case .twelve: Ordeal(text: Pipelines.twelve)
            case .parallel: Ordeal(text: Pipelines.parallel)
            case .question: Self.questionOrdeal
            case .foreignAnswer: Self.foreignAnswerOrdeal
            case .restart: Self.restartOrdeal
            case .pause: Self.pauseOrdeal
            case .ahead: Self.aheadOrdeal
            case .manager: Self.managerOrdeal
            case .managerPause: Self.managerPauseOrdeal
            }
        }

        /// A manager and its child; only the manager is ever resumed.
        private static var managerOrdeal: Ordeal {
            var ordeal = Ordeal(text: ManagerTests.manager)
            ordeal.sessions = 2
            ordeal.isLedByFirst = true
            ordeal.prepare = { ManagerTests.prepare(&$0) }
            return ordeal
        }

        /// It is told to pause while its child is at b, and to stop at once, with its child, while that is at c.
        private static var managerPauseOrdeal: Ordeal {
            var ordeal = Self.managerOrdeal
            ordeal.act = { call, current in
                if call.node.id == "b" { current.value?.requestPause() }
                if call.node.id == "c", current.isFirst("abort") {
                    current.value?.abort()
                    try? await Task.sleep(for: .seconds(60))
                    return nil
                }
                return Ordeal.standard(call)
            }
            return ordeal
        }

        /// A few nodes to a group, so that groups are under way wherever the process may die.
        private static var aheadOrdeal: Ordeal {
            var ordeal = Ordeal(text: Pipelines.ahead)
            ordeal.prepare = { kit in
                kit.isSimulated = true
                kit.limits.stepsAhead = 3
            }
            return ordeal
        }

        /// Somebody is there to answer.
        private static var questionOrdeal: Ordeal {
            var ordeal = Ordeal(text: Pipelines.gate)
            ordeal.prepare = { $0.interviewer = AutoApprover() }
            return ordeal
        }

        /// The answer comes through the store, and is given once: who gave it was told that it is taken.
        private static var foreignAnswerOrdeal: Ordeal {
            var ordeal = Ordeal(text: Pipelines.gate)
            ordeal.meanwhile = { sessions in
                while !Task.isCancelled {
                    let waiting = try await sessions.list().first { $0.status == .waiting }
                    if let waiting, let question = waiting.question {
                        let row = try await sessions.find(waiting.displayID.description)
                        let request = try await sessions.ask(.answer("y", to: question.id, by: "ada"), of: row)
                        guard let request else { return }
                        while try await sessions.answer(to: request) == nil {
                            try await Task.sleep(for: .milliseconds(2))
                        }
                        return
                    }
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            return ordeal
        }

        /// The second session of two ends.
        private static var restartOrdeal: Ordeal {
            var ordeal = Ordeal(
                text: Pipelines.three.replacing(
                    "c -> exit",
                    with: """
                        c; c -> a [loop_restart=true, condition="outcome=fail"]
                        c -> exit [condition="outcome=success"]
                        """))
            ordeal.sessions = 2
            ordeal.act = { call, _ in
                // The first session is the one that came by the start node.
                let isFirst = call.context["node_visits.start"] != nil
                return call.node.id == "c" && isFirst ? .fail("once more", isRetryable: false) : Crew.standard(call)
            }
            return ordeal
        }

        /// Pauses at d in each life, and stops an attempt of f once.
        private static var pauseOrdeal: Ordeal {
            var ordeal = Ordeal(text: Pipelines.twelve)
            ordeal.act = { call, current in
                if call.node.id == "d" { current.value?.requestPause() }
                if call.node.id == "f", current.isFirst("abort") {
                    current.value?.abort()
                    try? await Task.sleep(for: .seconds(60))
                    return nil
                }
                return Ordeal.standard(call)
            }
            return ordeal
        }
    }

    @Test(arguments: Kind.allCases, MortalStore.Moment.allCases)
    func `a run goes on after each`(kind: Kind, moment: MortalStore.Moment) async throws {
        let calm = try await kind.ordeal.calm()
        #expect(calm.operations >= 4)
        for operation in 1...calm.operations {
            try await kind.ordeal.suffer([Death(operation: operation, moment: moment)], like: calm.memories)
        }
    }

    /// Some first deaths, and after each of them every second one.
    @Test(arguments: Kind.allCases, MortalStore.Moment.allCases)
    func `a resume that dies too goes on after each`(kind: Kind, moment: MortalStore.Moment) async throws {
        let calm = try await kind.ordeal.calm()
        for first in stride(from: 3, through: calm.operations, by: max(3, calm.operations / 3)) {
            var second = 1
            while try await kind.ordeal.suffer(
                [Death(operation: first, moment: .after), Death(operation: second, moment: moment)],
                like: calm.memories)
            { second += 1 }
        }
    }

    @Test func `one that dies five times in a row goes on`() async throws {
        let calm = try await Kind.twelve.ordeal.calm()
        for moment in MortalStore.Moment.allCases {
            let deaths = [9, 8, 7, 6, 5].map { Death(operation: $0, moment: moment) }
            try await Kind.twelve.ordeal.suffer(deaths, like: calm.memories)
        }
    }

    @Test(arguments: [Kind.twelve, .parallel])
    func `a store that is away for a moment is waited for`(kind: Kind) async throws {
        let calm = try await kind.ordeal.calm()
        // What comes before the first group is asked once, and refused with nothing done.
        for operation in 2..<calm.operations {
            for moment in MortalStore.Moment.allCases {
                let stage = try Stage(kind.ordeal.text)
                stage.crew.act { Ordeal.standard($0) }
                var kit = stage.kit()
                kit.limits.outage = .seconds(60)
                let store = MortalStore(stage.store, dyingAt: operation, moment, outage: 2)
                let report = await (try await stage.sessions(store, kit).begin(stage.source)).run()
                #expect(report.ending == .ended(.completed), "operation \(operation)")
                #expect(Set(stage.crew.calls).count == stage.crew.calls.count, "each attempt once")
                #expect(try await [stage.memory(of: try await stage.row())] == calm.memories)
            }
        }
    }
}
