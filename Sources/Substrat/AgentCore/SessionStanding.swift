/// What a session is to a person who looks at all of them.
package enum SessionStanding: String, CaseIterable, Hashable, Sendable {
    /// No turn of it has begun.
    case created
    /// Its provider is live, or about to be.
    case active
    /// Its provider is not live: it gave way, the daemon was restarted, or the operator has suspended it.
    case suspended
    case terminated
    /// Nobody can run it until somebody has looked at it.
    case quarantined

    /// - Parameter isLive: Whether it has a slot.
    package init(_ ledger: Ledger, quarantine: String?, isLive: Bool) {
        if quarantine != nil {
            self = .quarantined
        } else if ledger.isEnded {
            self = .terminated
        } else if ledger.suspendedAt != nil {
            self = .suspended
        } else if isLive || ledger.turn != nil {
            self = .active
        } else {
            self = ledger.turns == 0 ? .created : .suspended
        }
    }
}
