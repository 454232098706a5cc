import PipelineCore
import Synchronization

/// The run of a child, as long as this process has it, and what is asked of it meanwhile.
final class ChildSeat: Sendable {
    private struct State {
        var run: SessionRun?
        var halt: Halt?
        /// Others who run the child were asked for the halt.
        var isPosted = false
        var stop: RunStop?
    }

    private let state = Mutex(State())

    /// Whether this process runs the child.
    var isTaken: Bool { self.state.withLock { $0.run != nil } }
    var halt: Halt? { self.state.withLock { $0.halt } }
    var stop: RunStop? { self.state.withLock { $0.stop } }

    /// Asks whoever runs the child, now or as soon as somebody does.
    func ask(_ halt: Halt) {
        let run = self.state.withLock { state in
            state.halt = halt
            state.isPosted = false
            return state.run
        }
        run?.obey(halt)
    }

    /// Lets the run end where it is: the manager cannot look after it any more.
    func stop(_ stop: RunStop) {
        let run = self.state.withLock { state in
            state.stop = stop
            return state.run
        }
        run?.stop(stop)
    }

    func take(_ run: SessionRun) {
        let state = self.state.withLock { state in
            state.run = run
            return state
        }
        if let halt = state.halt { run.obey(halt) }
        if let stop = state.stop { run.stop(stop) }
    }

    func leave() { self.state.withLock { $0.run = nil } }

    /// What whoever else runs the child is to be asked; once for each wish.
    func takeWish() -> SessionRequest? {
        let halt = self.state.withLock { state -> Halt? in
            guard !state.isPosted, let halt = state.halt else { return nil }
            state.isPosted = true
            return halt
        }
        guard let halt else { return nil }
        return switch halt.kind {
        case .cancel(let reason): .cancel(reason: reason)
        case .pause: halt.isAborting ? .abort : .pause
        }
    }
}
