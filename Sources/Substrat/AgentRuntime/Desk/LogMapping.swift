import AgentCore
import EventLog
import HashTreeCollections
import Vocabulary

extension AgentCore.LogName {
    /// The log on disk.
    var id: LogID { self.session.map { LogID(high: $0.high, low: $0.low) } ?? .user }
}

extension LogID {
    /// Whose log it is.
    var name: AgentCore.LogName {
        self == .user ? .user : .session(SessionID(high: self.high, low: self.low))
    }
}

extension Batch {
    /// What is appended to the logs that are wanted, in order.
    func logEntries(for isWanted: (AgentCore.LogName) -> Bool = { _ in true }) -> [LogEntry] {
        self.records.filter { isWanted($0.log) }.map { record in
            LogEntry(LogEvent(record.entry.event.kind, record.entry.event.data?.object), in: record.log.id)
        }
    }
}

extension LogRecord {
    /// What the agents' core makes of the line.
    var entry: Entry {
        Entry(
            at: self.time ?? Timestamp(milliseconds: 0),
            AgentEvent(kind: self.event.name, data: self.event.data.map(JSONValue.object)))
    }
}

extension EventLogs {
    /// Has a next start pass over the events of these logs, up to a number each, of which `tree` is the fold.
    func fold(_ logs: [(log: LogID, last: UInt64)], of tree: AgentTree) {
        for (log, last) in logs {
            guard let ledger = tree.ledgers[log.name] else { continue }
            self.fold(log, ledger.state, at: last)
        }
    }
}
