import Vocabulary

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Moments in the caller's zone, as people read and type them.
enum LocalTime {
    /// `2026-02-26 22:00`
    static func minute(_ moment: Timestamp) -> String { self.formatted(moment, "%Y-%m-%d %H:%M") }

    /// `2026-02-26 22:00:07.123`
    static func millisecond(_ moment: Timestamp) -> String {
        let fraction = String(1_000 + (moment.milliseconds % 1_000 + 1_000) % 1_000).dropFirst()
        return "\(self.formatted(moment, "%Y-%m-%d %H:%M:%S")).\(fraction)"
    }

    /// The first moment of a day and of the next one; `text` is `today` or `YYYY-MM-DD`.
    static func day(_ text: String, now: Timestamp) -> Range<Timestamp>? {
        var parts = tm()
        if text == "today" {
            var seconds = time_t(now.milliseconds / 1_000)
            localtime_r(&seconds, &parts)
        } else {
            let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int32($0) }
            guard text.utf8.count == 10, numbers.count == 3, let year = numbers[0], let month = numbers[1],
                let day = numbers[2]
            else { return nil }
            (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1_900, month - 1, day)
            // mktime takes the 31st of February for a day in March.
            var check = parts
            check.tm_isdst = -1
            guard mktime(&check) != -1, check.tm_mday == day, check.tm_mon == month - 1 else { return nil }
        }
        guard let start = self.midnight(parts, daysLater: 0), let end = self.midnight(parts, daysLater: 1) else {
            return nil
        }
        return start..<end
    }

    private static func midnight(_ day: tm, daysLater: Int32) -> Timestamp? {
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (day.tm_year, day.tm_mon, day.tm_mday + daysLater)
        parts.tm_isdst = -1
        let seconds = mktime(&parts)
        return seconds == -1 ? nil : Timestamp(milliseconds: Int64(seconds) * 1_000)
    }

    private static func formatted(_ moment: Timestamp, _ format: String) -> String {
        var seconds = time_t((Double(moment.milliseconds) / 1_000).rounded(.down))
        var parts = tm()
        localtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, format, &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension LocalTime {
    static func minute(milliseconds: Int64) -> String { self.minute(Timestamp(milliseconds: milliseconds)) }
}
