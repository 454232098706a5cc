import Synchronization
package import Vocabulary

/// A clock that stands still until a test moves it.
package final class ManualClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_700_000_000_000))

    package init() {}

    package var now: Timestamp { self.time.withLock { $0 } }

    package func advance(by duration: Duration) { self.time.withLock { $0 = $0 + duration } }
}
