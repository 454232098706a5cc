import Vocabulary

/// What one sync of the journal makes durable: lines of any number of logs, all of them or none.
///
///     magic 4 | length of the payload 4 | number 8 | CRC-32C 4 | payload
///     payload: ( log 16 | number of the event 8 | length 4 | line with its line break ) ...
///
/// Integers are little-endian; the checksum is over length, number and payload. The magic holds bytes that no line
/// can hold. A frame counts if its number is the one after that of the frame before it: what an earlier lap of the
/// journal left has lower ones.
struct JournalFrame {
    static let magic: [UInt8] = [0x01, 0x4A, 0x4C, 0x02]
    static let headerLength = 20
    static let lineHeaderLength = 28

    /// Header, with a place for length and checksum, and payload.
    private var bytes: [UInt8]
    private(set) var lineCount = 0

    init(number: UInt64) {
        self.bytes = Self.magic + [0, 0, 0, 0] + number.littleEndianBytes + [0, 0, 0, 0]
    }

    var length: Int { self.bytes.count }

    mutating func append(_ line: ArraySlice<UInt8>, number: UInt64, of log: LogID) {
        self.bytes += log.bytes
        self.bytes += number.littleEndianBytes
        self.bytes += UInt32(line.count).littleEndianBytes
        self.bytes += line
        self.lineCount += 1
    }

    /// The whole frame.
    consuming func sealed() -> [UInt8] {
        let length = UInt32(self.bytes.count - Self.headerLength)
        self.bytes.replaceSubrange(4..<8, with: length.littleEndianBytes)
        var checksum = CRC32C(self.bytes[4..<16])
        checksum.update(self.bytes[Self.headerLength...])
        self.bytes.replaceSubrange(16..<20, with: checksum.value.littleEndianBytes)
        return self.bytes
    }
}

/// Finds the frames in the bytes of a journal.
struct JournalScan {
    /// What each log has lines of.
    private(set) var logs: [LogID: JournalLines] = [:]
    /// The number of the last frame.
    private(set) var last: UInt64
    /// Where the last frame ends.
    private(set) var end = 0
    private(set) var frameCount = 0
    /// Whether a frame was damaged that others come after: what was in it may be lost.
    private(set) var hasDamage = false

    /// - Parameter last: The number of the last frame that was moved to the logs; `nil` when nobody knows.
    init(_ bytes: [UInt8], after last: UInt64?) {
        self.last = last ?? 0
        var isKnown = last != nil
        var offset = 0
        while let place = Self.magicOffset(in: bytes, from: offset) {
            guard let frame = Self.frame(in: bytes, at: place, above: isKnown ? self.last : nil),
                self.take(bytes[frame.payload])
            else {
                offset = place + 1
                continue
            }
            if place != self.end || isKnown && frame.number != self.last + 1 { self.hasDamage = true }
            self.last = frame.number
            isKnown = true
            self.frameCount += 1
            self.end = frame.payload.upperBound
            offset = self.end
        }
    }

    private static func magicOffset(in bytes: [UInt8], from offset: Int) -> Int? {
        var offset = offset
        while let place = bytes[offset...].firstIndex(of: JournalFrame.magic[0]) {
            if bytes[place...].starts(with: JournalFrame.magic) { return place }
            offset = place + 1
        }
        return nil
    }

    private static func frame(
        in bytes: [UInt8], at offset: Int, above last: UInt64?
    ) -> (number: UInt64, payload: Range<Int>)? {
        let start = offset + JournalFrame.headerLength
        guard start <= bytes.count else { return nil }
        let number = bytes.integer(at: offset + 8, 8)
        guard number > last ?? 0 else { return nil }
        let length = Int(bytes.integer(at: offset + 4, 4))
        guard length <= bytes.count - start else { return nil }
        var checksum = CRC32C(bytes[offset + 4..<offset + 16])
        checksum.update(bytes[start..<start + length])
        guard UInt64(checksum.value) == bytes.integer(at: offset + 16, 4) else { return nil }
        return (number, start..<start + length)
    }

    /// Takes the lines of a payload; false for one that cannot be taken apart.
    private mutating func take(_ payload: ArraySlice<UInt8>) -> Bool {
        var lines: [(LogID, UInt64, ArraySlice<UInt8>)] = []
        var rest = payload
        while !rest.isEmpty {
            guard rest.count >= JournalFrame.lineHeaderLength, let log = LogID(bytes: rest.prefix(16)) else {
                return false
            }
            let number = rest.integer(at: rest.startIndex + 16, 8)
            let length = Int(rest.integer(at: rest.startIndex + 24, 4))
            rest = rest.dropFirst(JournalFrame.lineHeaderLength)
            guard rest.count >= length else { return false }
            lines.append((log, number, rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        for (log, number, line) in lines { self.logs[log, default: JournalLines()].append(number, line) }
        return true
    }
}

extension FixedWidthInteger {
    fileprivate var littleEndianBytes: [UInt8] {
        stride(from: 0, to: Self.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: self >> $0) }
    }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// `count` bytes at `offset`, the lowest first.
    fileprivate func integer(at offset: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(self[offset + $1]) << (8 * UInt64($1)) }
    }
}
