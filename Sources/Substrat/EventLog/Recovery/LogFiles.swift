import DurableFiles
import Vocabulary

/// The newest file of a log, looked at once.
struct LogLook {
    let plan: LogPlan
    /// What was folded, if it is of this very file; then only what comes after it was looked at.
    let state: LogState?
    /// The sound lines of what stays; empty unless they were wanted.
    let lines: [NumberedLine]
}

struct NumberedLine {
    let number: UInt64
    let line: LineSplitter.Line
}

/// The files of one log as they are on the disk, and what would make them whole. Changes nothing.
struct LogFiles {
    static let blockLength = 1 << 20

    let folder: LogFolder
    let log: LogID
    let files: any FileSystem
    /// All names in the directory; `nil` when it is missing.
    let names: [String]?
    /// The first numbers of the files that were rotated away, rising.
    let segments: [UInt64]

    init(_ log: LogID, in folder: LogFolder, on files: any FileSystem) throws(FileError) {
        self.folder = folder
        self.log = log
        self.files = files
        let directory = folder.directory(of: log)
        self.names = try files.exists(directory) ? files.names(in: directory) : nil
        self.segments = (self.names ?? []).compactMap { LogFolder.first(ofSegment: $0) }.sorted()
    }

    func has(_ name: String) -> Bool { self.names?.contains(name) ?? false }

    var directory: String { self.folder.directory(of: self.log) }

    /// Finds out what the newest file needs.
    ///
    /// - Parameter collects: Whether its sound lines are wanted as well, which are in memory then.
    func look(_ journal: JournalLines, collects: Bool) throws(FileError) -> LogLook {
        let pending: [UInt8]? =
            self.has("events.pending")
            ? try self.files.read(self.folder.pending(of: self.log), limit: EventLine.lengthMax.bytes) : nil
        let state = try self.state()
        var base: UInt64? = self.segments.isEmpty ? 1 : nil
        if !self.segments.isEmpty && journal.first != nil { base = try self.nextAfterSegments() }
        if let state { base = state.sequence + 1 }
        let known = base.map { journal.from($0) } ?? journal
        var lines: [NumberedLine] = []
        func keep(_ number: UInt64, _ line: LineSplitter.Line) {
            if collects { lines.append(NumberedLine(number: number, line: line)) }
        }
        var scan = try self.scan(LogFolder.events, at: state?.offset ?? 0, next: base, journal: known, visit: keep)
        if scan.next == nil {
            scan = try self.scan(LogFolder.events, next: try self.nextAfterSegments(), journal: known)
        }
        let plan = LogPlan(scan, journal: known, pending: pending)
        return LogLook(plan: plan, state: state, lines: lines.filter { $0.line.offset < plan.keep })
    }

    /// Reads the file `name` from `offset` on, line by line.
    func scan(
        _ name: String, at offset: Int64 = 0, next: UInt64?, journal: JournalLines = JournalLines(),
        upTo end: Int64 = .max, visit: (UInt64, LineSplitter.Line) -> Void = { _, _ in }
    ) throws(FileError) -> LogScan {
        var scan = LogScan(name, at: offset, next: next, journal: journal)
        guard self.has(name) else { return scan }
        let file = try self.files.open("\(self.directory)/\(name)", .read)
        defer { try? file.close() }  // it was only read
        var splitter = LineSplitter(at: offset)
        var position = offset
        func take(_ line: LineSplitter.Line) {
            if let number = scan.take(line) { visit(number, line) }
        }
        while position < end {
            let block = try file.read(upTo: Int(min(Int64(Self.blockLength), end - position)), at: position)
            if block.isEmpty { break }
            position += Int64(block.count)
            splitter.feed(block, take)
        }
        splitter.finish(take)
        return scan
    }

    /// The number after the last event of the files that were rotated away, which were synced before that.
    func nextAfterSegments() throws(FileError) -> UInt64 {
        guard let first = self.segments.last else { return 1 }
        let name = LogFolder.segment(from: first)
        let size = try self.files.status(of: "\(self.directory)/\(name)").size
        // The last lines tell as well as all.
        let tail = try self.scan(name, at: max(0, size - Int64(Self.blockLength)), next: nil)
        if let next = tail.next { return next }
        return try self.scan(name, next: first).next ?? first
    }

    /// What was folded, if it is of this very file.
    private func state() throws(FileError) -> LogState? {
        guard self.has(LogState.fileName), self.has(LogFolder.events) else { return nil }
        let bytes = try self.files.read(self.folder.state(of: self.log), limit: 1 << 30)
        guard let state = LogState(bytes) else { return nil }
        let file = try self.files.open(self.folder.path(of: self.log), .read)
        defer { try? file.close() }  // it was only read
        return try Self.tailChecksum(of: file, at: state.offset) == state.tailChecksum ? state : nil
    }

    /// The checksum over the last bytes before `offset`; `nil` when the file is shorter.
    static func tailChecksum(of file: any OpenFile, at offset: Int64) throws(FileError) -> UInt32? {
        let start = max(0, offset - Int64(LogState.tailLength))
        var bytes: [UInt8] = []
        while Int64(bytes.count) < offset - start {
            let part = try file.read(
                upTo: Int(offset - start) - bytes.count, at: start + Int64(bytes.count))
            if part.isEmpty { return nil }
            bytes += part
        }
        return CRC32C(bytes).value
    }
}
