package import Vocabulary

/// How a stage ended.
package enum StageStatus: String, Sendable, CaseIterable {
    case success = "SUCCESS"
    case partialSuccess = "PARTIAL_SUCCESS"
    case fail = "FAIL"
    case retry = "RETRY"
    case skipped = "SKIPPED"

    /// As conditions and the context know it (D12).
    package var lowercase: String { self.rawValue.lowercased() }

    /// Reads either case.
    package init?(text: String) {
        self.init(rawValue: text.trimmed.uppercased())
    }

    /// SUCCESS or PARTIAL_SUCCESS: what goal gates ask for.
    package var isGood: Bool { self == .success || self == .partialSuccess }
}

/// What an attempt came to (spec/orchestra.md 2.14).
package struct Outcome: Sendable, Hashable {
    package var status: StageStatus
    package var preferredLabel: String
    package var suggestedNextIDs: [NodeID]
    package var contextUpdates: JSONObject
    package var notes: String
    package var failureReason: String
    /// Whether another attempt could end otherwise; only asked when it failed.
    package var isRetryable: Bool
    /// What an agent says to the person it talks to, who is asked next: the node has not ended. It is not written.
    package var saying: String?

    package init(
        _ status: StageStatus, preferredLabel: String = "", suggestedNextIDs: [NodeID] = [],
        contextUpdates: JSONObject = [:], notes: String = "", failureReason: String = "", isRetryable: Bool = true
    ) {
        self.status = status
        self.preferredLabel = preferredLabel
        self.suggestedNextIDs = suggestedNextIDs
        self.contextUpdates = contextUpdates
        self.notes = notes
        self.failureReason = failureReason
        self.isRetryable = isRetryable
    }

    package static let success = Self(.success)

    package static func fail(_ reason: String, isRetryable: Bool = true) -> Self {
        Self(.fail, failureReason: reason, isRetryable: isRetryable)
    }

    package static func retry(_ reason: String) -> Self { Self(.retry, failureReason: reason) }
}
