package import Vocabulary

/// An app as the tree holds it: the fold of its events (table `app_status`).
package struct AppState: Hashable, Sendable {
    package var facts: AppFacts
    package var status: AppStatus
    /// What a return brings back: connected or running.
    package var before: AppStatus = .connected
    package var presence: Presence = .none
    package var cause: Cause?

    /// Counts its lives: 0 before it registered; each restart of the process is one more.
    package var incarnation = 0
    /// Counts its connections; only the newest speaks for it.
    package var sessionEpoch = 0

    /// `nil` when it never registered, or (at `open`) sent none that can be read.
    package var key: PublicKey?
    /// At `open`: another key, which its last register named without proof. Good for coming back, not for commanding.
    package var claimedKey: PublicKey?
    /// Raised when the key is replaced.
    package var keyEpoch = 0
    package var isRevoked = false
    /// From where its key may be used; empty: from anywhere.
    package var binding: [AddressRange] = []

    /// JSON text of what it said of its process.
    package var process: String?
    package var registeredAt: Timestamp?
    package var changedAt: Timestamp
    package var endedAt: Timestamp?

    /// When what it is waiting for (start, return, end of lease) is given up.
    package var deadline: Timestamp?
    /// How long a detached app may be silent.
    package var lease: Duration?

    /// The cancels that reached it. Not empty: its reports change nothing any more.
    package var cascades: [CascadeID] = []
    /// Commands that it has not answered, in the order they are delivered.
    package var controls: [Control] = []

    /// What is stored of its reports in this incarnation; `nil` until the store was asked.
    package var sequence: SequenceSet?
    /// When it last reported; not durable.
    package var lastSeen: Timestamp?

    package init(facts: AppFacts, status: AppStatus, changedAt: Timestamp) {
        self.facts = facts
        self.status = status
        self.changedAt = changedAt
    }
}

extension AppState {
    package var id: AppID { self.facts.id }
    package var parent: AppID? { self.facts.parent }

    /// Whether a cancel has reached it, so that its own reports no longer change what it is.
    package var isFenced: Bool { !self.cascades.isEmpty || self.status.isFenced }

    /// Whether it has a connection now, as far as the tree knows.
    package var isConnected: Bool { self.presence == .attached && self.status.isInTouch }

    /// The state without what is not durable.
    package var durable: AppState {
        var state = self
        state.sequence = nil
        state.lastSeen = nil
        return state
    }
}

/// How an app keeps in touch.
package enum Presence: String, Codable, CaseIterable, Hashable, Sendable {
    /// It has not registered.
    case none
    /// By a connection of its own.
    case attached
    /// By calls now and then, under a lease.
    case detached
}

/// Why an app is what it is, where the status alone does not say.
package enum Cause: String, Codable, CaseIterable, Hashable, Sendable {
    case connectionDrop = "connection_drop"
    case heartbeatTimeout = "heartbeat_timeout"
    case neverStarted = "never_started"
    case restart
    case leaseEnded = "lease_ended"
    case revoked
    case unacknowledged
    case withdrawn
}
