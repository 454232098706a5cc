package import Vocabulary

/// Counts the owners a context has had, from 1. A writer shows the number of its lease, so that one who lost it is
/// refused even if it does not know yet.
package struct LeaseEpoch: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
    package var description: String { "\(self.number)" }
}

/// Says who wants to own a context.
package struct LeaseClaim: Hashable, Sendable {
    /// Known to the owner alone: whoever shows it again gets the same lease again.
    package var owner: String
    package var host: String
    package var pid: Int64
    /// Of the host, so that a pid of before a restart is not taken for one of after it.
    package var bootID: String
    /// When the process began, in the host's own count since its start, so that a pid that was given out again is not
    /// taken for it. `nil` when the host does not say.
    package var startTime: Int64?
    package var lifetime: Duration
    /// The lease in force that the claimant has found to be dead (its process is gone, or its host was restarted), so
    /// that it need not wait for the end.
    package var supersedes: LeaseEpoch?

    package init(
        owner: String, host: String, pid: Int64, bootID: String, startTime: Int64? = nil, lifetime: Duration,
        supersedes: LeaseEpoch? = nil
    ) {
        self.owner = owner
        self.host = host
        self.pid = pid
        self.bootID = bootID
        self.startTime = startTime
        self.lifetime = lifetime
        self.supersedes = supersedes
    }
}

/// Who owns a context, or owned it last.
///
///     (none) ── acquire ──> held ── release ──> released ── acquire, epoch + 1 ──> held
///                            │ renew: later end
///                            └ end passed, or superseded: acquire, epoch + 1 ──> held by another
package struct Lease: Hashable, Sendable {
    package let context: ContextID
    package let epoch: LeaseEpoch
    package let owner: String
    package let host: String
    package let pid: Int64
    package let bootID: String
    /// As in the claim; `nil` too in a store that was written before it was kept.
    package let startTime: Int64?
    package let acquiredAt: Timestamp
    package var expiresAt: Timestamp
    package var isReleased: Bool

    package init(
        context: ContextID, epoch: LeaseEpoch, owner: String, host: String, pid: Int64, bootID: String,
        startTime: Int64? = nil, acquiredAt: Timestamp, expiresAt: Timestamp, isReleased: Bool
    ) {
        self.context = context
        self.epoch = epoch
        self.owner = owner
        self.host = host
        self.pid = pid
        self.bootID = bootID
        self.startTime = startTime
        self.acquiredAt = acquiredAt
        self.expiresAt = expiresAt
        self.isReleased = isReleased
    }

    package func isLive(at now: Timestamp) -> Bool { !self.isReleased && now < self.expiresAt }
}

/// What is to become of the lease of a context.
package enum LeaseChange: Hashable, Sendable {
    case acquire(LeaseClaim)
    /// Takes a fence. Also after the end, as long as nobody else has acquired it.
    case renew(for: Duration)
    /// Takes a fence.
    case release
}
