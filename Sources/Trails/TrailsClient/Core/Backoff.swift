package import Vocabulary

/// How long to wait before the next attempt (spec/trails.md §4, Reconnect).
///
///     base = min(100 ms x 2^n, cap)     cap: 5 s in the first two minutes of an outage, then 30 s
///     delay = base + random(0, base / 2)
package struct Backoff: Hashable, Sendable {
    package static let shortest = Duration.milliseconds(100)
    package static let firstCap = Duration.seconds(5)
    package static let laterCap = Duration.seconds(30)
    package static let firstPhase = Duration.seconds(120)

    /// Attempts since the last success.
    package private(set) var attempts = 0
    /// When the outage began.
    private var since: Timestamp?

    package init() {}
}

extension Backoff {
    /// Counts one more failure and says how long to wait; `chance` is in 0..<1.
    package mutating func next(at now: Timestamp, chance: Double) -> Duration {
        let since = self.since ?? now
        self.since = since
        let cap = now.since(since) < Self.firstPhase ? Self.firstCap : Self.laterCap
        // 2^9 x 100 ms is over every cap: a greater exponent changes nothing.
        let base = min(Self.shortest * (1 << min(self.attempts, 9)), cap)
        self.attempts += 1
        return Self.jittered(base, chance)
    }

    /// The longest delay: for what will hardly be different soon.
    package static func slow(chance: Double) -> Duration { Self.jittered(Self.laterCap, chance) }

    /// What was tried has worked.
    package mutating func succeed() { self = Self() }

    private static func jittered(_ base: Duration, _ chance: Double) -> Duration {
        base + .milliseconds(Int64(Double(base.wholeMilliseconds) / 2 * chance))
    }
}
