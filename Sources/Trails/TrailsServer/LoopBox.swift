import NIOCore
import Synchronization

/// A value that belongs to one event loop, which is known only after the value was made.
///
/// Used from the event loop alone; the lock is never waited for, and lets the compiler see that it is safe.
final class LoopBox<Value>: Sendable {
    private let value: Mutex<Value>
    private let loop = Mutex<(any EventLoop)?>(nil)

    init(_ value: sending Value) {
        self.value = Mutex(value)
    }

    func bind(to eventLoop: any EventLoop) {
        self.loop.withLock { $0 = eventLoop }
    }

    var eventLoop: any EventLoop {
        guard let loop = self.loop.withLock({ $0 }) else {
            preconditionFailure("a session was used before its connection was opened")
        }
        return loop
    }

    func withValue<Result: Sendable>(_ body: (inout sending Value) -> sending Result) -> sending Result {
        self.value.withLock(body)
    }
}
