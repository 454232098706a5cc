import DurableFiles
import Vocabulary

extension LogWriter {
    /// Puts on record what was folded from the events up to `last`, which must be all.
    mutating func saveState(_ state: JSONObject, of log: LogID, at last: UInt64) throws(LogFault) {
        try self.settle(log, at: last)
        do throws(FileError) {
            let offset = self.shelf[log].size
            let tail = try LogFiles.tailChecksum(of: self.shelf.open(log), at: offset)
            // A crash in here leaves a file that nobody reads.
            _ = try AtomicFile.sweep(self.shelf.folder.directory(of: log), on: self.shelf.files)
            let saved = LogState(sequence: last, state: state, offset: offset, tailChecksum: tail ?? 0)
            try AtomicFile.replace(self.shelf.folder.state(of: log), with: saved.bytes, on: self.shelf.files)
        } catch {
            throw LogFault(error, log)
        }
    }

    /// Does the one or the other, by how long the log is.
    mutating func fold(_ log: LogID, _ state: JSONObject, at last: UInt64, now: Timestamp) throws(LogFault) {
        try self.settle(log, at: last)
        if self.shelf[log].size >= Int64(self.limits.rotationAfter.bytes) {
            try self.rotate(log, folding: state, at: last, now: now)
        } else {
            try self.saveState(state, of: log, at: last)
        }
    }

    /// Begins a new file of the log with what was folded from the events up to `last`, which must be all.
    ///
    ///     sync events.jsonl   rename it to events.FIRST.jsonl   sync the names   append log.checkpoint
    mutating func rotate(_ log: LogID, folding state: JSONObject, at last: UInt64, now: Timestamp) throws(LogFault) {
        let event = LogEvent(Self.checkpointEvent, ["state": .object(state)])
        let line = try EventLine(event, in: log, at: now)
        try self.settle(log, at: last)
        if self.shelf[log].size > 0 { try self.putAway(log) }
        var answer: Answer = .success([])
        self.write([[line]]) { answer = $1 }
        _ = try answer.get()
    }

    /// The first event of a file that follows another.
    static let checkpointEvent = "log.checkpoint"

    private mutating func putAway(_ log: LogID) throws(LogFault) {
        let folder = self.shelf.folder
        do throws(FileError) {
            let first = try LogFiles(log, in: folder, on: self.shelf.files).nextAfterSegments()
            let name = LogFolder.segment(from: first)
            self.shelf.close(log)
            try self.shelf.files.rename(folder.path(of: log), to: "\(folder.directory(of: log))/\(name)")
        } catch {
            // Whether it has its new name is not known; all it had is durable, so it can be looked at again.
            self.shelf.forget(log)
            throw LogFault(error, log)
        }
        self.shelf[log].size = 0
        self.shelf[log].isNamed = false
        do throws(FileError) {
            // A new file may get the old name only when the old file has its new one for good.
            try self.shelf.files.syncDirectory(folder.directory(of: log))
        } catch {
            self.shelf[log].condition = .poisoned(error)
            throw LogFault(.poisoned, log, cause: error)
        }
    }

    /// Has all events of the log durable in its file; throws when there are more than up to `last`.
    private mutating func settle(_ log: LogID, at last: UInt64) throws(LogFault) {
        try self.shelf.load(log, syncs: self.durability != .journal)
        try self.shelf[log].check()
        guard self.shelf[log].next == last + 1 else { throw LogFault(.movedOn, log) }
        do throws(FileError) {
            try self.shelf.flush(log)
            try self.shelf.sync(log)
        } catch {
            throw LogFault(error, log)
        }
        self.behind.remove(log)
    }
}
