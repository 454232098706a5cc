import DurableFiles
import Vocabulary

extension LogWriter {
    /// Writes a damaged log anew: what can be read of its newest file, numbered without gaps, and then `state`, which
    /// is what was folded of it. Says the number of the last event.
    ///
    ///     journal emptied   second names for the old files in quarantine   new file in place of the old one
    ///
    /// The last step is one: the log is damaged, or it takes events again. Files that were rotated away stay.
    mutating func mend(_ log: LogID, folding state: JSONObject, now: Timestamp) throws(LogFault) -> UInt64 {
        try self.emptyJournal()
        let (folder, files) = (self.shelf.folder, self.shelf.files)
        let (bytes, last) = try self.mended(log, state, now)
        do throws(FileError) {
            try self.keepOriginals(of: log)
            // An event of it that was whole is among those that were read.
            if try files.exists(folder.pending(of: log)) { try files.unlink(folder.pending(of: log)) }
            try AtomicFile.replace(folder.path(of: log), with: bytes, on: files)
        } catch {
            throw LogFault(error, log)
        }
        self.shelf.forget(log)
        self.behind.remove(log)
        return last
    }

    private func mended(
        _ log: LogID, _ state: JSONObject, _ now: Timestamp
    ) throws(LogFault) -> ([UInt8], last: UInt64) {
        let first: UInt64
        let records: [LogRecord]
        do throws(FileError) {
            let (folder, files) = (self.shelf.folder, self.shelf.files)
            first = try LogFiles(log, in: folder, on: files).nextAfterSegments()
            records = try LogHistory.read(log, .whole, JournalLines(), in: folder, on: files).records
        } catch {
            throw LogFault(error, log)
        }
        var (bytes, next): ([UInt8], UInt64) = ([], first)
        for record in records where record.sequence >= first && record.event.name != Self.checkpointEvent {
            try EventLine(record.event, in: log, at: record.time ?? now).write(to: &bytes, sequence: next)
            next += 1
        }
        let checkpoint = LogEvent(Self.checkpointEvent, ["state": .object(state)])
        try EventLine(checkpoint, in: log, at: now).write(to: &bytes, sequence: next)
        return (bytes, next)
    }

    /// Gives the files second names in the quarantine, so that they outlive what takes their place.
    private func keepOriginals(of log: LogID) throws(FileError) {
        let (folder, files) = (self.shelf.folder, self.shelf.files)
        try DurableDirectory.make(folder.quarantine, on: files)
        let kept = Set(try files.names(in: folder.quarantine))
        for name in [LogFolder.events, "events.pending"] {
            let path = "\(folder.directory(of: log))/\(name)"
            guard try files.exists(path) else { continue }
            let other = (1...).lazy.map { "\(log.folder)-before-mending-\($0)-\(name)" }.first { !kept.contains($0) }
            if let other { try files.link(path, as: "\(folder.quarantine)/\(other)") }
        }
        try files.syncDirectory(folder.quarantine)
    }
}
