import Dispatch
import DurableFiles
import Synchronization
package import Vocabulary

/// When an event is durable, and by what means.
package enum Durability: String, CaseIterable, Sendable {
    /// By a journal of all logs: one write and one sync for all that waits. A batch is in its logs whole or not at all.
    case journal
    /// By a sync of each log of a batch. A crash may leave the first part of a batch.
    case append
    /// As the seed does it: a pending file for each event, two syncs. A crash may leave the first part of a batch.
    case pending
}

/// How much there may be of what.
package struct LogLimits: Sendable {
    /// Files of logs that are open at a time.
    package var openMax = 256
    /// What is written to the journal at once.
    package var groupMax = ByteCount.mebibytes(4)
    /// How long the journal grows before its lines are made durable in their logs.
    package var emptyAfter = ByteCount.mebibytes(8)
    /// How long the journal may grow when that fails.
    package var journalMax = ByteCount.mebibytes(64)
    /// By how much the room of the journal grows.
    package var journalStep = ByteCount.mebibytes(1)
    /// When a log is long enough to be rotated.
    package var rotationAfter = ByteCount.mebibytes(64)

    package init() {}
}

/// The one who writes: synchronous, one call at a time.
struct LogWriter: Sendable {
    typealias Answer = Result<[UInt64], LogFault>

    let durability: Durability
    let limits: LogLimits
    var shelf: LogShelf
    /// In mode `journal`.
    var journal: Journal?
    /// Why nothing is acknowledged any more.
    var poison: FileError?
    /// Logs whose lines the journal must keep.
    var behind: Set<LogID> = []
    /// How long the journal is when emptying it is tried next.
    var emptyDue: Int64
    private let lock: FileLock

    /// Takes the logs below `folder`, and moves to them what the journal has.
    static func open(
        _ folder: LogFolder, _ durability: Durability, _ limits: LogLimits, on files: any FileSystem
    ) throws(LogFault) -> (LogWriter, LogRecovery) {
        do throws(FileError) {
            try DurableDirectory.make(folder.journal, on: files)
            try DurableDirectory.make(folder.agents, on: files)
            guard let lock = try FileLock.attempt(folder.lock, on: files) else {
                throw FileError(.locked, .lock, folder.lock)
            }
            let (recovery, scan) = try LogRecovery.run(folder, on: files)
            let journal = try Journal.open(folder.journal, after: scan, roomStep: limits.journalStep, on: files)
            let writer = LogWriter(
                durability: durability, limits: limits, shelf: recovery.shelf(folder, limits, on: files),
                journal: durability == .journal ? journal : nil,
                emptyDue: Int64(limits.emptyAfter.bytes), lock: lock)
            return (writer, recovery)
        } catch {
            throw error.code == .locked ? LogFault(.locked, cause: error) : LogFault(error)
        }
    }

    /// Writes batches of lines, and answers each with the numbers of its events once they are durable.
    mutating func write(_ batches: [[EventLine]], answer: (Int, Answer) -> Void) {
        if batches.isEmpty { return }
        switch self.durability {
        case .journal: self.writeByJournal(batches, answer)
        case .append: self.writeByAppending(batches, answer)
        case .pending: self.writeByPending(batches, answer)
        }
    }

    /// Makes sure that the log is mended and that its file shows all that was acknowledged.
    mutating func uncover(_ log: LogID) throws(LogFault) {
        if let poison { throw LogFault(.poisoned, cause: poison) }
        try self.shelf.load(log, syncs: self.durability != .journal)
        do throws(FileError) {
            try self.shelf.flush(log)
        } catch {
            throw LogFault(error, log)
        }
    }

    /// Reads what no fold has of these logs, and mends those that were not used yet, `width` of them at a time.
    ///
    /// `take` gets each with its place in `logs`, in no order.
    mutating func readAll(
        _ logs: [LogID], width: Int, _ take: @escaping @Sendable (Int, LogHistory) -> Void
    ) throws(LogFault) {
        if let poison { throw LogFault(.poisoned, cause: poison) }
        let found = Mutex<(files: [LogFile], fault: LogFault?)>(([], nil))
        let (shelf, syncs) = (self.shelf, self.durability != .journal)
        let next = Atomic(0)
        @Sendable func work() {
            while true {
                let place = next.add(1, ordering: .relaxed).oldValue
                guard place < logs.count, found.withLock({ $0.fault == nil }) else { return }
                do throws(LogFault) {
                    let (file, history) = try shelf.read(logs[place], syncs: syncs)
                    if let file { found.withLock { $0.files.append(file) } }
                    take(place, history)
                } catch {
                    found.withLock { $0.fault = $0.fault ?? error }
                }
            }
        }
        if width > 1 { DispatchQueue.concurrentPerform(iterations: width) { _ in work() } } else { work() }
        let (files, fault) = found.withLock { $0 }
        for file in files { self.shelf.put(file) }
        if let fault { throw fault }
    }

    /// Makes sure that all logs of `batch` are there and take events.
    mutating func prepare(_ batch: [EventLine]) throws(LogFault) {
        if let poison { throw LogFault(.poisoned, cause: poison) }
        for line in batch {
            try self.shelf.load(line.log, syncs: self.durability != .journal)
            try self.shelf[line.log].check()
        }
    }

    /// Makes all that is in the journal durable in the logs, so that the journal begins again.
    mutating func emptyJournal() throws(LogFault) {
        guard var journal else { return }
        if let poison { throw LogFault(.poisoned, cause: poison) }
        self.emptyDue = journal.offset + Int64(self.limits.emptyAfter.bytes)
        for log in self.behind.sorted() {
            do throws(FileError) {
                try self.shelf[log].checkSync()
                try self.shelf.flush(log)
                try self.shelf.sync(log)
            } catch {
                throw LogFault(error, log)
            }
            self.behind.remove(log)
        }
        do throws(FileError) {
            try journal.restart()
        } catch {
            throw LogFault(error)
        }
        self.journal = journal
        self.emptyDue = Int64(self.limits.emptyAfter.bytes)
    }

    /// Ends the use of all files, with an empty journal if that is possible.
    mutating func close() {
        try? self.emptyJournal()  // else the journal keeps it
        self.shelf.closeAll()
        self.journal?.close()
        self.lock.release()
        self.poison = FileError(.poisoned, .write, self.shelf.folder.root)
    }
}

extension LogFile {
    /// Throws when a sync of it failed before: another would only seem to succeed.
    fileprivate func checkSync() throws(FileError) {
        if case .poisoned(let error) = self.condition { throw error }
    }
}
