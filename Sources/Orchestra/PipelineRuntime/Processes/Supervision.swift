/// When a process and all it started are asked to stop, when they are forced to, and when all is over.
///
/// ```
///   running ──time limit or request──► stopping ──grace──► killed ──┐
///      │                                  ▲                         │ nobody is left
///      └─the process ended─► lingering ───┘                         ▼
///                 └──────────nobody is left──────────────────► draining ──► over
/// ```
///
/// A value without a clock: time is that since the start. What the process left running may end by itself while
/// `lingering` (as the last part of a shell pipeline does); after that it is stopped. A daemon goes on then: `draining`
/// waits only a moment for output that it may still hold open.
struct Supervision: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        case running
        case lingering(until: Duration)
        case stopping(killAt: Duration)
        case killed(until: Duration)
        case draining(until: Duration)
        case over
    }

    /// What can be seen from outside.
    struct Sight: Sendable, Equatable {
        /// The process itself has ended.
        var hasEnded = false
        /// Something of its group runs.
        var isGroupAlive = true
        /// Somebody could still write output.
        var isOutputOpen = true
        var isStopWanted = false
    }

    enum Order: Sendable, Equatable { case terminate, kill }

    static let lingerMax = Duration.milliseconds(500)
    static let drainMax = Duration.milliseconds(200)
    /// How long the kernel may take to end what was killed.
    static let killMax = Duration.seconds(2)
    /// Between two looks at what the kernel has not ended in that time.
    static let lookInterval = Duration.milliseconds(100)

    let timeout: Duration?
    let grace: Duration
    private(set) var phase = Phase.running
    /// Why the process was stopped before it ended; `nil` when it ended by itself.
    private(set) var cause: StopCause?

    init(timeout: Duration?, grace: Duration) {
        self.timeout = timeout
        self.grace = grace
    }

    /// Takes note of what is seen at `time`, and says which signal the group must get.
    mutating func advance(_ sight: Sight, at time: Duration) -> Order? {
        if sight.hasEnded, !sight.isGroupAlive { self.drain(sight, at: time) }
        switch self.phase {
        case .running:
            if sight.hasEnded {
                self.phase = .lingering(until: time + Self.lingerMax)
            } else if sight.isStopWanted {
                return self.stop(.request, at: time)
            } else if let timeout, time >= timeout {
                return self.stop(.timeLimit, at: time)
            }
        case .lingering(let until):
            if time >= until || sight.isStopWanted { return self.stop(nil, at: time) }
        case .stopping(let killAt):
            guard time >= killAt else { return nil }
            self.phase = .killed(until: time + Self.killMax)
            return .kill
        case .killed(let until):
            if time >= until, sight.hasEnded { self.phase = .draining(until: time + Self.drainMax) }
        case .draining(let until):
            if time >= until || !sight.isOutputOpen { self.phase = .over }
        case .over: break
        }
        return nil
    }

    /// When to look again if nothing happens before; `nil` for when something happens.
    func nextLook(at time: Duration) -> Duration? {
        switch self.phase {
        case .running: self.timeout
        case .lingering(let until), .draining(let until): until
        case .killed(let until): max(until, time + Self.lookInterval)
        case .stopping(let killAt): killAt
        case .over: time
        }
    }

    private mutating func stop(_ cause: StopCause?, at time: Duration) -> Order {
        self.cause = cause
        self.phase = .stopping(killAt: time + self.grace)
        return .terminate
    }

    private mutating func drain(_ sight: Sight, at time: Duration) {
        switch self.phase {
        case .over, .draining: break
        default: self.phase = .draining(until: time + Self.drainMax)
        }
    }
}

/// Why a process was stopped.
package enum StopCause: Sendable, Hashable {
    case timeLimit
    /// The task that waited for it was cancelled.
    case request
}
