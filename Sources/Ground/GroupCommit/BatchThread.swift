import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A thread of its own that takes everything that is waiting, at once: the group commit of the house.
///
/// There is no timer: while `process` works on one batch (one transaction, one sync), jobs gather, and all of them are
/// the next batch. So an idle thread adds no delay, and a busy one pays for one sync whatever the number of jobs. The
/// thread is woken only when it sleeps, since under load a wake-up may cost a tick of the scheduler.
///
/// A wake-up is saved altogether by a caller who leaves its jobs (`leave`) and, when it has nothing better to do, lends
/// its own thread for a batch (`lend`). While batches take long, as on a slow disk, a loan is not taken: the thread of
/// its own does the work, and the caller is free.
///
/// It runs until `stop`, and keeps itself alive until then.
package final class BatchThread<Job: Sendable>: Sendable {
    private struct State {
        var waiting: [Job] = []
        /// Whether a batch is being processed, by whatever thread.
        var isAtWork = false
        var isAsleep = false
        var isStopped = false
        var pace = Pace()

        /// What is to be signalled after the lock: the thread, if it is needed and sleeps.
        mutating func wake() -> Bool {
            defer { self.isAsleep = false }
            return self.isAsleep
        }

        /// All that waits, or as much as a batch may hold, for the caller to process.
        mutating func take(atMost batchMax: Int) -> [Job] {
            self.isAtWork = true
            guard self.waiting.count > batchMax else {
                var batch: [Job] = []
                batch.reserveCapacity(self.waiting.count)
                swap(&batch, &self.waiting)
                return batch
            }
            let batch = Array(self.waiting.prefix(batchMax))
            self.waiting.removeFirst(batchMax)
            return batch
        }
    }

    private let name: String
    private let batchMax: Int
    private let waitingMax: Int
    private let process: @Sendable ([Job]) -> Void
    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - batchMax: How many jobs `process` gets at most.
    ///   - waitingMax: How many jobs wait at most; more are not accepted.
    ///   - process: Called on the thread or one that was lent, never twice at a time, with jobs in the order in which
    ///     they were accepted.
    package init(
        name: String, batchMax: Int = 1_024, waitingMax: Int = 65_536, process: @escaping @Sendable ([Job]) -> Void
    ) {
        precondition(
            batchMax > 0 && waitingMax > 0, "batchMax \(batchMax) and waitingMax \(waitingMax) must be positive")
        self.name = name
        self.batchMax = batchMax
        self.waitingMax = waitingMax
        self.process = process
        startThread { self.run() }
    }
}

/// How long batches take of late, and whether that is short enough for a thread that was lent.
struct Pace {
    /// A tick of the scheduler: to hand work over may cost as much, so a loan of this length is no loss.
    static let slow = Duration.milliseconds(4)

    private var usual = Duration.zero
    private(set) var isSlow = false

    mutating func note(_ duration: Duration) {
        self.usual = (self.usual * 7 + duration) / 8
        if self.usual > Self.slow { self.isSlow = true }
        if self.usual < Self.slow / 2 { self.isSlow = false }
    }
}

// MARK: - For callers

extension BatchThread {
    /// Hands over a job; `false` when too many are waiting or the thread was told to stop.
    package func submit(_ job: Job) -> Bool { self.submit(contentsOf: CollectionOfOne(job)) }

    /// Hands over jobs, all of them or (answering `false`) none. They are processed one after the other.
    package func submit(contentsOf jobs: some Collection<Job>) -> Bool {
        let (isAccepted, mustWake) = self.state.withLock { state -> (Bool, Bool) in
            guard self.accept(jobs, &state) else { return (false, false) }
            return (true, !state.isAtWork && state.wake())
        }
        if mustWake { self.wakeUp.signal() }
        return isAccepted
    }

    /// What became of jobs that were left.
    package enum Leaving {
        /// Too many are waiting, or the thread was told to stop.
        case refused
        /// Somebody will process them.
        case expected
        /// Nobody will before the caller has called `lend`, which it must soon.
        case first
    }

