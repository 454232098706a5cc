/// What an agent is doing.
///
/// ```
/// idle ◀──▶ busy ◀──▶ waiting        waiting: its turn has no slot yet
///   │         │           │          (waiting ──▶ idle only by way of busy)
///   └─────────┴───────────┴──▶ terminated
/// ```
package enum NodeState: String, CaseIterable, Hashable, Sendable {
    case idle, busy, waiting, terminated

    /// Whether an agent may go from this state to `next`.
    package func allows(_ next: Self) -> Bool {
        switch (self, next) {
        case (.idle, .busy), (.busy, .idle), (.busy, .waiting), (.waiting, .busy): true
        case (.idle, .terminated), (.busy, .terminated), (.waiting, .terminated): true
        default: false
        }
    }
}

/// Which changes of state a subscription is about: `busy->idle`, `*->terminated`.
package struct Transition: Hashable, Sendable {
    /// `nil` is any.
    package let from: NodeState?
    /// `nil` is any.
    package let to: NodeState?

    package init(from: NodeState?, to: NodeState?) {
        self.from = from
        self.to = to
    }

    package func matches(from: NodeState, to: NodeState) -> Bool {
        (self.from ?? from) == from && (self.to ?? to) == to
    }
}

extension Transition: LosslessStringConvertible {
    package init?(_ text: String) {
        let sides = text.split(separator: "->", omittingEmptySubsequences: false)
        guard sides.count == 2 else { return nil }
        self.init(from: String(sides[0]), to: String(sides[1]))
    }

    /// Reads each side: a state or `*`.
    package init?(from: String, to: String) {
        let sides = [from, to].map { NodeState(rawValue: $0) }
        guard sides[0] != nil || from == "*", sides[1] != nil || to == "*" else { return nil }
        self.init(from: sides[0], to: sides[1])
    }

    package var description: String { "\(self.fromText)->\(self.toText)" }
    package var fromText: String { self.from?.rawValue ?? "*" }
    package var toText: String { self.to?.rawValue ?? "*" }
}
