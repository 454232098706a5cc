extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC, `2026-02-26T22:00:00.123Z`; whole seconds have no fraction.
    ///
    /// Years outside 0...9999 are printed as ISO 8601 expands them (`+012026-…`), which `init(_:)` does not read.
    public var description: String {
        let (days, ofDay) = self.milliseconds.floorDivided(by: Self.dayLength)
        let date = CivilDate(daysSince1970: days)
        let year =
            (0...9999).contains(date.year)
            ? date.year.padded(to: 4) : (date.year < 0 ? "-" : "+") + Int64(date.year.magnitude).padded(to: 6)
        let (hour, minute, second) = (ofDay / 3_600_000, ofDay / 60_000 % 60, ofDay / 1_000 % 60)
        let fraction = ofDay % 1_000 == 0 ? "" : "." + (ofDay % 1_000).padded(to: 3)
        return "\(year)-\(date.month.padded(to: 2))-\(date.day.padded(to: 2))"
            + "T\(hour.padded(to: 2)):\(minute.padded(to: 2)):\(second.padded(to: 2))\(fraction)Z"
    }

    /// Reads RFC 3339, with any offset; `nil` for anything else.
    ///
    /// What is finer than a millisecond is cut off. A leap second is the first moment after it.
    public init?(_ text: String) {
        var reader = DateReader(rest: Array(text.utf8)[...])
        guard let moment = reader.moment(), reader.rest.isEmpty else { return nil }
        self.init(milliseconds: moment)
    }
}

extension Timestamp {
    /// Whole days, in UTC, from 2025-01-01 to this moment: 0 on that day, 421 on 2026-02-26, negative before.
    public var startDay: Int {
        Int(self.milliseconds.floorDivided(by: Self.dayLength).quotient) - Self.daysFrom1970To2025
    }

    /// One day, in milliseconds.
    static let dayLength: Int64 = 86_400_000
    private static let daysFrom1970To2025 = 20_089
}

/// Reads a date and time from the front of `rest`.
private struct DateReader {
    var rest: ArraySlice<UInt8>

    /// Milliseconds since 1970.
    mutating func moment() -> Int64? {
        guard let year = self.number(4), self.skip("-"), let month = self.number(2), self.skip("-"),
            let day = self.number(2), let date = CivilDate(year: year, month: month, day: day),
            self.skip("T") || self.skip("t"),
            let hour = self.number(2, below: 24), self.skip(":"), let minute = self.number(2, below: 60),
            self.skip(":"), let second = self.number(2, below: 61),
            let fraction = self.fraction(), let offset = self.offset()
        else { return nil }
        let time = (date.daysSince1970 * 24 + hour) * 3_600 + (minute - offset) * 60 + second
        if second == 60 {
            // Leap seconds are put at the end of a day in UTC.
            return time.isMultiple(of: 86_400) ? time * 1_000 : nil
        }
        return time * 1_000 + fraction
    }

    /// Milliseconds, 0 when there is no point.
    private mutating func fraction() -> Int64? {
        guard self.skip(".") else { return 0 }
        let digits = self.rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        self.rest = self.rest.dropFirst(digits.count)
        guard !digits.isEmpty else { return nil }
        return (digits.prefix(3) + [UInt8](repeating: UInt8(ascii: "0"), count: 3)).prefix(3)
            .reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    /// Minutes that local time is ahead of UTC.
    private mutating func offset() -> Int64? {
        if self.skip("Z") || self.skip("z") { return 0 }
        let isAhead = self.skip("+")
        guard isAhead || self.skip("-"), let hours = self.number(2, below: 24), self.skip(":"),
            let minutes = self.number(2, below: 60)
        else { return nil }
        return (isAhead ? 1 : -1) * (hours * 60 + minutes)
    }

    private mutating func number(_ digits: Int, below limit: Int64 = .max) -> Int64? {
        guard self.rest.count >= digits else { return nil }
        var number: Int64 = 0
        for byte in self.rest.prefix(digits) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        self.rest = self.rest.dropFirst(digits)
        return number < limit ? number : nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard self.rest.first == UInt8(ascii: character) else { return false }
        self.rest = self.rest.dropFirst()
        return true
    }
}
