/// What one decision records: all of it or nothing.
///
/// The entries are in the order in which a writer must make them durable that cannot do it at once: what is owed to
/// somebody else before what says that it was given. A crash between two of them is then found and finished by the
/// plan of the recovery.
package struct Batch: Hashable, Sendable {
    package private(set) var records: [Record] = []

    /// One entry of one log.
    package struct Record: Hashable, Sendable {
        package let log: LogName
        package let entry: Entry

        package init(_ log: LogName, _ entry: Entry) {
            self.log = log
            self.entry = entry
        }
    }

    package init() {}

    package mutating func append(_ entry: Entry, to log: LogName) {
        self.records.append(Record(log, entry))
    }

    package var isEmpty: Bool { self.records.isEmpty }

    /// The entries in order, those of one log that stand together as one section.
    package var sections: [(log: LogName, entries: [Entry])] {
        var sections: [(log: LogName, entries: [Entry])] = []
        for record in self.records {
            if sections.last?.log == record.log {
                sections[sections.count - 1].entries.append(record.entry)
            } else {
                sections.append((record.log, [record.entry]))
            }
        }
        return sections
    }
}
