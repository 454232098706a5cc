/// Lines in the middle of a log that nobody can read, or that are not there.
package struct LogDamage: Hashable, Sendable {
    /// The file's name, as `events.jsonl`.
    package let file: String
    /// The bytes in question; empty where lines are missing without a trace.
    package let bytes: Range<Int64>
    package let reason: String
    /// The numbers that are missing.
    package let missing: Range<UInt64>

    package var message: String {
        let numbers =
            switch self.missing.count {
            case 0: ""
            case 1: ", event \(self.missing.lowerBound) is missing"
            default: ", events \(self.missing.lowerBound) to \(self.missing.upperBound - 1) are missing"
            }
        let place = self.bytes.isEmpty ? "at byte \(self.bytes.lowerBound)" : "bytes \(self.bytes)"
        return "\(self.file), \(place): \(self.reason)\(numbers)"
    }
}
