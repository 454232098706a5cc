package import DurableFiles
import GroupCommit
import Synchronization
package import Vocabulary

/// The logs of all sessions below one root: every event of them is durable before anybody hears of it.
///
///     append -> encode (caller's thread) -> wait -> number, write, sync (one thread, for all that waits) -> answer
///
/// All that waits goes into one write and one sync, whichever logs it is for; there is no timer. One process at a time
/// has the logs; others may read them (`LogHistory.read`).
package final class EventLogs: Sendable {
    package let folder: LogFolder
    /// What the start has found and mended.
    package let recovery: LogRecovery

    private let files: any FileSystem
    private let now: @Sendable () -> Timestamp
    private let desk: WritingDesk
    private let thread: BatchThread<WritingDesk.Job>

    private init(
        _ writer: LogWriter, _ recovery: LogRecovery, on files: any FileSystem, now: @escaping @Sendable () -> Timestamp
    ) {
        self.folder = writer.shelf.folder
        self.recovery = recovery
        self.files = files
        self.now = now
        let desk = WritingDesk(writer)
        self.desk = desk
        self.thread = BatchThread(name: "event-logs", batchMax: 4_096) { desk.process($0) }
    }

    /// Opens the logs below `root`, and moves to them what a crash has left in the journal. Blocks its thread.
    package static func open(
        _ root: String, durability: Durability = .journal, limits: LogLimits = LogLimits(), on files: any FileSystem,
        now: @escaping @Sendable () -> Timestamp
    ) throws(LogFault) -> EventLogs {
        let (writer, recovery) = try LogWriter.open(LogFolder(root), durability, limits, on: files)
        return EventLogs(writer, recovery, on: files, now: now)
    }

    /// Writes what waits, makes all durable in its log, and ends. Nothing is taken after this. Blocks its thread.
    package func close() {
        self.thread.stop()
        self.desk.writer.withLock { $0.close() }
    }
}

extension EventLogs {
    /// Appends one event and says its number.
    @discardableResult
    package func append(_ event: LogEvent, to log: LogID) async throws(LogFault) -> UInt64 {
        try await self.append([LogEntry(event, in: log)])[0]
    }

