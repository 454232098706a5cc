import DurableFiles
import Vocabulary

extension LogWriter {
    /// What goes into one frame.
    private struct Group {
        var frame: JournalFrame
        /// For each log the number after its last event here, and its lines.
        var logs: [LogID: (next: UInt64, lines: [UInt8])] = [:]
        /// Which batches are in it, and the numbers of their events.
        var batches: [(place: Int, numbers: [UInt64])] = []

        /// Numbers the lines of a batch and adds them.
        mutating func add(_ batch: [EventLine], place: Int, _ shelf: LogShelf) {
            var numbers: [UInt64] = []
            numbers.reserveCapacity(batch.count)
            for line in batch {
                var entry = self.logs.removeValue(forKey: line.log) ?? (shelf[line.log].next, [])
                let start = entry.lines.count
                line.write(to: &entry.lines, sequence: entry.next)
                self.frame.append(entry.lines[start...], number: entry.next, of: line.log)
                numbers.append(entry.next)
                entry.next += 1
                self.logs[line.log] = entry
            }
            self.batches.append((place, numbers))
        }
    }

    mutating func writeByJournal(_ batches: [[EventLine]], _ answer: (Int, Answer) -> Void) {
        var group: Group?
        for (place, batch) in batches.enumerated() {
            do throws(LogFault) {
                try self.prepare(batch)
                try self.makeJournalRoom()
            } catch {
                answer(place, .failure(error))
                continue
            }
            guard let journal else { preconditionFailure("no journal in mode \(self.durability)") }
            let most = batch.reduce(0) { $0 + $1.lengthMost + JournalFrame.lineHeaderLength }
            if let full = group, full.frame.length + most > self.limits.groupMax.bytes {
                self.commit(full, answer)
                group = nil
            }
            var next = group ?? Group(frame: self.journal?.nextFrame ?? journal.nextFrame)
            group = nil  // so that its arrays are not copied
            next.add(batch, place: place, self.shelf)
            group = next
        }
        if let group { self.commit(group, answer) }
        guard let journal, journal.offset >= self.emptyDue, self.poison == nil else { return }
        try? self.emptyJournal()  // else the journal grows, up to its limit
    }

    /// Refuses when the journal cannot be emptied and is as long as it may be.
    private mutating func makeJournalRoom() throws(LogFault) {
        guard let journal, journal.offset >= Int64(self.limits.journalMax.bytes) else { return }
        do throws(LogFault) {
            try self.emptyJournal()
        } catch {
            throw LogFault(.journalFull, error.log, cause: error.cause)
        }
    }

    /// Makes a group durable, tells, and only then moves the lines to their logs, where readers see them.
    private mutating func commit(_ group: Group, _ answer: (Int, Answer) -> Void) {
        do throws(FileError) {
            try self.journal?.write(group.frame)
        } catch {
            // A write that failed leaves the journal as it was; after a sync that failed nobody knows what it is.
            if error.operation == .sync || error.code == .poisoned { self.poison = error }
            for batch in group.batches { answer(batch.place, .failure(LogFault(self.poison ?? error))) }
            return
        }
        for (log, lines) in group.logs {
            self.shelf[log].next = lines.next
            self.shelf[log].unwritten += lines.lines
            self.behind.insert(log)
        }
        for batch in group.batches { answer(batch.place, .success(batch.numbers)) }
        for log in group.logs.keys.sorted() where self.shelf.isWithinReach(log) {
            // What cannot be written now waits until the journal is emptied, and the journal has it till then.
            try? self.shelf.flush(log)
        }
    }
}
