import Synchronization

/// Lets so many through at once; the others are told to come again.
final class Turnstile: Sendable {
    private let free: Mutex<Int>

    init(_ limit: Int) {
        self.free = Mutex(limit)
    }

    func pass<Value>(_ work: () async throws -> Value) async throws -> Value {
        let isIn = self.free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        guard isIn else { throw Problem(.tooManyRuns, 503, "too many ask for this at once", hint: "try again") }
        defer { self.free.withLock { $0 += 1 } }
        return try await work()
    }
}