    /// Appends events to any number of logs, in order, and says their numbers.
    ///
    /// When this returns, all of them survive a power cut. When it throws, nothing is acknowledged: after a restart
    /// they may be there or not; in mode `journal` all of them or none.
    @discardableResult
    package func append(_ entries: [LogEntry]) async throws(LogFault) -> [UInt64] {
        let batch = try self.encode(entries)
        return try await withCheckedContinuation { continuation in
            self.submit(batch) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Appends events as above, and calls `answer` on the writing thread, which it must not hold up.
    package func append(
        _ entries: [LogEntry], then answer: @escaping @Sendable (Result<[UInt64], LogFault>) -> Void
    ) {
        do throws(LogFault) {
            self.submit(try self.encode(entries), answer)
        } catch {
            answer(.failure(error))
        }
    }

    private func encode(_ entries: [LogEntry]) throws(LogFault) -> [EventLine] {
        let time = self.now()
        var lines: [EventLine] = []
        lines.reserveCapacity(entries.count)
        for entry in entries { lines.append(try EventLine(entry.event, in: entry.log, at: time)) }
        return lines
    }

    private func submit(_ batch: [EventLine], _ answer: @escaping @Sendable (LogWriter.Answer) -> Void) {
        if batch.isEmpty { return answer(.success([])) }
        if !self.thread.submit(.batch(batch, answer)) { answer(.failure(self.refusal)) }
    }

    private var refusal: LogFault { LogFault(self.thread.waitingCount == 0 ? .closed : .busy) }
}

extension EventLogs {
    /// The events of a log; all that was acknowledged is among them. Blocks its thread while it reads.
    package func history(of log: LogID, _ extent: LogHistory.Extent = .recent) throws(LogFault) -> LogHistory {
        try self.desk.withWriter { (writer) throws(LogFault) in try writer.uncover(log) }
        do throws(FileError) {
            return try LogHistory.read(log, extent, JournalLines(), in: self.folder, on: self.files)
        } catch {
            throw LogFault(error, log)
        }
    }

    /// Reads what no fold has of these logs, `width` of them at a time: what a start needs. Blocks its thread, and all
    /// who append meanwhile.
    ///
    /// - Parameter take: Gets each with its place in `logs`, in no order, on any thread.
    package func readAll(
        _ logs: [LogID], width: Int = 1, _ take: @escaping @Sendable (Int, LogHistory) -> Void
    ) throws(LogFault) {
        try self.desk.withWriter { (writer) throws(LogFault) in try writer.readAll(logs, width: width, take) }
    }

    /// The logs that have a directory.
    package func logs() throws(LogFault) -> [LogID] {
        do throws(FileError) {
            return try self.folder.logs(on: self.files)
        } catch {
            throw LogFault(error)
        }
    }

    /// Puts on record what was folded from the events up to `last`; throws `movedOn` when there are more by now.
    ///
    /// Spares the next start from reading those. May be lost without harm.
    package func saveState(_ state: JSONObject, of log: LogID, at last: UInt64) async throws(LogFault) {
        try await self.perform { (writer) throws(LogFault) in try writer.saveState(state, of: log, at: last) }
    }

    /// Begins a new file of the log, with what was folded from the events up to `last` as its first event.
    ///
    /// The old file stays, as `events.FIRST.jsonl`. Due when `LogHistory.size` is over the limit `rotationAfter`.
    package func rotate(_ log: LogID, folding state: JSONObject, at last: UInt64) async throws(LogFault) {
        let time = self.now()
        try await self.perform { (writer) throws(LogFault) in
            try writer.rotate(log, folding: state, at: last, now: time)
        }
    }

    /// Puts on record what was folded from the events up to `last`, or begins a new file with it where the log is long.
    ///
    /// Returns at once; whatever is appended after this call comes later. When it fails, a start has more to read.
    package func fold(_ log: LogID, _ state: JSONObject, at last: UInt64) {
        let time = self.now()
        _ = self.thread.submit(
            .work { writer in
                do throws(LogFault) { try writer.fold(log, state, at: last, now: time) } catch {}
            })
    }

    /// Makes all lines durable in their logs, so that the journal begins again. To be called now and then.
    package func emptyJournal() async throws(LogFault) {
        try await self.perform { (writer) throws(LogFault) in try writer.emptyJournal() }
    }

    /// Has a damaged log take events again, and says the number of the last one.
    ///
    /// It is written anew with what can be read of it, and then `state`. The damaged file is kept in `quarantine`.
    package func mend(_ log: LogID, folding state: JSONObject) async throws(LogFault) -> UInt64 {
        let time = self.now()
        return try await self.perform { (writer) throws(LogFault) in
            try writer.mend(log, folding: state, now: time)
        }
    }

    /// Moves the folder of a log to the trash, and says where it is; `nil` when there was none.
    ///
    /// When this returns, no start finds the log any more. When it throws, the log may be there or not.
    package func discard(_ log: LogID) async throws(LogFault) -> String? {
        try await self.perform { (writer) throws(LogFault) in try writer.discard(log) }
    }

    /// The same at a start, when nobody appends yet. Blocks its thread.
    package func discardNow(_ log: LogID) throws(LogFault) {
        try self.desk.withWriter { (writer) throws(LogFault) in _ = try writer.discard(log) }
    }

    /// Has the writing thread do `work`.
    private func perform<Answer: Sendable>(
        _ work: @escaping @Sendable (inout LogWriter) throws(LogFault) -> Answer
    ) async throws(LogFault) -> Answer {
        try await withCheckedContinuation { (continuation: CheckedContinuation<Result<Answer, LogFault>, Never>) in
            let isTaken = self.thread.submit(
                .work { writer in
                    do throws(LogFault) {
                        continuation.resume(returning: .success(try work(&writer)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                })
            if !isTaken { continuation.resume(returning: .failure(self.refusal)) }
        }.get()
    }
}

/// Where the writing thread and those who look meet.
final class WritingDesk: Sendable {
    enum Job: Sendable {
        case batch([EventLine], @Sendable (LogWriter.Answer) -> Void)
        case work(@Sendable (inout LogWriter) -> Void)
    }

    let writer: Mutex<LogWriter>

    init(_ writer: LogWriter) {
        self.writer = Mutex(writer)
    }

    /// Does all jobs, in order; the batches between two pieces of work go together.
    func process(_ jobs: [Job]) {
        self.writer.withLock { writer in
            var batches: [[EventLine]] = []
            var answers: [@Sendable (LogWriter.Answer) -> Void] = []
            for job in jobs {
                switch job {
                case .batch(let batch, let answer):
                    batches.append(batch)
                    answers.append(answer)
                case .work(let work):
                    writer.write(batches) { answers[$0]($1) }
                    (batches, answers) = ([], [])
                    work(&writer)
                }
            }
            writer.write(batches) { answers[$0]($1) }
        }
    }

    func withWriter(_ body: (inout LogWriter) throws(LogFault) -> Void) throws(LogFault) {
        let result = self.writer.withLock { writer -> Result<Void, LogFault> in
            do throws(LogFault) { return .success(try body(&writer)) } catch { return .failure(error) }
        }
        try result.get()
    }
}
