import Glibc

/// What some work took of the machine.
package struct Gauge {
    package let time: Duration
    /// Of all threads of this process, the system's work for it included.
    package let processor: Duration
    /// Of files, by SQLite and by code of the house.
    package let syncs: Int

    package static func measure(_ body: () async throws -> Void) async rethrows -> Self {
        let before = (ContinuousClock.now, Self.processorTime, SyncCounter.count)
        try await body()
        return Self(
            time: ContinuousClock.now - before.0, processor: Self.processorTime - before.1,
            syncs: SyncCounter.count - before.2)
    }

    private static var processorTime: Duration {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return self.duration(usage.ru_utime) + self.duration(usage.ru_stime)
    }

    private static func duration(_ time: timeval) -> Duration {
        .seconds(time.tv_sec) + .microseconds(time.tv_usec)
    }

    package func rate(_ count: Int) -> Double { Double(count) / self.time.inSeconds }
    /// Microseconds of a processor for each of `count`.
    package func processor(each count: Int) -> Double { self.processor.inSeconds * 1e6 / Double(count) }
    package func syncs(each count: Int) -> Double { Double(self.syncs) / Double(count) }
}
