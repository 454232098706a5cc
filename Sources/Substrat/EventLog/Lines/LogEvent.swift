package import Vocabulary

/// Something that happened, as it is put into a log.
package struct LogEvent: Hashable, Sendable {
    /// As `turn.start`.
    package let name: String
    /// What belongs to it; `nil` and `{}` are different lines.
    package let data: JSONObject?

    package init(_ name: String, _ data: JSONObject? = nil) {
        self.name = name
        self.data = data
    }
}

/// An event for one of many logs.
package struct LogEntry: Hashable, Sendable {
    package let log: LogID
    package let event: LogEvent

    package init(_ event: LogEvent, in log: LogID) {
        self.log = log
        self.event = event
    }
}

/// An event as it was found in a log.
package struct LogRecord: Hashable, Sendable {
    /// From 1, without gaps. A line of the seed's format has no number; its place counts.
    package let sequence: UInt64
    /// `nil` in a line that does not say.
    package let time: Timestamp?
    package let event: LogEvent

    package init(sequence: UInt64, time: Timestamp?, event: LogEvent) {
        self.sequence = sequence
        self.time = time
        self.event = event
    }
}
