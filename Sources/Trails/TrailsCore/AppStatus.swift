/// What is known of an app (spec/trails.md §3). The raw value is the word on the wire and in the store.
public enum AppStatus: String, Codable, CaseIterable, Hashable, Sendable {
    /// Declared by its parent, not yet heard of.
    case scheduled
    /// Registered; no report yet.
    case connected
    /// Registered, and has reported a status.
    case running
    /// Its connection ended without a word, or the server restarted; it may be back at any moment.
    case reconnecting
    /// Nothing heard for longer than the server waits; it may still run.
    case lostContact = "lost_contact"
    /// Ended with a result, or left saying that it is complete.
    case done
    /// Ended with an error of its own.
    case error
    /// Ended because it was cancelled.
    case cancelled
    /// Did not answer a cancel within the grace.
    case forceKilled = "force_killed"
    /// Never registered within its start deadline.
    case startFailed = "start_failed"
    /// Gone without a word; may come back.
    case crashed
}

extension AppStatus {
    /// Expected to be heard of again: scheduled, connected, running, reconnecting, lost contact.
    public var isLive: Bool {
        switch self {
        case .scheduled, .connected, .running, .reconnecting, .lostContact: true
        case .done, .error, .cancelled, .forceKilled, .startFailed, .crashed: false
        }
    }

    /// Settled: no message changes it any more, only a new incarnation does.
    public var isTerminal: Bool { !self.isLive && self != .crashed }

    /// What ends a wait: terminal, or crashed.
    public var isEnded: Bool { !self.isLive }

    /// Cancelled or force-killed: it stays ended, whatever it says later.
    public var isFenced: Bool { self == .cancelled || self == .forceKilled }
}
