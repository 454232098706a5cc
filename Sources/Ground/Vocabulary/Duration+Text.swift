/// Durations as people type and read them.
extension Duration {
    /// A hundred years of 365 days: what a person may ask for at most, so that adding it to a moment never overflows.
    public static let parsedMax = Duration.seconds(36_500 * 86_400)

    /// Reads `30d`, `24h`, `5m`, `90s`, `250ms`, several of them from the largest unit down (`1h 5m`, `1h5m`), or whole
    /// seconds (`300`).
    ///
    /// - Throws: `DurationRefusal`, which says what was expected.
    public init(parsing text: String) throws(DurationRefusal) {
        var rest = text[...]
        var total: Int64 = 0
        var units = Self.textUnits[...]
        repeat {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            let spaceless = rest.dropFirst(digits.count).drop { $0 == " " }
            let name = spaceless.prefix { $0.isASCII && $0.isLetter }
            rest = spaceless.dropFirst(name.count)
            guard !digits.isEmpty else { throw .notADuration(text) }
            let isPlainSeconds = name.isEmpty && digits.count == text.count
            let unit = units.firstIndex { $0.name == (isPlainSeconds ? "s" : name) }
            guard let unit else { throw .notADuration(text) }
            let (part, overflow) = (Int64(digits) ?? .max).multipliedReportingOverflow(by: units[unit].milliseconds)
            let (sum, carry) = total.addingReportingOverflow(part)
            guard !overflow, !carry, sum <= Self.parsedMax.wholeMilliseconds else { throw .tooLong(text) }
            total = sum
            units = units[(unit + 1)...]
            if rest.isEmpty { break }
            if rest.first == " " { rest = rest.dropFirst() }
        } while true
        self = .milliseconds(total)
    }

    /// `1d`, `1h 5m`, `2s 500ms`, but `250 ms`, `80 µs` or `12 ns` below a second; `0s` for nothing.
    ///
    /// From a second up, what is finer than a millisecond is cut off; so is what is finer than the unit below one.
    public var humanText: String {
        let sign = self < .zero ? "-" : ""
        let (seconds, attoseconds) = self.magnitudeComponents
        guard seconds > 0 else { return Self.subsecondText(attoseconds, sign: sign) }
        var rest = seconds
        var parts: [String] = []
        for (name, milliseconds) in Self.textUnits where milliseconds >= 1_000 {
            let (count, remainder) = rest.quotientAndRemainder(dividingBy: UInt64(milliseconds) / 1_000)
            if count > 0 { parts.append("\(count)\(name)") }
            rest = remainder
        }
        let milliseconds = attoseconds / 1_000_000_000_000_000
        if milliseconds > 0 { parts.append("\(milliseconds)ms") }
        return sign + parts.joined(separator: " ")
    }

    private static func subsecondText(_ attoseconds: UInt64, sign: String) -> String {
        let nanoseconds = attoseconds / 1_000_000_000
        return switch nanoseconds {
        case 0: "0s"
        case ..<1_000: "\(sign)\(nanoseconds) ns"
        case ..<1_000_000: "\(sign)\(nanoseconds / 1_000) µs"
        default: "\(sign)\(nanoseconds / 1_000_000) ms"
        }
    }

    private var magnitudeComponents: (seconds: UInt64, attoseconds: UInt64) {
        (self.components.seconds.magnitude, self.components.attoseconds.magnitude)
    }

    /// From the largest down.
    private static let textUnits: [(name: Substring, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]
}

/// Why a text is not taken as a duration.
public enum DurationRefusal: Error, Hashable, Sendable {
    case notADuration(String)
    case tooLong(String)
}

extension DurationRefusal: CustomStringConvertible {
    public var description: String { self.message }

    /// What is wrong, for people.
    public var message: String {
        switch self {
        case .notADuration(let text): "\(text.quotedForPeople()) is not a duration"
        case .tooLong(let text): "\(text.quotedForPeople()) is longer than a hundred years"
        }
    }

    /// What to type instead.
    public var hint: String { "write it like 30d, 24h, 5m, 90s or 250ms; a bare number is seconds" }
}
