import ServiceLifecycle

/// Runs what a connection cannot do on its event loop: work that waits for the store.
struct Pump: Service {
    private let work: AsyncStream<@Sendable () async -> Void>
    private let source: AsyncStream<@Sendable () async -> Void>.Continuation

    /// Takes at most `limit` pieces that are not begun; more are refused.
    init(limit: Int = 4_096) {
        (self.work, self.source) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(limit))
    }

    /// Hands over a piece of work; `false` when too much waits.
    func add(_ piece: @escaping @Sendable () async -> Void) -> Bool {
        if case .enqueued = self.source.yield(piece) { true } else { false }
    }

    func run() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await piece in self.work {
                    group.addTask { await piece() }
                }
            }
        } onGracefulShutdown: {
            self.source.finish()
        }
    }
}