    /// Hands over jobs, all or none, and wakes nobody.
    package func leave(contentsOf jobs: some Collection<Job>) -> Leaving {
        self.state.withLock { state in
            let isFirst = state.waiting.isEmpty && !state.isAtWork
            guard self.accept(jobs, &state) else { return .refused }
            return isFirst && !jobs.isEmpty ? .first : .expected
        }
    }

    /// Processes what waits, on the caller's thread; or has the thread of its own do it, when that takes long.
    package func lend() {
        // What others have left meanwhile is seen to as well, but not for ever.
        for _ in 0..<4 {
            guard let batch = self.borrow() else { return }
            self.work(on: batch)
        }
        let mustWake = self.state.withLock { !$0.isAtWork && !$0.waiting.isEmpty && $0.wake() }
        if mustWake { self.wakeUp.signal() }
    }

    /// How many jobs are waiting for the next batch.
    package var waitingCount: Int { self.state.withLock { $0.waiting.count } }

    /// Accepts no more, and returns when what was accepted is processed and the thread has ended.
    ///
    /// Not to be called by `process`, which would wait for itself.
    package func stop() {
        let mustWake = self.state.withLock { state in
            state.isStopped = true
            return state.wake()
        }
        if mustWake { self.wakeUp.signal() }
        self.ended.wait()
        self.ended.signal()  // for another who stops it too
    }

    private func accept(_ jobs: some Collection<Job>, _ state: inout State) -> Bool {
        guard !jobs.isEmpty else { return true }
        guard !state.isStopped, state.waiting.count + jobs.count <= self.waitingMax else { return false }
        state.waiting.append(contentsOf: jobs)
        return true
    }
}

// MARK: - At work

extension BatchThread {
    private enum Next {
        case batch([Job]), sleep, end
    }

    private func run() {
        nameThread(self.name)
        while true {
            switch self.next() {
            case .batch(let jobs): self.work(on: jobs)
            case .sleep: self.wakeUp.wait()
            case .end:
                self.ended.signal()
                return
            }
        }
    }

    private func next() -> Next {
        self.state.withLock { state in
            if !state.isAtWork, !state.waiting.isEmpty { return .batch(state.take(atMost: self.batchMax)) }
            if !state.isAtWork, state.isStopped { return .end }
            state.isAsleep = true
            return .sleep
        }
    }

    /// The batch for a thread that is lent, if it is welcome.
    private func borrow() -> [Job]? {
        let (batch, mustWake) = self.state.withLock { state -> ([Job]?, Bool) in
            guard !state.isAtWork, !state.waiting.isEmpty else { return (nil, false) }
            if state.pace.isSlow || state.isStopped { return (nil, state.wake()) }
            return (state.take(atMost: self.batchMax), false)
        }
        if mustWake { self.wakeUp.signal() }
        return batch
    }

    private func work(on batch: [Job]) {
        let begin = ContinuousClock.now
        self.process(batch)
        let duration = ContinuousClock.now - begin
        let mustWake = self.state.withLock { state in
            state.isAtWork = false
            state.pace.note(duration)
            // Who stops waits for the thread, which may have fallen asleep again while another was at work.
            return state.isStopped && state.wake()
        }
        if mustWake { self.wakeUp.signal() }
    }
}

// MARK: - Threads

/// What a thread is to run, on its way there.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Runs `body` on a new thread. Stops the program when the system has no thread left, since nothing could be saved.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    let context = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
    #if canImport(Glibc)
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, { runBody($0) }, context)
        if result == 0 { pthread_detach(thread) }
    #else
        var thread: pthread_t?
        let result = pthread_create(&thread, nil, { runBody($0) }, context)
        if let thread { pthread_detach(thread) }
    #endif
    precondition(result == 0, "no thread could be started: \(String(cString: strerror(result)))")
}

private func runBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
    return nil
}

/// Names the calling thread for debuggers and `top`; what cannot be named goes on without.
private func nameThread(_ name: String) {
    #if canImport(Glibc)
        // pthread_setname_np is hidden behind _GNU_SOURCE.
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
        close(file)
    #else
        pthread_setname_np(name)
    #endif
}
