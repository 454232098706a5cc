import AgentCore
import EventLog

/// What a log comes to.
struct FoldedLog: Sendable {
    private let log: LogID
    private let ledger: Ledger
    private let isDamaged: Bool
    /// The number of the last event.
    private let last: UInt64
    /// Up to which event it was folded before.
    private let folded: UInt64
    /// How many events were read.
    private let read: Int

    /// `nil` when this version cannot read what was folded.
    init?(_ history: LogHistory, of log: LogID) {
        let kept = history.state.flatMap { Ledger(log.name, state: $0) }
        if history.state != nil, kept == nil { return nil }
        self.init(history, of: log, onto: kept ?? Ledger(log.name))
    }

    init(whole history: LogHistory, of log: LogID) {
        self.init(history, of: log, onto: Ledger(log.name))
    }

    private init(_ history: LogHistory, of log: LogID, onto kept: Ledger) {
        var ledger = kept
        for record in history.records { ledger.apply(record.entry) }
        self.log = log
        self.ledger = ledger
        self.isDamaged = !history.damage.isEmpty
        self.last = history.last
        self.folded = history.folded
        self.read = history.records.count
    }

    /// Counts it in.
    func found(_ progress: LogProgress, _ report: inout RecoveryReport) -> FoundSession {
        // One that is damaged takes no more events, and cannot be folded.
        progress.found(self.log, last: self.last, folded: self.folded)
        report.sessions += self.log == .user ? 0 : 1
        report.events += self.ledger.count
        report.read += self.read
        return FoundSession(self.ledger, isDamaged: self.isDamaged)
    }
}
