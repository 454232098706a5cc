/// The one table of what an app can become (spec/trails.md §3).
package enum Lifecycle {
    /// What happens to an app.
    package enum Happening: String, Codable, CaseIterable, Hashable, Sendable {
        case declared, registered, reregistered
        case status, result, error
        case startDeadlinePassed = "start_deadline_passed"
        case withdrawn
        case connectionDropped = "connection_dropped"
        case reconnectWindowPassed = "reconnect_window_passed"
        case keepaliveMissed = "keepalive_missed"
        case serverRestarted = "server_restarted"
        case restartWindowPassed = "restart_window_passed"
        case leaseEnded = "lease_ended"
        case cancelAcknowledged = "cancel_acknowledged"
        case cancelUnacknowledged = "cancel_unacknowledged"
        case graceRanOut = "grace_ran_out"
        case leftCompleted = "left_completed"
        case leftDetached = "left_detached"
        case keyRevoked = "key_revoked"
    }

    /// What follows.
    package enum Step: Hashable, Sendable {
        /// It is this now.
        case to(AppStatus)
        /// It is again what it was before it was out of reach: connected or running.
        case restored
        /// Accepted, and nothing changes.
        case unchanged
        /// This cannot happen to such an app.
        case refused
    }

    /// What follows when `happening` comes to an app that is `status`; `nil` is an app nobody has heard of.
    package static func step(from status: AppStatus?, on happening: Happening) -> Step {
        guard let status else { return self.firstStep(on: happening) }
        switch happening {
        case .declared: return .unchanged
        case .registered: return status.isFenced ? .refused : .to(.connected)
        case .reregistered: return self.stepOnReturn(from: status)
        case .status: return status.isInTouch ? .to(.running) : self.stepOnReport(from: status)
        case .result: return status == .scheduled || status.isTerminal ? self.stepOnReport(from: status) : .to(.done)
        case .error: return status == .scheduled || status.isTerminal ? self.stepOnReport(from: status) : .to(.error)
        case .startDeadlinePassed: return status == .scheduled ? .to(.startFailed) : .unchanged
        case .withdrawn: return status == .scheduled ? .to(.cancelled) : .refused
        case .connectionDropped: return status.isInTouch ? .to(.reconnecting) : .unchanged
        case .reconnectWindowPassed: return status == .reconnecting ? .to(.crashed) : .unchanged
        case .keepaliveMissed: return status.isInTouch ? .to(.crashed) : .unchanged
        case .serverRestarted: return status.isInTouch || status == .reconnecting ? .to(.reconnecting) : .unchanged
        case .restartWindowPassed: return status == .reconnecting ? .to(.lostContact) : .unchanged
        case .leaseEnded: return status.isInTouch ? .to(.lostContact) : .unchanged
        case .cancelAcknowledged, .cancelUnacknowledged: return status.isLive ? .to(.cancelled) : .unchanged
        case .graceRanOut: return status.isLive ? .to(.forceKilled) : .unchanged
        case .leftCompleted: return status.isInTouch ? .to(.done) : .unchanged
        case .leftDetached: return .unchanged
        case .keyRevoked: return status.isLive ? .to(.lostContact) : .unchanged
        }
    }

    private static func firstStep(on happening: Happening) -> Step {
        switch happening {
        case .declared: .to(.scheduled)
        case .registered: .to(.connected)
        default: .refused
        }
    }

    private static func stepOnReturn(from status: AppStatus) -> Step {
        switch status {
        case .reconnecting, .lostContact, .crashed: .restored
        case .scheduled: .refused
        default: .unchanged
        }
    }

    /// A report that changes nothing: stored; from an app that never registered it is refused.
    private static func stepOnReport(from status: AppStatus) -> Step {
        status == .scheduled ? .refused : .unchanged
    }
}

extension AppStatus {
    /// Connected or running.
    var isInTouch: Bool { self == .connected || self == .running }
}
