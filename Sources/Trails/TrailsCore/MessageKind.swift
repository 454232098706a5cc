/// What a message of an app says (spec/trails.md §4). The raw value is the word on the wire.
public enum MessageKind: String, Codable, CaseIterable, Hashable, Sendable {
    /// It is at work; the payload says how far.
    case status = "Status"
    /// It ended well; the payload is what it made.
    case result = "Result"
    /// It ended badly; the payload says how.
    case error = "Error"
}

/// Why an app leaves its connection (spec/trails.md §3).
public enum DisconnectReason: Hashable, Sendable {
    /// Its work is done.
    case completed
    /// It was cancelled, and has cleaned up.
    case cancelled
    /// It goes on without a connection.
    case detached
    /// Anything else: it may come back.
    case other(String)
}

extension DisconnectReason {
    /// Never fails: a word that is not known is kept as `other`.
    public init(_ word: String) {
        switch word {
        case "completed": self = .completed
        case "cancelled": self = .cancelled
        case "detached": self = .detached
        default: self = .other(word)
        }
    }

    /// The word on the wire.
    public var word: String {
        switch self {
        case .completed: "completed"
        case .cancelled: "cancelled"
        case .detached: "detached"
        case .other(let word): word
        }
    }
}

/// The answer of an app to a command (spec/trails.md §4, `control_ack`).
public enum AckOutcome: String, Codable, CaseIterable, Hashable, Sendable {
    /// Carried out.
    case done
    /// Understood, and did not succeed.
    case failed
    /// The app knows no such action.
    case unknownAction = "unknown_action"
    /// Not answered within its time to live; said by the server.
    case expired
}
