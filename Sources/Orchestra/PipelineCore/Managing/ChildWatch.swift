package import Vocabulary

/// How far one attempt of a manager loop has come with its child, a session of its own (spec/orchestra.md 2.11).
package struct ChildWatch: Sendable, Hashable {
    /// Of the attempt: another attempt has a child of its own.
    package let key: AttemptKey
    /// The context of the child, once that is on record.
    package var session: String?
    /// Looks at the child so far.
    package var cycles = 0
    /// What was seen at the last one: the keys `stack.child.…`.
    package var facts: JSONObject = [:]
    /// What the child was told last.
    package var instruction = ""
    /// How often it was told something.
    package var instructionCount = 0
    /// What the attempt comes to as soon as the child has stopped.
    package var verdict: Outcome?

    package init(key: AttemptKey, session: String? = nil) {
        self.key = key
        self.session = session
    }
}

/// What one look at a child shows.
package struct ChildReport: Sendable, Hashable {
    package enum Standing: String, Sendable, CaseIterable {
        /// Somebody works on it, or is about to.
        case working
        /// It goes on only when somebody resumes it.
        case resting
        case completed
        case failed
        case cancelled

        package var isOver: Bool { self != .working && self != .resting }
    }

    package var standing: Standing
    /// All keys `stack.child.…`.
    package var facts: JSONObject
    /// Why it has failed, or was cancelled.
    package var reason: String

    package init(_ standing: Standing, facts: JSONObject = [:], reason: String = "") {
        self.standing = standing
        self.facts = facts
        self.reason = reason
    }
}

/// One look at a child, as it is recorded: what has changed since the look before.
package struct ChildCycle: Sendable, Hashable {
    /// From 1.
    package let number: Int
    package let standing: ChildReport.Standing
    package let change: ContextDelta
    /// When the next one is due.
    package let next: Timestamp

    package init(number: Int, standing: ChildReport.Standing, change: ContextDelta, next: Timestamp) {
        self.number = number
        self.standing = standing
        self.change = change
        self.next = next
    }
}

extension ChildWatch {
    /// What `report` adds to what is known.
    func change(to report: ChildReport) -> ContextDelta {
        var change = ContextDelta()
        for (key, value) in report.facts where self.facts[key] != value { change.set[key] = value }
        change.removed = self.facts.keys.filter { report.facts[$0] == nil }
        return change
    }

    mutating func apply(_ cycle: ChildCycle) {
        self.cycles = cycle.number
        for key in cycle.change.removed { self.facts[key] = nil }
        for (key, value) in cycle.change.set { self.facts[key] = value }
    }
}

// MARK: - On record

extension ChildWatch {
    /// For the record: what `init(json:)` reads back.
    package var json: JSONValue {
        var object: JSONObject = [
            "child_of": .string(self.key.text), "cycles": .integer(Int64(self.cycles)), "facts": .object(self.facts),
            "instruction": .string(self.instruction), "instruction_count": .integer(Int64(self.instructionCount)),
        ]
        object["session"] = self.session.map { .string($0) }
        object["verdict"] = self.verdict.map { .object($0.json) }
        return .object(object)
    }

    /// `nil` for what `json` does not write.
    package init?(json: JSONValue) {
        guard let key = json["child_of"]?.string, let cycles = json["cycles"]?.integer,
            let facts = json["facts"]?.object, let count = json["instruction_count"]?.integer
        else { return nil }
        self.init(key: AttemptKey(key), session: json["session"]?.string)
        self.cycles = Int(clamping: cycles)
        self.facts = facts
        self.instruction = json["instruction"]?.string ?? ""
        self.instructionCount = Int(clamping: count)
        if let verdict = json["verdict"] {
            guard let outcome = try? Outcome(statusFile: verdict) else { return nil }
            self.verdict = outcome
        }
    }
}

extension ChildCycle {
    /// For the record: what `init(json:)` reads back.
    package var json: JSONObject {
        [
            "cycle": .integer(Int64(self.number)), "standing": .string(self.standing.rawValue),
            "set": .object(self.change.set), "removed": .array(self.change.removed.map { .string($0) }),
            "next_unix_ms": .integer(self.next.milliseconds),
        ]
    }

    /// `nil` for what `json` does not write.
    package init?(json: JSONValue) {
        guard let number = json["cycle"]?.integer,
            let standing = json["standing"]?.string.flatMap(ChildReport.Standing.init(rawValue:)),
            let set = json["set"]?.object, let removed = json["removed"]?.array,
            let next = json["next_unix_ms"]?.integer
        else { return nil }
        self.init(
            number: Int(clamping: number), standing: standing,
            change: ContextDelta(set: set, removed: removed.compactMap(\.string)),
            next: Timestamp(milliseconds: next))
    }
}
