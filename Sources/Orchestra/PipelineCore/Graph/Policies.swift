/// When the branches of a parallel node count as a success (spec/orchestra.md 2.10).
package enum JoinPolicy: String, NamedPolicy {
    case waitAll = "wait_all"
    case firstSuccess = "first_success"
    case kOfN = "k_of_n"
    case quorum
}

/// What a failed branch does to the others (spec/orchestra.md 2.10).
package enum ErrorPolicy: String, NamedPolicy {
    case `continue`
    case failFast = "fail_fast"
    case ignore
}

/// How much of the conversation so far a node is told (spec/orchestra.md 2.9).
package enum Fidelity: String, Sendable, CaseIterable {
    /// The thread's session goes on.
    case full
    /// Goal and run id only.
    case truncate
    /// A summary in bullets.
    case compact
    case summaryLow = "summary:low"
    case summaryMedium = "summary:medium"
    case summaryHigh = "summary:high"

    package static let names = Self.allCases.map(\.rawValue)
}
