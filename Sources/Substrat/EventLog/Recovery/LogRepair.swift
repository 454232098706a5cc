import DurableFiles

/// What was done to a log that a crash had left torn, or what is wrong with it.
package struct LogMending: Hashable, Sendable {
    package let log: LogID
    /// Bytes of a torn tail that were taken away; a copy is in `quarantine`.
    package let removed: Int64
    /// Bytes that came from the journal or a pending file.
    package let added: Int64
    package let damage: [LogDamage]
}

/// Carries out the plan for one log. Done again after a crash in its midst, it comes to the same end.
///
///     copy of what is taken away   cut   write   sync   sync of the names   pending file removed
struct LogRepair {
    let found: LogFiles
    private let journal: JournalLines
    private var log: LogID { self.found.log }
    private var files: any FileSystem { self.found.files }
    private var folder: LogFolder { self.found.folder }

    init(
        _ log: LogID, in folder: LogFolder, journal: JournalLines = JournalLines(), on files: any FileSystem
    ) throws(FileError) {
        self.found = try LogFiles(log, in: folder, on: files)
        self.journal = journal
    }

    /// A log that is whole now.
    struct Result {
        let file: LogFile
        let mending: LogMending?
        /// What was there before; `nil` when nothing was.
        let look: LogLook?
    }

    /// - Parameters:
    ///   - syncs: Whether what is there may be in memory only, of a writer that was killed.
    ///   - collects: Whether the lines that are there are wanted too.
    func run(syncs: Bool, collects: Bool = false) throws(FileError) -> Result {
        var file = LogFile(log: self.log)
        guard self.found.names != nil || self.journal.first != nil else {
            return Result(file: file, mending: nil, look: nil)
        }
        if self.found.names?.contains(where: { $0.hasPrefix(".tmp-") }) ?? false {
            try AtomicFile.sweep(self.found.directory, on: self.files)
        }
        let look = try self.found.look(self.journal, collects: collects)
        let plan = look.plan
        file.next = plan.next
        file.size = plan.keep + Int64(plan.tail.count)
        file.isNamed = self.found.has(LogFolder.events)
        if !plan.damage.isEmpty { file.condition = .damaged(plan.damage) }
        // A damaged log is kept as it is; but what only the journal has is put after it.
        let isKept = !plan.damage.isEmpty && self.journal.first == nil
        if !isKept && (!plan.isIdle || syncs && file.isNamed) {
            try self.carryOut(plan)
            file.isNamed = true
        }
        if !isKept && self.found.has("events.pending") { try self.removePending() }
        return Result(file: file, mending: self.mending(plan, isKept: isKept), look: look)
    }

    private func mending(_ plan: LogPlan, isKept: Bool) -> LogMending? {
        let removed = isKept ? 0 : Int64(plan.removed?.count ?? 0)
        let added = isKept ? 0 : Int64(plan.tail.count)
        if removed == 0 && added == 0 && plan.damage.isEmpty { return nil }
        return LogMending(log: self.log, removed: removed, added: added, damage: plan.damage)
    }

    private func carryOut(_ plan: LogPlan) throws(FileError) {
        if self.found.names == nil { try DurableDirectory.make(self.found.directory, on: self.files) }
        let file = try self.files.open(
            self.folder.path(of: self.log), OpenOptions(.readWrite, creation: .ifMissing))
        defer { try? file.close() }  // what it has to lose is synced below
        if let removed = plan.removed { try self.keepCopy(of: removed, from: file) }
        if !plan.isIdle {
            try file.truncate(to: plan.keep)
            try file.writeAll(plan.tail, at: plan.keep)
        }
        try file.sync()
        try self.files.syncDirectory(self.found.directory)
        try self.files.syncDirectory(self.folder.agents)
    }

    private func keepCopy(of range: Range<Int64>, from file: any OpenFile) throws(FileError) {
        var bytes: [UInt8] = []
        while Int64(bytes.count) < Int64(range.count) {
            let part = try file.read(upTo: range.count - bytes.count, at: range.lowerBound + Int64(bytes.count))
            if part.isEmpty { break }
            bytes += part
        }
        try DurableDirectory.make(self.folder.quarantine, on: self.files)
        let name = "\(self.log.folder)-\(range.lowerBound)-\(range.count)"
        try AtomicFile.replace("\(self.folder.quarantine)/\(name)", with: bytes, on: self.files)
    }

    private func removePending() throws(FileError) {
        try self.files.unlink(self.folder.pending(of: self.log))
        // Else it might come back when the log has gone on.
        try self.files.syncDirectory(self.found.directory)
    }
}
