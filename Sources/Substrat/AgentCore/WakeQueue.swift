package import Vocabulary

/// Who is to be looked at, in which order, and not before when.
///
/// An agent stands in it once. A more urgent reason moves it forward; within one urgency the first to come is the
/// first to go, so one that is woken again goes to the back. A pair of agents that keep waking each other are held
/// to a rate: the rest is delayed, never dropped. Nothing of it outlives the process: a restart looks at everybody.
package struct WakeQueue: Hashable, Sendable {
    package let brake: Brake
    private var entries: [AgentID: Place] = [:]
    private var count = 0
    /// When each pair would have used up what it was allowed so far.
    private var debts: [Pair: Timestamp] = [:]

    /// How often one agent may wake another.
    package struct Brake: Hashable, Sendable {
        package var burst = 60
        package var interval = Duration.seconds(2)

        package init() {}
    }

    private struct Place: Hashable {
        var urgency: Int
        var number: Int
        var notBefore: Timestamp
    }

    private struct Pair: Hashable {
        let from: AgentID, to: AgentID
    }

    package init(brake: Brake = Brake()) {
        self.brake = brake
    }
}

extension WakeQueue {
    /// Somebody has a reason to wake `agent`; the daemon and the agent itself are not held to a rate.
    package mutating func add(_ agent: AgentID, from cause: AgentID, urgency: Int, at now: Timestamp) {
        if var place = self.entries[agent] {
            place.urgency = min(place.urgency, urgency)
            if cause.isSentinel || cause == agent { place.notBefore = min(place.notBefore, now) }
            self.entries[agent] = place
            return
        }
        self.count += 1
        let moment = cause.isSentinel || cause == agent ? now : self.spend(Pair(from: cause, to: agent), at: now)
        self.entries[agent] = Place(urgency: urgency, number: self.count, notBefore: moment)
    }

    /// Takes the agent whose turn it is to be looked at; `nil` when none may be yet.
    package mutating func next(at now: Timestamp) -> AgentID? {
        let ready = self.entries.filter { $0.value.notBefore <= now }
        let first = ready.min { ($0.value.urgency, $0.value.number) < ($1.value.urgency, $1.value.number) }
        guard let agent = first?.key else { return nil }
        self.entries[agent] = nil
        return agent
    }

    package mutating func remove(_ agent: AgentID) {
        self.entries[agent] = nil
        self.debts = self.debts.filter { $0.key.from != agent && $0.key.to != agent }
    }

    package var isEmpty: Bool { self.entries.isEmpty }
    /// How many are held back by the brake.
    package func delayed(at now: Timestamp) -> Int { self.entries.values.count { $0.notBefore > now } }
    /// When `next` may have somebody.
    package var nextMoment: Timestamp? { self.entries.values.map(\.notBefore).min() }

    /// Uses up one wake of the pair and says when it may be carried out.
    private mutating func spend(_ pair: Pair, at now: Timestamp) -> Timestamp {
        let base = max(self.debts[pair] ?? now, now)
        let debt = base + self.brake.interval
        self.debts[pair] = debt
        if self.debts.count > 10_000 { self.debts = self.debts.filter { $0.value > now } }
        return max(now, debt - .milliseconds(self.brake.interval.wholeMilliseconds * Int64(self.brake.burst)))
    }
}
