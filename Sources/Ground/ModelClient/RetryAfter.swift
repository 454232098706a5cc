import Foundation
import Vocabulary

/// The header by which a server asks to be left alone for a while.
enum RetryAfter {
    /// Whole seconds, or a date (RFC 9110, 10.2.3); `nil` for anything else.
    static func duration(_ text: String, at now: Timestamp) -> Duration? {
        let text = text.filter { !$0.isNewline }
        if let seconds = Int64(text), seconds >= 0 { return .seconds(min(seconds, Self.secondsMax)) }
        let form = DateFormatter()
        form.locale = Locale(identifier: "en_US_POSIX")
        form.timeZone = TimeZone(secondsFromGMT: 0)
        form.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = form.date(from: text) else { return nil }
        let moment = Timestamp(milliseconds: Int64(date.timeIntervalSince1970) * 1_000)
        return max(.zero, moment.since(now))
    }

    private static let secondsMax: Int64 = 1_000_000
}
