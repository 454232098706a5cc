import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The signals that end a daemon: the first asks it to, the second does.
package final class StopSignals: Sendable {
    private let asked: AsyncStream<Void>
    private let sources: Mutex<[any DispatchSourceSignal]>

    /// Listens from now on.
    package init() {
        let (asked, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.asked = asked
        let count = SignalCount()
        self.sources = Mutex(
            [SIGINT, SIGTERM, SIGHUP].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler {
                    // What was acknowledged is durable: this is no worse than a crash.
                    if count.next() > 1 { _exit(128 + number) }
                    continuation.yield()
                    continuation.finish()
                }
                source.resume()
                return source
            })
    }

    /// Returns at the first signal.
    package func wait() async {
        for await _ in self.asked { return }
    }
}

/// How many signals came.
private final class SignalCount: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        self.count.withLock { count in
            count += 1
            return count
        }
    }
}
