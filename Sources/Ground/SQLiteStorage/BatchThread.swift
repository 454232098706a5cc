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
/// It runs until `stop`, and keeps itself alive until then.
package final class BatchThread<Job: Sendable>: Sendable {
    private struct State {
        var waiting: [Job] = []
        var isAsleep = false
        var isStopped = false
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
    ///   - process: Called on the thread, never twice at a time, with jobs in the order in which they were accepted.
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

extension BatchThread {
    /// Hands over a job; `false` when too many are waiting or the thread was told to stop.
    package func submit(_ job: Job) -> Bool { self.submit(contentsOf: CollectionOfOne(job)) }

    /// Hands over jobs, all of them or (answering `false`) none. They are processed one after the other.
    package func submit(contentsOf jobs: some Collection<Job>) -> Bool {
        guard !jobs.isEmpty else { return true }
        let (isAccepted, mustWake) = self.state.withLock { state -> (Bool, Bool) in
            guard !state.isStopped, state.waiting.count + jobs.count <= self.waitingMax else { return (false, false) }
            state.waiting.append(contentsOf: jobs)
            defer { state.isAsleep = false }
            return (true, state.isAsleep)
        }
        if mustWake { self.wakeUp.signal() }
        return isAccepted
    }

    /// How many jobs are waiting for the next batch.
    package var waitingCount: Int { self.state.withLock { $0.waiting.count } }

    /// Accepts no more, and returns when what was accepted is processed and the thread has ended.
    ///
    /// Not to be called by `process`, which would wait for itself.
    package func stop() {
        let mustWake = self.state.withLock { state in
            defer { (state.isStopped, state.isAsleep) = (true, false) }
            return state.isAsleep
        }
        if mustWake { self.wakeUp.signal() }
        self.ended.wait()
        self.ended.signal()  // for another who stops it too
    }
}

extension BatchThread {
    private enum Next {
        case batch([Job]), sleep, end
    }

    private func run() {
        nameThread(self.name)
        while true {
            switch self.next() {
            case .batch(let jobs): self.process(jobs)
            case .sleep: self.wakeUp.wait()
            case .end:
                self.ended.signal()
                return
            }
        }
    }

    private func next() -> Next {
        self.state.withLock { state in
            if state.waiting.isEmpty {
                if state.isStopped { return .end }
                state.isAsleep = true
                return .sleep
            }
            guard state.waiting.count > self.batchMax else {
                var batch: [Job] = []
                batch.reserveCapacity(state.waiting.count)
                swap(&batch, &state.waiting)
                return .batch(batch)
            }
            let batch = Array(state.waiting.prefix(self.batchMax))
            state.waiting.removeFirst(self.batchMax)
            return .batch(batch)
        }
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
        let file = openDescriptor("/proc/thread-self/comm", O_WRONLY)
        guard file >= 0 else { return }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
        closeDescriptor(file)
    #else
        pthread_setname_np(name)
    #endif
}
