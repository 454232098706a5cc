package import DurableFiles
package import Vocabulary

/// The events of a log, as far as anybody can read them.
package struct LogHistory: Sendable {
    /// What was folded from the events up to `folded`, if anything was.
    package private(set) var state: JSONObject?
    /// The number of the last event in `state`; 0 without it.
    package private(set) var folded: UInt64 = 0
    /// What came after `folded`; or, when all was asked for, from the first event on.
    package private(set) var records: [LogRecord] = []
    package private(set) var damage: [LogDamage] = []
    /// Bytes of a torn tail, which belong to no event.
    package private(set) var torn: Int64 = 0
    /// How long the newest file is.
    package private(set) var size: Int64 = 0

    /// The number of the last event; 0 for a log without one.
    package private(set) var last: UInt64 = 0

    /// Which events are wanted.
    package enum Extent: Sendable {
        /// Those that are in no folded state.
        case recent
        /// All, also those of files that were rotated away.
        case whole
    }
}

extension LogHistory {
    /// Reads a log and changes nothing: also one that another process is writing, or has left torn.
    package static func read(
        _ log: LogID, _ extent: Extent = .recent, in folder: LogFolder, on files: any FileSystem
    ) throws(FileError) -> LogHistory {
        let journal = try Journal.scan(folder.journal, on: files).logs[log] ?? JournalLines()
        return try Self.read(log, extent, journal, in: folder, on: files)
    }

    static func read(
        _ log: LogID, _ extent: Extent, _ journal: JournalLines, in folder: LogFolder, on files: any FileSystem
    ) throws(FileError) -> LogHistory {
        do throws(FileError) {
            return try Self.read(LogFiles(log, in: folder, on: files), extent, journal)
        } catch {
            // A file may have been rotated away between two looks.
            guard error.code == .notFound else { throw error }
            return try Self.read(LogFiles(log, in: folder, on: files), extent, journal)
        }
    }

    private static func read(
        _ found: LogFiles, _ extent: Extent, _ journal: JournalLines
    ) throws(FileError) -> LogHistory {
        let look = try found.look(journal, collects: true)
        return extent == .recent ? try Self.recent(look, of: found) : try LogHistory(whole: look, of: found)
    }

    /// What a look has found, and no more reading where that is enough.
    static func recent(_ look: LogLook, of found: LogFiles) throws(FileError) -> LogHistory {
        var history = LogHistory(look)
        history.skipToFold()
        if history.state != nil || found.segments.isEmpty { return history }
        // A crash came between the end of the old file and the first event of the new one.
        history = try LogHistory(whole: look, of: found)
        history.skipToFold()
        return history
    }

    /// What comes after `folded`.
    private init(_ look: LogLook) {
        if let state = look.state {
            (self.state, self.folded, self.last) = (state.state, state.sequence, state.sequence)
        }
        for line in look.lines { self.take(line.line.bytes, line.number, at: line.line.offset, in: LogFolder.events) }
        self.take(look.plan)
    }

    /// All files of the log, from the first event on.
    private init(whole look: LogLook, of found: LogFiles) throws(FileError) {
        // One that was neither folded nor rotated was looked at from its first event on.
        if look.state == nil && found.segments.isEmpty {
            self.init(look)
            return
        }
        self.init()
        var next: UInt64? = 1
        for first in found.segments { try self.takeSegment(LogFolder.segment(from: first), of: found, &next) }
        // Below `keep` nothing is torn, and what is damaged is in the plan, but for what was folded.
        let scan = try found.scan(LogFolder.events, next: next, upTo: look.plan.keep) {
            self.take($1.bytes, $0, at: $1.offset, in: LogFolder.events)
        }
        if let state = look.state { self.damage += scan.damage.filter { $0.bytes.lowerBound < state.offset } }
        self.take(look.plan)
    }

    /// Takes what is put after the lines that stay, and what is wrong.
    private mutating func take(_ plan: LogPlan) {
        for (number, line) in zip(plan.tailNumbers, plan.tail.split(separator: UInt8(ascii: "\n"))) {
            self.take(line, number, at: plan.keep, in: LogFolder.events)
        }
        self.damage += plan.damage
        self.torn = Int64(plan.removed?.count ?? 0)
        self.size = plan.keep + Int64(plan.tail.count)
        self.last = max(self.last, plan.next - 1)
    }

    private mutating func takeSegment(_ name: String, of found: LogFiles, _ next: inout UInt64?) throws(FileError) {
        var scan = try found.scan(name, next: next) { self.take($1.bytes, $0, at: $1.offset, in: name) }
        // Files are rotated away whole: what is torn at their end is damage.
        if scan.soundEnd < scan.end { scan.addDamage(before: scan.end, number: scan.next ?? 1) }
        self.damage += scan.damage
        next = scan.next
    }

    private mutating func take(_ line: ArraySlice<UInt8>, _ number: UInt64, at offset: Int64, in file: String) {
        guard let record = LogRecord(line, sequence: number) else {
            let reason = LineCheck.Reason.unreadable.rawValue
            self.damage.append(
                LogDamage(
                    file: file, bytes: offset..<offset + Int64(line.count), reason: reason,
                    missing: number..<number + 1))
            return
        }
        self.records.append(record)
        self.last = number
    }

    /// A file that follows another begins with what was folded.
    private mutating func skipToFold() {
        for place in self.records.indices.reversed() {
            let record = self.records[place]
            guard record.event.name == LogWriter.checkpointEvent, let state = record.event.data?["state"]?.object
            else { continue }
            self.state = state
            self.folded = record.sequence
            self.records.removeSubrange(...place)
            return
        }
    }
}
