/// Runs what the host does beside answering: turns that begin by themselves, births, alarms.
final class Crew: Sendable {
    typealias Job = @Sendable () async -> Void

    private let jobs: AsyncStream<Job>.Continuation
    private let task: Task<Void, Never>

    init() {
        // Unbounded, since what is in it is: one job for each slot action, birth, wake and alarm.
        let (stream, jobs) = AsyncStream.makeStream(of: Job.self, bufferingPolicy: .unbounded)
        self.jobs = jobs
        self.task = Task {
            await withDiscardingTaskGroup { group in
                for await job in stream { group.addTask { await job() } }
            }
        }
    }

    func take(_ job: @escaping Job) { self.jobs.yield(job) }

    /// Cancels what is under way and returns when all of it has ended.
    func end() async {
        self.jobs.finish()
        self.task.cancel()
        await self.task.value
    }
}
