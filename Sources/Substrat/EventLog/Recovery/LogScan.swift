/// Reads one file of a log line by line and knows what is sound, what is damaged and what is a torn tail.
///
///     sound  sound  bad  sound  sound  bad  bad     <- lines
///                   damage             torn tail: no sound line comes after
///
/// For a log that the journal has lines of it also finds where those begin.
struct LogScan {
    let file: String
    /// The number that the next line should have; `nil` before the first line of a file that may begin anywhere.
    private(set) var next: UInt64?
    /// Where the last sound line ends.
    private(set) var soundEnd: Int64
    private(set) var end: Int64
    private(set) var damage: [LogDamage] = []
    /// The first of the bad lines that no sound one has come after.
    private(set) var torn: (offset: Int64, reason: LineCheck.Reason, lines: UInt64)?
    /// How things stood before a damage that may be no more than a torn write, for all that is after it is of the
    /// same write as what is missing.
    private(set) var tornWrite: (first: UInt64, next: UInt64, soundEnd: Int64, damage: [LogDamage])?
    /// Whether the last line has its line break.
    private(set) var isComplete = true
    /// The last sound line, when it is one of the seed's format.
    private(set) var lastLegacy: ArraySlice<UInt8>?
    /// How things stood before the first line that the journal has too.
    private(set) var before: (next: UInt64?, soundEnd: Int64, offset: Int64, damage: [LogDamage])?
    /// Lines beside those of the journal, by number.
    private(set) var others: [UInt64: [UInt8]] = [:]

    private let journal: JournalLines

    init(_ file: String, at offset: Int64 = 0, next: UInt64?, journal: JournalLines = JournalLines()) {
        self.file = file
        self.soundEnd = offset
        self.end = offset
        self.next = next
        self.journal = journal
    }

    /// Takes the next line and answers the number of a sound one.
    @discardableResult
    mutating func take(_ line: LineSplitter.Line) -> UInt64? {
        self.end = line.end
        self.isComplete = line.isComplete
        switch line.isComplete ? LineCheck(line.bytes) : .bad(.cut) {
        case .sound(let number, _) where number < self.next ?? 0: self.suspect(line, .order)
        case .sound(let number, let first):
            self.lastLegacy = nil
            return self.accept(line, number, with: first)
        case .legacy:
            self.lastLegacy = line.bytes
            return self.accept(line, (self.next ?? 1) + (self.torn?.lines ?? 0))
        case .bad(let reason): self.suspect(line, reason)
        }
        return nil
    }

    private mutating func suspect(_ line: LineSplitter.Line, _ reason: LineCheck.Reason) {
        let first = self.torn ?? (line.offset, reason, 0)
        self.torn = (first.offset, first.reason, first.lines + 1)
    }

    private mutating func accept(_ line: LineSplitter.Line, _ number: UInt64, with first: UInt64? = nil) -> UInt64 {
        if self.before == nil, let first = self.journal.first, number >= first {
            self.before = (self.next, self.soundEnd, line.offset, self.damage)
        }
        // A later write came after a sync of the one before.
        if first == nil || first != self.tornWrite?.first { self.tornWrite = nil }
        if self.torn != nil || number != self.next ?? number {
            if let first, let next = self.next, first <= next, self.tornWrite == nil {
                self.tornWrite = (first, next, self.soundEnd, self.damage)
            }
            self.addDamage(before: line.offset, number: number)
        }
        if self.journal.lacks(number) { self.others[number] = line.bytes + [UInt8(ascii: "\n")] }
        self.next = number + 1
        self.soundEnd = line.end
        self.torn = nil
        return number
    }

    /// Notes what is between the last sound line and the place of the line `number`.
    mutating func addDamage(before offset: Int64, number: UInt64) {
        let next = self.next ?? number
        self.damage.append(
            LogDamage(
                file: self.file, bytes: (self.torn?.offset ?? offset)..<offset,
                reason: self.torn?.reason.rawValue ?? "lines are gone", missing: next..<max(next, number)))
    }
}

/// The lines that the journal has of one log, in order.
struct JournalLines: Sendable {
    private(set) var lines: [(number: UInt64, bytes: ArraySlice<UInt8>)] = []

    var first: UInt64? { self.lines.first?.number }
    var last: UInt64? { self.lines.last?.number }

    /// Adds a line, with its line break; one that is there already is left out.
    mutating func append(_ number: UInt64, _ bytes: ArraySlice<UInt8>) {
        if number > self.last ?? 0 { self.lines.append((number, bytes)) }
    }

    /// The lines from `number` on.
    func from(_ number: UInt64) -> JournalLines {
        JournalLines(lines: self.lines.filter { $0.number >= number })
    }

    /// Whether `number` is of the time of these lines, and not among them.
    func lacks(_ number: UInt64) -> Bool {
        guard let first, number >= first else { return false }
        let end = self.lines.count
        // Without a gap, which is nearly always, the place of a number follows from the first.
        let place = Int(clamping: number - first)
        if place < end && self.lines[place].number == number { return false }
        return !self.lines.contains { $0.number == number }
    }
}
