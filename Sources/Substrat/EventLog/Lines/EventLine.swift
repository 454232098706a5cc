import Vocabulary

/// A line of a log on its way to the disk: all of it but the number, which the writer gives, and the checksum.
///
///     {"session_id":HEX,"ts":TIME,"event":NAME,"data":{…},"v":2,"seq":7,"crc":"1c2d3e4f"}
///     `------------------ made by the caller ----------´ `----- made by the writer ----´
///
/// The checksum (CRC-32C) is over all before its comma, so the writer has only to go on with it. `v` stands in the
/// first line of a log only; `with` in lines that were written together with an earlier one, without the journal.
/// Readers of the seed's format see members that they do not know.
struct EventLine: Sendable {
    /// How long a line may be: as long as our own readers take.
    static let lengthMax = JSONLimits.bytesMax

    let log: LogID
    private let start: [UInt8]
    private let checksum: CRC32C

    init(_ event: LogEvent, in log: LogID, at time: Timestamp) throws(LogFault) {
        var line = Array("{\"session_id\":\"\(log.hex)\",\"ts\":\"\(time.forLogs)\",\"event\":".utf8)
        JSONValue.string(event.name).write(to: &line)
        if let data = event.data {
            guard data.allSatisfy({ $0.value.isFinite }) else { throw LogFault(.notANumber, log) }
            line += Array(",\"data\":".utf8)
            JSONValue.object(data).write(to: &line)
        }
        guard line.count + Self.tailMax <= Self.lengthMax.bytes else { throw LogFault(.tooLong, log) }
        self.log = log
        self.start = line
        self.checksum = CRC32C(line)
    }

    /// How many bytes the line takes at most.
    var lengthMost: Int { self.start.count + Self.tailMax }

    /// What the writer adds, with the longest number.
    private static let tailMax = 96

    /// Appends the whole line, with its line break.
    ///
    /// - Parameter first: The number of the first line that is written together with this one and not by way of the
    ///   journal: if one of them is torn, all that follow were never acknowledged either.
    func write(to output: inout [UInt8], sequence: UInt64, with first: UInt64? = nil) {
        var tail = sequence == 1 ? Array(",\"v\":2".utf8) : []
        if let first, first < sequence { tail += Array(",\"with\":\(first)".utf8) }
        tail += Array(",\"seq\":\(sequence)".utf8)
        var checksum = self.checksum
        checksum.update(tail)
        output += self.start
        output += tail
        output += LineCheck.open
        output += Array(Hex.encode(checksum.value.bigEndianBytes).utf8)
        output += LineCheck.close
        output.append(UInt8(ascii: "\n"))
    }
}

extension UInt32 {
    /// The highest byte first.
    var bigEndianBytes: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> $0) } }
}

extension Timestamp {
    /// As the seed writes it: microseconds, and the offset of UTC in digits.
    var forLogs: String {
        let seconds = Timestamp(milliseconds: self.milliseconds - self.milliseconds.modulo(1_000)).description
        let fraction = String(1_000 + self.milliseconds.modulo(1_000)).dropFirst()
        return "\(seconds.dropLast()).\(fraction)000+00:00"
    }
}

extension Int64 {
    fileprivate func modulo(_ divisor: Int64) -> Int64 {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }
}

extension JSONValue {
    /// Whether all numbers in it have a form in JSON.
    fileprivate var isFinite: Bool {
        switch self {
        case .double(let value): value.isFinite
        case .array(let elements): elements.allSatisfy(\.isFinite)
        case .object(let members): members.allSatisfy { $0.value.isFinite }
        default: true
        }
    }
}
