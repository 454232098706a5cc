/// What makes a file of a log whole again: bytes that stay, bytes that come after them.
///
/// Made from what was read, carried out by somebody else, or only looked at.
struct LogPlan {
    /// How many bytes of the file stay.
    private(set) var keep: Int64
    /// What comes after them.
    private(set) var tail: [UInt8] = []
    /// Which lines that are, by number.
    private(set) var tailNumbers: [UInt64] = []
    /// The number of the next event.
    private(set) var next: UInt64
    private(set) var damage: [LogDamage]
    /// Bytes that are taken away and that no other file has.
    let removed: Range<Int64>?
    /// Whether the file is as it should be.
    var isIdle: Bool { self.removed == nil && self.tail.isEmpty && !self.mustSync }
    /// Whether the file's bytes may be in memory only.
    private let mustSync: Bool

    /// Without `journal` only a torn tail is cut. With it, its lines are written again even where they seem to be
    /// there: after a failed sync the system shows bytes that the disk never got.
    init(_ scan: LogScan, journal: JournalLines, pending: [UInt8]? = nil) {
        self.keep = scan.tornWrite?.soundEnd ?? scan.soundEnd
        self.next = scan.tornWrite?.next ?? scan.next ?? 1
        self.damage = scan.tornWrite?.damage ?? scan.damage
        self.mustSync = journal.first != nil
        let isTorn = self.keep < scan.end
        self.removed = isTorn && !self.mustSync ? self.keep..<scan.end : nil
        if let first = journal.first { self.put(journal, from: first, after: scan) }
        if let pending { self.add(pending, after: scan) }
    }

    /// Puts the lines of the journal where they belong.
    private mutating func put(_ journal: JournalLines, from first: UInt64, after scan: LogScan) {
        let before = scan.before ?? (scan.next, scan.soundEnd, scan.end, scan.damage)
        self.damage = before.damage
        if before.next == first {
            self.keep = before.soundEnd
        } else {
            // Something is missing that the journal has no more: all that may be a part of it stays.
            self.keep = before.offset
            if scan.before == nil && !scan.isComplete { self.tail.append(UInt8(ascii: "\n")) }
            var scan = scan
            scan.addDamage(before: before.offset, number: first)
            if let gap = scan.damage.last { self.damage.append(gap) }
        }
        self.next = first
        var lines = journal.lines
        if !scan.others.isEmpty {
            lines += scan.others.map { ($0.key, $0.value[...]) }
            lines.sort { $0.number < $1.number }
        }
        for line in lines { self.put(line.bytes, number: line.number, in: scan.file) }
    }

    private mutating func put(_ line: ArraySlice<UInt8>, number: UInt64, in file: String) {
        if number != self.next {
            let place = self.keep + Int64(self.tail.count)
            self.damage.append(
                LogDamage(file: file, bytes: place..<place, reason: "lines are gone", missing: self.next..<number))
        }
        self.tail += line
        self.tailNumbers.append(number)
        self.next = number + 1
    }

    /// Adds the line of a pending file, unless it is torn or was put into the log before.
    private mutating func add(_ pending: [UInt8], after scan: LogScan) {
        guard pending.last == UInt8(ascii: "\n") else { return }
        let line = pending.dropLast()
        guard !line.contains(UInt8(ascii: "\n")) else { return }
        switch LineCheck(line) {
        case .sound(let number, _) where number >= self.next: self.put(pending[...], number: number, in: scan.file)
        case .legacy where self.tail.isEmpty && scan.lastLegacy != line:
            self.put(pending[...], number: self.next, in: scan.file)
        default: break
        }
    }
}
