import GRDBSQLite
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Keeps the log of a database longer than what is written in it, with zeros.
///
/// To sync a file that has grown also takes its new blocks and its new size to the disk, one after the other: on ext4
/// that is twice the waiting of a sync of what was overwritten. In its second round a log is only overwritten anyway;
/// this is for the first. To SQLite zeros are the end of the log, like all that does not continue its checksums.
final class LogAhead: Sendable {
    /// With less than this before it the log is made longer.
    private static let margin = 256 << 10
    /// By how much, at least and at most; in between it doubles.
    private static let step = (1 << 20)...(8 << 20)

    private let path: String
    private let frameSize: Int
    /// At so many frames the log is moved into the database, and begun anew.
    private let framesMax: Int
    private let frames = Atomic<Int>(0)
    /// Of the file, as far as is known.
    private let size = Atomic<Int>(0)

    init(of path: String, pageSize: Int, framesMax: Int) {
        self.path = path + "-wal"
        self.frameSize = pageSize + 24
        self.framesMax = framesMax
    }

    /// Has SQLite say after each commit how long the log is. That takes the place of SQLite's own moving of the log
    /// into the database, so it is done here. The connection must be closed before this goes.
    func watch(_ connection: OpaquePointer?) {
        sqlite3_wal_hook(connection, noteLog, Unmanaged.passUnretained(self).toOpaque())
    }

    fileprivate func note(_ frames: Int, _ connection: OpaquePointer?, _ name: UnsafePointer<CChar>?) {
        self.frames.store(frames, ordering: .relaxed)
        guard frames >= self.framesMax else { return }
        // One that cannot be moved now, for somebody reads it, is moved after a later commit.
        sqlite3_wal_checkpoint_v2(connection, name, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    }

    /// What the log needs at most before it begins anew, with its head.
    private var sizeMax: Int { 32 + self.framesMax * self.frameSize }

    private var end: Int { 32 + self.frames.load(ordering: .relaxed) * self.frameSize }

    /// Whether the next commits may make the file grow.
    var isShort: Bool {
        let size = self.size.load(ordering: .relaxed)
        return size < self.sizeMax && size < self.end + Self.margin
    }

    /// Makes the file longer. Nobody else may write to the log meanwhile, so the caller holds a transaction that
    /// writes.
    ///
    /// Where that cannot be done, as on a full disk, the log grows as it is written; a commit says so if it must.
    func extend() {
        let file = openDescriptor(self.path, O_RDWR)
        guard file >= 0 else { return self.size.store(.max, ordering: .relaxed) }
        defer { closeDescriptor(file) }
        let old = Int(lseek(file, 0, SEEK_END))
        let step = min(max(old, Self.step.lowerBound), Self.step.upperBound)
        let new = min(max(old, self.end) + step, max(old, self.sizeMax))
        let isDone = old >= self.end && Self.fill(file, from: old, to: new) && fsync(file) == 0
        self.size.store(isDone ? new : .max, ordering: .relaxed)
    }

    /// Writes zeros, from the end of the file to `end`.
    private static func fill(_ file: Int32, from start: Int, to end: Int) -> Bool {
        let zeros = [UInt8](repeating: 0, count: 256 << 10)
        var place = start
        while place < end {
            let count = pwrite(file, zeros, min(zeros.count, end - place), off_t(place))
            guard count > 0 else { return false }
            place += count
        }
        return true
    }
}

private func noteLog(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ frames: CInt
) -> CInt {
    guard let context else { return SQLITE_OK }
    Unmanaged<LogAhead>.fromOpaque(context).takeUnretainedValue().note(Int(frames), connection, name)
    return SQLITE_OK
}

extension SQLiteFile {
    /// Does ahead what commits would have to wait for: makes the log longer when it is nearly full.
    ///
    /// To be called now and then when nobody waits. A shared file is left as it is.
    package func prepareForCommits() {
        guard let log = self.log, log.isShort else { return }
        try? self.write { connection throws(StorageError) in  // it is there to be quick, and nothing hangs on it
            try connection.run("BEGIN IMMEDIATE")
            log.extend()
            try connection.run("ROLLBACK")
        }
    }
}
