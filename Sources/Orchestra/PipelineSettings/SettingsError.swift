import Vocabulary

/// Why a configuration file is refused: nothing is run with one that is half understood.
package struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: String
    /// From 1; `nil` when it is about no line in particular.
    package let line: Int?
    /// Lower case, no full stop, and no value that could be a secret.
    package let message: String
    package let hint: String?

    package init(_ path: String, line: Int? = nil, _ message: String, hint: String? = nil) {
        self.path = path
        self.line = line
        self.message = message
        self.hint = hint
    }

    package var description: String {
        let place = self.path.shownToPeople(scalarsMax: 500) + (self.line.map { ", line \($0)" } ?? "")
        return "\(place): \(self.message)"
    }
}
