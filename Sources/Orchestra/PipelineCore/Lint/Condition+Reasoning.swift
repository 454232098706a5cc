/// What can be said of conditions without running anything.
extension Condition {
    /// Why it can never hold; `nil` when it may.
    package var contradiction: String? {
        for (place, clause) in self.clauses.enumerated() {
            if let alone = clause.impossibility { return alone }
            for other in self.clauses[..<place] where clause.excludes(other) {
                return "\(other) and \(clause) contradict each other"
            }
        }
        return nil
    }

    /// Whether `other` holds whenever this does, as far as their words show.
    package func implies(_ other: Condition) -> Bool {
        other.clauses.allSatisfy { wanted in self.clauses.contains { $0.implies(wanted) } }
    }

    /// Whether one of the two always holds: `k=v` and `k!=v`, or `k` compared with two texts that both rule out.
    package func complements(_ other: Condition) -> Bool {
        guard self.clauses.count == 1, other.clauses.count == 1, self.clauses[0].key == other.clauses[0].key else {
            return false
        }
        switch (self.clauses[0].test, other.clauses[0].test) {
        case (.equals(let left), .differs(let right)), (.differs(let left), .equals(let right)): return left == right
        case (.differs(let left), .differs(let right)): return left != right
        default: return false
        }
    }
}

extension Condition.Clause {
    private static let falsy: Set<String> = ["", "false", "0"]

    /// An outcome that no node has when its edges are looked at.
    fileprivate var impossibility: String? {
        guard self.key == "outcome", case .equals(let text) = self.test else { return nil }
        if text == StageStatus.retry.lowercase { return "no node ends with retry: its attempts are over by then" }
        let names = StageStatus.allCases.filter { $0 != .retry }.map(\.lowercase)
        return names.contains(text) ? nil : "\(text) is no outcome; outcomes are \(names.joined(separator: ", "))"
    }

    fileprivate func excludes(_ other: Self) -> Bool {
        guard self.key == other.key else { return false }
        switch (self.test, other.test) {
        case (.equals(let left), .equals(let right)): return left != right
        case (.equals(let left), .differs(let right)), (.differs(let left), .equals(let right)): return left == right
        case (.equals(let text), .isTruthy), (.isTruthy, .equals(let text)): return Self.falsy.contains(text)
        default: return false
        }
    }

    fileprivate func implies(_ other: Self) -> Bool {
        if self == other { return true }
        guard self.key == other.key, case .equals(let text) = self.test else { return false }
        switch other.test {
        case .equals(let wanted): return text == wanted
        case .differs(let unwanted): return text != unwanted
        case .isTruthy: return !Self.falsy.contains(text)
        }
    }
}
