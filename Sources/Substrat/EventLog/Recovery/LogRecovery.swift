import DurableFiles

/// What a start has found and mended.
package struct LogRecovery: Sendable {
    /// How many frames of the journal were moved to their logs.
    package let frames: Int
    /// Whether a part of the journal could not be read.
    package let isJournalDamaged: Bool
    /// What the journal's logs needed.
    package let mendings: [LogMending]
    private let logs: [LogFile]

    /// Moves what the journal has to the logs. Done again after a crash in its midst, it comes to the same end.
    static func run(_ folder: LogFolder, on files: any FileSystem) throws(FileError) -> (LogRecovery, JournalScan) {
        let scan = try Journal.scan(folder.journal, on: files)
        var logs: [LogFile] = []
        var mendings: [LogMending] = []
        for (log, lines) in scan.logs.sorted(by: { $0.key < $1.key }) {
            let repaired = try LogRepair(log, in: folder, journal: lines, on: files).run(syncs: true)
            logs.append(repaired.file)
            if let mending = repaired.mending { mendings.append(mending) }
        }
        let recovery = LogRecovery(
            frames: scan.frameCount, isJournalDamaged: scan.hasDamage, mendings: mendings, logs: logs)
        return (recovery, scan)
    }

    func shelf(_ folder: LogFolder, _ limits: LogLimits, on files: any FileSystem) -> LogShelf {
        var shelf = LogShelf(folder, openMax: limits.openMax, on: files)
        for log in self.logs { shelf.put(log) }
        return shelf
    }
}
