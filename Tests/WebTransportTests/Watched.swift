import Synchronization

/// A value that tests wait for, instead of sleeping.
final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var waiters: [(condition: @Sendable (Value) -> Bool, continuation: CheckedContinuation<Value, Never>)] = []
    }

    private let state: Mutex<State>

    init(_ value: Value) {
        self.state = Mutex(State(value: value))
    }

    var value: Value { self.state.withLock { $0.value } }

    func change(_ change: @Sendable (inout Value) -> Void) {
        let (value, woken) = self.state.withLock { state in
            change(&state.value)
            let woken = state.waiters.filter { $0.condition(state.value) }
            let value = state.value
            state.waiters.removeAll { $0.condition(value) }
            return (value, woken)
        }
        for waiter in woken { waiter.continuation.resume(returning: value) }
    }

    /// Waits until `condition` holds; the test's time limit ends a wait that is in vain.
    @discardableResult
    func wait(until condition: @escaping @Sendable (Value) -> Bool) async -> Value {
        await withCheckedContinuation { continuation in
            let value = self.state.withLock { state -> Value? in
                if condition(state.value) { return state.value }
                state.waiters.append((condition, continuation))
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
