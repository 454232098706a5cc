import DurableFiles
import Vocabulary

/// The file that an event is in before it is in its log: one write and one sync for all that waits, of all logs.
///
///     journal/1.wal    frames, one after the other, in room that was made before
///     journal/state    up to which frame all lines are durable in their logs
///
/// When all lines are, the journal begins again at its front; nothing is taken away for that.
struct Journal: Sendable {
    let directory: String
    private let files: any FileSystem
    private let file: any OpenFile
    /// Of the last frame.
    private var last: UInt64
    /// Where the next frame goes.
    private(set) var offset: Int64 = 0
    private var room: Int64
    /// Room is made in pieces, so that a sync seldom has to make a new length durable.
    private let roomStep: Int64

    private static func path(_ directory: String) -> String { "\(directory)/1.wal" }

    /// What is in the journal and perhaps not in the logs. Changes nothing.
    static func scan(_ directory: String, on files: any FileSystem) throws(FileError) -> JournalScan {
        guard try files.exists(Self.path(directory)) else { return JournalScan([], after: 0) }
        let bytes = try files.read(Self.path(directory), limit: .max - 1)
        return JournalScan(bytes, after: try JournalState.read(directory, on: files))
    }

    /// Opens the journal for new frames. Those of `scan` must be durable in their logs.
    static func open(
        _ directory: String, after scan: JournalScan, roomStep: ByteCount, on files: any FileSystem
    ) throws(FileError) -> Journal {
        try AtomicFile.sweep(directory, on: files)
        let isClean = scan.frameCount == 0 && !scan.hasDamage
        let state = try JournalState.read(directory, on: files)
        if !isClean || state == nil { try JournalState.write(scan.last, in: directory, on: files) }
        let file = try files.open(Self.path(directory), OpenOptions(.readWrite, creation: .ifMissing))
        let size = try file.status().size
        var journal = Journal(
            directory: directory, files: files, file: file, last: scan.last, room: size,
            roomStep: Int64(roomStep.bytes))
        if size == 0 {
            try journal.makeRoom(for: 1)
            try file.sync()
        }
        // Also a file that is there may have come from somebody who was killed before this.
        try files.syncDirectory(directory)
        return journal
    }

    /// The frame for the lines that come next.
    var nextFrame: JournalFrame { JournalFrame(number: self.last + 1) }

    /// Writes `frame` and syncs. When this throws, the frame may or may not be found after a restart.
    mutating func write(_ frame: consuming JournalFrame) throws(FileError) {
        let bytes = frame.sealed()
        try self.makeRoom(for: bytes.count)
        try self.file.writeAll(bytes, at: self.offset)
        try self.file.sync()
        self.offset += Int64(bytes.count)
        self.last += 1
    }

    /// Fills the file with zeros so far that `count` bytes have room.
    private mutating func makeRoom(for count: Int) throws(FileError) {
        let need = (self.offset + Int64(count) + self.roomStep - 1) / self.roomStep * self.roomStep
        guard need > self.room else { return }
        try self.file.writeAll([UInt8](repeating: 0, count: Int(need - self.room)), at: self.room)
        self.room = need
    }

    /// Begins again at the front. All lines must be durable in their logs.
    mutating func restart() throws(FileError) {
        guard self.offset > 0 else { return }
        try JournalState.write(self.last, in: self.directory, on: self.files)
        self.offset = 0
    }

    func close() {
        try? self.file.close()  // all that counts was synced
    }
}

/// The file that says up to which frame all lines are durable in their logs.
enum JournalState {
    private static func path(_ directory: String) -> String { "\(directory)/state" }

    /// `nil` when it is not there, or cannot be read: then every frame counts.
    static func read(_ directory: String, on files: any FileSystem) throws(FileError) -> UInt64? {
        guard try files.exists(Self.path(directory)) else { return nil }
        let bytes = try files.read(Self.path(directory), limit: 1 << 16)
        return LineCheck.body(of: bytes).flatMap { $0["batch"]?.integer }.flatMap { UInt64(exactly: $0) }
    }

    static func write(_ last: UInt64, in directory: String, on files: any FileSystem) throws(FileError) {
        let bytes = LineCheck.checked(["batch": .integer(Int64(last))])
        try AtomicFile.replace(Self.path(directory), with: bytes, on: files)
    }
}
