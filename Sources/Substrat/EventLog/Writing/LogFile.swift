import DurableFiles

/// A log as its writer knows it.
struct LogFile: Sendable {
    enum Condition: Sendable {
        case sound
        /// It can be read and takes nothing more.
        case damaged([LogDamage])
        /// What the disk has of it is not known.
        case poisoned(FileError)
    }

    let log: LogID
    var condition = Condition.sound
    /// How long the file is, as far as it is sound.
    var size: Int64 = 0
    /// The number of the next event.
    var next: UInt64 = 1
    /// Whether the directory and the name of the file are durable.
    var isNamed = false
    /// Whether the file has bytes that no sync was told of.
    var isDirty = false
    /// Whether there may be bytes after `size`, of a write that failed.
    var mustCut = false
    /// Lines that are durable in the journal and not yet in the file.
    var unwritten: [UInt8] = []
    /// When it is open.
    var file: (any OpenFile)?
    /// When it was used last, by the count of uses.
    var lastUse = 0

    /// Throws unless the log takes events.
    func check() throws(LogFault) {
        switch self.condition {
        case .sound: return
        case .damaged: throw LogFault(.quarantined, self.log)
        case .poisoned(let error): throw LogFault(.poisoned, self.log, cause: error)
        }
    }

    /// Whether the journal must keep its lines.
    var isBehind: Bool { self.isDirty || !self.unwritten.isEmpty || !self.isNamed }
}
