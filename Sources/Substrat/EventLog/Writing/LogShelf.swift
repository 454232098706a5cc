import DurableFiles

/// The logs in use: which files are open, what is written, what is durable.
///
/// A log is looked at and mended when it is first used. Files are opened when they are needed, and of those that are
/// not, only so many stay open.
struct LogShelf: Sendable {
    let folder: LogFolder
    let files: any FileSystem
    let openMax: Int
    private(set) var logs: [LogID: LogFile] = [:]
    private var opened: Set<LogID> = []
    private var uses = 0
    /// Uses of open files, in order; of a file only the last one counts.
    private var order: [(log: LogID, use: Int)] = []
    /// Before it, no use in `order` counts.
    private var head = 0

    init(_ folder: LogFolder, openMax: Int, on files: any FileSystem) {
        self.folder = folder
        self.openMax = openMax
        self.files = files
    }

    subscript(log: LogID) -> LogFile {
        get { self.logs[log]! }  // whoever asks has loaded it
        set { self.logs[log] = newValue }
    }

    /// Puts a log on the shelf that was looked at.
    mutating func put(_ file: LogFile) {
        self.logs[file.log] = file
    }

    /// Makes sure that the log is on the shelf, and mends what a crash has left of it.
    mutating func load(_ log: LogID, syncs: Bool) throws(LogFault) {
        if self.logs[log] != nil { return }
        do throws(FileError) {
            self.put(try LogRepair(log, in: self.folder, on: self.files).run(syncs: syncs).file)
        } catch {
            throw LogFault(error, log)
        }
    }

    /// What no fold has of a log; and its file for the shelf, mended, when it was not used yet.
    func read(_ log: LogID, syncs: Bool) throws(LogFault) -> (file: LogFile?, history: LogHistory) {
        do throws(FileError) {
            if self.logs[log] != nil {
                return (nil, try LogHistory.read(log, .recent, JournalLines(), in: self.folder, on: self.files))
            }
            let repair = try LogRepair(log, in: self.folder, on: self.files)
            let repaired = try repair.run(syncs: syncs, collects: true)
            guard let look = repaired.look else { return (repaired.file, LogHistory()) }
            return (repaired.file, try LogHistory.recent(look, of: repair.found))
        } catch {
            throw LogFault(error, log)
        }
    }

    /// Whether the file of the log can be used without a sync of another, to make room for it.
    mutating func isWithinReach(_ log: LogID) -> Bool {
        self[log].file != nil || self.opened.count < self.openMax || self.oldest().map { !self[$0].isDirty } ?? true
    }

    /// Writes what the log has waiting into its file.
    mutating func flush(_ log: LogID) throws(FileError) {
        guard !self[log].unwritten.isEmpty else { return }
        try self.write(self[log].unwritten, to: log)
        self[log].unwritten = []
    }

    /// Writes `bytes` after the last line of the log. When this throws, the log is as it was.
    mutating func write(_ bytes: [UInt8], to log: LogID) throws(FileError) {
        let file = try self.open(log)
        if self[log].mustCut {
            try file.truncate(to: self[log].size)
            self[log].mustCut = false
        }
        self[log].isDirty = true
        do throws(FileError) {
            try file.writeAll(bytes, at: self[log].size)
        } catch {
            self[log].mustCut = (try? file.truncate(to: self[log].size)) == nil
            throw error
        }
        self[log].size += Int64(bytes.count)
    }

    /// Takes back what was written after `size` and could not be synced, as far as the disk lets us.
    ///
    /// Else the system would show to the next start what the disk never got.
    mutating func takeBack(_ log: LogID, to size: Int64) {
        self.close(log)
        self[log].size = size
        guard let file = try? self.files.open(self.folder.path(of: log), OpenOptions(.readWrite)) else { return }
        try? file.truncate(to: size)
        try? file.sync()
        try? file.close()
    }

    /// Looks at the log anew when it is used next. All it had must be in its file.
    mutating func forget(_ log: LogID) {
        guard self.logs[log] != nil else { return }
        self.close(log)
        self.logs[log] = nil
    }

    /// Makes the file of the log durable, and its name. When this throws, the log is poisoned.
    mutating func sync(_ log: LogID) throws(FileError) {
        do throws(FileError) {
            if self[log].isDirty {
                try self.open(log).sync()
                self[log].isDirty = false
            }
            if !self[log].isNamed {
                try self.files.syncDirectory(self.folder.directory(of: log))
                try self.files.syncDirectory(self.folder.agents)
                self[log].isNamed = true
            }
        } catch {
            self[log].condition = .poisoned(error)
            throw error
        }
    }

    /// The file of the log, opened if it was not.
    mutating func open(_ log: LogID) throws(FileError) -> any OpenFile {
        self.uses += 1
        self[log].lastUse = self.uses
        self.tidy()
        self.order.append((log, self.uses))
        if let file = self[log].file { return file }
        if self.opened.count >= self.openMax { try self.closeOldest() }
        if !self[log].isNamed { try self.makeDirectory(of: log) }
        let file = try self.files.open(
            self.folder.path(of: log), OpenOptions(.readWrite, creation: .ifMissing))
        self[log].file = file
        self.opened.insert(log)
        return file
    }

    private func makeDirectory(of log: LogID) throws(FileError) {
        do throws(FileError) {
            try self.files.makeDirectory(self.folder.directory(of: log), permissions: .privateDirectory)
        } catch {
            guard error.code == .exists else { throw error }
        }
    }

    /// Closes the file that was used longest ago. What is in memory only would have nobody left to sync it.
    private mutating func closeOldest() throws(FileError) {
        guard let oldest = self.oldest() else { return }
        if self[oldest].isDirty { try self.sync(oldest) }
        self.close(oldest)
    }

    /// The open file that was used longest ago.
    private mutating func oldest() -> LogID? {
        while self.head < self.order.count {
            let (log, use) = self.order[self.head]
            if self.opened.contains(log), self[log].lastUse == use { return log }
            self.head += 1
        }
        return nil
    }

    /// Forgets uses that do not count, when there are many.
    private mutating func tidy() {
        guard self.order.count > 4 * self.openMax else { return }
        self.order = self.order[self.head...].filter { self.opened.contains($0.log) && self[$0.log].lastUse == $0.use }
        self.head = 0
    }

    mutating func close(_ log: LogID) {
        guard let file = self[log].file else { return }
        try? file.close()  // what it had to lose was synced
        self[log].file = nil
        self.opened.remove(log)
    }

    mutating func closeAll() {
        for log in self.opened { self.close(log) }
    }
}
