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
        let answered: EventLoopFuture<Void>
    }

    private struct State {
        var waiters: [Int: Waiter] = [:]
        var last = 0
    }

    private struct Waiter {
        /// The copies of the command; `nil` until it is given.
        var queued: Set<CorrelationID>?
        /// What was answered since the wait began.
        var answered: Set<CorrelationID> = []
        var promise: EventLoopPromise<Void>

        var isOver: Bool { self.queued?.isSubset(of: self.answered) ?? false }
    }

    /// Begins to listen, before the command is given: no answer can be missed.
    func expect(on eventLoop: any EventLoop) -> Wait {
        let promise = eventLoop.makePromise(of: Void.self)
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
        waiter?.promise.succeed()
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
        let answered = done.flatMap(\.events).compactMap { event -> CorrelationID? in
            if case .answered(let answer) = event, !answer.isLate { answer.id } else { nil }
        }
        guard !answered.isEmpty else { return }
        self.change(numbers) { waiter in
            if let queued = waiter.queued {
                waiter.answered.formUnion(answered.filter(queued.contains))
            } else {
                waiter.answered.formUnion(answered)
            }
        }
    }

    private func change(_ numbers: [Int], _ body: (inout Waiter) -> Void) {
        let finished: [EventLoopPromise<Void>] = self.state.withLock { state in
            numbers.compactMap { number in
                guard state.waiters[number] != nil else { return nil }
                body(&state.waiters[number]!)
                guard state.waiters[number]!.isOver else { return nil }
                return state.waiters.removeValue(forKey: number)?.promise
            }
        }
        for promise in finished { promise.succeed() }
    }
}
