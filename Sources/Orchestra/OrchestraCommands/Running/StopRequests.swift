import Dispatch
import Foundation
import PipelineRuntime
import Synchronization
import Vocabulary

/// What signals ask of a run (spec/orchestra.md 3.6), as a value.
///
/// ```
///   first SIGINT            pause at the next boundary
///   second                  stop the attempt too
///   third                   end now
///   SIGTERM, SIGHUP         as the first; when the deadline is over, as the second
/// ```
struct StopRequests: Sendable, Equatable {
    enum Order: Sendable, Equatable { case pause, abort, end }

    private(set) var count = 0

    mutating func next() -> Order {
        self.count += 1
        return switch self.count {
        case 1: .pause
        case 2: .abort
        default: .end
        }
    }

    /// The deadline of a SIGTERM is over; `nil` when nothing is left to order.
    mutating func deadline() -> Order? { self.count < 2 ? self.next() : nil }
}

/// Carries out what signals ask for, as long as a run goes on.
final class SignalListener: Sendable {
    private let run: SessionRun
    /// From SIGTERM until the attempt is stopped.
    private let deadline: Duration
    private let requests = Mutex(StopRequests())
    private let isOver = Mutex(false)

    init(_ run: SessionRun, deadline: Duration) {
        self.run = run
        self.deadline = deadline
    }

    /// Listens for as long as somebody holds what this returns.
    func listen() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { self.take(number) }
            source.resume()
            return source
        }
    }

    /// From now on nothing is asked of the run: what is left to do is short.
    func stop() { self.isOver.withLock { $0 = true } }

    private func take(_ number: Int32) {
        self.carryOut(self.requests.withLock { $0.next() })
        guard number != SIGINT else { return }
        let deadline = DispatchTimeInterval.milliseconds(Int(clamping: self.deadline.wholeMilliseconds))
        DispatchQueue.global().asyncAfter(deadline: .now() + deadline) {
            guard !self.isOver.withLock({ $0 }) else { return }
            if let order = self.requests.withLock({ $0.deadline() }) { self.carryOut(order) }
        }
    }

    private func carryOut(_ order: StopRequests.Order) {
        switch order {
        case .pause:
            self.run.requestPause()
            Output.aside(
                "orchestra: the current node will be completed, then the run pauses (once more: stop it now)\n")
        case .abort:
            self.run.abort()
            Output.aside("orchestra: the current node is stopped (once more: end at once)\n")
        case .end:
            ChildProcess.killAll()
            Output.end(130)
        }
    }
}
