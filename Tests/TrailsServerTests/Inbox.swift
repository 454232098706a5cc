import Synchronization

/// What has arrived and was not taken yet; tests wait for what they expect instead of sleeping.
final class Inbox<Item: Sendable>: Sendable {
    private struct Waiter {
        var take: @Sendable (inout [Item]) -> Bool
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var items: [Item] = []
        var waiters: [Int: Waiter] = [:]
        var lastWaiter = 0
        var isClosed = false
    }

    /// Nothing of the kind came in time, or it can come no more.
    struct Missing: Error, CustomStringConvertible {
        var description: String
    }

    private let state = Mutex(State())

    /// What lies here now.
    var items: [Item] { self.state.withLock { $0.items } }

    func add(_ item: Item) {
        self.wake { $0.items.append(item) }
    }

    /// Nothing more will come.
    func close() {
        self.wake { $0.isClosed = true }
    }

    private func wake(_ change: (inout State) -> Void) {
        let woken: [(CheckedContinuation<Void, any Error>, Missing?)] = self.state.withLock { state in
            change(&state)
            var woken: [(CheckedContinuation<Void, any Error>, Missing?)] = []
            for id in state.waiters.keys.sorted() {
                guard let waiter = state.waiters[id] else { continue }
                if waiter.take(&state.items) {
                    woken.append((waiter.continuation, nil))
                } else if state.isClosed {
                    woken.append((waiter.continuation, Self.missing("the end came first", state.items)))
                } else {
                    continue
                }
                state.waiters[id] = nil
            }
            return woken
        }
        for (continuation, missing) in woken {
            if let missing { continuation.resume(throwing: missing) } else { continuation.resume() }
        }
    }

    private static func missing(_ reason: String, _ items: [Item]) -> Missing {
        Missing(description: "\(reason); here is: \(items.suffix(20))")
    }

    /// Takes the first item that `match` knows what to do with, and waits for it if need be.
    func next<Found: Sendable>(
        within limit: Duration = .seconds(60), _ match: @escaping @Sendable (Item) -> Found?
    ) async throws -> Found {
        let found = Mutex<Found?>(nil)
        try await self.wait(within: limit) { items in
            for (place, item) in items.enumerated() {
                guard let value = match(item) else { continue }
                items.remove(at: place)
                found.withLock { $0 = value }
                return true
            }
            return false
        }
        return found.withLock { $0 }!
    }

    private func wait(within limit: Duration, _ take: @escaping @Sendable (inout [Item]) -> Bool) async throws {
        let id = self.state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let alarm = Task {
            try await Task.sleep(for: limit)
            self.giveUp(id, "nothing of the kind within \(limit)")
        }
        defer { alarm.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, Missing>? = self.state.withLock { state in
                    if take(&state.items) { return .success(()) }
                    if state.isClosed { return .failure(Self.missing("the end came first", state.items)) }
                    state.waiters[id] = Waiter(take: take, continuation: continuation)
                    return nil
                }
                switch outcome {
                case .success: continuation.resume()
                case .failure(let missing): continuation.resume(throwing: missing)
                case nil: break
                }
            }
        } onCancel: {
            self.giveUp(id, "cancelled")
        }
    }

    private func giveUp(_ id: Int, _ reason: String) {
        let (waiter, missing) = self.state.withLock { state in
            (state.waiters.removeValue(forKey: id), Self.missing(reason, state.items))
        }
        waiter?.continuation.resume(throwing: missing)
    }
}
