import NIOCore
import Synchronization
import TrailsCore
import Vocabulary

/// Lets a caller wait until the apps have answered its command.
final class AnswerBoard: Sendable {
    private let state = Mutex(State())

    /// One caller's wait: two that give the same command wait each for itself.
    struct Wait: Sendable {
        fileprivate let number: Int
        /// The answers that came; some are missing when the time was up.
        let answered: EventLoopFuture<[CorrelationID: ControlAnswer]>
    }

    private struct State {
        var waiters: [Int: Waiter] = [:]
        var last = 0
    }

    private struct Waiter {
        /// The copies of the command; `nil` until it is given.
        var queued: Set<CorrelationID>?
        /// What was answered since the wait began.
        var answers: [CorrelationID: ControlAnswer] = [:]
        var promise: EventLoopPromise<[CorrelationID: ControlAnswer]>

        var isOver: Bool { self.queued?.allSatisfy { self.answers[$0] != nil } ?? false }
    }

    /// Begins to listen, before the command is given: no answer can be missed.
    func expect(on eventLoop: any EventLoop) -> Wait {
        let promise = eventLoop.makePromise(of: [CorrelationID: ControlAnswer].self)
        let number = self.state.withLock { state in
            state.last += 1
            state.waiters[state.last] = Waiter(promise: promise)
            return state.last
        }
        return Wait(number: number, answered: promise.futureResult)
    }

    /// Ends the waiting, answered or not.
    func giveUp(_ wait: Wait) {
        let waiter = self.state.withLock { $0.waiters.removeValue(forKey: wait.number) }
        waiter.map { $0.promise.succeed($0.answers) }
    }

    /// The command is given: `queued` are its copies.
    func given(_ queued: Set<CorrelationID>, to wait: Wait) {
        self.change([wait.number]) { $0.queued = queued }
    }

    var isAwaited: Bool { self.state.withLock { !$0.waiters.isEmpty } }

    /// Called by the writer after each commit.
    func publish(_ done: [Job.Done]) {
        let numbers = self.state.withLock { Array($0.waiters.keys) }
        guard !numbers.isEmpty else { return }
        let answers = done.flatMap(\.events).compactMap { event -> ControlAnswer? in
            if case .answered(let answer) = event, !answer.isLate { answer } else { nil }
        }
        guard !answers.isEmpty else { return }
        self.change(numbers) { waiter in
            for answer in answers where waiter.queued?.contains(answer.id) ?? true {
                waiter.answers[answer.id] = answer
            }
        }
    }

    private func change(_ numbers: [Int], _ body: (inout Waiter) -> Void) {
        let finished: [Waiter] = self.state.withLock { state in
            numbers.compactMap { number in
                guard state.waiters[number] != nil else { return nil }
                body(&state.waiters[number]!)
                guard state.waiters[number]!.isOver else { return nil }
                return state.waiters.removeValue(forKey: number)
            }
        }
        for waiter in finished { waiter.promise.succeed(waiter.answers) }
    }
}
